package myst

import (
	"regexp"
	"strings"
)

// fromRST turns reStructuredText into MyST, line by line where it can: the
// small part of it that lessons use. What it does not know stays as text.
func fromRST(lines []line) []line {
	r := &rst{named: map[string]bool{}}
	for _, l := range lines {
		if m := rstLink.FindStringSubmatch(strings.TrimSpace(l.text)); m != nil {
			r.named[linkKey(m[1])] = true
		}
	}
	for i := range lines {
		lines[i].text = expand(lines[i].text)
	}
	return r.convert(lines, 0)
}

// rst converts one text.
type rst struct {
	levels []string        // how headings are drawn, in the order of their levels
	named  map[string]bool // links that are defined, small
	out    []line
}

var (
	rstDirective = regexp.MustCompile(`^\.\.[ ]+(?:\|([^|]+)\|[ ]+)?([A-Za-z][A-Za-z0-9_:.+-]*)::(?:[ ]+(.*))?$`)
	rstLabel     = regexp.MustCompile("^\\.\\.[ ]+_`?([^`:]+)`?:[ ]*$")
	rstLink      = regexp.MustCompile("^\\.\\.[ ]+_`?([^`]+?)`?:[ ]+(\\S+)[ ]*$")
	rstNote      = regexp.MustCompile(`^\.\.[ ]+\[#?([A-Za-z0-9_.-]*)\][ ]+(.*)$`)
	rstItem      = regexp.MustCompile(`^(?:[-*+•]|\d{1,9}[.)]|#\.|\(\d{1,9}\))[ ]+`)
	rstField     = regexp.MustCompile("^:([A-Za-z][^:`]*):(?:[ ]+(.*))?$")
	rstTable     = regexp.MustCompile(`^(?:\+[-=+]+\+|=+(?:[ ]+=+)+)[ ]*$`)
)

// convert gives the Markdown of lines that share an indentation.
func (r *rst) convert(lines []line, depth int) []line {
	if depth > maxNested {
		return lines
	}
	outer := r.out
	r.out = nil
	for at := 0; at < len(lines); {
		at += r.block(lines[at:], depth)
	}
	done := r.out
	r.out = outer
	return done
}

func (r *rst) add(num int, text string) { r.out = append(r.out, line{text: text, num: num}) }

// block converts what begins at the first line and tells how many lines it
// took.
func (r *rst) block(lines []line, depth int) int {
	first := lines[0]
	text := first.text
	switch {
	case isBlank(text):
		r.add(first.num, "")
		return 1
	case text == ".." || strings.HasPrefix(text, ".. "):
		return r.explicit(lines, depth)
	case strings.HasPrefix(text, " "):
		return r.quotation(lines, depth)
	case strings.HasPrefix(text, ">>> "):
		return r.until(lines, "python", func(s string) bool { return isBlank(s) })
	case rstTable.MatchString(text):
		return r.until(lines, "", func(s string) bool { return isBlank(s) })
	case strings.HasPrefix(text, "| "):
		return r.lineBlock(lines)
	case r.isHeading(lines):
		return r.heading(lines)
	case rstItem.MatchString(text):
		return r.item(lines, depth)
	case len(text) >= 4 && isRuleOf(text):
		r.add(first.num, "")
		r.add(first.num, "---")
		return 1
	case rstField.MatchString(text):
		return r.field(lines)
	}
	return r.paragraph(lines, depth)
}

// body takes the lines after the first that are moved in, without the empty
// ones at the end.
func body(lines []line, least int) (inner []line, n int) {
	end := 1
	for i := 1; i < len(lines); i++ {
		if isBlank(lines[i].text) {
			continue
		}
		if indentOf(lines[i].text) < least {
			break
		}
		end = i + 1
	}
	return lines[1:end], end
}

// explicit converts what begins with two points.
func (r *rst) explicit(lines []line, depth int) int {
	first := lines[0]
	inner, n := body(lines, 1)
	if m := rstDirective.FindStringSubmatch(first.text); m != nil {
		r.directive(first, m[2], m[3], inner, depth)
		return n
	}
	if m := rstLabel.FindStringSubmatch(first.text); m != nil && n == 1 {
		r.add(first.num, "("+strings.TrimSpace(m[1])+")=")
		return 1
	}
	if m := rstLink.FindStringSubmatch(first.text); m != nil {
		r.add(first.num, "["+m[1]+"]: "+m[2])
		return n
	}
	if m := rstNote.FindStringSubmatch(first.text); m != nil {
		r.add(first.num, "[^"+m[1]+"]: "+r.inline(m[2]))
		for _, l := range r.convert(dedent(inner), depth+1) {
			r.add(l.num, "    "+l.text)
		}
		return n
	}
	return n // a comment
}

