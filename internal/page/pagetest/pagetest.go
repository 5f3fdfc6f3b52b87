// Package pagetest lets tests ask what a reader would see: elements of a page
// by selector, and whether every template was executed. It owns no fixtures
// and starts no server. Start with Parse.
package pagetest

import (
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"kept/internal/page"
)

// Node is an element of a page.
type Node struct {
	t    testing.TB
	node *html.Node
}

// Parse reads a page as a browser does.
func Parse(t testing.TB, body io.Reader) Node {
	t.Helper()
	root, err := html.Parse(body)
	if err != nil {
		t.Fatalf("parse page: %v", err)
	}
	return Node{t, root}
}

// ParseString is Parse for text.
func ParseString(t testing.TB, body string) Node {
	t.Helper()
	return Parse(t, strings.NewReader(body))
}

// All returns the elements that a selector finds, in the page's order. Known
// are tag, #id, .class, [attribute], [attribute=value], [attribute^=value],
// the descendant (a b), the child (a > b) and alternatives (a, b).
func (n Node) All(selector string) []Node {
	n.t.Helper()
	var paths [][]step
	for alternative := range strings.SplitSeq(selector, ",") {
		path, err := parseSelector(alternative)
		if err != nil {
			n.t.Fatalf("selector %q: %v", selector, err)
		}
		paths = append(paths, path)
	}
	var found []Node
	for child := range n.node.Descendants() {
		for _, path := range paths {
			if child.Type == html.ElementNode && matches(child, path, n.node) {
				found = append(found, Node{n.t, child})
				break
			}
		}
	}
	return found
}

// One returns the only element that a selector finds; none or several fail
// the test.
func (n Node) One(selector string) Node {
	n.t.Helper()
	all := n.All(selector)
	if len(all) != 1 {
		n.t.Fatalf("%s: got %d elements, want 1 in\n%s", selector, len(all), n.HTML())
	}
	return all[0]
}

// None fails the test if a selector finds something.
func (n Node) None(selector string) {
	n.t.Helper()
	if all := n.All(selector); len(all) != 0 {
		n.t.Errorf("%s: got %d elements, want none, the first is\n%s", selector, len(all), all[0].HTML())
	}
}

// Text returns what the element says, with runs of space as one.
func (n Node) Text() string {
	var out strings.Builder
	for child := range n.node.Descendants() {
		if child.Type == html.TextNode && !hidden(child) {
			out.WriteString(child.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func hidden(text *html.Node) bool {
	return text.Parent != nil && (text.Parent.Data == "script" || text.Parent.Data == "style")
}

// Attr returns an attribute, or "" if the element has none of that name.
func (n Node) Attr(name string) string {
	value, _ := attribute(n.node, name)
	return value
}

// Has reports whether the element has an attribute.
func (n Node) Has(name string) bool {
	_, ok := attribute(n.node, name)
	return ok
}

// Tag returns the element's name.
func (n Node) Tag() string { return n.node.Data }

// HTML returns the element as source, for messages.
func (n Node) HTML() string {
	var out strings.Builder
	if err := html.Render(&out, n.node); err != nil {
		return err.Error()
	}
	return out.String()
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// Executed fails the test for each template that nothing executed. The Site
// must be made with Config.Count, and the test must have visited its pages.
func Executed(t testing.TB, site *page.Site) {
	t.Helper()
	for _, name := range site.Unexecuted() {
		t.Errorf("template %s was never executed", name)
	}
}
