package myst

import (
	"strconv"
	"strings"
	"unicode"

	"kept/internal/course"
)

// target is what a link of the lesson can lead to.
type target struct {
	page   *page
	anchor string // "" for the page itself
	title  string // Markdown; "" if it has none
	number int    // of a figure
}

// collect notes all that other pages may link to.
func (b *book) collect(p *page) {
	b.places(p)
	var waiting []*directive
	b.collectFrom(p, p.pieces, &waiting)
	for _, n := range p.notes {
		b.collectFrom(p, n.pieces, &waiting)
	}
	b.settle(p, waiting, "", 0)
}

// places gives each heading the name that MyST gives it.
func (b *book) places(p *page) {
	for _, h := range p.headings {
		h.slug = freeName(p.anchors, myStSlug(plainText(h.text)))
		to := target{page: p, anchor: h.slug, title: h.text}
		if h.title {
			to.anchor = ""
		}
		p.places[h.slug] = to
		if key := linkKey(plainText(h.text)); b.titles[key].page == nil {
			b.titles[key] = to
		}
	}
}

// myStSlug is a heading's name in the way of MyST and of code forges: small
// letters, digits, hyphens for spaces, all else dropped.
func myStSlug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// freeName takes a name that is not taken yet.
func freeName(taken map[string]int, name string) string {
	if name == "" {
		name = "part"
	}
	free, n := name, taken[name]
	for ; n > 0; n++ {
		if free = name + "-" + strconv.Itoa(n); taken[free] == 0 {
			taken[free] = 1
			break
		}
	}
	taken[name] = max(n+1, 1)
	return free
}

func (b *book) collectFrom(p *page, pieces []piece, waiting *[]*directive) {
	for _, piece := range pieces {
		switch {
		case piece.kind == headingPiece:
			b.settleHeading(p, *waiting, piece.heading)
			*waiting = nil
		case piece.kind == directivePiece && piece.dir.name == targetName:
			*waiting = append(*waiting, piece.dir)
		case piece.kind == directivePiece:
			b.collectDirective(p, piece.dir, waiting)
		case !isBlank(piece.line.text):
			b.settle(p, *waiting, "", 0)
			*waiting = nil
		}
	}
}

func (b *book) collectDirective(p *page, d *directive, waiting *[]*directive) {
	spec := specOf(d.name)
	title, number := captionOf(d), 0
	if spec.shape == figureShape && title != "" {
		p.figures++
		number = p.figures
		d.number = number
	}
	if spec.shape == mathShape && d.opts["label"]+d.opts["name"] != "" {
		p.formulas++
		d.number, title = p.formulas, "("+itoa(p.formulas)+")"
	}
	own := *waiting
	*waiting = nil
	for _, key := range []string{"name", "label"} {
		if name := d.opts[key]; name != "" {
			d.anchors = append(d.anchors, &directive{name: targetName, arg: name, line: d.line})
		}
	}
	b.settle(p, append(own, d.anchors...), title, number)
	if spec.shape == glossaryShape {
		b.collectTerms(p, d)
	}
	b.collectFrom(p, d.pieces, waiting)
}

// captionOf is what a directive is called where a link leads to it.
func captionOf(d *directive) string {
	if caption := d.opts["caption"]; caption != "" {
		return caption
	}
	switch specOf(d.name).shape {
	case figureShape:
		var words []string
		for _, piece := range d.pieces {
			if piece.kind != textPiece || isBlank(piece.line.text) && words != nil {
				break
			}
			if !isBlank(piece.line.text) {
				words = append(words, strings.TrimSpace(piece.line.text))
			}
		}
		return strings.Join(words, " ")
	case boxShape, foldShape, csvShape, listTableShape, tableShape:
		return d.arg
	}
	return ""
}

func (b *book) settleHeading(p *page, waiting []*directive, h *heading) {
	for _, d := range waiting {
		to := target{page: p, anchor: h.slug, title: h.text}
		if h.title {
			to.anchor = ""
		}
		b.label(p, d, to)
	}
}

// settle gives the labels before something their anchors.
func (b *book) settle(p *page, waiting []*directive, title string, number int) {
	for _, d := range waiting {
		name := course.Slug(d.arg)
		if name == "" {
			name = "label"
		}
		d.anchor = freeName(p.anchors, name)
		b.label(p, d, target{page: p, anchor: d.anchor, title: title, number: number})
	}
}

func (b *book) label(p *page, d *directive, to target) {
	key := linkKey(d.arg)
	if other, taken := b.labels[key]; taken {
		b.warn(p.file, d.line, "the label %q stands in %s too and links lead there; give it another name", cut(d.arg), other.page.file)
		return
	}
	b.labels[key] = to
}

func (b *book) collectTerms(p *page, d *directive) {
	for _, e := range glossaryEntries(d.body) {
		for _, term := range e.terms {
			key := linkKey(plainText(term.text))
			if _, known := b.terms[key]; !known {
				b.terms[key] = target{page: p, anchor: termAnchor(term.text), title: term.text}
			}
		}
	}
}

func termAnchor(term string) string { return "term-" + course.Slug(plainText(term)) }

// entry is what a glossary says about one word or several of one meaning.
type entry struct {
	terms []line
	body  []line
}

// glossaryEntries reads terms at the left edge and their meaning moved in.
func glossaryEntries(body []line) []entry {
	var entries []entry
	for _, l := range dedent(body) {
		switch {
		case isBlank(l.text), l.text[0] == ' ':
			if len(entries) > 0 {
				last := &entries[len(entries)-1]
				last.body = append(last.body, l)
			}
		case strings.HasPrefix(l.text, ".. "), strings.HasPrefix(l.text, "% "):
		case strings.HasPrefix(l.text, ": ") && len(entries) > 0:
			l.text = " " + l.text[1:]
			last := &entries[len(entries)-1]
			last.body = append(last.body, l)
		case len(entries) > 0 && len(trimBlank(entries[len(entries)-1].body)) == 0:
			last := &entries[len(entries)-1]
			last.terms = append(last.terms, l)
		default:
			entries = append(entries, entry{terms: []line{l}})
		}
	}
	return entries
}

// definitionLines writes a glossary as a definition list with anchors.
func definitionLines(body []line) []line {
	var out []line
	for _, e := range glossaryEntries(body) {
		for _, term := range e.terms {
			term.text = `<span id="` + termAnchor(term.text) + `"></span>` + strings.TrimSpace(term.text)
			out = append(out, term)
		}
		for i, l := range trimBlank(dedent(e.body)) {
			before := "    "
			if i == 0 {
				before = ":   "
			}
			if l.text = before + l.text; isBlank(l.text) {
				l.text = ""
			}
			out = append(out, l)
		}
		out = append(out, line{num: firstNum(e.terms, 0)})
	}
	return out
}

// cut keeps a hostile name from filling a warning.
func cut(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:77], "") + "..."
	}
	return s
}
