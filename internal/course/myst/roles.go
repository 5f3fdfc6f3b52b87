package myst

import (
	"html"
	"path"
	"strings"
)

// role writes what stands behind the name of a role. The source keeps its
// line ends; content does not.
func (w *writer) role(name, content, source string, num int) string {
	switch name {
	case "math":
		return w.math(source, num)
	case "term":
		return w.term(content, num)
	case "doc":
		return w.doc(content, num)
	case "ref", "any", "numref", "eq", "link", "std:ref", "std:doc":
		return w.ref(name, content, num)
	case "download":
		return w.download(content, num)
	case "kbd":
		return "<kbd>" + html.EscapeString(content) + "</kbd>"
	case "sub", "sup":
		return "<" + name + ">" + escapeText(content) + "</" + name + ">"
	case "subscript", "superscript":
		return "<" + name[:3] + ">" + escapeText(content) + "</" + name[:3] + ">"
	case "octicon", "material-regular", "material-outlined", "material-round", "material-sharp", "fas", "fab", "far", "fa", "fa-solid", "icon":
		sign, _, _ := strings.Cut(content, ";")
		return "<kbd>" + html.EscapeString(sign) + "</kbd>"
	}
	if strings.HasPrefix(name, "external") {
		return w.external(name, content)
	}
	return w.plainRole(name, content, num)
}

// plainRole shows a role's words in one of the ways that Markdown has.
func (w *writer) plainRole(name, content string, num int) string {
	title, target := titleAndTarget(content)
	switch name {
	case "code", "literal", "command", "file", "program", "samp", "envvar", "option", "token", "mimetype", "makevar", "regexp", "func", "py:func",
		"class", "py:class", "mod", "py:mod", "meth", "py:meth", "attr", "py:attr", "obj", "py:obj", "data", "py:data", "exc", "py:exc", "const":
		return codeSpan(strings.TrimPrefix(title, "~"))
	case "guilabel", "strong", "bdg", "button-link", "button-ref":
		return "**" + escapeText(title) + "**"
	case "menuselection":
		return "**" + escapeText(strings.ReplaceAll(strings.ReplaceAll(title, "&", ""), "-->", "→")) + "**"
	case "emphasis", "title-reference", "title", "dfn":
		return "*" + escapeText(title) + "*"
	case "abbr", "abbreviation":
		return escapeText(content)
	case "pep":
		return "[PEP " + escapeText(title) + "](https://peps.python.org/pep-" + strings.Repeat("0", max(0, 4-len(target))) + angledPart(target) + ")"
	case "rfc":
		return "[RFC " + escapeText(title) + "](https://datatracker.ietf.org/doc/html/rfc" + angledPart(target) + ")"
	case "index":
		return escapeText(title)
	}
	if strings.HasPrefix(name, "bdg-") {
		return "**" + escapeText(title) + "**"
	}
	if domain, _, ok := strings.Cut(name, ":"); ok && strings.Contains(" py c cpp js rst std ", " "+domain+" ") {
		return codeSpan(title)
	}
	if strings.HasPrefix(name, "cite") || name == "footcite" {
		w.warn(num, "{%s} names a work in a list that is not read here and is shown as text; write a link or a footnote", name)
		return escapeText("[" + content + "]")
	}
	w.warn(num, "{%s} is not a known role and is shown as text; correct its name", cut(name))
	return escapeText(content)
}

// angledPart keeps only what an address may hold without marks.
func angledPart(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("/.-_#", r) {
			return r
		}
		return -1
	}, s)
}

// titleAndTarget takes "title <target>" apart. Without a target of its own,
// the title is one.
func titleAndTarget(content string) (title, target string) {
	if strings.HasSuffix(content, ">") {
		if i := strings.LastIndexByte(content, '<'); i >= 0 {
			title, target = strings.TrimSpace(content[:i]), content[i+1:len(content)-1]
			if title == "" {
				title = target
			}
			return title, target
		}
	}
	return content, content
}

func (w *writer) term(content string, num int) string {
	title, target := titleAndTarget(content)
	to, ok := w.terms[linkKey(target)]
	if !ok {
		w.warn(num, "the glossary has no term %q; add it or correct the name", cut(target))
		return "*" + escapeText(title) + "*"
	}
	return w.leadTo(to, escapeText(title))
}

// doc is a link to a page by its name.
func (w *writer) doc(content string, num int) string {
	title, target := titleAndTarget(content)
	p, ok := w.findPage(target)
	if !ok {
		w.warn(num, "there is no page %q; correct the name or add the page", cut(target))
		return escapeText(title)
	}
	if title == target {
		title = plainText(p.title)
	}
	return w.leadTo(pageTarget(p), escapeText(title))
}

// ref is a link to a label.
func (w *writer) ref(role, content string, num int) string {
	title, name := titleAndTarget(content)
	to, ok := w.findLabel(name)
	if p, isDoc := w.findPage(name); !ok && isDoc && role != "numref" {
		to, ok = pageTarget(p), true
	}
	if !ok && (name == "genindex" || name == "modindex" || name == "search") {
		return escapeText(title) // pages that Sphinx makes
	}
	if !ok {
		w.warn(num, "there is no label %q; write (%s)= above what is meant", cut(name), cut(name))
		return escapeText(title)
	}
	if role == "numref" {
		return w.leadTo(to, figureText(title, name, to))
	}
	if title != name {
		return w.leadTo(to, escapeText(title))
	}
	if to.title == "" {
		return w.leadTo(to, escapeText(name))
	}
	return w.leadTo(to, escapeText(plainText(to.title)))
}

// figureText is how a text speaks of a figure: by its number and name.
func figureText(title, name string, to target) string {
	if title == name {
		if to.number == 0 {
			return escapeText(plainText(to.title))
		}
		title = "Figure %s"
	}
	number := itoa(to.number)
	return escapeText(strings.NewReplacer("%s", number, "{number}", number, "{name}", plainText(to.title)).Replace(title))
}

// findLabel finds a label, or else a heading by its words.
func (b *book) findLabel(name string) (target, bool) {
	if to, ok := b.labels[linkKey(name)]; ok {
		return to, true
	}
	to, ok := b.titles[linkKey(name)]
	return to, ok
}

// external is a link to a page of another project, of which only the address
// of the whole is known.
func (w *writer) external(role, content string) string {
	title, _ := titleAndTarget(content)
	rest := strings.TrimPrefix(role, "external")
	if name, ok := strings.CutPrefix(rest, "+"); ok {
		name, _, _ = strings.Cut(name, ":")
		if home, ok := w.conf.mapping[name]; ok {
			return "[" + escapeText(title) + "](" + angled(home) + ")"
		}
	}
	if len(w.conf.mapping) == 1 {
		for _, home := range w.conf.mapping {
			return "[" + escapeText(title) + "](" + angled(home) + ")"
		}
	}
	return "*" + escapeText(title) + "*"
}

// download is a link to a file of the lesson.
func (w *writer) download(content string, num int) string {
	title, name := titleAndTarget(content)
	if isURL(name) {
		return "[" + escapeText(title) + "](" + angled(name) + ")"
	}
	if title == name {
		title = path.Base(name)
	}
	if _, err := w.insideFile(w.from, name); err != nil {
		w.warn(num, "%v", err)
		return escapeText(title)
	}
	return "[" + escapeText(title) + "](" + angled(w.address(name)) + ")"
}
