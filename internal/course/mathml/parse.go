package mathml

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parser reads a formula from left to right. After an error it reads on
// without harm, and what it gives no longer counts.
type parser struct {
	source  string
	at      int
	depth   int
	display bool
	variant string // letters of this kind: "bb", "cal", …
	err     *Error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &Error{What: fmt.Sprintf(format, args...)}
	}
	p.at = len(p.source)
}

// enter counts a level; the function that it gives leaves it again.
func (p *parser) enter() func() {
	p.depth++
	if p.depth > maxDepth {
		p.fail("the formula nests more than %d levels deep", maxDepth)
	}
	return func() { p.depth-- }
}

func (p *parser) space() {
	for p.at < len(p.source) {
		switch c := p.source[p.at]; {
		case c == ' ', c == '\t', c == '\n', c == '\r':
			p.at++
		case c == '%':
			p.comment()
		default:
			return
		}
	}
}

func (p *parser) comment() {
	if end := strings.IndexByte(p.source[p.at:], '\n'); end >= 0 {
		p.at += end + 1
		return
	}
	p.at = len(p.source)
}

// sees takes a word if the source goes on with it.
func (p *parser) sees(word string) bool {
	p.space()
	if strings.HasPrefix(p.source[p.at:], word) {
		p.at += len(word)
		return true
	}
	return false
}

// ends tells whether a row is over: at one of the marks that close a group,
// a cell, a line or an environment.
func (p *parser) ends(until string) bool {
	p.space()
	rest := p.source[p.at:]
	if rest == "" || rest[0] == '}' || rest[0] == '&' || until == "]" && rest[0] == ']' {
		return true
	}
	if rest[0] != '\\' {
		return false
	}
	name := commandName(rest[1:])
	return name == `\` || name == "cr" || name == "end" || name == "right"
}

// row reads atoms up to the end of a group.
func (p *parser) row(until string) string {
	defer p.enter()()
	var b strings.Builder
	for p.err == nil && !p.ends(until) {
		b.WriteString(p.scripted())
	}
	return b.String()
}

// atom is a piece of a formula and how scripts stand at it.
type atom struct {
	markup string
	limits bool // scripts stand above and below
}

// scripted reads an atom with what is raised and lowered at it.
func (p *parser) scripted() string {
	base := p.atom()
	low, high, primes := "", "", ""
	for p.err == nil {
		switch {
		case low == "" && p.sees("_"):
			low = p.argument()
		case high == "" && p.sees("^"):
			high = p.argument()
		case p.sees("'"):
			if primes += "\u2032"; len(primes) > maxPrimes {
				p.fail("there are too many primes in a row")
			}
		case p.sees(`\limits`):
			base.limits = true
		case p.sees(`\nolimits`):
			base.limits = false
		default:
			return place(base, low, joinScripts(primes, high))
		}
	}
	return ""
}

func joinScripts(primes, high string) string {
	switch {
	case primes == "":
		return high
	case high == "":
		return operator(primes)
	}
	return element("mrow", operator(primes), high)
}

func place(base atom, low, high string) string {
	names := [3]string{"msub", "msup", "msubsup"}
	if base.limits {
		names = [3]string{"munder", "mover", "munderover"}
	}
	body := base.markup
	if body == "" {
		body = "<mrow></mrow>"
	}
	switch {
	case low != "" && high != "":
		return element(names[2], body, low, high)
	case low != "":
		return element(names[0], body, low)
	case high != "":
		return element(names[1], body, high)
	}
	return base.markup
}

// argument is what a command or a script takes: a group or one atom.
func (p *parser) argument() string {
	defer p.enter()()
	p.space()
	if p.at >= len(p.source) {
		p.fail("the formula ends where something must follow")
		return ""
	}
	if p.source[p.at] == '}' || p.source[p.at] == '&' {
		p.fail("%q stands where something must follow", p.source[p.at])
		return ""
	}
	if c := p.source[p.at]; c >= '0' && c <= '9' {
		p.at++
		return element("mrow", element("mn", styled(p.variant, string(c))))
	}
	return element("mrow", p.atom().markup)
}

func (p *parser) atom() atom {
	defer p.enter()()
	if p.err != nil {
		return atom{}
	}
	p.space()
	r, size := utf8.DecodeRuneInString(p.source[p.at:])
	switch {
	case r == '{':
		return atom{markup: p.group()}
	case r == '\\':
		return p.command()
	case r == '_' || r == '^' || r == '\'':
		return atom{} // a script of nothing
	case r >= '0' && r <= '9':
		return atom{markup: p.number()}
	}
	p.at += size
	return atom{markup: p.sign(r)}
}

func (p *parser) group() string {
	p.at++
	body := p.row("")
	if !p.sees("}") {
		p.fail("a { has no }")
	}
	return element("mrow", body)
}

func (p *parser) number() string {
	start := p.at
	for p.at < len(p.source) && (p.source[p.at] >= '0' && p.source[p.at] <= '9' || p.decimal()) {
		p.at++
	}
	return element("mn", escape(styled(p.variant, p.source[start:p.at])))
}

// decimal tells whether a point or comma stands between digits.
func (p *parser) decimal() bool {
	c := p.source[p.at]
	return (c == '.' || c == ',') && p.at+1 < len(p.source) && p.source[p.at+1] >= '0' && p.source[p.at+1] <= '9'
}

func (p *parser) sign(r rune) string {
	switch {
	case p.variant == "rm" && unicode.IsLetter(r):
		return upright(string(r))
	case unicode.IsLetter(r):
		return identifier(styled(p.variant, string(r)))
	case r == '-':
		return operator("\u2212")
	case r == '*':
		return operator("\u2217")
	case r == '~':
		return element("mtext", "\u00A0")
	case strings.ContainsRune("()[]|", r):
		return fence(string(r), false)
	}
	return operator(string(r))
}

// commandName is what follows a backslash: letters, or one sign.
func commandName(rest string) string {
	n := 0
	for n < len(rest) && (rest[n] >= 'a' && rest[n] <= 'z' || rest[n] >= 'A' && rest[n] <= 'Z') {
		n++
	}
	if n > 0 {
		return rest[:n]
	}
	return firstRune(rest)
}
