package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"kept/internal/course"
)

// pass makes one document. Its ids and targets are those of the whole of it.
type pass struct {
	r        *Renderer
	home     Home
	ids      map[string]bool
	again    map[string]int // how often an anchor's name was asked for once more
	targets  map[string]int // anchors that links of the document lead to, and their line
	contents []Heading
	warnings []course.Warning
	block    course.Block // the one at work, for lines in warnings
}

const maxBlocks = 30 // boxes within boxes

func (p *pass) blocks(blocks []course.Block, depth int) *html.Node {
	body := element("div")
	for _, b := range blocks {
		p.block = b
		if depth > maxBlocks {
			p.warn("", "is nested more than %d boxes deep and shown as plain text; take some away", maxBlocks)
			body.AppendChild(plainText(b.Title + "\n" + b.Text))
			continue
		}
		p.shape(body, b, depth)
	}
	return body
}

func (p *pass) shape(into *html.Node, b course.Block, depth int) {
	switch b.Shape {
	case course.Code:
		into.AppendChild(p.codeBlock(b.Text, fenceInfo{lang: b.Lang, title: b.Title, marked: readLines(b.Style)}))
	case course.Figure:
		p.figure(into, b)
	case course.Anchor:
		into.AppendChild(element("span", "id", p.freeID(b.Address)))
	case course.Box, course.Fold, course.Section, course.Tabs, course.Tab:
		p.box(into, b, depth)
	case course.HTML:
		p.source(into, b.Text)
	default:
		p.prose(into, b.Text)
	}
}

func (p *pass) prose(into *html.Node, markdown string) {
	if tooDeep(markdown) {
		p.warn("", "nests deeper than %d levels and is shown as it was written; take some levels away", maxNested)
		into.AppendChild(plainText(markdown))
		return
	}
	source, err := p.r.toHTML(markdown)
	if err != nil {
		p.warn("", "cannot be read as Markdown and is shown as it was written; simplify it")
		into.AppendChild(plainText(markdown))
		return
	}
	p.source(into, source)
}

func (p *pass) source(into *html.Node, source string) {
	body, err := parse(source)
	if err != nil {
		p.warn("", "holds HTML that nests too deep and is shown as it was written; take some levels away")
		into.AppendChild(plainText(source))
		return
	}
	p.tidy(body)
	moveChildren(body, into)
}

func plainText(s string) *html.Node {
	pre := element("pre", "tabindex", "0")
	pre.AppendChild(text(s))
	return pre
}

// warn adds a warning at the line of the block where what is found, if it is.
func (p *pass) warn(at, format string, args ...any) {
	line := p.block.Line
	if i := strings.Index(p.block.Text, at); at != "" && i >= 0 && line > 0 {
		line += strings.Count(p.block.Text[:i], "\n")
	}
	w := course.Warning{File: p.home.File, Line: line, What: fmt.Sprintf(format, args...)}
	if !slices.Contains(p.warnings, w) {
		p.warnings = append(p.warnings, w)
	}
}

// tidy makes the children of a node ready for the page, deepest first, so
// that what is wrapped is not visited again.
func (p *pass) tidy(parent *html.Node) {
	for n := parent.FirstChild; n != nil; {
		next := n.NextSibling
		if n.Type == html.ElementNode {
			p.element(n)
		} else if n.Type == html.CommentNode {
			parent.RemoveChild(n)
		}
		n = next
	}
}

func (p *pass) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Link, atom.Meta, atom.Base:
		p.warn("<"+n.Data, "<%s> is left out, because courses bring no scripts or styles; take it away", n.Data)
		n.Parent.RemoveChild(n)
		return
	case atom.Iframe, atom.Video, atom.Audio, atom.Embed, atom.Object:
		p.embedded(n)
		return
	case atom.Pre:
		p.pre(n)
		return
	}
	if n.Namespace == "svg" {
		p.warn("<svg", "a drawing inside the text is shown as its words only; put it in a file and write ![what it shows](name.svg)")
	}
	p.tidy(n)
	p.anchor(n)
	p.dress(n)
}

func (p *pass) dress(n *html.Node) {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.heading(n)
	case atom.A:
		p.link(n)
	case atom.Img:
		p.picture(n)
	case atom.Table:
		wrap(n, element("div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", p.r.labels.Table))
	case atom.P:
		p.paragraph(n)
	case atom.Blockquote:
		p.quote(n)
	case atom.Input:
		p.tick(n)
	}
}

