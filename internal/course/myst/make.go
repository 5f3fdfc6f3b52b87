package myst

import (
	"path"
	"strconv"
	"strings"

	"kept/internal/course"
)

func itoa(n int) string { return strconv.Itoa(n) }

// make turns a directive into blocks.
func (w *writer) make(d *directive) []course.Block {
	var anchors []course.Block
	for _, a := range d.anchors {
		anchors = append(anchors, w.anchor(a)...)
	}
	return append(anchors, w.shape(d)...)
}

func (w *writer) shape(d *directive) []course.Block {
	spec := specOf(d.name)
	switch spec.shape {
	case boxShape, foldShape:
		return []course.Block{w.box(d, spec)}
	case partShape, rstShape, glossaryShape, includeShape:
		return w.part(d)
	case quoteShape:
		return w.quotation(d)
	case figureShape, imageShape:
		return w.figure(d)
	case tabsShape:
		return []course.Block{w.tabs(d, spec)}
	case tabShape, codeTabShape:
		return w.tab(d, spec).Blocks // a tab outside of tabs
	case codeShape, literalShape:
		return w.codeBlock(d)
	case tableShape, csvShape, listTableShape:
		return w.table(d)
	case mathShape:
		return w.formula(d)
	case treeShape:
		return w.tree(d)
	case listShape:
		return w.exercises(d)
	case targetShape:
		return w.anchor(d)
	case dropShape:
		return nil
	}
	return w.rare(d, spec)
}

// rare makes blocks of what is seldom met or not known.
func (w *writer) rare(d *directive, spec spec) []course.Block {
	switch spec.shape {
	case rubricShape:
		return []course.Block{{Shape: course.Prose, Text: "**" + w.inline(d.arg, d.line) + "**", Line: d.line}}
	case metaShape:
		return []course.Block{w.settings(d, spec.title)}
	case filmShape:
		address := spec.style + strings.TrimSpace(d.arg)
		return []course.Block{{Shape: course.Prose, Text: "[" + spec.title + "](<" + strings.Map(noBrackets, address) + ">)", Line: d.line}}
	case linkShape:
		return w.button(d)
	case rawShape:
		w.warn(d.line, "{raw} is shown as its source, because courses bring no scripts or styles; write it in Markdown")
		return []course.Block{w.source(d, "Raw "+d.arg)}
	case diagramShape:
		w.warn(d.line, "{%s} cannot be drawn here and is shown as its source; put a picture into the lesson's folder", d.name)
		return []course.Block{w.source(d, spec.title)}
	}
	w.warn(d.line, "{%s} is not a known directive and is shown in a box; correct its name", cut(d.name))
	box := w.settings(d, escapeText(d.name))
	box.Text = strings.TrimSpace(w.inline(d.arg, d.line) + "\n\n" + box.Text)
	box.Blocks = w.blocks(d.pieces)
	return []course.Block{box}
}

func noBrackets(r rune) rune {
	if r == '<' || r == '>' || r == '\n' {
		return -1
	}
	return r
}

// settings shows the options of a directive, because they hold words.
func (w *writer) settings(d *directive, title string) course.Block {
	var rows []string
	for _, key := range sortedKeys(d.opts) {
		rows = append(rows, "- "+escapeText(key)+": "+w.inline(d.opts[key], d.line))
	}
	box := course.Block{Shape: course.Box, Title: title, Text: strings.Join(rows, "\n"), Line: d.line}
	if specOf(d.name).shape == metaShape && len(d.body) > 0 {
		box.Blocks = []course.Block{{Shape: course.Code, Text: joinLines(trimBlank(d.body)), Lang: "yaml", Line: d.line}}
	}
	return box
}

// source shows what a directive was written as.
func (w *writer) source(d *directive, title string) course.Block {
	text := joinLines(trimBlank(d.body))
	return course.Block{Shape: course.Box, Title: oneLine(title), Line: d.line,
		Blocks: []course.Block{{Shape: course.Code, Text: text, Line: d.line}}}
}

// anchor is a place that links lead to. Where a heading has taken the label,
// nothing more is needed.
func (w *writer) anchor(d *directive) []course.Block {
	if d.anchor == "" || w.copying {
		return nil
	}
	return []course.Block{{Shape: course.Anchor, Address: d.anchor, Line: d.line}}
}

