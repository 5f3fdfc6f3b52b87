package page

import (
	"bytes"
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// funcs are what a template may call, bound to one language.
func (s *Site) funcs(lang *Language) template.FuncMap {
	return template.FuncMap{
		"t":       lang.Text, // the text stands in the template, so that Keys finds it
		"say":     lang.Text, // the text comes from Go, marked there by Key
		"day":     lang.Day,
		"date":    lang.Date,
		"moment":  lang.Moment,
		"number":  lang.Number,
		"size":    lang.Size,
		"static":  s.Static,
		"url":     s.Absolute,
		"icon":    icon,
		"mark":    mark,
		"notches": Notches,
		"ring":    Ring,
		"field":   newField,
		"picks":   newPicks,
		"join":    func(parts ...string) string { return strings.Join(parts, "") },
		"ran":     s.executed.note,
	}
}

// shapes are the drawings of the layout's sprite. A page carries those that
// it uses.
var shapes = map[string]string{
	"kept":   `<symbol id="kept" viewBox="0 0 32 32"><path class="said" d="M1.51 12.11 13 23.6 28.65 7.95A15 15 0 1 1 1.51 12.11Z"/><path fill="currentColor" d="M2.36 9.76 13 20.4 27.28 6.12A15 15 0 0 0 2.36 9.76Z"/></symbol>`,
	"notyet": `<symbol id="notyet" viewBox="0 0 32 32"><path class="said" d="M1.51 12.11 13 23.6 28.65 7.95A15 15 0 1 1 1.51 12.11Z"/><path fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="2.4 2.3" d="M4.2 9.4 13 18.2 25.3 5.9A13.8 13.8 0 0 0 4.2 9.4"/></symbol>`,
	"failed": `<symbol id="failed" viewBox="0 0 32 32"><path class="said" transform="translate(.2 7) scale(.78)" d="M1.51 12.11 13 23.6 28.65 7.95A15 15 0 1 1 1.51 12.11Z"/><path fill="currentColor" transform="translate(11.4 -4.4) rotate(20) scale(.78)" d="M2.36 9.76 13 20.4 27.28 6.12A15 15 0 0 0 2.36 9.76Z"/></symbol>`,
	"tick":   `<symbol id="tick" viewBox="0 0 24 24"><path fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" d="m4 13 5 5L20 7"/></symbol>`,
	"cross":  `<symbol id="cross" viewBox="0 0 24 24"><path fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" d="m6 6 12 12M18 6 6 18"/></symbol>`,
	"unrun":  `<symbol id="unrun" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 3.3"/></symbol>`,
	"anyone": `<symbol id="anyone" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="2.5"/></symbol>`,
	"team":   `<symbol id="team" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="2.5"/><path fill="currentColor" d="M12 3a9 9 0 0 0 0 18z"/></symbol>`,
	"you":    `<symbol id="you" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10.2" fill="currentColor"/></symbol>`,
	"here":   `<symbol id="here" viewBox="0 0 24 24"><path fill="currentColor" d="M5 3v18l15-9z"/></symbol>`,
}

// sprite returns the drawings that a finished body refers to, each once, in
// the order of their first use, besides those that the layout itself needs.
func sprite(body []byte, needed ...string) template.HTML {
	var out strings.Builder
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			out.WriteString(shapes[name]) // an unknown one has its own symbol in the body
		}
	}
	for _, name := range needed {
		add(name)
	}
	for {
		_, after, found := bytes.Cut(body, []byte(`href="#`))
		if !found {
			return template.HTML(out.String())
		}
		name, rest, closed := bytes.Cut(after, []byte(`"`))
		if !closed {
			return template.HTML(out.String())
		}
		add(string(name))
		body = rest
	}
}

// icon draws one of the small shapes: tick, cross, unrun, anyone, team, you, here.
func icon(name string) (template.HTML, error) { return drawing("i", name) }

// mark draws kept, notyet or failed; size is "" or "big".
func mark(name string, size ...string) (template.HTML, error) {
	if len(size) == 1 && size[0] == "big" {
		return drawing("mark big", name)
	}
	return drawing("mark", name)
}

func drawing(class, name string) (template.HTML, error) {
	if shapes[name] == "" {
		return "", fmt.Errorf("page: no shape %q", name)
	}
	return template.HTML(`<svg class="` + class + `" aria-hidden="true"><use href="#` + name + `"/></svg>`), nil
}

// Notches draws lessons or places: done are tall, current is framed, the
// rest short. The words beside it are the caller's.
func Notches(done int, current bool, total int) template.HTML {
	const step, first, most = 9, 4, 400
	total = min(max(total, 0), most)
	done = min(max(done, 0), total)
	var tall, short strings.Builder
	frame := ""
	for i := range total {
		x := strconv.Itoa(first + step*i)
		switch {
		case i < done:
			tall.WriteString("M" + x + " 2v16")
		case i == done && current:
			frame = `<path fill="none" stroke="currentColor" stroke-width="2" d="M` + strconv.Itoa(first+step*i-2) + ` 3h5v14h-5z"/>`
		default:
			short.WriteString("M" + x + " 12v6")
		}
	}
	width := strconv.Itoa(step * total)
	return template.HTML(`<svg class="notch" viewBox="0 0 ` + width + ` 20" width="` + width + `" height="20" aria-hidden="true">` +
		stroke("4.5", tall.String()) + stroke("2", short.String()) + frame + `</svg>`)
}

func stroke(width, path string) string {
	if path == "" {
		return ""
	}
	return `<path stroke="currentColor" stroke-width="` + width + `" d="` + path + `"/>`
}

// Ring draws how much of a course is done; label is its text alternative.
func Ring(done, total int, label string) template.HTML {
	total = max(total, 1)
	part := strconv.FormatFloat(100*float64(min(max(done, 0), total))/float64(total), 'f', 1, 64)
	return template.HTML(`<svg class="ring" width="64" height="64" viewBox="0 0 64 64" role="img" aria-label="` + template.HTMLEscapeString(label) + `">` +
		`<circle cx="32" cy="32" r="27" fill="none" stroke="currentColor" stroke-width="2" opacity=".45"/>` +
		`<circle cx="32" cy="32" r="27" fill="none" stroke="currentColor" stroke-width="6" pathLength="100" stroke-dasharray="` + part + ` 100" transform="rotate(-90 32 32)"/>` +
		`<text x="32" y="37" text-anchor="middle" font-size="14" font-weight="700" fill="currentColor" font-family="system-ui,sans-serif">` +
		strconv.Itoa(done) + `/` + strconv.Itoa(total) + `</text></svg>`)
}
