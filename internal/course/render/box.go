package render

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"kept/internal/course"
)

func (p *pass) box(into *html.Node, b course.Block, depth int) {
	frame := p.frame(b)
	into.AppendChild(frame)
	if b.Title != "" {
		p.boxTitle(frame, b)
	}
	if b.Text != "" {
		p.prose(frame, b.Text)
	}
	moveChildren(p.blocks(b.Blocks, depth+1), frame)
}

func (p *pass) frame(b course.Block) *html.Node {
	title := strings.Map(noMarkup, plainTitle(b.Title))
	switch b.Shape {
	case course.Fold:
		return fold(b.Style)
	case course.Tabs:
		return element("div", "class", "tabs-of", "data-tabs", tabName(b.Style))
	case course.Tab:
		return element("section", "class", "tab-of", "data-tab", tabName(title), "aria-label", title)
	case course.Section:
		return element("section")
	}
	return element("aside", "class", boxClass(b.Style), "role", "note", "aria-label", title)
}

// boxClass keeps the page's own classes out of a loader's reach.
func boxClass(style string) string {
	switch style {
	case "tip", "warning", "danger", "important", "question", "keys", "exercise":
		return "note " + style
	}
	return "note"
}

// fold is what opens: a solution, or what is meant for those who teach.
func fold(style string) *html.Node {
	switch style {
	case "solution", "instructor":
		return element("details", "class", style)
	}
	return element("details")
}

// tabName is a name that scripts compare, so it holds letters, digits and
// spaces only.
func tabName(s string) string {
	name := strings.ReplaceAll(course.Slug(s), "-", " ")
	if name == "" {
		return "tabs"
	}
	return name
}

func plainTitle(markdown string) string {
	return strings.TrimSpace(strings.NewReplacer("`", "", "**", "", "*", "", "_", " ").Replace(markdown))
}

func (p *pass) boxTitle(frame *html.Node, b course.Block) {
	line := p.titleNode(b)
	title := element("div")
	p.prose(title, b.Title)
	if only := onlyChild(title); only != nil && only.DataAtom == atom.P {
		title = only
	}
	inner := line
	if line.DataAtom == atom.P {
		inner = element("b")
		line.AppendChild(inner)
	}
	moveChildren(title, inner)
	frame.AppendChild(line)
	if b.Shape == course.Section {
		p.heading(line)
	}
}

func (p *pass) titleNode(b course.Block) *html.Node {
	switch b.Shape {
	case course.Fold:
		return element("summary")
	case course.Section:
		return element("h2")
	}
	return element("p")
}

// figureWidth is a part of the column, in tenths: "w60".
var figureWidth = regexp.MustCompile(`^w[1-9]0$`)

func (p *pass) figure(into *html.Node, b course.Block) {
	figure := element("figure")
	if figureWidth.MatchString(b.Style) {
		setAttr(figure, "class", b.Style)
	}
	img := element("img", "src", b.Address, "alt", strings.Map(noMarkup, b.Alt))
	figure.AppendChild(img)
	into.AppendChild(figure)
	p.picture(img)
	caption := p.caption(b.Text)
	moveChildren(p.blocks(b.Blocks, 1), caption)
	if caption.FirstChild != nil {
		figure.AppendChild(caption)
	}
}
