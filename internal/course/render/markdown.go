package render

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList,
			extension.DefinitionList, extension.Footnote, extension.Linkify),
		// HTML of the author passes here, because the tree and the policy that
		// follow see it and what Markdown made in the same way.
		goldmark.WithRendererOptions(html.WithUnsafe(),
			renderer.WithNodeRenderers(util.Prioritized(fences{}, 100))),
	)
}

// fences keeps the whole first line of a fenced block for the tree, where the
// code is coloured.
type fences struct{}

// RegisterFuncs is called by goldmark.
func (fences) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindFencedCodeBlock, fence)
}

func fence(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	block := n.(*ast.FencedCodeBlock)
	_, _ = w.WriteString("<pre")
	if block.Info != nil {
		_, _ = w.WriteString(` data-info="`)
		_, _ = w.Write(util.EscapeHTML(block.Info.Segment.Value(source)))
		_ = w.WriteByte('"')
	}
	// The parser of the tree eats one line end after <pre>.
	_, _ = w.WriteString(">\n<code>")
	lines := block.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		_, _ = w.Write(util.EscapeHTML(line.Value(source)))
	}
	_, err := w.WriteString("</code></pre>\n")
	return ast.WalkSkipChildren, err
}

// Limits that no honest text comes near. Beyond them the parser's recursion
// and its time would grow with what a stranger wrote.
const (
	maxNested = 40
	maxIndent = 400
	maxInline = 2000 // opening marks in one paragraph
)

// tooDeep tells whether text nests deeper than a person would.
func tooDeep(text string) bool {
	marks := 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			marks = 0
		}
		if containers(line) > maxNested {
			return true
		}
		if marks += openings(line); marks > maxInline {
			return true
		}
	}
	return false
}

// containers counts the quote and list marks that a line begins with.
func containers(line string) int {
	n, indent := 0, 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ':
			indent++
		case c == '\t':
			indent += 4
		case c == '>', c == ':':
			n++
		case isMark(line, i):
			n++
		case c >= '0' && c <= '9' && i+1 < len(line):
		default:
			return max(n, indent/(maxIndent/maxNested))
		}
	}
	return max(n, indent/(maxIndent/maxNested))
}

// isMark tells whether a list mark stands at i: a sign with a space behind.
func isMark(line string, i int) bool {
	if !strings.ContainsRune("-+*.)", rune(line[i])) {
		return false
	}
	return i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t')
}

func openings(line string) int {
	return strings.Count(line, "[") + strings.Count(line, "*") + strings.Count(line, "_") +
		strings.Count(line, "<") + strings.Count(line, "`") + strings.Count(line, "~")
}

func (r *Renderer) toHTML(markdown string) (string, error) {
	var b bytes.Buffer
	b.Grow(len(markdown) + len(markdown)/4)
	err := r.markdown.Convert([]byte(markdown), &b)
	return b.String(), err
}
