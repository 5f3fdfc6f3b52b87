package publish

import (
	"html/template"
	"iter"
	"strings"
	"time"

	"golang.org/x/net/html"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/page"
)

// rendered is a text ready for its page.
type rendered struct {
	Body     template.HTML
	Contents []render.Heading
	Parts    []spoken
}

// spoken is a part of a transcript.
type spoken struct {
	Timed  bool
	At     int    // seconds
	Clock  string // "1:02"
	Who    string
	Text   string
	Blocks template.HTML
}

type renderKey struct {
	lesson *course.Lesson
	lang   string // of the words around
}

func (r *rendered) size() int {
	n := 1024 + len(r.Body)
	for _, p := range r.Parts {
		n += 200 + len(p.Text) + len(p.Blocks)
	}
	return n
}

// render makes a text ready, or finds it so.
func (f *Feature) render(v *view, it item, lang *page.Language) *rendered {
	t := it.common()
	return v.rendered.Get(renderKey{t.lesson, lang.Tag}, func() *rendered {
		out, _ := v.Edition.render(f.renderers[lang.Tag], it)
		return out
	})
}

// render turns a text, and what is said in it, into HTML; anchors are unique
// among both.
func (e *Edition) render(r *render.Renderer, it item) (*rendered, []course.Warning) {
	t := it.common()
	lists := [][]course.Block{t.lesson.Versions[0].Blocks}
	var script *Transcript
	if one, ok := it.(*Episode); ok && one.Transcript != nil {
		script = one.Transcript
		for _, p := range script.Parts {
			lists = append(lists, p.Blocks)
		}
	}
	pages := r.Pages(e.home(t), lists...)
	out := &rendered{Body: pages[0].HTML, Contents: secondLevel(pages[0].Contents)}
	if script != nil {
		for i, p := range script.Parts {
			out.Parts = append(out.Parts, spoken{Timed: p.Timed, At: int(p.At / time.Second), Clock: clockText(p.At),
				Who: p.Who, Text: p.Text, Blocks: pages[i+1].HTML})
		}
	}
	return out, pages[0].Warnings
}

// home says where a text lies, so that its links lead to pages of this site.
func (e *Edition) home(t *Text) render.Home {
	catalogue := e.texts
	if t.course.Chapters[0].Label == ofPodcasts {
		catalogue = e.casts
	}
	return render.Home{Course: t.course, Catalogue: catalogue, File: t.File,
		Lesson: func(p *course.Place) string { return escaped(e.of[p.Lesson].Path()) },
		Asset:  func(of *course.Course, name string) string { return escaped(assetPath(of, name)) }}
}

func secondLevel(all []render.Heading) []render.Heading {
	var list []render.Heading
	for _, h := range all {
		if h.Level == 2 {
			list = append(list, h)
		}
	}
	return list
}

// Lint renders everything and gives all that authors should look at.
func (e *Edition) Lint() []course.Warning {
	r := render.New(render.English)
	var warnings []course.Warning
	add := func(it item) {
		_, more := e.render(r, it)
		warnings = append(warnings, more...)
	}
	for _, a := range e.Articles {
		add(a)
	}
	for _, s := range e.Shows {
		add(s)
		for _, one := range s.Episodes {
			add(one)
		}
	}
	course.SortWarnings(warnings)
	return warnings
}

// Kinds of documents.
const (
	KindArticle = "article"
	KindEpisode = "episode"
)

// Document is a text for a search: all that a reader would see of it.
type Document struct {
	Path, Title, Summary, Lang, Kind string
	Text                             string // plain
}

// Version changes with what Documents gives.
func (f *Feature) Version() string { return f.view().version }

// Documents are the texts that anybody may find at this moment.
func (f *Feature) Documents() iter.Seq[Document] {
	v, lang := f.view(), f.Site.Catalogue().Default()
	return func(yield func(Document) bool) {
		for _, a := range v.articles {
			if !yield(f.document(v, a, KindArticle, lang)) {
				return
			}
		}
		for _, s := range v.shows {
			for _, one := range s.Episodes {
				if !yield(f.document(v, one, KindEpisode, lang)) {
					return
				}
			}
		}
	}
}

func (f *Feature) document(v *view, it item, kind string, lang *page.Language) Document {
	t := it.common()
	out, _ := v.Edition.render(f.renderers[lang.Tag], it) // not kept: a search reads each once
	var b strings.Builder
	b.WriteString(words(string(out.Body)))
	for _, p := range out.Parts {
		b.WriteString(" " + p.Who + " " + p.Text + " " + words(string(p.Blocks)))
	}
	return Document{Path: it.Path(), Title: t.Title, Summary: plain(t.Summary), Lang: t.Lang, Kind: kind, Text: strings.Join(strings.Fields(b.String()), " ")}
}

// words is the text of HTML without its buttons.
func words(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	button := false
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if !button {
				b.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if string(name) == "button" {
				button = kind == html.StartTagToken
			}
			if !inline[string(name)] {
				b.WriteByte(' ')
			}
		}
	}
}

// inline are elements that do not part two words.
var inline = map[string]bool{"a": true, "b": true, "code": true, "em": true, "i": true, "span": true, "strong": true, "sub": true, "sup": true, "u": true}

// plain takes the marks of Markdown out of a line that is shown as text.
func plain(markdown string) string {
	return strings.TrimSpace(strings.NewReplacer("`", "", "**", "", "*", "").Replace(markdown))
}
