package myst

import (
	"regexp"
	"strings"
)

// pieceKind says what a piece of a page is.
type pieceKind int

const (
	textPiece      pieceKind = iota // a line of Markdown
	rawPiece                        // a line that no role or formula is looked for in: code, a comment
	headingPiece                    // a heading
	directivePiece                  // a directive, which may hold pieces
)

// piece is a line of Markdown or a directive where it stands.
type piece struct {
	kind    pieceKind
	line    line
	starts  bool // a text line that begins an item of a list
	heading *heading
	dir     *directive
	// first and rest are what stands before the lines of a directive inside a
	// list or quotation, so that it stays inside. Both are empty at the top.
	first, rest string
}

// heading is a heading of a page.
type heading struct {
	level int
	text  string // Markdown
	slug  string // the name that MyST gives it
	line  int
	title bool // the page's own
}

// Bounds that no honest lesson comes near.
const (
	maxNested = 24  // directives and quotations within each other
	maxItems  = 40  // lists within lists
	maxPieces = 2e5 // of one page, with all that it includes
)

// scanner takes the text of one page apart.
type scanner struct {
	page *page
	book *book
	// lang is the language of code blocks that name none.
	lang    string
	stack   []string // files that include each other
	scanned int
}

// cursor goes through the lines of one level.
type cursor struct {
	*scanner
	lines []line
	at    int
	depth int
	items []int // columns where the content of open list items begins
	para  bool  // the line before belongs to a paragraph
	out   []piece
}

// scan takes lines apart. Directives inside are taken apart in turn.
func (s *scanner) scan(lines []line, depth int) []piece {
	if depth > maxNested {
		s.warn(firstNum(lines, 0), "nests more than %d levels deep and is shown as it was written; take some levels away", maxNested)
		return asWritten(lines)
	}
	c := &cursor{scanner: s, lines: lines, depth: depth}
	for c.at < len(c.lines) {
		if s.scanned++; s.scanned > maxPieces {
			s.warn(c.lines[c.at].num, "the page is longer than %d lines with all that it includes; split it", int(maxPieces))
			return append(c.out, asWritten(c.lines[c.at:])...)
		}
		c.step()
	}
	return c.out
}

// asWritten shows lines as code.
func asWritten(lines []line) []piece {
	d := &directive{name: "code-block", body: lines, line: firstNum(lines, 0), opts: options{}}
	return []piece{{kind: directivePiece, dir: d, line: line{num: d.line}}}
}

func (s *scanner) warn(num int, format string, args ...any) {
	s.book.warn(s.page.file, num, format, args...)
}

func (c *cursor) add(kind pieceKind, l line) {
	c.out = append(c.out, piece{kind: kind, line: l})
}

func (c *cursor) base() int {
	if len(c.items) == 0 {
		return 0
	}
	return c.items[len(c.items)-1]
}

// step takes the next line, and those that belong to it.
func (c *cursor) step() {
	l := c.lines[c.at]
	l.text = expand(l.text)
	if isBlank(l.text) {
		c.add(textPiece, line{num: l.num})
		c.para = false
		c.at++
		return
	}
	indent := indentOf(l.text)
	for len(c.items) > 0 && indent < c.base() {
		c.items = c.items[:len(c.items)-1]
	}
	if indent >= c.base()+4 && !c.para && itemMark(l.text[indent:]) == 0 {
		c.add(rawPiece, l)
		c.at++
		return
	}
	col, marked := c.marks(l.text, indent)
	before := len(c.out)
	c.block(l, col)
	if marked && len(c.out) > before {
		c.out[before].starts = true
	}
}

// marks passes over the marks of list items and opens them.
func (c *cursor) marks(text string, col int) (at int, marked bool) {
	for len(c.items) < maxItems {
		rest := text[col:]
		n := itemMark(rest)
		if n == 0 || isRule(rest) {
			break
		}
		col += n
		c.items = append(c.items, col)
		marked, c.para = true, false
	}
	return min(col, len(text)), marked
}

var (
	targetLine  = regexp.MustCompile(`^\(([^()\n]+)\)=\s*$`)
	headingLine = regexp.MustCompile(`^(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	noteLine    = regexp.MustCompile(`^\[\^([^\]\s]+)\]:[ \t]*(.*)$`)
	refLine     = regexp.MustCompile(`^\[([^\]^][^\]]*)\]:[ \t]*(\S+)(?:[ \t]+("[^"]*"|'[^']*'|\([^)]*\)))?[ \t]*$`)
	beginLine   = regexp.MustCompile(`^\\begin\{(align|equation|gather|multline|eqnarray|alignat)\*?\}`)
)

// block takes what begins at a column of the current line.
func (c *cursor) block(l line, col int) {
	rest := l.text[col:]
	switch {
	case strings.HasPrefix(rest, ">"):
		c.quote(l, col)
	case c.fenceAt(l, col):
	case strings.HasPrefix(rest, "$$") && c.book.conf.dollars:
		c.formula(l, col, "$$", "$$")
	case c.book.conf.ams && beginLine.MatchString(rest):
		c.formula(l, col, "", `\end{`+beginLine.FindStringSubmatch(rest)[1])
	case strings.HasPrefix(rest, "<!--"):
		c.comment(l)
	case strings.HasPrefix(rest, "% ") || rest == "%", strings.HasPrefix(rest, "+++"):
		c.add(textPiece, line{num: l.num})
		c.para = false
		c.at++
	default:
		c.single(l, col)
	}
}

