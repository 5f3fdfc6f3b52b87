package render

import (
	"strings"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"golang.org/x/net/html"
)

// Code that is longer, or takes longer, is shown without colours.
const (
	maxColoured  = 64 << 10
	colouringEnd = 300 * time.Millisecond
)

// names of languages as a person would say them.
var spoken = map[string]string{
	"js": "JavaScript", "javascript": "JavaScript", "jsx": "JSX", "ts": "TypeScript", "tsx": "TSX",
	"html": "HTML", "css": "CSS", "py": "Python", "python": "Python", "md": "Markdown", "markdown": "Markdown",
	"sh": "shell", "bash": "shell", "shell": "shell", "console": "shell", "json": "JSON", "yaml": "YAML",
	"yml": "YAML", "toml": "TOML", "sql": "SQL", "r": "R", "cpp": "C++", "c": "C", "julia": "Julia", "fortran": "Fortran", "go": "Go",
}

// codeBlock is a box with a button to copy, around coloured code.
func (p *pass) codeBlock(source string, info fenceInfo) *html.Node {
	code := element("code")
	colour(code, source, info.lang)
	emphasise(code, info.marked)
	pre := element("pre", "tabindex", "0", "aria-label", p.codeLabel(info))
	pre.AppendChild(code)
	button := element("button", "class", "link noprint", "type", "button", "data-copy", "")
	button.AppendChild(text(p.r.labels.Copy))
	box := element("div", "class", "code")
	if info.run {
		box.Attr = append(box.Attr, html.Attribute{Key: "data-run", Val: info.lang})
	}
	box.AppendChild(button)
	box.AppendChild(pre)
	return box
}

func (p *pass) codeLabel(info fenceInfo) string {
	what := info.title
	if what == "" {
		what = spoken[strings.ToLower(info.lang)]
	}
	if what == "" {
		return p.r.labels.Code
	}
	return p.r.labels.Code + ": " + strings.Map(noMarkup, what)
}

// noMarkup drops what an attribute is not allowed to hold.
func noMarkup(r rune) rune {
	if strings.ContainsRune(`<>"`, r) {
		return -1
	}
	return r
}

// fenceInfo is the first line of a code block: a language, the word "run" for
// code that a reader can start, lines to look at as in {1,3-5}, and a title in
// quotes.
type fenceInfo struct {
	lang   string
	title  string
	run    bool
	marked lines
}

func readInfo(info string) fenceInfo {
	words, title, _ := strings.Cut(info, `"`)
	out := fenceInfo{title: strings.TrimSuffix(strings.TrimSpace(title), `"`)}
	for i, word := range strings.Fields(words) {
		switch {
		case word == "run":
			out.run = true
		case markedLines.MatchString(word):
			out.marked = readLines(strings.Trim(word, "{}"))
		case i == 0:
			out.lang = strings.Trim(word, "{}")
		}
	}
	return out
}

// colour adds source to a node, wrapped in spans of four classes: keywords,
// strings, numbers, comments. More would be noise.
func colour(into *html.Node, source, lang string) {
	lexer := lexers.Get(lang)
	if lang == "" || lexer == nil || len(source) > maxColoured {
		into.AppendChild(text(source))
		return
	}
	source += "\n" // many lexers end a comment or a command only there
	tokens, err := chroma.Coalesce(lexer).Tokenise(&chroma.TokeniseOptions{State: "root"}, source)
	if err != nil {
		into.AppendChild(text(strings.TrimSuffix(source, "\n")))
		return
	}
	left, end := source, time.Now().Add(colouringEnd)
	for token := tokens(); token != chroma.EOF; token = tokens() {
		if !strings.HasPrefix(left, token.Value) || time.Now().After(end) {
			break
		}
		left = left[len(token.Value):]
		addToken(into, token)
	}
	if left != "" {
		into.AppendChild(text(left))
	}
	trimLineEnd(into)
}

// trimLineEnd takes the added line end away again.
func trimLineEnd(n *html.Node) {
	for n.LastChild != nil {
		n = n.LastChild
	}
	n.Data = strings.TrimSuffix(n.Data, "\n")
}

func addToken(into *html.Node, token chroma.Token) {
	class := tokenClass(token.Type)
	if class == "" {
		if last := into.LastChild; last != nil && last.Type == html.TextNode {
			last.Data += token.Value
			return
		}
		into.AppendChild(text(token.Value))
		return
	}
	span := element("span", "class", class)
	span.AppendChild(text(token.Value))
	into.AppendChild(span)
}

func tokenClass(t chroma.TokenType) string {
	switch {
	case t == chroma.CommentPreproc:
		return "k"
	case t.InCategory(chroma.Comment):
		return "c"
	case t.InCategory(chroma.Keyword), t == chroma.NameTag:
		return "k"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber):
		return "n"
	}
	return ""
}
