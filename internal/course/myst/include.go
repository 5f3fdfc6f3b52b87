package myst

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"kept/internal/course"
)

// maxIncludes is how deep files may include each other.
const maxIncludes = 10

// include takes the pieces of another file.
func (c *cursor) include(d *directive) []piece {
	if d.opts.has("literal") || d.opts.has("code") {
		return nil
	}
	file, text, err := c.book.readInside(c.page, d.arg)
	if err == nil && (slices.Contains(c.stack, file) || len(c.stack) > maxIncludes) {
		err = fmt.Errorf("%s is included by itself or too deep; take one away", cut(d.arg))
	}
	if err != nil {
		c.warn(d.line, "%v", err)
		return asWritten([]line{{text: "{include} " + d.arg, num: d.line}})
	}
	rows := pick(splitLines(text, 1), d.opts)
	if path.Ext(file) == ".rst" {
		rows = fromRST(rows)
	}
	for i := range rows {
		rows[i].num = d.line // of the page, so that warnings name a line that exists in it
	}
	c.stack = append(c.stack, file)
	defer func() { c.stack = c.stack[:len(c.stack)-1] }()
	return c.scan(rows, c.depth+1)
}

// readInside reads a file that a page names. It stays in the lesson's folder
// and follows no symbolic link.
func (b *book) readInside(p *page, name string) (file, text string, err error) {
	file, err = b.insideFile(p, name)
	if err != nil {
		return "", "", err
	}
	text, err = course.ReadText(b.fsys, file)
	if err != nil {
		return "", "", err
	}
	if b.included += len(text); b.included > maxIncluded {
		return "", "", fmt.Errorf("%s is left out, because the lesson includes more than %d bytes; include less", cut(name), maxIncluded)
	}
	return file, text, nil
}

func (b *book) insideFile(p *page, name string) (string, error) {
	from := p.file
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		from, name = path.Join(b.dir, "page"), rest
	}
	file, ok := course.Within(b.root, from, name)
	if !ok || name == "" || strings.HasPrefix(name, "/") || !fs.ValidPath(file) {
		return "", fmt.Errorf("%q leads out of the lesson's folder and is not read; put a copy inside", cut(name))
	}
	at := ""
	for part := range strings.SplitSeq(file, "/") {
		at = path.Join(at, part)
		info, err := fs.Lstat(b.fsys, at)
		if err != nil {
			return "", fmt.Errorf("%q does not exist; correct the name or add the file", cut(name))
		}
		if part == ".git" || info.Mode()&fs.ModeSymlink != 0 {
			return "", fmt.Errorf("%q is or lies behind a symbolic link or a hidden folder and is not read; put a copy in its place", cut(name))
		}
	}
	return file, nil
}

// pick takes the lines that the options ask for.
func pick(lines []line, opts options) []line {
	if spec := opts["lines"]; spec != "" {
		lines = numbered(lines, spec)
	}
	lines = between(lines, opts)
	if name := opts["pyobject"]; name != "" {
		lines = pythonObject(lines, name)
	}
	from, errFrom := strconv.Atoi(opts["start-line"])
	to, errTo := strconv.Atoi(opts["end-line"])
	if errTo == nil && to >= 0 && to < len(lines) {
		lines = lines[:to]
	}
	if errFrom == nil && from > 0 {
		lines = lines[min(from, len(lines)):]
	}
	return lines
}

// numbered takes lines by numbers: "1,3,5-10,20-".
func numbered(lines []line, spec string) []line {
	var out []line
	for part := range strings.SplitSeq(spec, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.Atoi(from)
		if err != nil || first < 1 {
			first = 1
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(to); err != nil {
				last = len(lines)
			}
		}
		if last = min(last, len(lines)); first <= last && len(out) < maxPieces {
			out = append(out, lines[first-1:last]...)
		}
	}
	return out
}

func between(lines []line, opts options) []line {
	find := func(mark string, from int) int {
		for i := from; i < len(lines); i++ {
			if strings.Contains(lines[i].text, mark) {
				return i
			}
		}
		return -1
	}
	start := 0
	if mark := opts["start-after"]; mark != "" {
		start = find(mark, 0) + 1
	} else if mark := opts["start-at"]; mark != "" {
		start = max(find(mark, 0), 0)
	}
	end := len(lines)
	if mark := opts["end-before"]; mark != "" {
		if i := find(mark, start); i >= 0 {
			end = i
		}
	} else if mark := opts["end-at"]; mark != "" {
		if i := find(mark, start); i >= 0 {
			end = i + 1
		}
	}
	return lines[start:end]
}

// pythonObject takes a function or class by its name.
func pythonObject(lines []line, name string) []line {
	name = name[strings.LastIndexByte(name, '.')+1:]
	for i, l := range lines {
		text := strings.TrimPrefix(strings.TrimSpace(l.text), "async ")
		if !strings.HasPrefix(text, "def "+name+"(") && !strings.HasPrefix(text, "class "+name+"(") && !strings.HasPrefix(text, "class "+name+":") {
			continue
		}
		end := i + 1
		for end < len(lines) && (isBlank(lines[end].text) || indentOf(lines[end].text) > indentOf(l.text)) {
			end++
		}
		return trimBlank(lines[i:end])
	}
	return lines
}
