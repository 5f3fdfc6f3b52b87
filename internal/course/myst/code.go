package myst

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"kept/internal/course"
)

func sortedKeys(o options) []string { return slices.Sorted(maps.Keys(o)) }

// codeBlock is code on the page or from a file, with its caption above. Lines
// that an author marks are kept in Style: "1-3,5".
func (w *writer) codeBlock(d *directive) []course.Block {
	lines, lang := d.body, d.arg
	if specOf(d.name).shape == literalShape {
		var ok bool
		if lines, ok = w.fileLines(d, d.arg); !ok {
			return []course.Block{{Shape: course.Code, Text: d.arg, Line: d.line}}
		}
		lang = languageOf(d)
	}
	for len(lines) > 0 && isBlank(lines[0].text) {
		lines = lines[1:]
	}
	if d.name == "code-cell" {
		lang = cellLanguage(lang)
	}
	code := course.Block{Shape: course.Code, Lang: lang, Text: codeText(d, lines), Style: d.opts["emphasize-lines"], Line: d.line}
	caption := d.opts["caption"]
	if caption == "" {
		return []course.Block{code}
	}
	code.Title = plainText(caption)
	return []course.Block{{Shape: course.Prose, Text: w.inline(caption, d.line), Line: d.line}, code}
}

// codeText is the code as the options want it.
func codeText(d *directive, lines []line) string {
	if n, err := strconv.Atoi(d.opts["dedent"]); err == nil && n > 0 {
		lines = cutLeft(lines, n)
	} else if d.opts.has("dedent") {
		lines = dedent(lines)
	}
	text := strings.TrimRight(joinLines(lines), "\n")
	if before := d.opts["prepend"]; before != "" {
		text = before + "\n" + text
	}
	if after := d.opts["append"]; after != "" {
		text += "\n" + after
	}
	return text
}

func cutLeft(lines []line, n int) []line {
	out := make([]line, len(lines))
	for i, l := range lines {
		out[i] = line{text: outdent(l.text, n), num: l.num}
	}
	return out
}

// cellLanguage is the language of a notebook's kernel.
func cellLanguage(kernel string) string {
	switch {
	case strings.HasPrefix(kernel, "ipython"), strings.HasPrefix(kernel, "python"):
		return "python"
	case strings.HasPrefix(kernel, "ir"):
		return "r"
	}
	return kernel
}

// fileLines reads what {literalinclude} shows.
func (w *writer) fileLines(d *directive, name string) ([]line, bool) {
	_, text, err := w.readInside(w.from, name)
	if err != nil {
		w.warn(d.line, "%v", err)
		return nil, false
	}
	lines := splitLines(text, 1)
	if other := d.opts["diff"]; other != "" {
		_, old, err := w.readInside(w.from, other)
		if err != nil {
			w.warn(d.line, "%v", err)
			return lines, true
		}
		if changes, ok := diff(splitLines(old, 1), lines); ok {
			return changes, true
		}
		w.warn(d.line, "%q is too long to compare and is shown as it is now; show fewer lines", cut(name))
	}
	return pick(lines, d.opts), true
}

func languageOf(d *directive) string {
	if d.opts.has("diff") {
		return "diff"
	}
	if lang := d.opts["language"]; lang != "" {
		return lang
	}
	return strings.TrimPrefix(path.Ext(d.arg), ".")
}
