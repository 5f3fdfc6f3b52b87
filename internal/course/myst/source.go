package myst

import (
	"strings"
)

// line is a line of a source file. What is included or made of another format
// keeps the number of the line that it came from.
type line struct {
	text string
	num  int
}

func splitLines(text string, from int) []line {
	rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	lines := make([]line, len(rows))
	for i, row := range rows {
		lines[i] = line{text: row, num: from + i}
	}
	return lines
}

func joinLines(lines []line) string {
	rows := make([]string, len(lines))
	for i, l := range lines {
		rows[i] = l.text
	}
	return strings.Join(rows, "\n")
}

func firstNum(lines []line, fallback int) int {
	if len(lines) > 0 {
		return lines[0].num
	}
	return fallback
}

// trimBlank drops empty lines at both ends.
func trimBlank(lines []line) []line {
	for len(lines) > 0 && isBlank(lines[0].text) {
		lines = lines[1:]
	}
	for len(lines) > 0 && isBlank(lines[len(lines)-1].text) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// expand writes the tabs that a line begins with as spaces.
func expand(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	col := 0
	for i := range len(s) {
		switch s[i] {
		case ' ':
			col++
		case '\t':
			col += 4 - col%4
		default:
			return strings.Repeat(" ", col) + s[i:]
		}
	}
	return strings.Repeat(" ", col)
}

func indentOf(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

// outdent takes up to n spaces from the beginning of a line.
func outdent(s string, n int) string {
	s = expand(s)
	return s[min(n, indentOf(s)):]
}

// dedent takes away the indentation that all lines share.
func dedent(lines []line) []line {
	least := -1
	for _, l := range lines {
		if n := indentOf(expand(l.text)); !isBlank(l.text) && (least < 0 || n < least) {
			least = n
		}
	}
	out := make([]line, len(lines))
	for i, l := range lines {
		out[i] = line{text: outdent(l.text, max(least, 0)), num: l.num}
	}
	return out
}

// fence is the first line of a fenced block.
type fence struct {
	mark byte // '`', '~' or ':'
	size int
	info string
}

// readFence reads a line without its indentation.
func readFence(s string) (fence, bool) {
	if s == "" || s[0] != '`' && s[0] != '~' && s[0] != ':' {
		return fence{}, false
	}
	rest := strings.TrimLeft(s, s[:1])
	f := fence{mark: s[0], size: len(s) - len(rest), info: strings.TrimSpace(rest)}
	if f.size < 3 || f.mark == '`' && strings.Contains(rest, "`") {
		return fence{}, false
	}
	return f, true
}

// closedBy tells whether a line, without its indentation, ends the block.
func (f fence) closedBy(s string) bool {
	other, ok := readFence(s)
	return ok && other.mark == f.mark && other.size >= f.size && other.info == ""
}

// directiveName takes "{figure} picture.png" apart. A name that begins with a
// point or an equals sign is a class of code and no directive.
func (f fence) directiveName() (name, arg string, ok bool) {
	rest, found := strings.CutPrefix(f.info, "{")
	if !found {
		return "", "", false
	}
	name, arg, found = strings.Cut(rest, "}")
	if !found || name == "" || strings.ContainsAny(name, " \t{") || name[0] == '.' || name[0] == '=' {
		return "", "", false
	}
	return strings.ToLower(name), strings.TrimSpace(arg), true
}

// itemMark is the width of a list mark at the beginning of s, with the spaces
// behind it; 0 if there is none.
func itemMark(s string) int {
	n := 0
	switch {
	case s == "":
		return 0
	case strings.IndexByte("-*+:", s[0]) >= 0:
		n = 1
	default:
		for n < len(s) && n < 9 && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n == 0 || n == len(s) || s[n] != '.' && s[n] != ')' {
			return 0
		}
		n++
	}
	if n == len(s) {
		return n
	}
	if gap := indentOf(s[n:]); gap > 4 {
		return n + 1
	} else if gap > 0 {
		return n + gap
	}
	return 0
}

// isRule tells whether a line is drawn across the page: "---", "* * *".
func isRule(s string) bool {
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	if len(s) < 3 || strings.IndexByte("-*_", s[0]) < 0 {
		return false
	}
	return strings.Trim(s, s[:1]) == ""
}
