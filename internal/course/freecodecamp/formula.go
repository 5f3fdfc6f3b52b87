package freecodecamp

import (
	"html"
	"regexp"
	"strings"

	"kept/internal/course"
	"kept/internal/course/mathml"
)

// withFormulas are the parts of the curriculum in which the original site
// draws formulas. Elsewhere a $ is a sign like any other.
var withFormulas = regexp.MustCompile(`(?i)(^|[/-])(project-euler|rosetta-code)`)

// formulas makes formulas of $…$ and $$…$$, wherever text stands.
func (d *draft) formulas() {
	if !withFormulas.MatchString(d.version.File) {
		return
	}
	for _, list := range lists(d.version) {
		d.formulasIn(list)
	}
	if works := d.version.Exercise; works != nil {
		for i := range works.Tests {
			works.Tests[i].Says = d.withMath(works.Tests[i].Says, 0)
		}
	}
}

func (d *draft) formulasIn(blocks []course.Block) {
	for i := range blocks {
		if blocks[i].Shape != course.Code {
			blocks[i].Text = d.withMath(blocks[i].Text, blocks[i].Line)
		}
		d.formulasIn(blocks[i].Blocks)
	}
}

// formula is $…$ or $$…$$ as TeX and Markdown writers mean it: the signs touch
// what is inside, no digit follows the last, and no empty line is crossed. A
// piece of code in back quotes is found first, so that it stays.
var formula = regexp.MustCompile("(?s)```.*?```|``.*?``|`[^`\n]*`|" + `\$\$(.+?)\$\$|\$([^\s$](?:[^$\n]*[^\s$])?)\$`)

func (d *draft) withMath(text string, line int) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var b strings.Builder
	last := 0
	for _, m := range formula.FindAllStringSubmatchIndex(text, -1) {
		tex, display := formulaAt(text, m)
		if tex == "" {
			continue
		}
		b.WriteString(text[last:m[0]])
		b.WriteString(d.drawn(tex, display, lineOf(text[:m[0]], line)))
		last = m[1]
	}
	return b.String() + text[last:]
}

// formulaAt is the source of what was found, or nothing if it is no formula.
func formulaAt(text string, m []int) (tex string, display bool) {
	switch {
	case m[2] >= 0 && !strings.Contains(text[m[2]:m[3]], "\n\n"):
		return text[m[2]:m[3]], true
	case m[4] >= 0 && (m[1] == len(text) || text[m[1]] < '0' || text[m[1]] > '9'):
		return text[m[4]:m[5]], false
	}
	return "", false
}

func lineOf(before string, line int) int {
	if line == 0 {
		return 0
	}
	return line + strings.Count(before, "\n")
}

// drawn is a formula as MathML. In its source Markdown has been at work before
// TeX, so signs that Markdown knows are behind a backslash of their own.
func (d *draft) drawn(source string, display bool, line int) string {
	tex := unescape(html.UnescapeString(source))
	markup, err := mathml.Convert(tex, display)
	if err != nil {
		d.warn(line, "the formula %q is shown as its source, because %v; write it with other commands", short(tex), err)
		return "`" + strings.Join(strings.Fields(strings.ReplaceAll(tex, "`", "'")), " ") + "`"
	}
	// A number of lines goes with the formula; those below keep theirs.
	ends := strings.Repeat("\n", strings.Count(source, "\n"))
	if display && ends != "" {
		return `<div class="math">` + markup + `</div>` + ends
	}
	return markup
}

// unescape takes the backslashes away that Markdown takes away.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", text[i+1]) >= 0 {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
