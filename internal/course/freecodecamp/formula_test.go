package freecodecamp

import (
	"strings"
	"testing"

	"kept/internal/course"
)

func withFormula(folder, text string) (string, []course.Warning) {
	var warnings []course.Warning
	d := parseChallenge("english/blocks/"+folder+"/a.md", "english", "---\nid: a\ntitle: A\nchallengeType: 24\n---\n\n# --description--\n\n"+text+"\n", &warnings)
	return d.version.Blocks[0].Text, warnings
}

func TestFormulas(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"in a line", `so $n^2 + 1$ is`, `so <math display="inline">`},
		{"a backslash that Markdown takes", `$\\frac 1 2$`, "<mfrac>"},
		{"a backslash of its own", `$\frac{1}{2}$`, "<mfrac>"},
		{"alone", "$$1! = 1$$", `<math display="block">`},
		{"of several lines", "$$\\begin{align}\n&a\\\\\\\\\n&b\n\\end{align}$$", `<div class="math"><math display="block">`},
		{"a sign behind an entity", "$a &lt; b$", "<mo>&#60;</mo>"},
		{"what stands out", `$$\color{red}{131} & 2$$`, `<mrow class="hl">`},
		{"money", "It costs $5 and $6.", "It costs $5 and $6."},
		{"code", "use `$a$` here", "use `$a$` here"},
		{"a block of code", "```sh\necho $a$b$\n```", "echo $a$b$"},
		{"not across paragraphs", "$$a\n\nb$$", "$$a\n\nb$$"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, warnings := withFormula("project-euler-1", c.in)
			if !strings.Contains(got, c.want) || len(warnings) > 0 {
				t.Errorf("got %s and %v, want %s", got, warnings, c.want)
			}
		})
	}
}

func TestFormulasThatAreNotKnown(t *testing.T) {
	got, warnings := withFormula("project-euler-1", `first

and $\nonsense{1}$`)
	if !strings.Contains(got, "and `\\nonsense{1}`") {
		t.Errorf("the source is not shown: %s", got)
	}
	if len(warnings) != 1 || warnings[0].Line != 11 || !strings.Contains(warnings[0].What, `\nonsense is not known`) {
		t.Errorf("got %v, want one warning in line 11", warnings)
	}
}

func TestElsewhereADollarIsASign(t *testing.T) {
	if got, _ := withFormula("shells", "the names $HOME and $PATH$"); got != "the names $HOME and $PATH$" {
		t.Errorf("got %s", got)
	}
}
