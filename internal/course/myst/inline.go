package myst

import (
	"regexp"
	"strings"

	"kept/internal/course/mathml"
)

// inliner goes through the text of one paragraph and writes roles, formulas,
// footnotes and links anew. All else stays as it is.
type inliner struct {
	w       *writer
	s       string
	at      int
	num     int // the line at the place counted
	counted int
	out     []byte
	open    []bracket    // square brackets that may become links
	none    map[int]bool // runs of backticks that have no partner; -1: no "$", -2: no ">"
}

// bracket is an open square bracket: where it stands in the source and in
// what is written.
type bracket struct {
	in, out int
	picture bool
}

const (
	maxBrackets = 200
	maxTicks    = 20 // of one code span
)

func (w *writer) inline(s string, num int) string {
	if !strings.ContainsAny(s, "{$[<`") {
		return s
	}
	in := &inliner{w: w, s: s, num: num, none: map[int]bool{}}
	for in.at < len(in.s) {
		in.next()
	}
	return string(in.out)
}

func (in *inliner) write(s string) { in.out = append(in.out, s...) }

// line is the line at hand. It is counted on from where it was last asked for.
func (in *inliner) line() int {
	in.num += strings.Count(in.s[in.counted:in.at], "\n")
	in.counted = in.at
	return in.num
}

func (in *inliner) copy(n int) {
	n = min(n, len(in.s)-in.at)
	in.out = append(in.out, in.s[in.at:in.at+n]...)
	in.at += n
}

func (in *inliner) next() {
	switch in.s[in.at] {
	case '\\':
		in.copy(2)
	case '`':
		in.code()
	case '{':
		if !in.role() {
			in.copy(1)
		}
	case '$':
		if !in.formula() {
			in.copy(1)
		}
	case '<':
		in.tag()
	case '!':
		in.copy(1)
		if in.at < len(in.s) && in.s[in.at] == '[' {
			in.push(true)
		}
	case '[':
		if !in.footnote() {
			in.push(false)
		}
	case ']':
		in.bracket()
	default:
		n := strings.IndexAny(in.s[in.at:], "\\`{$<![]")
		if n < 0 {
			n = len(in.s) - in.at
		}
		in.copy(max(n, 1))
	}
}

// code copies a code span, or the backticks of none.
func (in *inliner) code() {
	n, end := in.span(in.at)
	if end < 0 {
		in.copy(n)
		return
	}
	in.copy(end - in.at)
}

// span finds the end of a code span that begins at a place: behind its last
// backtick, or -1.
func (in *inliner) span(at int) (size, end int) {
	for at+size < len(in.s) && in.s[at+size] == '`' {
		size++
	}
	if in.none[size] || size > maxTicks {
		return size, -1
	}
	for i := at + size; i < len(in.s); {
		if in.s[i] != '`' {
			i++
			continue
		}
		run := i
		for i < len(in.s) && in.s[i] == '`' {
			i++
		}
		if i-run == size {
			return size, i
		}
	}
	in.none[size] = true
	return size, -1
}

var roleName = regexp.MustCompile("^\\{([A-Za-z][A-Za-z0-9_:.+-]*)\\}`")

// role takes {name}`content`.
func (in *inliner) role() bool {
	m := roleName.FindStringSubmatch(in.s[in.at:min(len(in.s), in.at+80)])
	if m == nil {
		return in.attributes()
	}
	begin := in.at + len(m[0]) - 1
	size, end := in.span(begin)
	if end < 0 {
		return false
	}
	content := in.s[begin+size : end-size]
	num := in.line()
	in.write(in.w.role(strings.ToLower(m[1]), oneLine(content), content, num))
	in.at = end
	return true
}

var attributes = regexp.MustCompile(`^\{[ \t]*(?:[.#][\w-]+|[\w-]+=(?:"[^"\n]*"|[\w%.-]+))(?:[ \t]+(?:[.#][\w-]+|[\w-]+=(?:"[^"\n]*"|[\w%.-]+)))*[ \t]*\}`)

// attributes passes over classes and sizes behind a link, a picture or code:
// "{width=50%}".
func (in *inliner) attributes() bool {
	if in.at == 0 || strings.IndexByte(")`]", in.s[in.at-1]) < 0 {
		return false
	}
	m := attributes.FindString(in.s[in.at:min(len(in.s), in.at+300)])
	in.at += len(m)
	return m != ""
}

