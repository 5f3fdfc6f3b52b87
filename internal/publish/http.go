package publish

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/course/asset"
	"kept/internal/course/render"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault/sabotage"
)

// Static files of these pages.
const (
	articleScript = "lesson.js"  // copying, the table of contents
	playerScript  = "episode.js" // the player
)

const (
	atomType = "application/atom+xml"
	rssType  = "application/rss+xml"
)

// eachPage is how many articles stand on one page.
const eachPage = 20

// knows is the counterpart of every page here: nothing is kept, of nobody.
func (f *Feature) knows(r *http.Request, lang *page.Language) string {
	if page.ViewerOf(r.Context()).SignedIn && f.c.Knows != nil {
		return f.c.Knows(lang)
	}
	return f.Site.KnowsNothing(lang)
}

// list is articles, or those of a tag or an author, page by page.
type list struct {
	page.Head
	Heading      string
	Said         string // what the list is, above the heading
	Items        []articleLine
	Tags         []named
	Feed         string
	Older, Newer string
	Number, Of   int
	All          string // path of the whole list, on others
}

// named is a link with a number.
type named struct {
	Path, Name string
	N          int
}

// articleLine is an article in a list.
type articleLine struct {
	Path, Title, Lang, Dir string
	Summary                template.HTML
	Date                   time.Time
	Says                   string // by whom
	Minutes                int
	Cover                  *coverView
}

// coverView is a picture on a page.
type coverView struct {
	Src, Alt      string
	Width, Height int
}

func coverOf(t *Text) *coverView {
	if t.Cover == nil {
		return nil
	}
	if sabotage.Is(breakAsksElsewhere) {
		return &coverView{Src: "https://counter.example/seen.gif"}
	}
	return &coverView{Src: escaped(filePath(t.course, t.Cover.File)), Alt: t.Cover.Alt, Width: t.Cover.Width, Height: t.Cover.Height}
}

// foreign are the language and direction of a text where they differ from the
// page's.
func foreign(t *Text, lang *page.Language) (tag, dir string) {
	if t.Lang == lang.Tag {
		return "", ""
	}
	if dir = dirOf(t.Lang); dir == lang.Dir {
		dir = ""
	}
	return t.Lang, dir
}

func (f *Feature) showArticles(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	return f.showList(w, r, v, v.articles, articlesPath, func(lang *page.Language, p *list) {
		p.Title = lang.Text("Articles")
		p.Heading = p.Title
		p.Description = lang.Text("Articles by %s, the newest first.", f.c.Community)
		p.Tags = tagLinks(v.tags)
	})
}

func tagLinks(tags []group) []named {
	const most = 30
	var all []named
	for _, g := range tags[:min(len(tags), most)] {
		all = append(all, named{Path: tagPath(g.Slug), Name: g.Name, N: len(g.Articles)})
	}
	return all
}

func (f *Feature) showTag(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	g, ok := find(v.tags, r.PathValue("tag"))
	if !ok {
		return fault.NotFound{What: "tag"}
	}
	return f.showList(w, r, v, g.Articles, tagPath(g.Slug), func(lang *page.Language, p *list) {
		p.Title, p.Heading, p.Said, p.All = lang.Text("Articles on %s", g.Name), g.Name, lang.Text("Articles on"), articlesPath
		p.Description = lang.Text("Articles by %s on %s, the newest first.", f.c.Community, g.Name)
	})
}

func (f *Feature) showAuthor(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	g, ok := find(v.authors, r.PathValue("author"))
	if !ok {
		return fault.NotFound{What: "author"}
	}
	return f.showList(w, r, v, g.Articles, authorPath(g.Slug), func(lang *page.Language, p *list) {
		p.Title, p.Heading, p.Said, p.All = lang.Text("Articles by %s", g.Name), g.Name, lang.Text("Articles by"), articlesPath
		p.Description = p.Title
	})
}