// directive writes a fence around what stands below, longer than any inside.
func (r *rst) directive(first line, name, arg string, inner []line, depth int) {
	opts, rest := r.options(dedent(inner))
	spec := specOf(strings.ToLower(name))
	if spec.shape.holdsMarkdown() && spec.shape != includeShape && spec.shape != rstShape && spec.shape != glossaryShape {
		arg = r.moreArgument(name, arg, &rest)
		rest = r.convert(rest, depth+1)
	} else if spec.shape != codeShape && spec.shape != rawShape && spec.shape != literalShape && spec.shape != treeShape {
		for i := range rest {
			rest[i].text = r.inline(rest[i].text)
		}
	}
	if spec.shape != figureShape && spec.shape != imageShape {
		arg = r.inline(arg)
	}
	mark := colonFence(rest)
	r.add(first.num, mark+"{"+name+"} "+arg)
	r.out = append(r.out, opts...)
	if len(opts) == 0 && len(rest) > 0 && !isBlank(rest[0].text) {
		r.add(first.num, "")
	}
	r.out = append(r.out, rest...)
	r.add(first.num, mark)
	r.add(first.num, "")
}

// moreArgument joins a title that goes on in the next line.
func (r *rst) moreArgument(name, arg string, rest *[]line) string {
	if arg == "" || specOf(name).bodyFirst {
		return arg
	}
	for len(*rest) > 0 && !isBlank((*rest)[0].text) && !strings.HasPrefix((*rest)[0].text, ":") && specOf(name).shape != unknownShape {
		arg += " " + strings.TrimSpace((*rest)[0].text)
		*rest = (*rest)[1:]
	}
	return arg
}

// options takes the fields at the beginning of a directive. A value may go on
// in lines that are moved in further.
func (r *rst) options(lines []line) (opts, rest []line) {
	for i, l := range lines {
		switch {
		case rstField.MatchString(l.text):
			opts = append(opts, l)
		case len(opts) > 0 && strings.HasPrefix(l.text, " ") && !isBlank(l.text):
			opts[len(opts)-1].text += " " + strings.TrimSpace(l.text)
		default:
			return opts, lines[i:]
		}
	}
	return opts, nil
}

func colonFence(lines []line) string {
	longest := 2
	for _, l := range lines {
		if f, ok := readFence(strings.TrimLeft(l.text, " >-*+0123456789.")); ok && f.mark == ':' {
			longest = max(longest, f.size)
		}
	}
	return strings.Repeat(":", longest+1)
}

func (r *rst) quotation(lines []line, depth int) int {
	inner, n := body(append([]line{{}}, lines...), 1)
	for _, l := range r.convert(dedent(inner), depth+1) {
		r.add(l.num, strings.TrimRight("> "+l.text, " "))
	}
	r.add(lines[0].num, "")
	return n - 1
}

// until shows lines as they are, up to one that ends them.
func (r *rst) until(lines []line, lang string, ends func(string) bool) int {
	n := 1
	for n < len(lines) && !ends(lines[n].text) {
		n++
	}
	mark := fenceFor(joinLines(lines[:n]))
	r.add(lines[0].num, mark+lang)
	r.out = append(r.out, lines[:n]...)
	r.add(lines[n-1].num, mark)
	r.add(lines[n-1].num, "")
	return n
}

