package mail

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// lineWidth is where plain text is wrapped, in characters.
const lineWidth = 72

// plainText renders Markdown as text that is pleasant to read as it is: wrapped
// lines, and each link on a line of its own, where every reader finds it.
func plainText(markdown string) string {
	s := parseSource(markdown)
	p := &plain{src: s.bytes}
	return strings.Join(p.blocks(s.doc, lineWidth, true), "\n") + "\n"
}

type plain struct {
	src   []byte
	links int // numbered so far
}

// blocks returns the lines of a node's children, apart by a blank line if the
// author left one.
func (p *plain) blocks(parent ast.Node, width int, apart bool) []string {
	var lines []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		block := p.block(n, width)
		if len(block) == 0 {
			continue
		}
		if apart && len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, block...)
	}
	return lines
}

func (p *plain) block(n ast.Node, width int) []string {
	if link, ok := loneLink(n); ok {
		return p.button(link, width)
	}
	if address, ok := n.FirstChild().(*ast.AutoLink); ok && n.ChildCount() == 1 {
		return []string{string(address.Label(p.src))}
	}
	switch n := n.(type) {
	case *ast.Heading:
		lines := p.paragraph(n, width)
		return append(lines, strings.Repeat("-", longest(lines)))
	case *ast.List:
		return p.list(n, width)
	case *ast.Blockquote:
		return indent(p.blocks(n, width-2, true), "> ", "> ")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		code := strings.TrimRight(string(n.Lines().Value(p.src)), "\n")
		return indent(strings.Split(code, "\n"), "    ", "    ")
	case *ast.ThematicBreak:
		return []string{"* * *"}
	case *ast.LinkReferenceDefinition:
		return nil
	}
	return p.paragraph(n, width)
}

// button shows a link that stands alone: what it does, then where it leads.
func (p *plain) button(link *ast.Link, width int) []string {
	var t inline
	p.inlines(link, &t)
	label := t.text.String()
	dest := destination(link)
	if label == dest {
		return []string{dest}
	}
	if !strings.HasSuffix(label, ":") {
		label += ":"
	}
	return append(wrap(label, width), dest)
}

func (p *plain) paragraph(n ast.Node, width int) []string {
	var t inline
	p.inlines(n, &t)
	return append(wrap(t.text.String(), width), t.links...)
}

func (p *plain) list(n *ast.List, width int) []string {
	var lines []string
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		marker := "- "
		if n.IsOrdered() {
			marker = fmt.Sprintf("%d. ", number)
			number++
		}
		if !n.IsTight && len(lines) > 0 {
			lines = append(lines, "")
		}
		rest := strings.Repeat(" ", len(marker))
		lines = append(lines, indent(p.blocks(item, width-len(marker), !n.IsTight), marker, rest)...)
	}
	return lines
}

// inline gathers the text of a paragraph and the links that follow it.
type inline struct {
	text  strings.Builder
	links []string
}

func (p *plain) inlines(parent ast.Node, t *inline) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			t.text.WriteString(unescape(n.Value(p.src)))
			switch {
			case n.HardLineBreak():
				t.text.WriteString("\n")
			case n.SoftLineBreak():
				t.text.WriteString(" ")
			}
		case *ast.String:
			t.text.Write(n.Value)
		case *ast.CodeSpan:
			p.code(n, t)
		case *ast.AutoLink:
			p.link(string(n.Label(p.src)), t)
		case *ast.Link:
			p.inlines(n, t)
			t.text.WriteString(" ")
			p.link(destination(n), t)
		default:
			p.inlines(n, t)
		}
	}
}

// link leaves a number in the text and the address for a line below it.
func (p *plain) link(dest string, t *inline) {
	p.links++
	fmt.Fprintf(&t.text, "[%d]", p.links)
	t.links = append(t.links, fmt.Sprintf("[%d] %s", p.links, dest))
}

func (p *plain) code(n *ast.CodeSpan, t *inline) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c, ok := c.(*ast.Text); ok {
			t.text.Write(c.Value(p.src))
		}
	}
}

// unescape reads Markdown text as HTML readers would see it: an escaped mark
// is itself, and what is not escaped may be an entity.
func unescape(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		at := 0
		for at < len(b) && !(b[at] == '\\' && at+1 < len(b) && util.IsPunct(b[at+1])) {
			at++
		}
		out.WriteString(html.UnescapeString(string(b[:at])))
		if at == len(b) {
			break
		}
		out.WriteByte(b[at+1])
		b = b[at+2:]
	}
	return out.String()
}

// wrap breaks text at blanks; words that are longer than a line stay whole,
// since a broken address does not work.
func wrap(text string, width int) []string {
	var lines []string
	for part := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(part) {
			switch {
			case line == "":
				line = word
			case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
				lines = append(lines, line)
				line = word
			default:
				line += " " + word
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func indent(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		out[i] = strings.TrimRight(prefix+line, " ")
	}
	return out
}

func longest(lines []string) int {
	n := 0
	for _, line := range lines {
		n = max(n, utf8.RuneCountInString(line))
	}
	return n
}
