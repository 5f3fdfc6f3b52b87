package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

//go:embed layout.html
var layoutText string

var layout = template.Must(template.New("layout").Parse(layoutText))

// sheet is what the layout shows.
type sheet struct {
	Lang, Dir string
	Subject   string
	Body      template.HTML
	Why, Keep template.HTML
	Site      string
	URL       string
}

// htmlText renders Markdown as HTML that fetches nothing.
func htmlText(markdown string) (template.HTML, error) {
	s := parseSource(markdown)
	showButtons(s.doc)
	r := renderer.NewRenderer(renderer.WithNodeRenderers(util.Prioritized(html.NewRenderer(), 1)))
	var b bytes.Buffer
	if err := r.Render(&b, s.bytes, s.doc); err != nil {
		return "", fmt.Errorf("render mail: %w", err)
	}
	return template.HTML(b.String()), nil
}

// showButtons marks lone links, and writes below each where it leads: a person
// can see that before the click, and copy it to another device.
func showButtons(doc ast.Node) {
	var lone []ast.Node
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if _, ok := loneLink(n); ok {
			lone = append(lone, n)
		}
	}
	for _, n := range lone {
		link, _ := loneLink(n)
		n.SetAttributeString("class", []byte("go"))
		address := ast.NewString([]byte(destination(link)))
		address.SetRaw(true) // as it is, apart from HTML's own marks
		below := ast.NewParagraph()
		below.SetAttributeString("class", []byte("where"))
		below.AppendChild(below, address)
		doc.InsertAfter(doc, n, below)
	}
}

func renderSheet(s sheet) (string, error) {
	var b strings.Builder
	if err := layout.Execute(&b, s); err != nil {
		return "", fmt.Errorf("lay out mail: %w", err)
	}
	return b.String(), nil
}

// direction is how a language is written.
func direction(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	switch base {
	case "ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi":
		return "rtl"
	}
	return "ltr"
}