func (w *writer) box(d *directive, spec spec) course.Block {
	b := course.Block{Shape: course.Box, Title: spec.title, Style: spec.style, Line: d.line}
	if spec.shape == foldShape {
		b.Shape = course.Fold
	}
	if d.arg != "" {
		b.Title = oneLine(w.inline(d.arg, d.line))
	}
	switch {
	case d.arg != "" && d.name == "instructor-note" && !strings.Contains(strings.ToLower(d.arg), "instructor"):
		b.Title = "Instructor note: " + b.Title
	case d.arg != "" && strings.HasPrefix(spec.title, "New in") || strings.HasPrefix(d.name, "versionch") || d.name == "deprecated":
		b.Title = spec.title + " " + oneLine(w.inline(d.arg, d.line))
	}
	for class := range strings.FieldsSeq(strings.ReplaceAll(d.opts["class"], ",", " ")) {
		applyClass(&b, strings.TrimPrefix(class, "admonition-"))
	}
	b.Blocks = w.blocks(d.pieces)
	return b
}

// applyClass lets an author's class choose how a box looks.
func applyClass(b *course.Block, class string) {
	switch class {
	case "dropdown", "toggle":
		b.Shape = course.Fold
	case "tip", "warning", "danger", "important":
		b.Style = class
	case "hint":
		b.Style = "tip"
	case "attention", "caution":
		b.Style = "warning"
	case "error":
		b.Style = "danger"
	}
}

// part shows what a directive holds, without anything around.
func (w *writer) part(d *directive) []course.Block {
	blocks := w.blocks(d.pieces)
	if d.name == "include" && d.pieces == nil {
		return w.includedCode(d)
	}
	if d.arg == "" || specOf(d.name).shape != partShape || d.name == "only" || d.name == "container" || d.name == "div" || strings.HasPrefix(d.name, "grid") {
		return blocks
	}
	return append([]course.Block{{Shape: course.Prose, Text: w.inline(d.arg, d.line), Line: d.line}}, blocks...)
}

func (w *writer) includedCode(d *directive) []course.Block {
	lines, ok := w.fileLines(d, d.arg)
	if !ok {
		return nil
	}
	return []course.Block{{Shape: course.Code, Lang: d.opts["code"], Text: joinLines(lines), Line: d.line}}
}

func (w *writer) quotation(d *directive) []course.Block {
	text := &prose{w: w}
	blocks := w.blocks(d.pieces)
	if d.arg != "" {
		blocks = append([]course.Block{{Shape: course.Prose, Text: w.inline(d.arg, d.line)}}, blocks...)
	}
	text.embed("> ", "> ", blocks, d.line)
	return text.take()
}

// figure is a picture. Its width goes to Style as a part of the column in
// tenths: "w60".
func (w *writer) figure(d *directive) []course.Block {
	b := course.Block{Shape: course.Figure, Address: w.address(w.anyEnding(d.arg)), Alt: plainText(d.opts["alt"]), Style: widthStyle(d.opts), Line: d.line}
	pieces := d.pieces
	for len(pieces) > 0 && pieces[0].kind == textPiece && isBlank(pieces[0].line.text) {
		pieces = pieces[1:]
	}
	n := 0
	for n < len(pieces) && pieces[n].kind == textPiece && !isBlank(pieces[n].line.text) {
		n++
	}
	if blocks := w.blocks(pieces[:n]); len(blocks) == 1 {
		b.Text = blocks[0].Text
	}
	b.Blocks = w.blocks(pieces[n:])
	if b.Text == "" && d.opts["caption"] != "" {
		b.Text = w.inline(d.opts["caption"], d.line)
	}
	if w.conf.figures && d.number > 0 {
		b.Text = "Figure " + itoa(d.number) + ". " + b.Text
	}
	if to := d.opts["target"]; to != "" && isURL(to) {
		b.Blocks = append(b.Blocks, course.Block{Shape: course.Prose, Text: "<" + strings.Map(noBrackets, to) + ">"})
	}
	return []course.Block{b}
}

// anyEnding finds the file for "picture.*".
func (w *writer) anyEnding(name string) string {
	stem, ok := strings.CutSuffix(strings.TrimSpace(name), ".*")
	if !ok {
		return strings.TrimSpace(name)
	}
	for _, ext := range []string{".svg", ".png", ".webp", ".jpg", ".jpeg", ".gif"} {
		if file, err := w.insideFile(w.from, stem+ext); err == nil && isFile(w.fsys, file) {
			return stem + ext
		}
	}
	return name
}