// single takes a block of one line: a target, a heading, a definition, text.
func (c *cursor) single(l line, col int) {
	rest := l.text[col:]
	c.at++
	if m := targetLine.FindStringSubmatch(rest); m != nil {
		c.directive(&directive{name: targetName, arg: strings.TrimSpace(m[1]), line: l.num, opts: options{}}, l.text[:col])
		c.para = false
		return
	}
	if m := headingLine.FindStringSubmatch(rest); m != nil {
		c.heading(l, col, len(m[1]), m[2])
		return
	}
	if m := noteLine.FindStringSubmatch(rest); m != nil {
		c.footnote(l, col, m[1], m[2])
		return
	}
	if m := refLine.FindStringSubmatch(rest); m != nil && !c.para {
		c.page.defineLink(m[1], m[2], m[3])
		c.add(textPiece, line{num: l.num})
		return
	}
	if c.underlined(l, col) {
		return
	}
	c.add(textPiece, l)
	c.para = true
}

func (c *cursor) heading(l line, col, level int, text string) {
	h := &heading{level: level, text: strings.TrimSpace(text), line: l.num}
	c.out = append(c.out, piece{kind: headingPiece, heading: h, line: l, first: l.text[:col]})
	c.page.headings = append(c.page.headings, h)
	c.para = false
}

// underlined takes a heading that is a line of text with a rule below.
func (c *cursor) underlined(l line, col int) bool {
	if c.para || c.at >= len(c.lines) || strings.HasPrefix(l.text[col:], "|") {
		return false
	}
	under := expand(c.lines[c.at].text)
	rule := strings.TrimRight(strings.TrimPrefix(under, strings.Repeat(" ", c.base())), " ")
	if rule == "" || rule[0] != '=' && rule[0] != '-' || strings.Trim(rule, rule[:1]) != "" || len(rule) < 2 {
		return false
	}
	level := 1
	if rule[0] == '-' {
		level = 2
	}
	c.at++
	c.heading(l, col, level, l.text[col:])
	return true
}

// footnote takes the text of a footnote away from where it stands.
func (c *cursor) footnote(l line, col int, name, text string) {
	body := []line{{text: text, num: l.num}}
	for c.at < len(c.lines) {
		next := expand(c.lines[c.at].text)
		if !isBlank(next) && indentOf(next) < col+2 {
			break
		}
		body = append(body, line{text: outdent(next, col+4), num: c.lines[c.at].num})
		c.at++
	}
	c.add(textPiece, line{num: l.num})
	c.para = false
	c.page.addNote(name, c.scan(trimBlank(body), c.depth+1), l.num)
}

func (c *cursor) comment(l line) {
	for c.at < len(c.lines) {
		text := c.lines[c.at].text
		c.add(rawPiece, c.lines[c.at])
		c.at++
		if strings.Contains(text, "-->") {
			break
		}
	}
	c.para = false
}

// formula takes a formula on lines of its own, up to the mark that ends it.
func (c *cursor) formula(l line, col int, open, end string) {
	text := strings.TrimPrefix(l.text[col:], open)
	var body []line
	for num := l.num; ; {
		before, after, closed := strings.Cut(text, end)
		if closed && open == "" {
			before = text // \end{align} belongs to the formula
		}
		body = append(body, line{text: before, num: num})
		c.at++
		if closed || c.at >= len(c.lines) {
			d := &directive{name: "math", body: body, line: l.num, opts: options{}}
			if label := strings.Trim(strings.TrimSpace(after), "()"); label != "" && open != "" {
				d.opts["label"] = label
			}
			c.directive(d, l.text[:col])
			return
		}
		text, num = outdent(c.lines[c.at].text, col), c.lines[c.at].num
	}
}

// quote takes the lines of a quotation and what stands in it.
func (c *cursor) quote(l line, col int) {
	first := l.text[:col]
	rest := blankMarks(first)
	var inner []line
	for c.at < len(c.lines) {
		text := expand(c.lines[c.at].text)
		if len(inner) > 0 && indentOf(text) > c.base()+3 {
			break
		}
		if len(inner) == 0 {
			text = text[col:]
		}
		body, quoted := strings.CutPrefix(strings.TrimLeft(text, " "), ">")
		if !quoted {
			break
		}
		inner = append(inner, line{text: strings.TrimPrefix(body, " "), num: c.lines[c.at].num})
		c.at++
	}
	for i, p := range c.scan(inner, c.depth+1) {
		before := rest
		if i == 0 {
			before = first
		}
		c.out = append(c.out, within(p, before+"> ", rest+"> "))
	}
	c.para = false
}

// within puts a piece behind the marks of what it stands in.
func within(p piece, first, rest string) piece {
	switch p.kind {
	case directivePiece, headingPiece:
		p.first, p.rest = first+p.first, rest+p.rest
	default:
		p.line.text = first + p.line.text
	}
	return p
}

// blankMarks puts spaces in the place of list marks, but keeps quotations.
func blankMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '>' {
			return r
		}
		return ' '
	}, s)
}
