package portfolio

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"time"

	"kept/vault/sabotage"
)

// document is the page for programs: the same records, days instead of times.
type document struct {
	Format       string         `json:"format"`
	Address      string         `json:"address"`
	Handle       string         `json:"handle"`
	Name         string         `json:"name,omitempty"`
	Location     string         `json:"location,omitempty"`
	About        string         `json:"about,omitempty"` // Markdown
	Picture      string         `json:"picture,omitempty"`
	Links        []linkDoc      `json:"links"`
	Projects     []projectDoc   `json:"projects"`
	Courses      []courseDoc    `json:"courses"`
	Certificates []deedDoc      `json:"certificates"`
	Solutions    []deedDoc      `json:"solutions"`
	Activity     map[string]int `json:"activity,omitempty"` // lessons by day
}

type linkDoc struct {
	Label   string `json:"label"`
	Address string `json:"address"`
}

type projectDoc struct {
	Title   string `json:"title"`
	What    string `json:"what,omitempty"`
	Address string `json:"address,omitempty"`
}

type courseDoc struct {
	Title   string    `json:"title"`
	Address string    `json:"address,omitempty"`
	Lessons int       `json:"lessons"`
	Done    []deedDoc `json:"done"`
}

type deedDoc struct {
	Title   string    `json:"title"`
	Course  string    `json:"course,omitempty"`
	Address string    `json:"address,omitempty"`
	Day     string    `json:"day"`
	Checked bool      `json:"checked,omitempty"` // by the server
	Files   []fileDoc `json:"files,omitempty"`
}

type fileDoc struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// pageFormat is the value of "format".
const pageFormat = "kept-page-1"

func (f *Feature) documentOf(s *sheet) document {
	d := document{Format: pageFormat, Address: f.Site.Absolute(pathOf(s.handle)), Handle: s.handle,
		Links: []linkDoc{}, Projects: []projectDoc{}, Courses: []courseDoc{}, Certificates: []deedDoc{}, Solutions: []deedDoc{}}
	f.documentDetails(&d, s)
	for _, c := range s.courses() {
		course := courseDoc{Title: c.Title, Address: f.absolute(c.Path), Lessons: c.Total()}
		for _, deed := range c.Done {
			course.Done = append(course.Done, f.deedDoc(s, deed))
		}
		d.Courses = append(d.Courses, course)
	}
	for _, deed := range s.sorted(Certificate) {
		d.Certificates = append(d.Certificates, f.deedDoc(s, deed))
	}
	for _, deed := range s.sorted(Solved) {
		d.Solutions = append(d.Solutions, f.deedDoc(s, deed))
	}
	return d
}

func (f *Feature) documentDetails(d *document, s *sheet) {
	if s.name != nil {
		d.Name = s.name.Value.Text
	}
	if s.location != nil {
		d.Location = s.location.Value.Text
	}
	if s.about != nil {
		d.About = s.about.Value.Text
	}
	if s.picture != nil {
		d.Picture = f.Site.Absolute(s.facePath(largeSide))
	}
	for _, l := range s.links {
		d.Links = append(d.Links, linkDoc{l.Value.Label, l.Value.Address})
	}
	for _, p := range s.projects {
		if !sabotage.Is(breakJSONLacks) {
			d.Projects = append(d.Projects, projectDoc{p.Value.Title, p.Value.What, p.Value.Address})
		}
	}
	if !s.settings.Value.hideYear() {
		d.Activity = activity(s)
	}
}

func activity(s *sheet) map[string]int {
	days := map[string]int{}
	for _, d := range s.sorted(Finished) {
		days[dateOnly(s.Day(d.At))]++
	}
	return days
}

func (f *Feature) deedDoc(s *sheet, d Deed) deedDoc {
	doc := deedDoc{Title: d.Lesson, Course: d.Course.Title, Address: f.absolute(d.Path), Day: dateOnly(s.Day(d.At)), Checked: d.Verified}
	for _, file := range d.Solution {
		doc.Files = append(doc.Files, fileDoc(file))
	}
	return doc
}

func (f *Feature) absolute(path string) string {
	if path == "" {
		return ""
	}
	return f.Site.Absolute(path)
}

func (f *Feature) jsonOf(s *sheet) ([]byte, error) {
	return json.MarshalIndent(f.documentOf(s), "", " ")
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string      `xml:"title"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
	URI  string `xml:"uri"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title   string    `xml:"title"`
	ID      string    `xml:"id"`
	Updated string    `xml:"updated"`
	Link    *atomLink `xml:"link"`
	Summary string    `xml:"summary,omitempty"`
}

// entriesShown is how many lessons the feed goes back.
const entriesShown = 50

// atomOf is a feed of finished lessons. Times are days here too: when somebody
// sat at a lesson is nobody's business.
func (f *Feature) atomOf(s *sheet) ([]byte, error) {
	self := f.Site.Absolute(pathOf(s.handle))
	feed := atomFeed{Title: s.called(), ID: self, Updated: stamp(s.Day(f.feedAge(s))), Author: atomAuthor{s.called(), self},
		Links: []atomLink{{"self", self + ".atom"}, {"alternate", self}}}
	done := s.sorted(Finished)
	for _, d := range done[:min(len(done), entriesShown)] {
		entry := atomEntry{Title: d.Lesson, ID: self + "#" + url.PathEscape(d.ID), Updated: stamp(s.Day(d.At)), Summary: d.Course.Title}
		if d.Path != "" {
			entry.Link = &atomLink{"alternate", f.absolute(d.Path)}
		}
		feed.Entries = append(feed.Entries, entry)
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	return append([]byte(xml.Header), body...), err
}

// feedAge is the time of the latest entry, or the beginning of the count.
func (f *Feature) feedAge(s *sheet) time.Time {
	if done := s.sorted(Finished); len(done) > 0 {
		return done[0].At
	}
	return time.Unix(0, 0)
}

func stamp(day time.Time) string { return day.Format("2006-01-02T15:04:05Z") }
