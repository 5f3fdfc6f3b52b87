package portfolio

import (
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kept/internal/page"
	"kept/vault"
)

// How much of each stands on the page before what is older folds away.
const (
	coursesShown   = 3
	solutionsShown = 5
)

// view is a sheet as the template wants it.
type view struct {
	*sheet
	Within      bool // inside another page, as a preview
	Handle      string
	Called      string
	Named       bool // Called is a name, not the handle
	Place       string
	Initials    string
	Face        string // path of the picture
	FaceWords   string
	About       template.HTML
	Links       []Link
	Year        *year
	Courses     []progress
	Older       []progress
	Certs       []Deed
	Solutions   []solution
	MoreSolved  int // not on this page
	Projects    []Project
	AllSolution bool // the page of all solutions
}

// solution is a solved exercise with its code, the first one unfolded.
type solution struct {
	Deed
	First bool
	Files []colouredFile
}

type colouredFile struct {
	Name string
	Code template.HTML
}

// viewOf prepares a sheet for the page at its own address.
func viewOf(lang *page.Language, s *sheet) *view {
	v := &view{sheet: s, Handle: s.handle, Called: s.called(), Named: s.name != nil, Certs: s.sorted(Certificate)}
	v.fillDetails()
	v.Courses = s.courses()
	if len(v.Courses) > coursesShown {
		v.Courses, v.Older = v.Courses[:coursesShown], v.Courses[coursesShown:]
	}
	if !s.settings.Value.hideYear() {
		v.Year = yearOf(lang, s)
	}
	solved := s.sorted(Solved)
	v.Solutions = solutions(solved[:min(len(solved), solutionsShown)])
	v.MoreSolved = len(solved) - len(v.Solutions)
	return v
}

func (v *view) fillDetails() {
	if v.location != nil {
		v.Place = v.location.Value.Text
	}
	if v.about != nil {
		v.About = aboutHTML(v.about.Value.Text)
	}
	v.Links, v.Projects = values(v.links), values(v.projects)
	v.Initials = initials(v.Called)
	if v.picture != nil {
		v.Face = v.facePath(smallSide)
		v.FaceWords = v.picture.Value.Words
	}
}

// facePath is the address of the picture; it changes with the picture.
func (s *sheet) facePath(side int) string {
	return pathOf(s.handle) + "." + strconv.Itoa(side) + ".jpg?" + strconv.FormatInt(s.picture.Rev, 10)
}

func pathOf(handle string) string { return "/@" + handle }

func values[T any](records []vault.Record[T]) []T {
	all := make([]T, len(records))
	for i, r := range records {
		all[i] = r.Value
	}
	return all
}

func solutions(deeds []Deed) []solution {
	all := make([]solution, len(deeds))
	for i, d := range deeds {
		all[i] = solution{Deed: d, First: i == 0}
		for _, file := range d.Solution {
			all[i].Files = append(all[i].Files, colouredFile{file.Name, coloured(file)})
		}
	}
	return all
}

// initials are two letters at most, of the first and the last word.
func initials(called string) string {
	words := strings.FieldsFunc(called, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	if len(words) == 0 {
		return "·"
	}
	letters := firstLetter(words[0])
	if len(words) > 1 {
		letters += firstLetter(words[len(words)-1])
	}
	return letters
}

func firstLetter(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(r))
}

// Since is the month of the first lesson that is shown.
func (v *view) Since(lang *page.Language) string {
	all := v.sorted(Finished)
	return monthName(lang, v.Day(all[len(all)-1].At))
}

// Host is an address without what every address has.
func (l Link) Host() string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(l.Address, "https://"), "www."), "/")
}

// publicPage is the page at /@handle.
type publicPage struct {
	page.Head
	View *view
}

// pageOf makes the page of a sheet.
func (f *Feature) pageOf(lang *page.Language, s *sheet, v *view, knows string) *publicPage {
	path := pathOf(s.handle)
	return &publicPage{View: v, Head: page.Head{
		Title: s.called(), Description: describe(lang, s), Canonical: path, Image: path + ".png",
		NoIndex: s.settings.Value.noIndex(), Knows: knows,
		Feeds: []page.Feed{
			{Path: path + ".atom", Title: lang.Text("Finished lessons"), Type: "application/atom+xml"},
			{Path: path + ".json", Title: lang.Text("This page as JSON"), Type: "application/json"},
		},
	}}
}

// describe is the sentence for previews.
func describe(lang *page.Language, s *sheet) string {
	if s.about != nil {
		return aboutLine(s.about.Value.Text, 160)
	}
	if n := len(s.sorted(Finished)); n > 0 {
		return lang.Text("%s finished.", lang.Text("%d lessons", n))
	}
	return lang.Text("A page of one's own.")
}

// dateOnly writes a day for machines.
func dateOnly(day time.Time) string { return day.Format(time.DateOnly) }

// Host is the host of a project's address.
func (p Project) Host() string { return Link{Address: p.Address}.Host() }
