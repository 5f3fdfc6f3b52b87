package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"
	"time"

	"kept/internal/course"
	"kept/internal/fault"
)

// atomFeed is RFC 4287.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string      `xml:"title"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  atomPerson  `xml:"author"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	Lang       string         `xml:"xml:lang,attr"`
	Title      string         `xml:"title"`
	ID         string         `xml:"id"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Links      []atomLink     `xml:"link"`
	Authors    []atomPerson   `xml:"author"`
	Categories []atomCategory `xml:"category"`
	Rights     string         `xml:"rights,omitempty"`
	Summary    string         `xml:"summary,omitempty"`
}

type atomCategory struct {
	Term  string `xml:"term,attr"`
	Label string `xml:"label,attr"`
}

// mostEntries is how far an Atom feed goes back.
const mostEntries = 50

func (f *Feature) articlesFeed(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	return f.sendAtom(w, r, f.c.Community, articlesPath, v.articles)
}

func (f *Feature) tagFeed(w http.ResponseWriter, r *http.Request) error {
	g, ok := find(f.view().tags, r.PathValue("tag"))
	if !ok {
		return fault.NotFound{What: "tag"}
	}
	return f.sendAtom(w, r, f.c.Community+": "+g.Name, tagPath(g.Slug), g.Articles)
}

func (f *Feature) sendAtom(w http.ResponseWriter, r *http.Request, title, path string, articles []*Article) error {
	self := f.Site.Absolute(path)
	feed := atomFeed{Title: title, ID: self, Author: atomPerson{f.c.Community},
		Links: []atomLink{{"self", atomType, f.Site.Absolute(path + feedEnd)}, {"alternate", "text/html", self}}}
	latest := time.Unix(0, 0).UTC()
	for _, a := range articles[:min(len(articles), mostEntries)] {
		feed.Entries = append(feed.Entries, f.atomEntry(a))
		if a.Changed().After(latest) {
			latest = a.Changed()
		}
	}
	feed.Updated = latest.Format(time.RFC3339)
	return sendXML(w, r, atomType, feed)
}

func (f *Feature) atomEntry(a *Article) atomEntry {
	at := f.Site.Absolute(a.Path())
	e := atomEntry{Lang: a.Lang, Title: a.Title, ID: at, Published: a.Date.Format(time.RFC3339), Updated: a.Changed().Format(time.RFC3339),
		Links: []atomLink{{"alternate", "text/html", at}}, Rights: a.Rights.Licence, Summary: plain(a.Summary)}
	if a.Rights.Original != "" {
		e.Links = append(e.Links, atomLink{"via", "text/html", a.Rights.Original})
	}
	for _, name := range a.Rights.Authors {
		e.Authors = append(e.Authors, atomPerson{name})
	}
	for _, tag := range a.Tags {
		e.Categories = append(e.Categories, atomCategory{course.Slug(tag), tag})
	}
	return e
}

// rss is RSS 2.0 with what directories of podcasts ask for besides.
type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Itunes  string   `xml:"xmlns:itunes,attr"`
	Podcast string   `xml:"xmlns:podcast,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Channel channel  `xml:"channel"`
}

type channel struct {
	Title       string          `xml:"title"`
	Link        string          `xml:"link"`
	Self        atomLink        `xml:"atom:link"`
	Description string          `xml:"description"`
	Language    string          `xml:"language"`
	Copyright   string          `xml:"copyright,omitempty"`
	Built       string          `xml:"lastBuildDate,omitempty"`
	Author      string          `xml:"itunes:author,omitempty"`
	Type        string          `xml:"itunes:type"`
	Explicit    bool            `xml:"itunes:explicit"`
	Image       *itunesImage    `xml:"itunes:image"`
	Category    *itunesCategory `xml:"itunes:category"`
	Items       []rssItem       `xml:"item"`
}

type itunesImage struct {
	Href string `xml:"href,attr"`
}

type itunesCategory struct {
	Text string `xml:"text,attr"`
}

