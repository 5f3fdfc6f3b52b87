package myst

import (
	"path"
	"strings"

	"kept/internal/course"
)

// writer makes blocks of pieces.
type writer struct {
	*book
	page *page // that the blocks stand on
	from *page // that the pieces come from
	// copying is set where an exercise is shown once more: its labels stay
	// where it was first, and its warnings are known.
	copying bool
	headed  map[string]bool // names that the page has given to headings so far
	refs    int             // footnotes that the page has referred to so far
}

func (b *book) writer(p *page) *writer {
	return &writer{book: b, page: p, from: p, headed: map[string]bool{}}
}

func (w *writer) warn(num int, format string, args ...any) {
	if !w.copying {
		w.book.warn(w.from.file, num, format, args...)
	}
}

// pageBlocks are the blocks of a whole page, with its footnotes below.
func (w *writer) pageBlocks() []course.Block {
	blocks := w.blocks(w.page.pieces)
	return append(blocks, w.footnotes()...)
}

// blocks makes blocks of pieces. Lines of text that follow each other become
// one block.
func (w *writer) blocks(pieces []piece) []course.Block {
	var out []course.Block
	text := &prose{w: w}
	for _, p := range pieces {
		switch {
		case p.kind == directivePiece && p.rest == "":
			out = append(out, text.take()...)
			out = append(out, w.make(p.dir)...)
		case p.kind == directivePiece:
			text.flush()
			text.embed(p.first, p.rest, w.make(p.dir), p.line.num)
		case p.kind == headingPiece:
			text.heading(p)
		case p.kind == rawPiece:
			text.flush()
			text.line(p.line.text, p.line.num)
		default:
			text.add(p)
		}
	}
	return append(out, text.take()...)
}

// prose gathers lines of Markdown.
type prose struct {
	w    *writer
	run  []line // of the paragraph at hand
	out  []string
	from int // the line that the first of out comes from
}

func (p *prose) line(text string, num int) {
	if len(p.out) == 0 {
		if isBlank(text) {
			return
		}
		p.from = num
	}
	p.out = append(p.out, text)
}

// add takes a line of text. Roles and formulas end with the paragraph.
func (p *prose) add(next piece) {
	text := next.line.text
	row := strings.TrimLeft(text, " >")
	if next.starts || row == "" || strings.HasPrefix(row, "|") {
		p.flush()
	}
	if row == "" {
		p.line(strings.TrimRight(text, " "), next.line.num)
		return
	}
	p.run = append(p.run, next.line)
	if strings.HasPrefix(row, "|") {
		p.flush()
	}
}

func (p *prose) flush() {
	if len(p.run) == 0 {
		return
	}
	num := p.run[0].num
	text := p.w.inline(joinLines(p.run), num)
	p.run = nil
	p.line(text, num)
}

func (p *prose) heading(next piece) {
	p.flush()
	h := next.heading
	if h.title {
		return
	}
	text := p.w.inline(h.text, h.line)
	plain := course.Slug(plainText(h.text))
	if plain != h.slug || p.w.headed[plain] {
		text = `<span id="` + h.slug + `"></span>` + text
	}
	p.w.headed[plain] = true
	p.line("", h.line)
	p.line(next.first+strings.Repeat("#", h.level)+" "+text, h.line)
	p.line(strings.TrimRight(next.rest, " "), h.line)
}

// embed writes blocks into the text, inside a list item or a quotation.
func (p *prose) embed(first, rest string, blocks []course.Block, num int) {
	empty := strings.TrimRight(rest, " ")
	if strings.TrimSpace(strings.ReplaceAll(first, ">", "")) == "" {
		p.line(empty, num)
	}
	for _, row := range markdownOf(blocks) {
		switch {
		case row == "":
			p.line(empty, num)
		default:
			p.line(first+row, num)
			first = rest
		}
	}
	p.line(empty, num)
}

// take hands out what was gathered and begins anew.
func (p *prose) take() []course.Block {
	p.flush()
	for len(p.out) > 0 && isBlank(p.out[len(p.out)-1]) {
		p.out = p.out[:len(p.out)-1]
	}
	blocks := course.MarkdownBlocks(strings.Join(p.out, "\n"), p.from)
	p.out = nil
	return blocks
}

// address makes an author's address of a file one that is relative to the page
// where it is shown. Other addresses stay as they are.
func (w *writer) address(address string) string {
	if address == "" || strings.HasPrefix(address, "#") || isURL(address) {
		return address
	}
	file := path.Join(path.Dir(w.from.file), address)
	if rest, ok := strings.CutPrefix(address, "/"); ok {
		file = path.Join(w.dir, rest)
	} else if w.from == w.page {
		file = path.Clean(file)
	}
	return relative(path.Dir(w.page.file), file)
}

func isURL(address string) bool {
	scheme, _, ok := strings.Cut(address, ":")
	return ok && scheme != "" && !strings.ContainsAny(scheme, "/.#? ") || strings.HasPrefix(address, "//")
}

// relative is the way from a folder to a file.
func relative(dir, file string) string {
	from, to := strings.Split(path.Clean(dir), "/"), strings.Split(path.Clean(file), "/")
	if dir == "." {
		from = nil
	}
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}

// footnotes are the remarks below a page, in the order in which it refers to
// them.
func (w *writer) footnotes() []course.Block {
	var blocks []course.Block
	for n := 1; n <= len(w.page.notes); n++ {
		for _, note := range w.page.notes {
			if note.number == 0 && n > w.refs {
				w.refs++
				note.number = w.refs
				w.warn(note.line, "nothing refers to the footnote %q, which stands below the page; refer to it or take it away", cut(note.name))
			}
			if note.number == n {
				blocks = append(blocks, w.footnote(note)...)
			}
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	return append([]course.Block{{Shape: course.Prose, Text: "---"}}, blocks...)
}

func (w *writer) footnote(n *footnote) []course.Block {
	mark := itoa(n.number) + ". "
	text := &prose{w: w}
	inner := w.blocks(n.pieces)
	inner = append([]course.Block{{Shape: course.Anchor, Address: "note-" + itoa(n.number)}}, inner...)
	inner = append(inner, course.Block{Shape: course.Prose, Text: "[↑](#noteref-" + itoa(n.number) + ")"})
	text.embed(mark, strings.Repeat(" ", len(mark)), inner, n.line)
	return text.take()
}
