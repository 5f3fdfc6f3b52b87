package search

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kept/internal/page"
)

const (
	perPage   = 20
	mostPages = 25
	suggested = 7
	script    = "search.js"
)

// searchPage is /search.
type searchPage struct {
	page.Head
	Query   Query
	Asked   bool
	Says    string
	Loose   bool
	Hits    []hitView
	Filters []filter
	Prev    string
	Next    string
	First   int // number of the first hit of this page
}

// hitView is a document that was found.
type hitView struct {
	Path, Kind   string
	Lang, Dir    string // of the text, if it is not the page's
	Tongue       string // the language's own name, where it is not the page's
	Within       string
	Title, Piece []Piece
}

// filter is one thing by which one can choose.
type filter struct {
	Title   string
	Choices []choice
}

// choice is a link that narrows a question down, or opens it again.
type choice struct {
	Path, Text string
	Count      int
	Chosen     bool
	Lang       string
}

func (f *Feature) show(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	q := queryOf(r.URL.Query(), lang)
	at, _ := strconv.Atoi(r.URL.Query().Get("page"))
	at = min(max(at, 1), mostPages)
	p := &searchPage{Query: q, Asked: !q.Empty(), First: (at-1)*perPage + 1}
	p.Head = page.Head{Title: lang.Text("Search"), Current: Path, NoIndex: true, Scripts: []string{script},
		Description: lang.Text("Find lessons, courses and articles by their words."), Knows: f.knows(r, lang)}
	if p.Asked {
		f.fill(p, f.fresh().Find(q, (at-1)*perPage, at*perPage), at, lang)
	}
	private(w)
	return f.Site.Render(w, r, http.StatusOK, "search/search.html", p)
}

func (f *Feature) knows(r *http.Request, lang *page.Language) string {
	always := lang.Text("What you look for is in the address of this page and so in your browser's history. Here it is not written down.")
	if f.c.Knows != nil {
		if own, member := f.c.Knows(r.Context(), lang); member {
			return own + " " + always
		}
	}
	return f.Site.KnowsNothing(lang) + " " + always
}

// queryOf reads an address. What does not fit is left out: a question is
// never an error.
func queryOf(v url.Values, lang *page.Language) Query {
	q := Query{Text: strings.TrimLeft(shorten(strings.ToValidUTF8(v.Get("q"), ""), LongestQuery), " \t\r\n"), Prefer: lang.Tag,
		Lang: shorten(v.Get("in"), 20), Course: shorten(v.Get("course"), 200)}
	if kind := Kind(v.Get("kind")); slices.Contains(Kinds(), kind) {
		q.Kind = kind
	}
	return q
}

// path is the address of a question.
func (q Query) path(at int) string {
	v := url.Values{"q": {q.Text}}
	for name, value := range map[string]string{"kind": string(q.Kind), "in": q.Lang, "course": q.Course} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if at > 1 {
		v.Set("page", strconv.Itoa(at))
	}
	return Path + "?" + v.Encode()
}

func (f *Feature) fill(p *searchPage, found Found, at int, lang *page.Language) {
	p.Loose = found.Loose
	p.Says = says(lang, found.Total)
	for _, h := range found.Hits {
		p.Hits = append(p.Hits, f.hit(h.Document, found.Words, lang))
	}
	p.Filters = f.filters(p.Query, found, lang)
	if at > 1 {
		p.Prev = p.Query.path(at - 1)
	}
	if found.Total > at*perPage && at < mostPages {
		p.Next = p.Query.path(at + 1)
	}
}

func says(lang *page.Language, n int) string {
	switch n {
	case 0:
		return lang.Text("Nothing was found.")
	case 1:
		return lang.Text("1 place was found.")
	}
	return lang.Text("%d places were found.", n)
}

func (f *Feature) hit(d *Document, words map[string]bool, lang *page.Language) hitView {
	v := hitView{Path: d.Path, Kind: kindWord(lang, d.Kind), Within: d.Within, Title: mark(plain(d.Title), words), Piece: d.excerpt(words)}
	if d.Lang != lang.Tag && d.Lang != "" {
		v.Lang, v.Dir, v.Tongue = d.Lang, page.DirOf(d.Lang), page.OwnName(d.Lang)
	}
	return v
}

func kindWord(lang *page.Language, k Kind) string {
	switch k {
	case Course:
		return lang.Text("course")
	case Article:
		return lang.Text("article")
	case Episode:
		return lang.Text("episode")
	}
	return lang.Text("lesson")
}

// mostChoices bounds a list of courses to choose from.
const mostChoices = 8

// filters are offered where they would make a difference.
func (f *Feature) filters(q Query, found Found, lang *page.Language) []filter {
	kinds := filter{Title: lang.Text("What")}
	for _, k := range Kinds() {
		if n := found.ByKind[k]; n > 0 {
			next := q
			next.Kind = k
			kinds.add(q.Kind == k, q.without(func(q *Query) { q.Kind = "" }), next, kindWord(lang, k), "", n)
		}
	}
	langs := filter{Title: lang.Text("Language")}
	for _, tag := range byCount(found.ByLang) {
		next := q
		next.Lang = tag
		langs.add(q.Lang == tag, q.without(func(q *Query) { q.Lang = "" }), next, page.OwnName(tag), tag, found.ByLang[tag])
	}
	courses := filter{Title: lang.Text("Course")}
	for i, slug := range byCount(found.ByCourse) {
		if i >= mostChoices && slug != q.Course {
			continue
		}
		title := slug
		if f.c.CourseTitle != nil {
			title = f.c.CourseTitle(slug, lang.Tag)
		}
		next := q
		next.Course = slug
		courses.add(q.Course == slug, q.without(func(q *Query) { q.Course = "" }), next, title, "", found.ByCourse[slug])
	}
	return slices.DeleteFunc([]filter{kinds, langs, courses}, func(f filter) bool {
		return len(f.Choices) == 0 || len(f.Choices) == 1 && !f.Choices[0].Chosen
	})
}

func (q Query) without(take func(*Query)) Query {
	take(&q)
	return q
}

// add offers a choice. One that is chosen leads back.
func (f *filter) add(chosen bool, back, next Query, text, lang string, n int) {
	to := next
	if chosen {
		to = back
	}
	f.Choices = append(f.Choices, choice{Path: to.path(1), Text: text, Count: n, Chosen: chosen, Lang: lang})
}

func byCount(counts map[string]int) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return names
}

// suggestion is a place offered while one types.
type suggestion struct {
	Title  string `json:"title"`
	Within string `json:"within,omitempty"`
	Path   string `json:"path"`
	Lang   string `json:"lang,omitempty"` // if it is not the page's
	Kind   string `json:"kind"`
}

// suggest answers the script on the page.
func (f *Feature) suggest(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	list := []suggestion{}
	for _, h := range f.fresh().Find(queryOf(r.URL.Query(), lang), 0, suggested).Hits {
		s := suggestion{Title: plain(h.Title), Within: h.Within, Path: h.Path, Kind: kindWord(lang, h.Kind)}
		if h.Lang != lang.Tag {
			s.Lang = h.Lang
		}
		list = append(list, s)
	}
	private(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(w).Encode(map[string]any{"places": list})
}
