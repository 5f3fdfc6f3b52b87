package mathml

import (
	"strings"
)

// command reads a backslash, the name behind it, and what the name takes.
func (p *parser) command() atom {
	name := commandName(p.source[p.at+1:])
	p.at += 1 + len(name)
	if sign, ok := identifiers[name]; ok {
		return atom{markup: identifier(sign)}
	}
	if sign, ok := operators[name]; ok {
		return atom{markup: operator(sign)}
	}
	if sign, ok := large[name]; ok {
		return atom{markup: operator(sign), limits: p.display && !strings.HasSuffix(name, "int")}
	}
	if words, ok := functions[name]; ok {
		limits := p.display && strings.Contains(" lim limsup liminf max min sup inf argmax argmin det Pr gcd ", " "+name+" ")
		return atom{markup: identifier(words), limits: limits}
	}
	if gap, ok := spaces[name]; ok {
		return atom{markup: spaced(gap)}
	}
	if sign, ok := brackets[name]; ok {
		return atom{markup: fence(sign, false)}
	}
	return p.taking(name)
}

func spaced(gap string) string {
	if gap == "" {
		return ""
	}
	return element("mtext", gap)
}

// taking reads commands that take something.
func (p *parser) taking(name string) atom {
	if sign, ok := accents[name]; ok {
		return atom{markup: `<mover accent="true">` + p.argument() + operator(sign) + `</mover>`}
	}
	if variant, ok := variants[name]; ok {
		return atom{markup: p.inVariant(variant)}
	}
	if _, ok := texts[name]; ok {
		return atom{markup: element("mtext", escape(p.words()))}
	}
	switch name {
	case "frac", "dfrac", "tfrac", "cfrac":
		above := p.argument()
		return atom{markup: element("mfrac", above, p.argument())}
	case "binom", "dbinom", "tbinom":
		return atom{markup: p.binomial()}
	case "sqrt":
		return atom{markup: p.root()}
	case "left":
		return atom{markup: p.leftRight()}
	case "begin":
		return atom{markup: p.environment()}
	case "operatorname":
		p.sees("*")
		return atom{markup: identifier(p.words())}
	}
	return p.stacking(name)
}

// stacking reads commands that put one thing above or below another, and
// those that change nothing that is shown.
func (p *parser) stacking(name string) atom {
	switch name {
	case "overline":
		return atom{markup: barred(p.argument())}
	case "underline":
		return atom{markup: element("munder", p.argument(), fence("\u2015", true))}
	case "overbrace":
		return atom{markup: element("mover", p.argument(), fence("\u23DE", true)), limits: true}
	case "underbrace":
		return atom{markup: element("munder", p.argument(), fence("\u23DF", true)), limits: true}
	case "overset", "stackrel":
		above := p.argument()
		return atom{markup: element("mover", p.argument(), above)}
	case "underset":
		below := p.argument()
		return atom{markup: element("munder", p.argument(), below)}
	case "tag":
		return atom{markup: element("mtext", "\u2003", escape("("+p.words()+")"))}
	case "label":
		p.words()
		return atom{}
	case "color":
		return atom{markup: p.coloured()}
	case "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "middle":
		return atom{markup: fence(p.bracket(), true)}
	case "displaystyle", "textstyle", "scriptstyle", "nonumber", "notag", "limits", "nolimits":
		return atom{}
	}
	p.fail(`\%s is not known`, name)
	return atom{}
}

// inVariant reads what follows in other letters.
func (p *parser) inVariant(variant string) string {
	before := p.variant
	p.variant = variant
	defer func() { p.variant = before }()
	p.space()
	if variant == "rm" && strings.HasPrefix(p.source[p.at:], "{") {
		if name, ok := p.plainName(); ok {
			return identifier(name)
		}
	}
	return p.argument()
}

// plainName takes a group that holds letters only, as in \mathrm{kg}.
func (p *parser) plainName() (string, bool) {
	end := strings.IndexByte(p.source[p.at:], '}')
	if end < 3 {
		return "", false
	}
	name := p.source[p.at+1 : p.at+end]
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "", false
		}
	}
	p.at += end + 1
	return name, true
}

// words takes a group as plain text.
func (p *parser) words() string {
	if !p.sees("{") {
		return p.oneSign()
	}
	start, level := p.at, 1
	for ; p.at < len(p.source); p.at++ {
		switch p.source[p.at] {
		case '{':
			level++
		case '}':
			if level--; level == 0 {
				p.at++
				return plainWords(p.source[start : p.at-1])
			}
		}
	}
	p.fail("a { has no }")
	return ""
}

// oneSign takes what is not in a group, as in \textbf2.
func (p *parser) oneSign() string {
	p.space()
	sign := firstRune(p.source[p.at:])
	if sign == "" || strings.ContainsAny(sign, `\}&`) {
		p.fail("a { is missing")
		return ""
	}
	p.at += len(sign)
	return plainWords(sign)
}

func plainWords(s string) string {
	s = strings.NewReplacer(`\_`, "_", `\%`, "%", `\&`, "&", `\#`, "#", `\$`, "$", "~", "\u00A0", "{", "", "}", "", "$", "").Replace(s)
	if strings.HasPrefix(s, " ") {
		s = "\u00A0" + s[1:]
	}
	if strings.HasSuffix(s, " ") {
		s = s[:len(s)-1] + "\u00A0"
	}
	return s
}

// root is drawn by the page's own style: browsers show <msqrt> without its sign
// where no font for formulas is installed, and then the formula is another.
func (p *parser) root() string {
	if !p.sees("[") {
		return element("mrow", operator("\u221A"), barred(p.argument()))
	}
	index := p.row("]")
	if !p.sees("]") {
		p.fail("a [ has no ]")
	}
	index = element("msup", element("mrow"), element("mrow", index))
	return element("mrow", index, operator("\u221A"), barred(p.argument()))
}

// barred is what stands under a bar. The class tells the page's style.
func barred(body string) string { return `<mrow class="math">` + body + `</mrow>` }

// coloured is what an author wants to stand out. Which colour it was is said
// by nobody who cannot see it, so the page has one mark for all of them.
func (p *parser) coloured() string {
	p.space()
	if p.words(); p.err != nil {
		return ""
	}
	if p.space(); p.at >= len(p.source) || p.source[p.at] != '{' {
		return ""
	}
	return `<mrow class="hl">` + p.argument() + `</mrow>`
}

func (p *parser) binomial() string {
	above := p.argument()
	rows := element("mtr", element("mtd", above)) + element("mtr", element("mtd", p.argument()))
	return element("mrow", fence("(", true), element("mtable", rows), fence(")", true))
}

func (p *parser) leftRight() string {
	open := fence(p.bracket(), true)
	body := p.row("")
	if !p.sees(`\right`) {
		p.fail(`a \left has no \right`)
		return ""
	}
	return element("mrow", open, body, fence(p.bracket(), true))
}

// bracket reads the sign behind \left, \right and \big.
func (p *parser) bracket() string {
	p.space()
	if p.at >= len(p.source) {
		p.fail("a bracket is missing")
		return ""
	}
	if p.source[p.at] != '\\' {
		sign := firstRune(p.source[p.at:])
		p.at += len(sign)
		switch sign {
		case ".":
			return ""
		case "<":
			return "\u27E8"
		case ">":
			return "\u27E9"
		}
		return sign
	}
	name := commandName(p.source[p.at+1:])
	sign, ok := brackets[name]
	if !ok {
		p.fail(`\%s is not a bracket`, name)
		return ""
	}
	p.at += 1 + len(name)
	return sign
}
