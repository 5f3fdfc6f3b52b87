package portfolio

import (
	"html/template"
	"path"
	"strings"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// Code that is longer, or takes longer, is shown without colours.
const (
	maxColoured  = 32 << 10
	colouringEnd = 200 * time.Millisecond
)

// coloured writes code with keywords, strings, numbers and comments marked by
// the style's four classes. The language follows from the file's ending.
func coloured(file File) template.HTML {
	lexer := lexers.Get(strings.TrimPrefix(path.Ext(file.Name), "."))
	if lexer == nil || len(file.Text) > maxColoured {
		return escaped(file.Text)
	}
	source := strings.TrimRight(file.Text, "\n") + "\n"
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, source)
	if err != nil {
		return escaped(file.Text)
	}
	var out strings.Builder
	left, end := source, time.Now().Add(colouringEnd)
	for token := tokens(); token != chroma.EOF; token = tokens() {
		if !strings.HasPrefix(left, token.Value) || time.Now().After(end) {
			break
		}
		left = left[len(token.Value):]
		writeToken(&out, token)
	}
	out.WriteString(template.HTMLEscapeString(left))
	return template.HTML(strings.TrimRight(out.String(), "\n"))
}

func escaped(code string) template.HTML {
	return template.HTML(template.HTMLEscapeString(strings.TrimRight(code, "\n")))
}

func writeToken(out *strings.Builder, token chroma.Token) {
	text := strings.TrimRight(token.Value, "\n") // a comment's line end stays outside
	class := classOf(token.Type)
	if class == "" || text == "" {
		out.WriteString(template.HTMLEscapeString(token.Value))
		return
	}
	out.WriteString(`<span class="` + class + `">` + template.HTMLEscapeString(text) + `</span>` + token.Value[len(text):])
}

func classOf(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment) && t != chroma.CommentPreproc:
		return "c"
	case t.InCategory(chroma.Keyword), t == chroma.NameTag, t == chroma.CommentPreproc:
		return "k"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber):
		return "n"
	}
	return ""
}
