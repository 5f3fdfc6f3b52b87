// Package render turns the blocks of a lesson into HTML that is safe to show,
// whoever wrote them.
//
// Text goes through four steps: Markdown to HTML (goldmark), HTML to a tree in
// which links, pictures, code, tables and headings are made ready for the page,
// tree to HTML, and last a list of what may stand in a page at all
// (bluemonday). It refuses scripts, frames, styles, handlers and anything that
// another host would be asked for; the words in them stay wherever a reader
// would have seen them.
//
// Start at Renderer.Page.
package render

import (
	"html/template"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"kept/internal/course"
)

// Labels are the words that the page adds, in the reader's language.
type Labels struct {
	Copy    string // "Copy"
	Code    string // "Code"
	Table   string // "Table"
	Picture string // "Picture", before the host of a picture that lies elsewhere
	Opens   string // "Opens", before the host of a film that lies elsewhere
}

// English are the labels in English.
var English = Labels{Copy: "Copy", Code: "Code", Table: "Table", Picture: "Picture on", Opens: "Opens"}

// Renderer makes pages. It is safe for use by many at once.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
	labels   Labels
}

// New makes a renderer with the words of one language.
func New(labels Labels) *Renderer {
	return &Renderer{markdown: newMarkdown(), policy: newPolicy(), labels: labels}
}

// Home says where a text lies, so that its links and pictures can be found.
// The zero Home leaves relative addresses as they are.
type Home struct {
	Course *course.Course
	// Catalogue finds the lessons and files that the text points to.
	Catalogue *course.Catalogue
	File      string // of the text in its source
	// Lesson gives the address of a lesson's page, Asset that of a file in
	// the course's folder.
	Lesson func(*course.Place) string
	Asset  func(of *course.Course, file string) string
	// CoursePage gives the address of the course's first page, which the
	// format's own first page becomes.
	CoursePage func(*course.Course) string
	// Rewrite, if set, sees each address first; a format that has its own
	// kind of link answers here.
	Rewrite func(address string) (string, bool)
}

// Page is rendered text.
type Page struct {
	HTML     template.HTML
	Contents []Heading // headings of the first and second level
	Words    int
	Warnings []course.Warning
}

// Heading is a line of the table of contents.
type Heading struct {
	ID    string
	Text  string
	Level int // 2 or 3
}

// wordsPerMinute is a calm pace for someone who reads about something new.
const wordsPerMinute = 170

// Minutes is how long reading takes, at least 1.
func (p Page) Minutes() int { return max(1, (p.Words+wordsPerMinute/2)/wordsPerMinute) }

// Page renders blocks that stand in one document together, so that their
// anchors do not collide.
func (r *Renderer) Page(home Home, blocks []course.Block) Page {
	return r.Pages(home, blocks)[0]
}

// Pages renders several lists of blocks for one document, such as a text, a
// task and its hints: anchors are unique among all of them. The first page
// carries all warnings.
func (r *Renderer) Pages(home Home, lists ...[]course.Block) []Page {
	pass := r.newPass(home)
	pages := make([]Page, len(lists))
	for i, blocks := range lists {
		pages[i] = pass.run(blocks)
	}
	if len(pages) > 0 {
		pass.checkTargets()
		pages[0].Warnings = pass.warnings
	}
	return pages
}

// Inline renders one line of Markdown, such as a title or the name of a test.
func (r *Renderer) Inline(markdown string) template.HTML {
	pass := r.newPass(Home{})
	body := pass.blocks([]course.Block{{Shape: course.Prose, Text: markdown}}, 0)
	if last := body.LastChild; last != nil && last.Type == html.TextNode && strings.TrimSpace(last.Data) == "" {
		body.RemoveChild(last)
	}
	if p := body.FirstChild; p != nil && p == body.LastChild && p.DataAtom == atom.P {
		body = p
	}
	return r.clean(body)
}

func (r *Renderer) newPass(home Home) *pass {
	return &pass{r: r, home: home, ids: map[string]bool{}, again: map[string]int{}, targets: map[string]int{}}
}

// clean writes the children of a node and lets nothing through that the
// policy does not know.
func (r *Renderer) clean(body *html.Node) template.HTML {
	var b strings.Builder
	for n := range body.ChildNodes() {
		if err := html.Render(&b, n); err != nil {
			b.WriteString(html.EscapeString(textOf(n)))
		}
	}
	return template.HTML(r.policy.Sanitize(b.String())) // the policy is what makes this safe
}

func (p *pass) run(blocks []course.Block) Page {
	p.contents = nil
	body := p.blocks(blocks, 0)
	return Page{HTML: p.r.clean(body), Contents: p.contents, Words: countWords(body)}
}

func countWords(n *html.Node) int {
	return len(strings.Fields(textOf(n)))
}

// textOf is all the text below a node.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