// showList shows the part of a list that the address names. Its first part has
// no number.
func (f *Feature) showList(w http.ResponseWriter, r *http.Request, v *view, all []*Article, path string, fill func(*page.Language, *list)) error {
	number, of := 1, max(1, (len(all)+eachPage-1)/eachPage)
	if text := r.PathValue("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 2 || n > of || strconv.Itoa(n) != text {
			return fault.NotFound{What: "page"}
		}
		number = n
	}
	lang := f.Site.Printer(r.Context())
	return f.Site.Shared(w, r, "publish.list "+path+" "+strconv.Itoa(number), v.version, func() (page.Finished, error) {
		p := &list{Number: number, Of: of, Feed: articlesPath + feedEnd}
		p.Head = page.Head{Current: articlesPath, Canonical: partPath(path, number), Knows: f.knows(r, lang)}
		fill(lang, p)
		if path == articlesPath || r.PathValue("tag") != "" {
			p.Feed = path + feedEnd
		}
		p.Feeds = []page.Feed{{Path: escaped(p.Feed), Title: p.Title, Type: atomType}}
		from := (number - 1) * eachPage
		for _, a := range all[from:min(len(all), from+eachPage)] {
			p.Items = append(p.Items, f.line(a, lang))
		}
		if number > 1 {
			p.Newer = partPath(path, number-1)
		}
		if number < of {
			p.Older = partPath(path, number+1)
		}
		return page.Finished{Status: http.StatusOK, Name: "publish/articles.html", Page: p}, nil
	})
}

func partPath(path string, number int) string {
	if number == 1 {
		return path
	}
	return path + "/page/" + strconv.Itoa(number)
}

func (f *Feature) line(a *Article, lang *page.Language) articleLine {
	l := articleLine{Path: a.Path(), Title: a.Title, Date: a.Date, Minutes: a.Minutes, Cover: coverOf(&a.Text),
		Summary: f.renderers[lang.Tag].Inline(a.Summary), Says: joined(a.Rights.Authors)}
	l.Lang, l.Dir = foreign(&a.Text, lang)
	return l
}

// articlePage is one article.
type articlePage struct {
	page.Head
	T          textView
	Tags       []named
	Newer      *link
	Older      *link
	Contents   []render.Heading
	OriginalAt string
}

// textView is what the pages of articles and episodes have in common.
type textView struct {
	Title, Lang, Dir string
	Summary          template.HTML
	Body             template.HTML
	Date, Updated    time.Time
	Minutes          int
	Cover            *coverView
	Authors          []named
	Rights           rightsView
}

// rightsView are the terms of a text and whom to thank.
type rightsView struct {
	Licence, Address, Original, Host string
	Authors                          []string
	Credit                           template.HTML
}

// link leads to a page.
type link struct{ Path, Title string }

func (f *Feature) showArticle(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	a, ok := v.article(r.PathValue("article"))
	if !ok {
		return fault.NotFound{What: "article"}
	}
	if walled(r) {
		return fault.Forbidden{What: "read without an account"}
	}
	lang := f.Site.Printer(r.Context())
	return f.Site.Shared(w, r, "publish.article "+a.Slug, v.version, func() (page.Finished, error) {
		return page.Finished{Status: http.StatusOK, Name: "publish/article.html", Page: f.articlePage(r, v, a, lang)}, nil
	})
}

// leastHeadings is how many parts a text must have to get a table of contents.
const leastHeadings = 3