// tick keeps a box that shows whether something is done. No other field has a
// place in a text.
func (p *pass) tick(n *html.Node) {
	if !strings.EqualFold(attr(n, "type"), "checkbox") {
		n.Parent.RemoveChild(n)
		return
	}
	setAttr(n, "disabled", "")
}

// anchor moves an author's id among the anchors, where it cannot be taken for
// one of the page's own.
func (p *pass) anchor(n *html.Node) {
	id := attr(n, "id")
	if id == "" {
		id = attr(n, "name")
	}
	dropAttr(n, "id")
	dropAttr(n, "name")
	if id == "" {
		return
	}
	setAttr(n, "id", p.freeID(id))
}

// freeID is an anchor that no other element of the document has.
func (p *pass) freeID(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\"'<>&", r) {
			return '-'
		}
		return r
	}, name)
	id := "h-" + name
	for p.ids[id] {
		p.again[name]++
		id = "h-" + name + "-" + strconv.Itoa(p.again[name]+1)
	}
	p.ids[id] = true
	return id
}

// heading keeps the page's own title the only one of the first level.
func (p *pass) heading(n *html.Node) {
	level := max(2, int(n.Data[1]-'0'))
	rename(n, "h"+strconv.Itoa(level))
	words := strings.Join(strings.Fields(textOf(n)), " ")
	id := attr(n, "id")
	if id == "" {
		slug := course.Slug(words)
		if slug == "" {
			slug = "part"
		}
		id = p.freeID(slug)
		setAttr(n, "id", id)
	}
	if level <= 3 {
		p.contents = append(p.contents, Heading{ID: id, Text: words, Level: level})
		n.AppendChild(anchorLink(id))
	}
}

// anchorLink stands behind a heading, for those with a pointer who want to
// quote its address; all others find the same in the table of contents. Its
// sign is drawn by the style, so it is no word of the heading.
func anchorLink(id string) *html.Node {
	return element("a", "class", "anchor", "href", "#"+id, "aria-hidden", "true", "tabindex", "-1")
}

// paragraph makes a figure of a picture that stands alone.
func (p *pass) paragraph(n *html.Node) {
	img := onlyChild(n)
	if img == nil || img.DataAtom != atom.Img {
		return
	}
	caption := attr(img, "title")
	dropAttr(img, "title")
	rename(n, "figure")
	if caption == "" {
		return
	}
	n.AppendChild(p.caption(caption))
}

// caption reads the words below a picture, which may hold code or a link.
func (p *pass) caption(markdown string) *html.Node {
	line := element("figcaption")
	p.prose(line, markdown)
	if only := onlyChild(line); only != nil && only.DataAtom == atom.P {
		line = element("figcaption")
		moveChildren(only, line)
	}
	return line
}

// quote makes a note of a quotation that begins with a word in bold and a
// full stop: "> **Good to know.** …".
func (p *pass) quote(n *html.Node) {
	first := firstElement(n)
	if first == nil || first.DataAtom != atom.P || first.FirstChild == nil {
		return
	}
	bold := first.FirstChild
	if bold.DataAtom != atom.Strong {
		return
	}
	title := strings.TrimSpace(textOf(bold))
	if !strings.HasSuffix(title, ".") && !strings.HasSuffix(title, ":") {
		return
	}
	rename(n, "aside")
	rename(bold, "b")
	setAttr(n, "class", "note")
	setAttr(n, "role", "note")
	setAttr(n, "aria-label", strings.Map(noMarkup, strings.TrimRight(title, ".:")))
}

func firstElement(n *html.Node) *html.Node {
	for c := range n.ChildNodes() {
		if c.Type == html.ElementNode {
			return c
		}
	}
	return nil
}

func (p *pass) pre(n *html.Node) {
	info := readInfo(attr(n, "data-info"))
	if info.lang == "" {
		info.lang = languageClass(n)
	}
	replace(n, p.codeBlock(strings.TrimSuffix(textOf(n), "\n"), info))
}

// languageClass is the language of an author's own <pre><code class="language-x">.
func languageClass(n *html.Node) string {
	if code := onlyChild(n); code != nil {
		for word := range strings.FieldsSeq(attr(code, "class")) {
			if lang, ok := strings.CutPrefix(word, "language-"); ok {
				return lang
			}
		}
	}
	return ""
}
