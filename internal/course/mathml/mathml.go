// Package mathml turns formulas in TeX into MathML, which browsers show and
// screen readers read without any script.
//
// It owns a subset of TeX: what lessons about computing, statistics and physics
// use. It refuses the rest with an error that names it, so that the caller can
// show the source instead. It defines no macros and loads nothing, so a formula
// can grow neither in time nor in size beyond what was written.
//
// Start at Convert.
package mathml

import (
	"fmt"
	"strings"
)

// Bounds that no honest formula comes near.
const (
	maxLength = 20_000 // bytes of source
	maxDepth  = 60     // groups within groups
	maxPrimes = 24     // bytes of signs in a row
)

// Error says what a formula holds that cannot be shown.
type Error struct {
	What string
}

func (e *Error) Error() string { return e.What }

// Convert gives a <math> element. Every sign in it that Markdown might take for
// its own is written as a number, so it can stand in a Markdown text. All
// errors are of type *Error.
func Convert(tex string, display bool) (string, error) {
	if len(tex) > maxLength {
		return "", &Error{What: fmt.Sprintf("the formula has %d bytes and at most %d are read", len(tex), maxLength)}
	}
	body, err := whole(strings.ToValidUTF8(tex, "\uFFFD"), display)
	if err != nil {
		return "", err
	}
	mode := "inline"
	if display {
		mode = "block"
	}
	return `<math display="` + mode + `"><mrow>` + body + `</mrow></math>`, nil
}

// whole reads a formula to its end. One of several lines needs no environment
// around it when it stands alone.
func whole(tex string, display bool) (string, error) {
	p := &parser{source: tex, display: display}
	body := p.row("")
	if p.err == nil && p.at < len(p.source) && (p.sees(`\\`) || display && p.sees("&")) {
		p = &parser{source: `\begin{split}` + tex + "\n" + `\end{split}`, display: display}
		body = p.row("")
	}
	if p.err == nil && p.at < len(p.source) {
		p.fail("%q has no beginning", firstRune(p.source[p.at:]))
	}
	if p.err != nil {
		return "", p.err
	}
	return body, nil
}

// element wraps the children of a MathML element.
func element(name string, children ...string) string {
	return "<" + name + ">" + strings.Join(children, "") + "</" + name + ">"
}

func identifier(text string) string { return element("mi", escape(text)) }

func operator(text string) string { return element("mo", escape(text)) }

// upright is an identifier of one letter that is not slanted, or a name.
func upright(text string) string {
	if len([]rune(text)) > 1 {
		return identifier(text)
	}
	return `<mi mathvariant="normal">` + escape(text) + `</mi>`
}

// fence is a bracket that grows with what it holds, or does not.
func fence(text string, grows bool) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(`<mo stretchy="%t">%s</mo>`, grows, escape(text))
}

// escape writes all ASCII but letters, digits and spaces as numbers.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == ' ', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= 0xA0:
			b.WriteRune(r)
		case r < ' ' || r >= 0x7F:
			b.WriteByte(' ')
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