// column is how wide the text of a page is, in pixels.
const column = 672

func widthStyle(o options) string {
	width := strings.TrimSpace(o["width"])
	if width == "" {
		width = strings.TrimSuffix(strings.TrimSpace(o["scale"]), "%") + "%"
	}
	percent := 0.0
	if n, err := strconv.ParseFloat(strings.TrimSuffix(width, "%"), 64); err == nil && strings.HasSuffix(width, "%") {
		percent = n
	} else if n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(width, "px")), 64); err == nil {
		percent = n * 100 / column
	}
	if tenth := int(percent/10+.5) * 10; tenth >= 10 && tenth < 100 {
		return "w" + itoa(tenth)
	}
	return ""
}

// tabs gathers tabs. They remember the choice if one of them is a group tab
// or says what it stands for.
func (w *writer) tabs(d *directive, spec spec) course.Block {
	out := course.Block{Shape: course.Tabs, Style: spec.style, Line: d.line}
	if d.opts.has("sync-group") {
		out.Style = course.Slug(d.opts["sync-group"])
	}
	rest := []piece{}
	for _, p := range d.pieces {
		if p.kind == directivePiece && isTab(p.dir) {
			tab := specOf(p.dir.name)
			if tab.style != "" || p.dir.opts.has("sync") {
				out.Style = groupStyle
			}
			out.Blocks = append(out.Blocks, w.tab(p.dir, tab))
			continue
		}
		if p.kind == directivePiece && d.name == "tab-set-code" && specOf(p.dir.name).shape == codeShape {
			out.Blocks = append(out.Blocks, course.Block{Shape: course.Tab, Title: codeTitle(p.dir.arg), Blocks: w.make(p.dir), Line: p.dir.line})
			continue
		}
		rest = append(rest, p)
	}
	if lost := w.blocks(rest); len(lost) > 0 {
		if len(out.Blocks) == 0 {
			return course.Block{Shape: course.Box, Line: d.line, Blocks: lost}
		}
		w.warn(firstLine(lost, d.line), "text stands between tabs and is shown in the last one; move it into a tab")
		last := &out.Blocks[len(out.Blocks)-1]
		last.Blocks = append(last.Blocks, lost...)
	}
	return out
}

func isTab(d *directive) bool {
	s := specOf(d.name).shape
	return s == tabShape || s == codeTabShape
}

func firstLine(blocks []course.Block, fallback int) int {
	if len(blocks) > 0 && blocks[0].Line > 0 {
		return blocks[0].Line
	}
	return fallback
}

func (w *writer) tab(d *directive, spec spec) course.Block {
	tab := course.Block{Shape: course.Tab, Title: oneLine(w.inline(d.arg, d.line)), Line: d.line}
	if spec.shape == codeTabShape {
		lang, title, _ := strings.Cut(d.arg, " ")
		if title == "" {
			title = codeTitle(lang)
		}
		tab.Title = title
		tab.Blocks = []course.Block{{Shape: course.Code, Lang: lang, Text: joinLines(d.body), Line: d.line}}
		return tab
	}
	tab.Blocks = w.blocks(d.pieces)
	return tab
}

// codeTitle is how people call a language.
func codeTitle(lang string) string {
	switch strings.ToLower(lang) {
	case "":
		return "Code"
	case "py", "python", "python3":
		return "Python"
	case "js", "javascript":
		return "JavaScript"
	case "c++", "cpp", "cxx":
		return "C++"
	case "sh", "bash", "console", "shell":
		return "Shell"
	}
	return strings.ToUpper(lang[:1]) + lang[1:]
}

// button is a link that looked like a button.
func (w *writer) button(d *directive) []course.Block {
	text := joinLines(trimBlank(d.body))
	if text == "" {
		text = path.Base(d.arg)
	}
	link := "[" + w.inline(text, d.line) + "](" + strings.Map(noBrackets, d.arg) + ")"
	if d.name == "button-ref" {
		link = w.inline("{any}`"+strings.ReplaceAll(text, "`", "")+" <"+d.arg+">`", d.line)
	}
	return []course.Block{{Shape: course.Prose, Text: link, Line: d.line}}
}
