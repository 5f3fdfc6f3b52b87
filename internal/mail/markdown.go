package mail

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// source is Markdown read once, from which both forms of a mail are made.
type source struct {
	bytes []byte
	doc   ast.Node
}

func parseSource(markdown string) source {
	b := []byte(markdown)
	return source{b, goldmark.DefaultParser().Parse(text.NewReader(b))}
}

// inMails is what a mail may hold. Pictures and HTML are not in it: nothing is
// fetched when a mail is opened.
var inMails = []ast.NodeKind{
	ast.KindDocument, ast.KindParagraph, ast.KindTextBlock, ast.KindHeading, ast.KindList, ast.KindListItem,
	ast.KindBlockquote, ast.KindCodeBlock, ast.KindFencedCodeBlock, ast.KindThematicBreak,
	ast.KindText, ast.KindString, ast.KindEmphasis, ast.KindCodeSpan, ast.KindLink, ast.KindAutoLink,
	ast.KindLinkReferenceDefinition,
}

// checkMarkdown says whether text is made of parts that both forms can show.
func checkMarkdown(markdown string) error {
	s := parseSource(markdown)
	return ast.Walk(s.doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !slices.Contains(inMails, n.Kind()) {
			return ast.WalkStop, fmt.Errorf("%s cannot stand in a mail", n.Kind())
		}
		if l, ok := n.(*ast.Link); ok && entering {
			return ast.WalkContinue, checkLink(destination(l))
		}
		return ast.WalkContinue, nil
	})
}

func checkLink(dest string) error {
	u, err := url.Parse(dest)
	if err != nil {
		return errors.New("a link cannot be read")
	}
	web := (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	if !web && u.Scheme != "mailto" {
		return errors.New("a link is no web or mail address")
	}
	return nil
}

// destination is where a link leads, without Markdown's escapes.
func destination(l *ast.Link) string { return unescape(l.Destination) }

// loneLink returns the link that is all a paragraph holds: the one thing the
// mail is about, shown as a button in HTML.
func loneLink(n ast.Node) (*ast.Link, bool) {
	if n.Kind() != ast.KindParagraph || n.ChildCount() != 1 {
		return nil, false
	}
	l, ok := n.FirstChild().(*ast.Link)
	return l, ok
}
