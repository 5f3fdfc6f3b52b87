package myst

import (
	"strings"
)

// directive is a fenced block with a name: figure, exercise, code-block …
type directive struct {
	name    string
	arg     string
	opts    options
	body    []line  // without options
	pieces  []piece // the body taken apart, if it is Markdown
	line    int
	anchor  string       // of a target
	anchors []*directive // targets that the directive names itself
	number  int          // of a figure or formula on its page
}

// options are the settings of a directive.
type options map[string]string

// has tells whether an option is given, with or without a value.
func (o options) has(name string) bool {
	_, ok := o[name]
	return ok
}

const targetName = "(target)"

// fenceAt takes a fenced block: a directive, or code that stays as it is.
func (c *cursor) fenceAt(l line, col int) bool {
	f, ok := readFence(l.text[col:])
	if !ok {
		return false
	}
	name, arg, isDirective := f.directiveName()
	if f.mark == ':' && !isDirective {
		return c.plainColons(l, f, col)
	}
	start := c.at
	c.at++
	body, closed := c.fenced(f, col)
	c.para = false
	if !isDirective {
		c.code(f, start, closed)
		return true
	}
	if !closed {
		c.warn(l.num, "{%s} is not closed and ends with what it stands in; close it with a line %s", name, strings.Repeat(string(f.mark), f.size))
	}
	d := &directive{name: name, arg: arg, line: l.num}
	d.opts, d.body = readOptions(body)
	c.checkOptions(d)
	c.fill(d)
	c.directive(d, l.text[:col])
	return true
}

// plainColons takes colons that open no directive: a box without a name, or
// what is left of one.
func (c *cursor) plainColons(l line, f fence, col int) bool {
	if f.info != "" {
		return false
	}
	c.at++
	c.warn(l.num, "%s neither opens nor closes anything and is passed over; take it away", strings.Repeat(":", f.size))
	c.add(textPiece, line{num: l.num, text: l.text[:col]})
	c.para = false
	return true
}

// fenced takes the lines up to the closing fence or to the end of what the
// block stands in.
func (c *cursor) fenced(f fence, col int) (body []line, closed bool) {
	for c.at < len(c.lines) {
		l := c.lines[c.at]
		text := expand(l.text)
		indent := indentOf(text)
		if !isBlank(text) && indent < c.base() {
			return body, false
		}
		c.at++
		if indent < c.base()+4 && f.closedBy(text[indent:]) {
			return body, true
		}
		body = append(body, line{text: outdentRaw(l.text, col), num: l.num})
	}
	return body, false
}

// outdentRaw is outdent for lines of code, whose tabs stay if they can.
func outdentRaw(s string, n int) string {
	if indent := indentOf(s); indent >= n {
		return s[n:]
	}
	return outdent(s, n)
}

// code keeps a fenced block as it is, but names its language if the page does,
// and closes it if its author did not: more may follow in the same list item.
func (c *cursor) code(f fence, start int, closed bool) {
	for i, l := range c.lines[start:c.at] {
		if i == 0 && f.info == "" && c.lang != "" && f.mark == '`' {
			l.text = strings.TrimRight(l.text, " ") + c.lang
		}
		c.add(rawPiece, l)
	}
	if !closed {
		c.add(rawPiece, line{num: c.lines[start].num, text: strings.Repeat(" ", c.base()) + strings.Repeat(string(f.mark), f.size)})
	}
}

// directive adds a directive where it stands.
func (c *cursor) directive(d *directive, first string) {
	if d.name == "highlight" {
		c.lang = d.arg
	}
	if d.name == "include" && d.pieces != nil && first == "" && !d.opts.has("code") {
		c.out = append(c.out, d.pieces...)
		return
	}
	p := piece{kind: directivePiece, dir: d, line: line{num: d.line}}
	if strings.TrimSpace(first) != "" || len(c.items) > 0 {
		p.first, p.rest = first, blankMarks(first)
	}
	c.out = append(c.out, p)
}

// fill takes the body of a directive apart if it is Markdown.
func (c *cursor) fill(d *directive) {
	spec := specOf(d.name)
	if spec.bodyFirst && d.arg != "" {
		d.body = append([]line{{text: d.arg, num: d.line}}, d.body...)
		d.arg = ""
	}
	switch spec.shape {
	case includeShape:
		d.pieces = c.include(d)
	case rstShape:
		d.pieces = c.scan(fromRST(d.body), c.depth+1)
	case glossaryShape:
		d.pieces = c.scan(definitionLines(d.body), c.depth+1)
	default:
		if spec.shape.holdsMarkdown() {
			d.pieces = c.scan(d.body, c.depth+1)
		}
	}
}

// readOptions reads the settings at the beginning of a body: lines of the form
// ":key: value", or YAML between lines of three hyphens.
func readOptions(body []line) (options, []line) {
	if len(body) > 0 && strings.TrimSpace(body[0].text) == "---" {
		for i := 1; i < len(body); i++ {
			if strings.TrimSpace(body[i].text) == "---" {
				return yamlOptions(body[1:i]), body[i+1:]
			}
		}
	}
	opts := options{}
	for i, l := range body {
		key, value, ok := colonOption(strings.TrimSpace(l.text))
		if !ok {
			return opts, body[i:]
		}
		opts[key] = value
	}
	return opts, nil
}

func colonOption(text string) (key, value string, ok bool) {
	rest, found := strings.CutPrefix(text, ":")
	if !found {
		return "", "", false
	}
	key, value, found = strings.Cut(rest, ":")
	if !found || key == "" || strings.ContainsAny(key, " `{}()") {
		return "", "", false
	}
	return strings.ToLower(key), unquote(strings.TrimSpace(value)), true
}

// yamlOptions reads the flat YAML that options are written in.
func yamlOptions(lines []line) options {
	opts := options{}
	last := ""
	for _, l := range lines {
		key, value, ok := strings.Cut(l.text, ":")
		if strings.HasPrefix(l.text, " ") || !ok || strings.ContainsAny(key, " \"'") {
			if last != "" {
				opts[last] = strings.TrimSpace(opts[last] + " " + strings.TrimSpace(l.text))
			}
			continue
		}
		last = strings.ToLower(strings.TrimSpace(key))
		value = strings.TrimSpace(value)
		if value == "|" || value == ">" || value == "|-" || value == ">-" {
			value = ""
		}
		opts[last] = unquote(value)
	}
	return opts
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
