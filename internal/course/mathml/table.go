package mathml

import "strings"

// environment reads \begin{name} to \end{name}.
func (p *parser) environment() string {
	defer p.enter()()
	name := strings.TrimSuffix(p.words(), "*")
	open, end, known := "", "", true
	switch name {
	case "matrix", "smallmatrix", "array", "substack":
	case "pmatrix":
		open, end = "(", ")"
	case "bmatrix":
		open, end = "[", "]"
	case "Bmatrix":
		open, end = "{", "}"
	case "vmatrix":
		open, end = "|", "|"
	case "Vmatrix":
		open, end = "\u2016", "\u2016"
	case "cases":
		open = "{"
	case "align", "aligned", "alignat", "alignedat", "split", "eqnarray", "gather", "gathered", "equation", "multline":
	default:
		known = false
	}
	if !known {
		p.fail("the environment %s is not known", name)
		return ""
	}
	if name == "array" || strings.HasPrefix(name, "aligna") || name == "alignedat" {
		p.words() // how columns stand
	}
	rows := p.rows(name)
	return element("mrow", fence(open, true), rows, fence(end, true))
}

// rows reads cells and lines up to \end{name}. The class tells the page's own
// style how columns stand: those of a table by turns to the end and to the
// beginning, a cell of its own to the beginning.
func (p *parser) rows(name string) string {
	cell, table := "<mtd>", "<mtable>"
	switch name {
	case "cases":
		cell = `<mtd class="math">`
	case "align", "aligned", "alignat", "alignedat", "split", "eqnarray":
		table = `<mtable class="math">`
	}
	var rows, row strings.Builder
	for p.err == nil {
		row.WriteString(cell + p.row("") + "</mtd>")
		switch {
		case p.sees("&"):
		case p.sees(`\\`), p.sees(`\cr`):
			p.lineGap()
			rows.WriteString(element("mtr", row.String()))
			row.Reset()
		case p.sees(`\end`):
			return table + rows.String() + p.lastRow(name, row.String()) + "</mtable>"
		default:
			p.fail(`\begin{%s} has no \end`, name)
		}
	}
	return ""
}

// lineGap passes over the height behind a line's end: \\[2pt].
func (p *parser) lineGap() {
	if p.at < len(p.source) && p.source[p.at] == '[' {
		if end := strings.IndexByte(p.source[p.at:], ']'); end >= 0 {
			p.at += end + 1
		}
	}
}

func (p *parser) lastRow(name, row string) string {
	if end := strings.TrimSuffix(p.words(), "*"); end != name {
		p.fail(`\begin{%s} ends with \end{%s}`, name, end)
	}
	if row == "<mtd></mtd>" || row == `<mtd class="math"></mtd>` {
		return ""
	}
	return element("mtr", row)
}
