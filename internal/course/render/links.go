package render

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"kept/internal/course"
)

// link makes an author's link lead to where this site has the thing. One
// without words shows its address.
func (p *pass) link(n *html.Node) {
	address := strings.TrimSpace(attr(n, "href"))
	if address == "" {
		dropAttr(n, "href")
		return
	}
	if strings.TrimSpace(textOf(n)) == "" && !holdsPicture(n) {
		if next := n.NextSibling; next != nil && next.Data == "a" && attr(next, "href") == attr(n, "href") {
			dropAttr(n, "href") // a link inside a link: the inner one has the words
			return
		}
		n.AppendChild(text(address))
	}
	if p.home.Rewrite != nil {
		if to, ok := p.home.Rewrite(address); ok {
			setAttr(n, "href", to)
			return
		}
	}
	to, ok := p.resolve(address)
	if !ok {
		dropAttr(n, "href")
		return
	}
	setAttr(n, "href", to)
}

func (p *pass) resolve(address string) (string, bool) {
	if name, ok := strings.CutPrefix(address, "#"); ok {
		name = unescape(name)
		if name == "" {
			return "#main", true
		}
		p.targets["h-"+name] = p.lineOf(address)
		return "#h-" + name, true
	}
	u, err := parseAddress(address)
	if err != nil {
		p.warn(address, "the link %q is not an address; correct it", cut(address))
		return "", false
	}
	switch strings.ToLower(u.Scheme) {
	case "":
		return p.relative(u, address)
	case "http", "https", "mailto":
		return address, true
	}
	p.warn(address, "the link %q is taken away, because only http, https and mailto may be linked to", cut(address))
	return "", false
}

var errAddress = errors.New("browsers and Go would read this address differently")

// parseAddress refuses what a browser takes for the address of another host
// although it does not look like one: "///host" and "\\host".
func parseAddress(address string) (*url.URL, error) {
	if strings.HasPrefix(address, "///") || strings.Contains(address, "\\") {
		return nil, errAddress
	}
	return url.Parse(address)
}

// relative finds a lesson or a file of the same course.
func (p *pass) relative(u *url.URL, address string) (string, bool) {
	if p.home.Catalogue == nil || u.Host != "" || strings.HasPrefix(u.Path, "/") || u.Path == "" {
		return address, true
	}
	full, inside := course.Within(p.home.Course.Dir, p.home.File, u.Path)
	if !inside {
		p.warn(address, "the link %q leads out of the course's folder; put a copy inside", cut(address))
		return "", false
	}
	if place, ok := p.home.Catalogue.LessonOfFile(p.home.Course, full); ok {
		return withAnchor(p.home.Lesson(place), u.Fragment), true
	}
	if p.home.CoursePage != nil && p.home.Course.HasIntroIn(full) {
		return withAnchor(p.home.CoursePage(p.home.Course), u.Fragment), true
	}
	if file, ok := p.asset(full); ok {
		return p.home.Asset(p.home.Course, file), true
	}
	if p.home.Catalogue.Withheld(p.home.Course, full) {
		p.warn(address, "the link %q leads to a kind of file that is not served; see docs/formats.md for those that are", cut(address))
		return "", false
	}
	p.warn(address, "the link %q leads to nothing; correct the name or add the file", cut(address))
	return "", false
}

func holdsPicture(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Data == "img" || d.Data == "svg" {
			return true
		}
	}
	return false
}

func withAnchor(address, fragment string) string {
	if fragment == "" {
		return address
	}
	return address + "#h-" + url.PathEscape(fragment)
}

// asset is the name, within the course's folder, of a file that can be served.
func (p *pass) asset(full string) (string, bool) {
	name := full
	if dir := p.home.Course.Dir; dir != "" && dir != "." {
		name = strings.TrimPrefix(full, dir+"/")
	}
	f, err := p.home.Catalogue.OpenAsset(p.home.Course, name)
	if err != nil {
		return "", false
	}
	f.Close()
	return name, true
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// cut keeps a hostile address from filling a warning.
func cut(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:77], "") + "..."
	}
	return s
}

func (p *pass) lineOf(address string) int {
	if i := strings.Index(p.block.Text, address); i >= 0 && p.block.Line > 0 {
		return p.block.Line + strings.Count(p.block.Text[:i], "\n")
	}
	return p.block.Line
}

// checkTargets warns of links to anchors that the document does not have.
func (p *pass) checkTargets() {
	var missing []string
	for id := range p.targets {
		if !p.ids[id] {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	for _, id := range missing {
		name := cut(strings.TrimPrefix(id, "h-"))
		p.warnings = append(p.warnings, course.Warning{File: p.home.File, Line: p.targets[id],
			What: "the link \"#" + name + "\" leads to no heading of this page; correct it"})
	}
}

// picture finds a picture in the course's folder. One that lies elsewhere
// becomes a link, so that no other host is asked by opening the page.
func (p *pass) picture(n *html.Node) {
	address := strings.TrimSpace(attr(n, "src"))
	setAttr(n, "loading", "lazy")
	setAttr(n, "decoding", "async")
	setAttr(n, "alt", strings.Map(noMarkup, attr(n, "alt")))
	u, err := parseAddress(address)
	if err != nil || u.Scheme != "" || u.Host != "" {
		p.foreign(n, u, p.r.labels.Picture)
		return
	}
	if p.home.Catalogue == nil || u.Path == "" || strings.HasPrefix(u.Path, "/") {
		return
	}
	full, inside := course.Within(p.home.Course.Dir, p.home.File, u.Path)
	name, there := "", false
	if inside {
		name, there = p.asset(full)
	}
	if !there {
		p.warn(address, "the picture %q is missing; correct the name or put it into the course's folder", cut(address))
		p.onlyWords(n)
		return
	}
	setAttr(n, "src", p.home.Asset(p.home.Course, name))
	p.setSize(n, full)
}

// onlyWords puts a picture's description in its place.
func (p *pass) onlyWords(n *html.Node) {
	em := element("em")
	em.AppendChild(text(attr(n, "alt")))
	replace(n, em)
}

// foreign puts a link in the place of something that another host would be
// asked for.
func (p *pass) foreign(n *html.Node, u *url.URL, label string) {
	if u == nil || u.Scheme != "https" && u.Scheme != "http" {
		p.warn("", "an address that is neither a file of the course nor on the web is taken away; put the picture into the course's folder")
		p.onlyWords(n)
		return
	}
	p.warn(u.String(), "%q lies on another host and becomes a link; put a copy into the course's folder", cut(u.String()))
	a := element("a", "href", u.String())
	what := label + " " + u.Host
	if alt := attr(n, "alt"); alt != "" {
		what = alt + " (" + what + ")"
	}
	a.AppendChild(text(what))
	replace(n, a)
}

// embedded makes a link of a frame or film, and keeps the words inside it.
func (p *pass) embedded(n *html.Node) {
	address := attr(n, "src")
	if address == "" {
		address = attr(n, "data")
	}
	span := element("span")
	if inner := textOf(n); strings.TrimSpace(inner) != "" && n.Data != "iframe" {
		span.AppendChild(text(" " + inner))
	}
	n.Parent.InsertBefore(span, n.NextSibling)
	u, err := url.Parse(address)
	if err != nil {
		u = nil
	}
	if n.Data == "iframe" && u != nil && strings.HasPrefix(address, "//") {
		u.Scheme = "https"
	}
	p.foreign(n, u, p.r.labels.Opens)
}
