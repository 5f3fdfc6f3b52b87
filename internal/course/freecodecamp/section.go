package freecodecamp

import (
	"regexp"
	"strings"
)

// part is a section marker, as in "# --hints--", and what stands below it.
type part struct {
	name  string // "hints"; "" for the file itself
	level int
	line  int    // of the marker
	text  string // up to the first marker inside
	whole string // with the markers inside
	from  int    // line that text begins in
	parts []part
}

// mark is a marker as it stands in a text.
type mark struct {
	name       string
	level      int
	line       int
	start, end int // of the marker's own line, in bytes
}

// split cuts text at its markers. A line of code that looks like one is code.
func split(text string, line int) part {
	marks := findMarks(text, line)
	root := part{from: line, whole: text}
	root.text = text[:startOf(marks, 0, len(text))]
	root.parts = nest(text, marks, len(text))
	return root
}

func startOf(marks []mark, i, otherwise int) int {
	if i < len(marks) {
		return marks[i].start
	}
	return otherwise
}

// nest makes a tree of markers: one of a deeper level belongs to the last of
// a higher one. The last of them reaches to end.
func nest(text string, marks []mark, end int) []part {
	var parts []part
	for i := 0; i < len(marks); {
		next := i + 1
		for next < len(marks) && marks[next].level > marks[i].level {
			next++
		}
		m, stop := marks[i], startOf(marks, next, end)
		parts = append(parts, part{
			name: m.name, level: m.level, line: m.line, from: m.line + 1,
			text:  text[m.end:startOf(marks, i+1, end)],
			whole: text[m.end:stop],
			parts: nest(text, marks[i+1:next], stop),
		})
		i = next
	}
	return parts
}

var markLine = regexp.MustCompile(`^(#{1,6})[ \t]+--([A-Za-z][A-Za-z-]*)--[ \t]*$`)

func findMarks(text string, line int) []mark {
	var marks []mark
	var f fence
	for pos := 0; pos < len(text); line++ {
		end := lineEnd(text, pos)
		row := strings.TrimRight(text[pos:end], "\n")
		if !f.see(row) && strings.HasPrefix(row, "#") {
			if m := markLine.FindStringSubmatch(row); m != nil {
				marks = append(marks, mark{name: strings.TrimRight(m[2], "-"), level: len(m[1]), line: line, start: pos, end: end})
			}
		}
		pos = end
	}
	return marks
}

func lineEnd(text string, from int) int {
	if i := strings.IndexByte(text[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	return len(text)
}

// fence follows fenced code line by line.
type fence struct {
	char   byte
	size   int // 0: outside
	indent int
}

// see tells whether a line belongs to fenced code, its fences included.
func (f *fence) see(row string) bool {
	if f.size == 0 {
		opened, ok := openFence(row)
		if ok {
			*f = opened
		}
		return ok
	}
	if f.closes(row) {
		f.size = 0
	}
	return true
}

func openFence(row string) (fence, bool) {
	rest := strings.TrimLeft(row, " ")
	indent := len(row) - len(rest)
	if indent > 3 || rest == "" || rest[0] != '`' && rest[0] != '~' {
		return fence{}, false
	}
	info := strings.TrimLeft(rest, rest[:1])
	f := fence{char: rest[0], size: len(rest) - len(info), indent: indent}
	return f, f.size >= 3 && (f.char == '~' || !strings.Contains(info, "`"))
}

// closes tells whether a line ends the code. Within a list the closing fence
// may be further in than the opening one.
func (f *fence) closes(row string) bool {
	rest := strings.TrimLeft(row, " ")
	if indent := len(row) - len(rest); indent > 3 && f.indent == 0 {
		return false
	}
	rest = strings.TrimRight(rest, " \t")
	return len(rest) >= f.size && strings.Trim(rest, string(f.char)) == ""
}

// piece is a stretch of text and the line that it begins in.
type piece struct {
	text string
	from int
}

// atRules cuts text at its rules, "---", that stand on their own.
func atRules(text string, line int) []piece {
	pieces := []piece{{from: line}}
	var f fence
	start, free := 0, true
	for pos := 0; pos < len(text); line++ {
		end := lineEnd(text, pos)
		row := strings.TrimRight(text[pos:end], " \t\n")
		inside := f.see(row)
		if !inside && free && isRule(row) {
			pieces[len(pieces)-1].text = text[start:pos]
			pieces = append(pieces, piece{from: line + 1})
			start = end
		}
		// Below a line of text a rule would make a heading of that line.
		free = row == "" || inside || isRule(row) || strings.HasPrefix(row, "#")
		pos = end
	}
	pieces[len(pieces)-1].text = text[start:]
	return pieces
}

func isRule(row string) bool {
	return len(row) >= 3 && strings.Trim(row, "-") == ""
}

// code is a fenced block at the left edge, and the text before it.
type code struct {
	before piece
	lang   string
	text   string // without the line end before the closing fence
	line   int    // of the opening fence
}

// codes takes the fenced blocks at the left edge out of a text. Those within
// lists stay part of it.
func codes(text string, line int) (blocks []code, rest piece) {
	var f fence
	rest = piece{from: line}
	start, body := 0, 0
	for pos := 0; pos < len(text); line++ {
		end := lineEnd(text, pos)
		row := strings.TrimRight(text[pos:end], "\n")
		was := f
		inside := f.see(row)
		switch {
		case was.size == 0 && inside && f.indent == 0:
			blocks = append(blocks, code{before: piece{text[start:pos], rest.from}, lang: langOf(row), line: line})
			body = end
		case was.size > 0 && was.indent == 0 && f.size == 0:
			blocks[len(blocks)-1].text = strings.TrimSuffix(text[body:pos], "\n")
			start, rest.from = end, line+1
		}
		pos = end
	}
	if f.size > 0 && f.indent == 0 {
		blocks[len(blocks)-1].text = strings.TrimSuffix(text[body:], "\n")
		start = len(text)
	}
	rest.text = text[start:]
	return blocks, rest
}

func langOf(row string) string {
	for word := range strings.FieldsSeq(strings.TrimLeft(row, "`~ ")) {
		return strings.ToLower(word)
	}
	return ""
}

// unclosed is the line of a fence that is never closed, or 0.
func unclosed(text string, line int) int {
	var f fence
	opened := 0
	for row := range strings.Lines(text) {
		was := f.size
		if f.see(strings.TrimRight(row, "\n")); was == 0 && f.size > 0 {
			opened = line
		}
		line++
	}
	if f.size == 0 {
		return 0
	}
	return opened
}