type rssItem struct {
	Title       string          `xml:"title"`
	Link        string          `xml:"link"`
	GUID        guid            `xml:"guid"`
	Date        string          `xml:"pubDate"`
	Description string          `xml:"description,omitempty"`
	Enclosure   *enclosure      `xml:"enclosure"`
	Duration    string          `xml:"itunes:duration,omitempty"`
	Explicit    bool            `xml:"itunes:explicit"`
	Kind        string          `xml:"itunes:episodeType"`
	Season      int             `xml:"itunes:season,omitempty"`
	Number      int             `xml:"itunes:episode,omitempty"`
	Image       *itunesImage    `xml:"itunes:image"`
	Transcripts []rssTranscript `xml:"podcast:transcript"`
}

type guid struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type enclosure struct {
	URL    string `xml:"url,attr"`
	Length int64  `xml:"length,attr"`
	Type   string `xml:"type,attr"`
}

type rssTranscript struct {
	URL      string `xml:"url,attr"`
	Type     string `xml:"type,attr"`
	Language string `xml:"language,attr"`
}

func (f *Feature) showFeed(w http.ResponseWriter, r *http.Request) error {
	s, ok := f.view().show(r.PathValue("show"))
	if !ok {
		return fault.NotFound{What: "podcast"}
	}
	self := f.Site.Absolute(s.Path())
	c := channel{Title: s.Title, Link: self, Self: atomLink{"self", rssType, self + feedEnd}, Description: plain(s.Summary),
		Language: s.Lang, Copyright: s.Rights.Licence, Author: joined(s.Rights.Authors), Type: "episodic", Explicit: s.Explicit, Image: f.image(&s.Text)}
	if c.Description == "" {
		c.Description = s.Title
	}
	if s.Category != "" {
		c.Category = &itunesCategory{s.Category}
	}
	for _, e := range s.Episodes[:min(len(s.Episodes), mostEpisodes)] {
		c.Items = append(c.Items, f.rssItem(e))
	}
	if len(s.Episodes) > 0 {
		c.Built = s.Episodes[0].Date.Format(time.RFC1123Z)
	}
	forPrograms(w.Header())
	return sendXML(w, r, rssType, rss{Version: "2.0", Itunes: "http://www.itunes.com/dtds/podcast-1.0.dtd",
		Podcast: "https://podcastindex.org/namespace/1.0", Atom: "http://www.w3.org/2005/Atom", Channel: c})
}

func (f *Feature) image(t *Text) *itunesImage {
	if t.Cover == nil {
		return nil
	}
	return &itunesImage{f.Site.Absolute(filePath(t.course, t.Cover.File))}
}

func (f *Feature) rssItem(e *Episode) rssItem {
	item := rssItem{Title: e.Title, Link: f.Site.Absolute(e.Path()), GUID: guid{ID: e.ID}, Date: e.Date.Format(time.RFC1123Z),
		Description: plain(e.Summary), Explicit: e.Explicit, Kind: "full", Season: e.Season, Number: e.Number, Image: f.image(&e.Text)}
	if e.Sound.Length > 0 {
		item.Duration = strconv.Itoa(int(e.Sound.Length / time.Second))
	}
	switch {
	case e.Sound.File != "":
		item.Enclosure = &enclosure{f.Site.Absolute(filePath(e.course, e.Sound.File)), e.Sound.Bytes, e.Sound.Type}
	case e.Sound.Address != "":
		item.Enclosure = &enclosure{e.Sound.Address, e.Sound.Bytes, e.Sound.Type}
	}
	if e.Transcript == nil {
		return item
	}
	if e.Transcript.Cues() {
		item.Transcripts = append(item.Transcripts, rssTranscript{f.Site.Absolute(filePath(e.course, e.Transcript.File)), "text/vtt", e.Lang})
	}
	item.Transcripts = append(item.Transcripts, rssTranscript{f.Site.Absolute(plainPath(e)), "text/plain", e.Lang})
	return item
}

// sendXML answers programs that ask again and again: they get the feed when it
// is another than the one they have.
func sendXML(w http.ResponseWriter, r *http.Request, kind string, value any) error {
	body, err := xml.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), body...)
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", kind+"; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Etag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}
