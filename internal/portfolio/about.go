package portfolio

import (
	"html/template"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// light reads the part of Markdown that a few lines about oneself need:
// paragraphs, lists, emphasis, code in a line, links. Everything else is text.
var light = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
	),
)

// linkRel goes with every link that a member wrote: it says whose it is to who
// asks, opens no window back, and lends no standing.
const linkRel = "me nofollow ugc noopener"

// aboutHTML turns what a member wrote into HTML. All text is escaped here; tags
// come from this file alone.
func aboutHTML(markdown string) template.HTML {
	w := writer{source: []byte(markdown)}
	w.children(light.Parse(text.NewReader(w.source)))
	return template.HTML(w.out.String())
}

type writer struct {
	source []byte
	out    strings.Builder
}

func (w *writer) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

func (w *writer) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.wrap("p", n)
	case *ast.List:
		w.wrap(map[bool]string{true: "ol", false: "ul"}[n.IsOrdered()], n)
	case *ast.ListItem:
		w.wrap("li", n)
	case *ast.Emphasis:
		w.wrap(map[bool]string{true: "strong", false: "em"}[n.Level == 2], n)
	case *ast.CodeSpan:
		w.wrap("code", n)
	case *ast.Link:
		w.link(string(n.Destination), func() { w.children(n) })
	case *ast.AutoLink:
		w.link(string(n.URL(w.source)), func() { w.text(n.Label(w.source)) })
	case *ast.Text:
		w.line(n)
	case *ast.String:
		w.text(n.Value)
	default:
		w.children(n)
	}
}

func (w *writer) wrap(tag string, n ast.Node) {
	w.out.WriteString("<" + tag + ">")
	w.children(n)
	w.out.WriteString("</" + tag + ">")
}

// link leads out only to https; of any other address the words stay.
func (w *writer) link(to string, words func()) {
	if secureAddress(to) != nil {
		words()
		return
	}
	w.out.WriteString(`<a href="` + template.HTMLEscapeString(to) + `" rel="` + linkRel + `">`)
	words()
	w.out.WriteString("</a>")
}

func (w *writer) line(n *ast.Text) {
	value := n.Segment.Value(w.source)
	if !n.IsRaw() {
		value = util.UnescapePunctuations(value)
	}
	w.text(value)
	switch {
	case n.HardLineBreak():
		w.out.WriteString("<br>")
	case n.SoftLineBreak():
		w.out.WriteString("\n")
	}
}

func (w *writer) text(value []byte) { w.out.WriteString(template.HTMLEscapeString(string(value))) }

// aboutLine is the beginning of what a member wrote, for previews: without
// marks, one line.
func aboutLine(markdown string, most int) string {
	w := writer{source: []byte(markdown)}
	w.words(light.Parse(text.NewReader(w.source)))
	line := []rune(oneLine(w.out.String()))
	if len(line) <= most {
		return string(line)
	}
	cut := string(line[:most-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func (w *writer) words(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			w.out.Write(util.UnescapePunctuations(c.Segment.Value(w.source)))
			w.out.WriteString(map[bool]string{true: " "}[c.SoftLineBreak() || c.HardLineBreak()])
		case *ast.AutoLink:
			w.out.Write(c.Label(w.source))
		default:
			w.words(c)
			w.out.WriteString(map[bool]string{true: " "}[c.Type() == ast.TypeBlock])
		}
	}
}
