package project

import (
	"html/template"
	"path"
	"strings"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// Code that is longer, or takes longer, is shown without colours: who hands it
// in may mean to keep the lexer busy.
const (
	maxColoured  = 32 << 10
	colouringEnd = 200 * time.Millisecond
)

// painter colours the texts of one page within one span of time.
type painter struct {
	out strings.Builder
	end time.Time
}

// coloured writes a text as lines; keywords, strings, numbers and comments are
// marked by the style's four classes. Every character of it is escaped here.
func coloured(t Text, end time.Time) template.HTML {
	p := &painter{end: end}
	source := strings.TrimRight(t.Text, "\n") + "\n"
	left := p.tokens(lexers.Get(strings.TrimPrefix(path.Ext(t.Name), ".")), source)
	p.plain(left)
	return template.HTML(strings.TrimRight(p.out.String(), "\n"))
}

// tokens writes as much of the source as the lexer tells apart in time, and
// returns the rest.
func (p *painter) tokens(lexer chroma.Lexer, source string) (left string) {
	if lexer == nil || len(source) > maxColoured {
		return source
	}
	next, err := chroma.Coalesce(lexer).Tokenise(nil, source)
	if err != nil {
		return source
	}
	left = source
	for t := next(); t != chroma.EOF; t = next() {
		rest, ours := strings.CutPrefix(left, t.Value)
		if !ours || time.Now().After(p.end) {
			break
		}
		left = rest
		p.token(t)
	}
	return left
}

func (p *painter) token(t chroma.Token) {
	words := strings.TrimRight(t.Value, "\n") // a comment's line end stays outside
	class := classOf(t.Type)
	if class == "" || words == "" {
		p.plain(t.Value)
		return
	}
	p.out.WriteString(`<span class="` + class + `">`)
	p.plain(words)
	p.out.WriteString("</span>" + t.Value[len(words):])
}

func (p *painter) plain(text string) { template.HTMLEscape(&p.out, []byte(text)) }

func classOf(t chroma.TokenType) string {
	switch {
	case t == chroma.NameTag, t == chroma.CommentPreproc, t.InCategory(chroma.Keyword):
		return "k"
	case t.InCategory(chroma.Comment):
		return "c"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber):
		return "n"
	}
	return ""
}
