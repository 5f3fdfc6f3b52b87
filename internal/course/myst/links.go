package myst

import (
	"net/url"
	"path"
	"strings"
)

// findPage finds a page by the name that a page gives it: relative to the
// page, or with a slash relative to the lesson, with or without an ending.
func (w *writer) findPage(name string) (*page, bool) {
	name = strings.TrimSpace(name)
	for _, ext := range []string{".md", ".rst", ".html"} {
		name = strings.TrimSuffix(name, ext)
	}
	name = strings.TrimSuffix(name, "/")
	if name == "" {
		return nil, false
	}
	doc := path.Join(path.Dir(w.from.doc), name)
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		doc = path.Clean(rest)
	}
	p, ok := w.pages[doc]
	if !ok {
		p, ok = w.pages[path.Join(doc, "index")]
	}
	return p, ok
}

func pageTarget(p *page) target { return target{page: p, title: p.title} }

// leadTo writes a link to a place of the lesson.
func (w *writer) leadTo(to target, text string) string {
	anchor := ""
	if to.anchor != "" {
		anchor = "#" + url.PathEscape(to.anchor)
	}
	if to.page == w.page {
		if anchor == "" {
			anchor = "#"
		}
		return "[" + text + "](" + anchor + ")"
	}
	return "[" + text + "](" + angled(relative(path.Dir(w.page.file), to.page.file)+anchor) + ")"
}

// link writes a Markdown link whose address is not one of the web: a page, a
// heading, a label, or a file.
func (w *writer) link(text, address string, num int) string {
	address = strings.TrimPrefix(strings.TrimPrefix(address, "project:"), "path:")
	if strings.HasPrefix(address, "inv:") {
		if text == "" {
			text = escapeText(address[strings.LastIndexAny(address, "#:")+1:])
		}
		return text
	}
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	to, ok := w.place(address)
	if !ok {
		return w.fileLink(text, address, num)
	}
	if text == "" {
		if text = escapeText(plainText(to.title)); text == "" {
			text = escapeText(strings.Trim(address, "#"))
		}
	}
	return w.leadTo(to, text)
}

// place finds what an address leads to inside the lesson.
func (w *writer) place(address string) (target, bool) {
	name, anchor, _ := strings.Cut(address, "#")
	if name == "" {
		if to, ok := w.from.places[strings.ToLower(anchor)]; ok {
			return to, true
		}
		return w.findLabelOnly(anchor)
	}
	if p, ok := w.findPage(name); ok {
		if to, ok := p.places[strings.ToLower(anchor)]; ok && anchor != "" {
			return to, true
		}
		if to, ok := w.labels[linkKey(anchor)]; ok && anchor != "" && to.page == p {
			return to, true
		}
		return pageTarget(p), true
	}
	return w.findLabelOnly(address)
}

func (w *writer) findLabelOnly(name string) (target, bool) {
	to, ok := w.labels[linkKey(name)]
	return to, ok
}

// fileLink is a link to a file of the lesson, or to nothing.
func (w *writer) fileLink(text, address string, num int) string {
	name, _, _ := strings.Cut(address, "#")
	name, _, _ = strings.Cut(name, "?")
	if text == "" {
		text = escapeText(path.Base(address))
	}
	if name != "" {
		if file, err := w.insideFile(w.from, name); err == nil && isFile(w.fsys, file) {
			return "[" + text + "](" + angled(w.address(address)) + ")"
		}
	}
	w.warn(num, "the link %q leads to no page, heading, label or file of the lesson and is shown as text; correct it", cut(address))
	return text
}