// formula takes $…$. As people write prices too, there is no space inside
// beside the signs and no digit behind the second.
func (in *inliner) formula() bool {
	rest := in.s[in.at:]
	if !in.w.conf.dollars || in.none[-1] || len(rest) < 3 {
		return false
	}
	size := 1
	if rest[1] == '$' {
		size = 2
	}
	body, after, ok := strings.Cut(rest[size:], strings.Repeat("$", size))
	if !ok {
		in.none[-1] = size == 1
		return false
	}
	if body == "" || size == 1 && (isSpace(body[0]) || isSpace(body[len(body)-1])) || after != "" && after[0] >= '0' && after[0] <= '9' || strings.Contains(body, "`") {
		return false
	}
	in.write(in.w.math(body, in.line()))
	in.at += len(body) + 2*size
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

// math is a formula in a line of text.
func (w *writer) math(tex string, num int) string {
	markup, err := mathml.Convert(tex, false)
	if err != nil {
		w.warn(num, "the formula %q is shown as its source, because %v; write it with other commands", cut(tex), err)
		return codeSpan(oneLine(tex))
	}
	return markup
}

var tagStart = regexp.MustCompile(`^<(?:[A-Za-z/!?])`)

// tag copies a tag or an address in angle brackets, in which nothing is
// looked for.
func (in *inliner) tag() {
	rest := in.s[in.at:]
	if in.none[-2] || !tagStart.MatchString(rest[:min(len(rest), 3)]) {
		in.copy(1)
		return
	}
	end := strings.IndexByte(rest, '>')
	if end < 0 {
		in.none[-2] = true
		in.copy(1)
		return
	}
	inner := rest[1:end]
	for _, scheme := range []string{"project:", "path:", "doc:"} {
		if to, ok := strings.CutPrefix(inner, scheme); ok {
			in.write(in.w.link("", to, in.line()))
			in.at += end + 1
			return
		}
	}
	in.copy(end + 1)
}

// footnote takes [^name].
func (in *inliner) footnote() bool {
	rest := in.s[in.at:min(len(in.s), in.at+200)]
	if !strings.HasPrefix(rest, "[^") {
		return false
	}
	end := strings.IndexAny(rest, "] \n")
	if end < 3 || rest[end] != ']' {
		return false
	}
	note := in.w.from.note(rest[2:end])
	if note == nil || in.w.copying {
		in.w.warn(in.line(), "there is no footnote %q; write [^%s]: and its text", cut(rest[2:end]), cut(rest[2:end]))
		in.write(`\`)
		return false
	}
	id := ""
	if note.number == 0 {
		in.w.refs++
		note.number = in.w.refs
		id = ` id="noteref-` + itoa(note.number) + `"`
	}
	n := itoa(note.number)
	in.write("<sup" + id + "><a href=\"#note-" + n + "\">" + n + "</a></sup>")
	in.at += end + 1
	return true
}

func (in *inliner) push(picture bool) {
	if len(in.open) < maxBrackets {
		in.open = append(in.open, bracket{in: in.at, out: len(in.out), picture: picture})
	}
	in.copy(1)
}

// bracket ends the text of a link, if it is one.
func (in *inliner) bracket() {
	if len(in.open) == 0 {
		in.copy(1)
		return
	}
	start := in.open[len(in.open)-1]
	in.open = in.open[:len(in.open)-1]
	num := in.line()
	rest := in.s[in.at+1:]
	text := string(in.out[start.out+1:])
	if address, title, n, ok := destination(rest); ok {
		in.link(start, text, address, title, num)
		in.at += 1 + n
		return
	}
	name, n := in.s[start.in+1:in.at], 1
	if end := strings.IndexByte(rest, ']'); end >= 0 && end < 300 && strings.HasPrefix(rest, "[") {
		if n += end + 1; end > 1 {
			name = rest[1:end]
		}
	}
	if len(name) < 500 {
		if defined, ok := in.w.from.links[linkKey(name)]; ok {
			address, title, _ := strings.Cut(defined, " ")
			in.link(start, text, address, title, num)
			in.at += n
			return
		}
	}
	in.copy(1)
}

// link puts a link or picture in the place of what was written since its
// bracket.
func (in *inliner) link(start bracket, text, address, title string, num int) {
	in.out = in.out[:start.out]
	if title != "" {
		title = " " + title
	}
	switch {
	case start.picture:
		in.write("[" + text + "](" + angled(in.w.address(address)) + title + ")")
	case isForeign(address):
		in.write("[" + text + "](" + angled(address) + title + ")")
	default:
		in.write(in.w.link(text, address, num))
	}
}

// isForeign tells whether an address leads out of the lesson.
func isForeign(address string) bool {
	return isURL(address) && !strings.HasPrefix(address, "project:") && !strings.HasPrefix(address, "path:") && !strings.HasPrefix(address, "inv:")
}

// angled puts an address in angle brackets if it needs them.
func angled(address string) string {
	if strings.ContainsAny(address, " ()") {
		return "<" + strings.Map(noBrackets, address) + ">"
	}
	return address
}

// destination reads "(address "title")" at the beginning of s.
func destination(s string) (address, title string, n int, ok bool) {
	if !strings.HasPrefix(s, "(") {
		return "", "", 0, false
	}
	s = s[:min(len(s), 4000)]
	i := 1
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	begin := i
	if i < len(s) && s[i] == '<' {
		end := strings.IndexAny(s[i:], ">\n")
		if end < 0 || s[i+end] != '>' {
			return "", "", 0, false
		}
		address, i = s[i+1:i+end], i+end+1
	} else {
		for level := 0; i < len(s) && !isSpace(s[i]) && (s[i] != ')' || level > 0); i++ {
			switch s[i] {
			case '(':
				level++
			case ')':
				level--
			}
		}
		address = s[begin:i]
	}
	rest := s[i:]
	end := strings.IndexByte(rest, ')')
	title = strings.TrimSpace(rest[:max(end, 0)])
	if q := strings.TrimLeft(rest, " \n\t"); q != "" && (q[0] == '"' || q[0] == '\'') {
		close := strings.IndexByte(q[1:], q[0])
		if close < 0 {
			return "", "", 0, false
		}
		title = q[:close+2]
		skipped := len(rest) - len(q) + close + 2
		more := strings.IndexByte(rest[skipped:], ')')
		if end = skipped + more; more < 0 || !isBlank(rest[skipped:end]) {
			return "", "", 0, false
		}
	} else if title != "" {
		return "", "", 0, false
	}
	if end < 0 {
		return "", "", 0, false
	}
	return address, title, i + end + 1, true
}
