package render

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

// newPolicy lists what may stand in a page. It is the last word on everything
// that the steps before it made.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	allowText(p)
	allowPictures(p)
	allowCode(p)
	allowTables(p)
	allowFormulas(p)
	return p
}

var (
	anchorID = regexp.MustCompile(`^h-[^\s"'<>&]+$`)
	plain    = regexp.MustCompile(`^[^<>"]*$`)
	lang     = regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)
	number   = regexp.MustCompile(`^[0-9]{1,5}$`)
	ourClass = regexp.MustCompile(`^(prose|code|scroll|note|note (ok|tip|warning|danger|important|question|keys|exercise)|solution|instructor|w[1-9]0|anchor|title|hl|k|s|n|c|sr|small|soft|box|tabs-of|tab-of|math)$`)
)

// allow lets elements through with and without attributes.
func allow(p *bluemonday.Policy, names ...string) {
	p.AllowElements(names...)
	p.AllowNoAttrs().OnElements(names...)
}

func allowText(p *bluemonday.Policy) {
	allow(p, "p", "br", "hr", "div", "span", "section", "aside", "blockquote", "h2", "h3", "h4", "h5", "h6",
		"ul", "ol", "li", "dl", "dt", "dd", "em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small",
		"mark", "abbr", "cite", "q", "dfn", "kbd", "samp", "var", "code", "time", "details", "summary", "ruby", "rt", "rp", "wbr", "bdi", "bdo")
	p.AllowAttrs("id").Matching(anchorID).Globally()
	p.AllowAttrs("class").Matching(ourClass).Globally()
	p.AllowAttrs("lang").Matching(lang).Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(ltr|rtl|auto)$`)).Globally()
	p.AllowAttrs("title").Matching(plain).OnElements("abbr", "dfn", "a")
	p.AllowAttrs("aria-label").Matching(plain).OnElements("aside", "div", "pre", "section")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^region$`)).OnElements("div")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^note$`)).OnElements("aside")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("aria-hidden").Matching(regexp.MustCompile(`^true$`)).OnElements("a")
	p.AllowAttrs("tabindex").Matching(regexp.MustCompile(`^-1$`)).OnElements("a")
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowAttrs("open").Matching(regexp.MustCompile(`^$`)).OnElements("details")
	p.AllowAttrs("datetime").Matching(plain).OnElements("time")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
}

func allowPictures(p *bluemonday.Policy) {
	allow(p, "figure", "figcaption")
	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("alt", "title").Matching(plain).OnElements("img")
	p.AllowAttrs("width", "height").Matching(number).OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.AllowAttrs("decoding").Matching(regexp.MustCompile(`^async$`)).OnElements("img")
}

func allowCode(p *bluemonday.Policy) {
	allow(p, "pre")
	p.AllowAttrs("tabindex").Matching(regexp.MustCompile(`^0$`)).OnElements("pre", "div")
	p.AllowAttrs("data-run", "data-tabs", "data-tab").Matching(regexp.MustCompile(`^[\pL\pN _-]{1,80}$`)).OnElements("div", "section")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^link noprint$`)).OnElements("button")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^button$`)).OnElements("button")
	p.AllowAttrs("data-copy").Matching(regexp.MustCompile(`^$`)).OnElements("button")
}

func allowTables(p *bluemonday.Policy) {
	allow(p, "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[0-9]{1,2}$`)).OnElements("th", "td")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(row|col)$`)).OnElements("th")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|right|center)$`)).OnElements("th", "td")
}

// allowFormulas lets presentation MathML through, without links, actions or
// the elements that hold foreign markup.
func allowFormulas(p *bluemonday.Policy) {
	allow(p, "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac",
		"msqrt", "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded")
	p.AllowAttrs("display").Matching(regexp.MustCompile(`^(block|inline)$`)).OnElements("math")
	p.AllowAttrs("stretchy", "accent").Matching(regexp.MustCompile(`^(true|false)$`)).OnElements("mo", "mover", "munder")
	p.AllowAttrs("mathvariant").Matching(regexp.MustCompile(`^[a-z-]{1,30}$`)).OnElements("mi", "mn", "mo", "mstyle")
}
