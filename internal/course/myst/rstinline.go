package myst

import (
	"strings"
)

// inline turns the marks inside a text of reStructuredText into those of MyST:
// “code“, :role:`text`, `text <address>`__, name_, and what Markdown alone
// would take for a mark.
func (r *rst) inline(s string) string {
	if !strings.ContainsAny(s, "`_<:\\[|&") {
		return s
	}
	var b strings.Builder
	for at := 0; at < len(s); {
		text, n := r.mark(s, at)
		b.WriteString(text)
		at += n
	}
	return b.String()
}

// mark converts what begins at a place and tells how many bytes it took.
func (r *rst) mark(s string, at int) (string, int) {
	rest := s[at:]
	switch {
	case strings.HasPrefix(rest, "``"):
		return literalSpan(rest)
	case rest[0] == '`':
		return r.interpreted(rest, "")
	case rest[0] == ':':
		return r.roleMark(rest)
	case rest[0] == '<', rest[0] == '&':
		return `\` + rest[:1], 1
	case rest[0] == '\\':
		return escapedMark(rest)
	case rest[0] == '[':
		return noteMark(rest)
	case rest[0] == '_' && at > 0:
		return rest[:1], 1
	}
	return r.word(s, at)
}

func literalSpan(rest string) (string, int) {
	end := strings.Index(rest[2:], "``")
	if end <= 0 {
		return "\\`\\`", 2
	}
	return codeSpan(rest[2 : 2+end]), end + 4
}

func escapedMark(rest string) (string, int) {
	if len(rest) > 1 && (rest[1] == ' ' || rest[1] == '\n') {
		return "", 2
	}
	return rest[:min(2, len(rest))], min(2, len(rest))
}

// noteMark converts [1]_ and [#name]_.
func noteMark(rest string) (string, int) {
	end := strings.Index(rest[:min(len(rest), 60)], "]_")
	if end < 2 || strings.ContainsAny(rest[1:end], " [") {
		return "[", 1
	}
	return "[^" + strings.TrimPrefix(rest[1:end], "#") + "]", end + 2
}

// roleMark converts :role:`text`.
func (r *rst) roleMark(rest string) (string, int) {
	short := rest[:min(len(rest), 80)]
	end := strings.Index(short[1:], ":`")
	if end < 1 || strings.ContainsAny(short[1:1+end], " \n`") {
		return ":", 1
	}
	text, n := r.interpreted(rest[end+2:], short[1:1+end])
	return text, end + 2 + n
}

// interpreted converts what stands in single backticks.
func (r *rst) interpreted(rest, role string) (string, int) {
	end := strings.IndexByte(rest[1:], '`')
	if end <= 0 {
		return "\\`", 1
	}
	content, n := rest[1:1+end], end+2
	after := rest[n:]
	marks := leadingMarks(after)
	switch {
	case role != "":
		return "{" + role + "}`" + content + "`", n
	case marks > 0:
		return r.reference(content), n + marks
	}
	return "*" + escapeText(strings.Join(strings.Fields(content), " ")) + "*", n
}

func leadingMarks(s string) int {
	n := 0
	for n < 2 && n < len(s) && s[n] == '_' {
		n++
	}
	return n
}

// reference converts `text <address>`_ and `name`_.
func (r *rst) reference(content string) string {
	title, address := titleAndTarget(oneLine(content))
	if title != address {
		if name, ok := strings.CutSuffix(address, "_"); ok && r.named[linkKey(name)] {
			return "[" + escapeText(title) + "][" + name + "]"
		}
		return "[" + escapeText(title) + "](<" + strings.Map(noBrackets, address) + ">)"
	}
	if r.named[linkKey(title)] {
		return "[" + escapeText(title) + "][" + title + "]"
	}
	if isURL(title) {
		return "<" + title + ">"
	}
	return "{ref}`" + title + "`"
}

// word copies up to the next mark, and converts name_ at its end.
func (r *rst) word(s string, at int) (string, int) {
	rest := s[at:]
	n := strings.IndexAny(rest[1:], "`<:\\[&_ \n") + 1
	if n <= 0 {
		return rest, len(rest)
	}
	name := rest[:n]
	if rest[n] != '_' || !r.named[linkKey(name)] {
		return name, n
	}
	marks := leadingMarks(rest[n:])
	if n+marks < len(rest) && strings.IndexByte(" .,;:!?)\n", rest[n+marks]) < 0 {
		return name, n
	}
	return "[" + escapeText(name) + "][" + name + "]", n + marks
}
