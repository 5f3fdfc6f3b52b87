package page

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// buffers are reused because a page is written only when it is complete.
type buffers struct{ body, out bytes.Buffer }

var pool = sync.Pool{New: func() any { return new(buffers) }}

// largestKept bounds the buffers that wait for the next page.
const largestKept = 256 << 10

func release(b *buffers) {
	if b.body.Cap()+b.out.Cap() > largestKept {
		return
	}
	b.body.Reset()
	b.out.Reset()
	pool.Put(b)
}

// frame is what the layout's own templates see.
type frame struct {
	*Head
	Community, Lang, Dir, Theme string
	Title                       string
	Nav, Foot, HeadLinks        template.HTML
	Paths                       Paths
	SignedIn                    bool
	Marks                       template.HTML
	Notice                      *Notice
	Ahead, AheadPath            string // to members: what is coming
}

// Render writes a page with the layout around it. The name is a Source's
// name and a file: "learn/lesson.html". Nothing is written on an error.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, status int, name string, p Page) error {
	b := pool.Get().(*buffers)
	defer release(b)
	notice := s.takeNotice(w, r)
	if err := s.compose(b, r.Context(), name, p, notice); err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = htmlType
	s.setCaching(h, r)
	h["Content-Length"] = []string{strconv.Itoa(b.out.Len())}
	w.WriteHeader(status)
	_, err := w.Write(b.out.Bytes())
	return gone(err)
}

var htmlType = []string{"text/html; charset=utf-8"}

// setCaching keeps a member's pages out of every store, so that the back
// button shows nothing after signing out; a visitor's may be kept if asked
// again each time.
func (s *Site) setCaching(h http.Header, r *http.Request) {
	if len(s.languages.all) > 1 {
		h.Add("Vary", "Accept-Language")
	}
	if h.Get("Cache-Control") != "" {
		return
	}
	if ViewerOf(r.Context()).SignedIn {
		h.Set("Cache-Control", "no-store")
		return
	}
	h.Set("Cache-Control", "private, no-cache")
}

// compose fills b.out with the whole page. The body comes first: which
// shapes the sprite needs is known only then.
func (s *Site) compose(b *buffers, ctx context.Context, name string, p Page, notice *Notice) error {
	head := p.head()
	if head.Knows == "" {
		return fmt.Errorf("page: %s does not say what it remembers of its reader", name)
	}
	lang := s.Printer(ctx)
	set, err := s.set(lang)
	if err != nil {
		return err
	}
	if err := set.execute(&b.body, name, p); err != nil {
		return err
	}
	f := s.frame(ctx, lang, head, notice)
	bar := b.body.Len()
	if head.Bar != "" {
		if err := set.execute(&b.body, head.Bar, p); err != nil {
			return err
		}
	}
	f.Marks = sprite(b.body.Bytes(), f.shapes()...)
	if err := set.execute(&b.out, "page/top.html", f); err != nil {
		return err
	}
	b.out.Write(b.body.Bytes()[:bar])
	b.out.WriteString("</main>\n")
	b.out.Write(b.body.Bytes()[bar:])
	return set.execute(&b.out, "page/foot.html", f)
}

func (t *set) execute(out *bytes.Buffer, name string, data any) error {
	if file := t.files[name]; file != nil {
		return file.Execute(out, data)
	}
	if t.all.Lookup(name) == nil {
		return fmt.Errorf("page: no template %s", name)
	}
	return t.all.ExecuteTemplate(out, name, data)
}

func (s *Site) frame(ctx context.Context, lang *Language, head *Head, notice *Notice) *frame {
	viewer := ViewerOf(ctx)
	f := &frame{
		HeadLinks: s.headLinks(head.Alternates),
		Head:      head, Community: s.cfg.Community, Lang: lang.Tag, Dir: lang.Dir, Paths: s.cfg.Paths,
		SignedIn: viewer.SignedIn, Title: s.title(lang, head), Notice: notice,
		Nav: anchors(s.cfg.Nav, lang, head.Current, "\n    ", ""), Foot: anchors(s.cfg.Foot, lang, head.Current, "\n      <li>", "</li>") + alternates(head.Alternates),
	}
	if viewer.SignedIn && s.cfg.Ahead.Path != "" {
		f.Ahead, f.AheadPath = s.cfg.Ahead.label(lang), s.cfg.Ahead.Path
	}
	if viewer.Theme == "dark" || viewer.Theme == "light" {
		f.Theme = viewer.Theme
	}
	return f
}

// shapes are those that the layout itself draws.
func (f *frame) shapes() []string {
	if f.Notice != nil && f.Notice.Done {
		return []string{"kept", "tick"}
	}
	return []string{"kept"}
}

func (s *Site) title(lang *Language, head *Head) string {
	title := s.cfg.Community
	if head.Title != "" {
		title = head.Title + " · " + s.cfg.Community
	}
	if head.Wrong {
		return lang.Text("Please look again") + ": " + title
	}
	return title
}

// anchors writes the links of the layout, which are on every page, by hand:
// a tenth of what a template's loop costs.
func anchors(links []Link, lang *Language, current, before, after string) template.HTML {
	var out strings.Builder
	for _, link := range links {
		label := link.label(lang)
		if label == "" {
			continue
		}
		out.WriteString(before + `<a href="` + template.HTMLEscapeString(link.Path) + `"`)
		if link.Path == current {
			out.WriteString(` aria-current="page"`)
		}
		out.WriteString(">" + template.HTMLEscapeString(label) + "</a>" + after)
	}
	return template.HTML(out.String())
}

// alternates writes the links to this page in other languages.
func alternates(list []Alternate) template.HTML {
	var out strings.Builder
	for _, a := range list {
		tag := template.HTMLEscapeString(a.Lang)
		out.WriteString("\n      <li><a href=\"" + template.HTMLEscapeString(a.Path) + `" lang="` + tag + `" hreflang="` + tag + `"`)
		if a.Dir == "rtl" {
			out.WriteString(` dir="rtl"`)
		}
		out.WriteString(">" + template.HTMLEscapeString(a.Name) + "</a></li>")
	}
	return template.HTML(out.String())
}

// headLinks tells search engines the same.
func (s *Site) headLinks(list []Alternate) template.HTML {
	var out strings.Builder
	for _, a := range list {
		out.WriteString("\n<link rel=\"alternate\" hreflang=\"" + template.HTMLEscapeString(a.Lang) +
			`" href="` + template.HTMLEscapeString(s.Absolute(a.Path)) + `">`)
	}
	return template.HTML(out.String())
}

// Part renders one template without the layout, for a Fragment or for an
// answer to a script.
func (s *Site) Part(ctx context.Context, name string, data any) (template.HTML, error) {
	set, err := s.set(s.Printer(ctx))
	if err != nil {
		return "", err
	}
	b := pool.Get().(*buffers)
	defer release(b)
	if err := set.execute(&b.body, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.body.String()), nil
}

// HTML is rendered HTML, for those who need not import html/template.
type HTML = template.HTML
