package myst

import (
	"regexp"
	"strings"
)

// escapeText writes plain text so that Markdown shows it as it is.
func escapeText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>#|~&$!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// codeSpan shows text as code, whatever it holds.
func codeSpan(s string) string {
	if s == "" {
		return ""
	}
	mark := strings.TrimSuffix(fenceFor(s), "``")
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return mark + s + mark
}

var (
	anyRole  = regexp.MustCompile("\\{[A-Za-z][A-Za-z0-9_:.+-]*\\}`([^`]*)`")
	anyLink  = regexp.MustCompile(`!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])`)
	anyTag   = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)
	inTitle  = regexp.MustCompile(`^(.*\S)\s*<[^<>]*>$`)
	entities = strings.NewReplacer("`", "", "**", "", "*", "", "\\", "")
)

// plainText is Markdown without marks, for names and labels.
func plainText(s string) string {
	s = anyRole.ReplaceAllStringFunc(s, func(m string) string {
		content := anyRole.FindStringSubmatch(m)[1]
		if t := inTitle.FindStringSubmatch(content); t != nil {
			return t[1]
		}
		return content
	})
	s = anyLink.ReplaceAllString(s, "$1")
	s = anyTag.ReplaceAllString(s, "")
	return oneLine(entities.Replace(s))
}
