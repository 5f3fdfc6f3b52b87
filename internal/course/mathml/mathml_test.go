package mathml_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"kept/internal/course/mathml"
)

func TestFormulas(t *testing.T) {
	for _, c := range []struct{ tex, want string }{
		{`x`, `<mi>x</mi>`},
		{`3.14`, `<mn>3&#46;14</mn>`},
		{`a-b`, `<mi>a</mi><mo>−</mo><mi>b</mi>`},
		{`x^2`, `<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>`},
		{`x_i^{2n}`, `<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mrow><mn>2</mn><mi>n</mi></mrow></mrow></msubsup>`},
		{`f'`, `<msup><mi>f</mi><mo>′</mo></msup>`},
		{`\frac12`, `<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>`},
		{`\frac{a}{b}`, `<mfrac><mrow><mrow><mi>a</mi></mrow></mrow><mrow><mrow><mi>b</mi></mrow></mrow></mfrac>`},
		{`\sqrt[3]{x}`, `<msup><mrow></mrow><mrow><mn>3</mn></mrow></msup><mo>√</mo><mrow class="math"><mrow><mrow><mi>x</mi></mrow></mrow></mrow>`},
		{`\alpha \le \infty`, `<mi>α</mi><mo>≤</mo><mi>∞</mi>`},
		{`\left( x \right]`, `<mo stretchy="true">&#40;</mo><mi>x</mi><mo stretchy="true">&#93;</mo>`},
		{`\left. x \right|`, `<mrow><mi>x</mi><mo stretchy="true">&#124;</mo></mrow>`},
		{`\mathbb{R}`, `<mi>ℝ</mi>`},
		{`\mathbf{A}`, `<mi>𝐀</mi>`},
		{`\mathrm{kg}`, `<mi>kg</mi>`},
		{`\mathrm{d}x`, `<mi mathvariant="normal">d</mi>`},
		{`\text{if } x < 0`, "<mtext>if\u00A0</mtext><mi>x</mi><mo>&#60;</mo><mn>0</mn>"},
		{`\hat{y}`, `<mover accent="true"><mrow><mrow><mi>y</mi></mrow></mrow><mo>&#94;</mo></mover>`},
		{`\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}`, `<mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr>`},
		{`\begin{cases} 1 & x \\ \end{cases}`, `<mtable><mtr><mtd class="math"><mn>1</mn></mtd><mtd class="math"><mi>x</mi></mtd></mtr></mtable>`},
		{`a * b_`, ``},
		{"x % a remark\n+ y", `<mi>x</mi><mo>&#43;</mo><mi>y</mi>`},
		{`\binom{n}{k}`, `<mtable><mtr><mtd><mrow><mrow><mi>n</mi></mrow></mrow></mtd></mtr>`},
	} {
		got, err := mathml.Convert(c.tex, false)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s gives %s, want an error", c.tex, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.tex, err)
			continue
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.tex, got, c.want)
		}
	}
}

func TestLimitsStandAboveAndBelowOnlyWhereThereIsRoom(t *testing.T) {
	for tex, want := range map[string]string{`\sum_{i=1}^n i`: "<munderover>", `\lim_{x \to 0}`: "<munder>", `\int_0^1`: "<msubsup>"} {
		if got, err := mathml.Convert(tex, true); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s gives %s, %v; want %s", tex, got, err, want)
		}
	}
	if got, err := mathml.Convert(`\sum_{i=1}^n i`, false); err != nil || !strings.Contains(got, "<msubsup>") {
		t.Errorf("in a line: %s, %v; want msubsup", got, err)
	}
}

func TestLinesStandUnderEachOther(t *testing.T) {
	got, err := mathml.Convert(`a &= b \\ &= c`, true)
	if err != nil || strings.Count(got, "<mtr>") != 2 || !strings.Contains(got, `<mtable class="math">`) {
		t.Errorf("got %s, %v; want a table of two lines", got, err)
	}
}

func TestWhatIsNotKnownIsNamed(t *testing.T) {
	for tex, want := range map[string]string{
		`\frobnicate x`:                        `\frobnicate`,
		`\begin{tikzpicture}\end{tikzpicture}`: "tikzpicture",
		`{x`:                                   "has no }",
		`x}`:                                   "no beginning",
		`\left( x`:                             `no \right`,
		`\frac{1}`:                             "must follow",
		`\begin{matrix} 1 \end{cases}`:         "cases",
		strings.Repeat("{", 500):               "levels deep",
		strings.Repeat("x", 30_000):            "bytes",
	} {
		got, err := mathml.Convert(tex, true)
		var typed *mathml.Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s gives %.40s and %v, want an error with %q", tex, got, err, want)
		}
	}
}

var safe = regexp.MustCompile("^[^*_`\\[\\]$~\\\\|\n]*$")

func FuzzConvert(f *testing.F) {
	for _, seed := range []string{`x^2`, `\frac{a}{b}`, `\begin{cases} 1 & x>0 \\ 0 \end{cases}`, `\left\{ x \right.`, `\sqrt[3]{\hat x}'_1`, `\text{a_b}`, `^_'`, `\`, `{}{}&`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		got, err := mathml.Convert(tex, len(tex)%2 == 0)
		if err != nil {
			return
		}
		if len(got) > 400*(len(tex)+1) {
			t.Errorf("%d bytes grow to %d", len(tex), len(got))
		}
		decoder := xml.NewDecoder(strings.NewReader(got))
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%q gives %s: %v", tex, got, err)
		}
		if !safe.MatchString(got) {
			t.Errorf("%q gives %s, in which Markdown sees marks", tex, got)
		}
	})
}
