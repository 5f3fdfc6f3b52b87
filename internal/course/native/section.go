package native

import (
	"io/fs"
	"strings"
)

// part is a heading and what stands below it.
type part struct {
	title string
	line  int    // of the heading; 0 for the part before the first heading
	text  string // below the heading
	from  int    // line that text begins in
}

// split cuts text at its headings of one level ("# " or "## "), but not at
// lines of code that look like one. The first part is what stands before.
func split(text string, line int, mark string) []part {
	parts := []part{{from: line}}
	start := 0
	var f fence
	for pos := 0; pos < len(text); {
		end := lineEnd(text, pos)
		row := strings.TrimRight(text[pos:end], "\n")
		inside := f.see(row)
		if title, ok := strings.CutPrefix(row, mark); ok && !inside {
			parts[len(parts)-1].text = text[start:pos]
			parts = append(parts, part{title: strings.TrimSpace(title), line: line, from: line + 1})
			start = end
		}
		pos = end
		line++
	}
	parts[len(parts)-1].text = text[start:]
	return parts
}

func lineEnd(text string, from int) int {
	if i := strings.IndexByte(text[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	return len(text)
}

// fence follows fenced code blocks line by line.
type fence struct {
	mark byte
	size int // 0: outside
}

// see tells whether a line belongs to a fenced block, its fences included.
func (f *fence) see(line string) bool {
	mark, size, rest := fenceMark(line)
	if f.size == 0 {
		if size < 3 || mark == '`' && strings.Contains(rest, "`") {
			return false
		}
		f.mark, f.size = mark, size
		return true
	}
	if mark == f.mark && size >= f.size && strings.TrimSpace(rest) == "" {
		f.size = 0
	}
	return true
}

func fenceMark(line string) (mark byte, size int, rest string) {
	trimmed := strings.TrimLeft(line, " ")
	if trimmed == "" || len(line)-len(trimmed) > 3 || trimmed[0] != '`' && trimmed[0] != '~' {
		return 0, 0, ""
	}
	rest = strings.TrimLeft(trimmed, trimmed[:1])
	return trimmed[0], len(trimmed) - len(rest), rest
}

// code is a fenced block.
type code struct {
	lang string
	text string
	line int // of the opening fence
}

// cutCode takes the fenced blocks out of a part and hands back the rest.
func cutCode(p part) (blocks []code, rest string) {
	var others strings.Builder
	var f fence
	line := p.from
	var body strings.Builder
	for row := range strings.Lines(p.text) {
		open := f.size > 0
		inside := f.see(strings.TrimRight(row, "\n"))
		switch {
		case !inside:
			others.WriteString(row)
		case !open:
			_, _, info := fenceMark(strings.TrimRight(row, "\n"))
			blocks = append(blocks, code{lang: firstWord(info), line: line})
			body.Reset()
		case f.size == 0:
			blocks[len(blocks)-1].text = body.String()
		default:
			body.WriteString(row)
		}
		line++
	}
	if f.size > 0 {
		blocks[len(blocks)-1].text = body.String()
	}
	return blocks, strings.TrimSpace(others.String())
}

func firstWord(s string) string {
	for word := range strings.FieldsSeq(s) {
		return strings.ToLower(word)
	}
	return ""
}

func readDirNames(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}