func (r *rst) lineBlock(lines []line) int {
	n := 0
	for n < len(lines) && strings.HasPrefix(lines[n].text, "|") {
		r.add(lines[n].num, r.inline(strings.TrimPrefix(lines[n].text[1:], " "))+`\`)
		n++
	}
	r.out[len(r.out)-1].text = strings.TrimSuffix(r.out[len(r.out)-1].text, `\`)
	r.add(lines[n-1].num, "")
	return n
}

// isRuleOf tells whether a line is one sign of punctuation again and again.
func isRuleOf(s string) bool {
	s = strings.TrimRight(s, " ")
	return s != "" && strings.IndexByte("=-`:.'\"~^_*+#<>", s[0]) >= 0 && strings.Trim(s, s[:1]) == ""
}

func (r *rst) isHeading(lines []line) bool {
	if len(lines) > 2 && len(lines[0].text) >= 3 && isRuleOf(lines[0].text) && !isBlank(lines[1].text) && strings.TrimRight(lines[2].text, " ") == strings.TrimRight(lines[0].text, " ") {
		return true
	}
	if len(lines) < 2 || !isRuleOf(lines[1].text) || isRuleOf(lines[0].text) {
		return false
	}
	under := len(strings.TrimRight(lines[1].text, " "))
	return under >= 4 || under >= len([]rune(strings.TrimSpace(lines[0].text)))
}

func (r *rst) heading(lines []line) int {
	title, style, n := lines[0], "", 2
	if isRuleOf(title.text) {
		title, style, n = lines[1], "over", 3
	}
	style += lines[n-1].text[:1]
	level := 0
	for level < len(r.levels) && r.levels[level] != style {
		level++
	}
	if level == len(r.levels) {
		r.levels = append(r.levels, style)
	}
	r.add(title.num, strings.Repeat("#", min(level+1, 6))+" "+r.inline(strings.TrimSpace(title.text)))
	r.add(title.num, "")
	return n
}

// item converts an item of a list with all that is moved in below it.
func (r *rst) item(lines []line, depth int) int {
	mark := rstItem.FindString(lines[0].text)
	inner, n := body(lines, len(mark))
	inside := append([]line{{text: lines[0].text[len(mark):], num: lines[0].num}}, outdentAll(inner, len(mark))...)
	sign := strings.TrimSpace(mark)
	switch {
	case sign == "#.":
		sign = "1."
	case sign == "•":
		sign = "-"
	case strings.HasPrefix(sign, "("):
		sign = sign[1:]
	}
	before := sign + " "
	for _, l := range r.convert(inside, depth+1) {
		r.add(l.num, strings.TrimRight(before+l.text, " "))
		before = strings.Repeat(" ", len(sign)+1)
	}
	return n
}

func outdentAll(lines []line, n int) []line {
	out := make([]line, len(lines))
	for i, l := range lines {
		out[i] = line{text: outdent(l.text, n), num: l.num}
	}
	return out
}

func (r *rst) field(lines []line) int {
	m := rstField.FindStringSubmatch(lines[0].text)
	switch m[1] {
	case "orphan", "tocdepth", "nosearch", "hide-toc":
		r.add(lines[0].num, "")
	default:
		r.add(lines[0].num, "**"+escapeText(m[1])+":** "+r.inline(m[2]))
		r.add(lines[0].num, "")
	}
	return 1
}

// paragraph converts text. Two colons at its end announce code below; text
// that is moved in right below it is a definition.
func (r *rst) paragraph(lines []line, depth int) int {
	n := 1
	for n < len(lines) && !isBlank(lines[n].text) && indentOf(lines[n].text) == 0 {
		n++
	}
	defines := n == 1 && len(lines) > 1 && strings.HasPrefix(lines[1].text, " ") && !isBlank(lines[1].text)
	text := strings.TrimRight(joinLines(lines[:n]), " ")
	literal := strings.HasSuffix(text, "::")
	if literal {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "::")+":", " :")
		if text == ":" {
			text = ""
		}
	}
	for i, row := range strings.Split(r.inline(text), "\n") {
		r.add(lines[min(i, n-1)].num, row)
	}
	switch {
	case literal:
		return n - 1 + r.literal(lines[n-1:])
	case defines:
		inner, taken := body(lines, 1)
		before := ":   "
		for _, l := range r.convert(dedent(inner), depth+1) {
			r.add(l.num, strings.TrimRight(before+l.text, " "))
			before = "    "
		}
		r.add(lines[taken-1].num, "")
		return taken
	}
	return n
}

func (r *rst) literal(lines []line) int {
	inner, n := body(lines, 1)
	inner = trimBlank(dedent(inner))
	if len(inner) == 0 {
		return n
	}
	mark := fenceFor(joinLines(inner))
	r.add(inner[0].num, "")
	r.add(inner[0].num, mark)
	r.out = append(r.out, inner...)
	r.add(inner[len(inner)-1].num, mark)
	r.add(inner[len(inner)-1].num, "")
	return n
}