func (f *Feature) articlePage(r *http.Request, v *view, a *Article, lang *page.Language) *articlePage {
	out := f.render(v, a, lang)
	p := &articlePage{T: f.textView(a, out, lang)}
	p.Head = f.head(r, &a.Text, a.Path(), articlesPath, lang)
	p.Original, p.OriginalAt = a.Rights.Original, p.T.Rights.Host
	p.Properties = append(p.Properties, page.Property{Name: "og:type", Content: "article"},
		page.Property{Name: "article:published_time", Content: a.Date.Format(time.DateOnly)})
	p.Feeds = []page.Feed{{Path: articlesPath + feedEnd, Title: lang.Text("Articles"), Type: atomType}}
	p.T.Rights.Authors = nil // they stand above the text, as links
	for _, name := range a.Rights.Authors {
		p.T.Authors = append(p.T.Authors, named{Path: authorPath(course.Slug(name)), Name: name})
	}
	for _, tag := range a.Tags {
		p.Properties = append(p.Properties, page.Property{Name: "article:tag", Content: tag})
		p.Tags = append(p.Tags, named{Path: tagPath(course.Slug(tag)), Name: tag})
	}
	if len(out.Contents) >= leastHeadings {
		p.Contents = out.Contents
	}
	p.Scripts = scriptsFor(p.T, p.Contents)
	at := v.bySlug[a.Slug]
	if at > 0 {
		p.Newer = &link{v.articles[at-1].Path(), v.articles[at-1].Title}
	}
	if at+1 < len(v.articles) {
		p.Older = &link{v.articles[at+1].Path(), v.articles[at+1].Title}
	}
	return p
}

// head is that of a page of one text.
func (f *Feature) head(r *http.Request, t *Text, path, current string, lang *page.Language) page.Head {
	h := page.Head{Title: t.Title, Description: plain(t.Summary), Current: current, Canonical: path, Knows: f.knows(r, lang),
		Properties: []page.Property{{Name: "og:url", Content: f.Site.Absolute(path)}, {Name: "og:site_name", Content: f.c.Community}}}
	if t.Cover != nil {
		h.Image = filePath(t.course, t.Cover.File)
		h.Properties = append(h.Properties, page.Property{Name: "og:image:alt", Content: t.Cover.Alt})
	}
	return h
}

func (f *Feature) textView(it item, out *rendered, lang *page.Language) textView {
	t, r := it.common(), f.renderers[lang.Tag]
	v := textView{Title: t.Title, Summary: r.Inline(t.Summary), Body: out.Body, Date: t.Date, Minutes: t.Minutes, Cover: coverOf(t)}
	v.Lang, v.Dir = foreign(t, lang)
	if t.Updated.After(t.Date) {
		v.Updated = t.Updated
	}
	v.Rights = rightsView{Licence: t.Rights.Licence, Address: t.Rights.Address, Original: t.Rights.Original,
		Host: hostOf(t.Rights.Original), Authors: t.Rights.Authors, Credit: r.Inline(t.Rights.Credit)}
	return v
}

// scriptsFor is what a text needs: nothing if there is no code to copy and no
// table of contents to follow.
func scriptsFor(v textView, contents []render.Heading) []string {
	if len(contents) > 0 || strings.Contains(string(v.Body), "data-copy") {
		return []string{articleScript}
	}
	return nil
}

// articleFile sends a picture or another file of a folder of articles.
func (f *Feature) articleFile(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	if v.texts != nil {
		if c, ok := v.texts.Course(r.PathValue("folder")); ok {
			return f.send(w, r, v, v.texts, c)
		}
	}
	return fault.NotFound{What: "file"}
}

// send answers with a file, unless nothing but hidden texts name it. Why it
// cannot be opened is nobody's business: outside the folder, or not there.
func (f *Feature) send(w http.ResponseWriter, r *http.Request, v *view, in *course.Catalogue, of *course.Course) error {
	name := r.PathValue("file")
	full := name
	if of.Dir != "." {
		full = of.Dir + "/" + name
	}
	if v.hidden[fileKey{of, full}] {
		return fault.NotFound{What: "file"}
	}
	file, err := in.OpenAsset(of, name)
	if err != nil {
		return fault.NotFound{What: "file"}
	}
	defer file.Close()
	return asset.Send(w, r, file, name, v.stamp)
}

func joined(names []string) string {
	var out string
	for i, name := range names {
		if i > 0 {
			out += ", "
		}
		out += name
	}
	return out
}
