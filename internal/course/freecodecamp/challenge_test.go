package freecodecamp

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kept/internal/course"
)

func parse(t *testing.T, typ, body string) (*draft, string) {
	t.Helper()
	var warnings []course.Warning
	d := parseChallenge("b/a.md", "english", "---\nid: a\ntitle: A\nchallengeType: "+typ+"\ndashedName: a\n---\n"+body, &warnings)
	var all []string
	for _, w := range warnings {
		all = append(all, w.String())
	}
	return d, strings.Join(all, "\n")
}

const (
	hints = "# --hints--\n\nSays.\n\n```js\ntest();\n```\n"
	seed  = "# --seed--\n\n## --seed-contents--\n\n```js\nlet a;\n```\n"
)

func TestWarningsSayWhereAndWhat(t *testing.T) {
	for _, c := range []struct{ name, typ, body, want string }{
		{"sound exercise", "1", "# --description--\n\nx\n\n" + hints + seed, ""},
		{"marker with a space behind", "1", "# --description-- \n\nx\n\n" + hints + seed, ""},
		{"type", "99", "# --description--\n\nx", `b/a.md:4: the challengeType is "99"`},
		{"section", "24", "# --poem--\n\nx", `b/a.md:7: the section --poem-- is not known`},
		{"section of the wrong level", "24", "## --description--\n\nx", `b/a.md:7: the section --description-- is not known`},
		{"section in the wrong place", "24", "# --description--\n\nx\n\n## --answers--\n\ny", `b/a.md:11: the section --answers-- is not known`},
		{"open fence", "24", "# --description--\n\n```\nx", "b/a.md:9: the code that begins here has no end"},
		{"test without words", "1", "# --hints--\n\n```js\na\n```\n" + seed, "b/a.md:9: this test does not say"},
		{"words without test", "1", hints + "\nAlso.\n\n" + seed, "what is expected here has no test"},
		{"language of a test", "1", "# --hints--\n\nSays.\n\n```ruby\na\n```\n" + seed, `the code of a test is "ruby"`},
		{"no tests", "1", seed, "has nothing that is checked"},
		{"no files", "1", hints, "has no file to begin with"},
		{"kind of file", "1", hints + "# --seed--\n\n## --seed-contents--\n\n```cobol\nx\n```\n", `code in "cobol" does not run here`},
		{"text in the seed", "1", hints + seed + "\nstray\n", "text stands where only code is expected"},
		{"open region", "1", hints + "# --seed--\n\n## --seed-contents--\n\n```js\n--fcc-editable-region--\nx\n```\n", "the editable region is never closed"},
		{"empty solutions", "1", hints + seed + "# --solutions--\n", "the section --solutions-- has no code"},
		{"no question", "19", "# --description--\n\nx", "has no question"},
		{"one answer", "19", "# --questions--\n\n## --text--\n\nx\n\n## --answers--\n\na\n\n## --video-solution--\n\n1\n", "question 1 has 1 answers"},
		{"no right answer", "19", "# --questions--\n\n## --text--\n\nx\n\n## --answers--\n\na\n\n---\n\nb\n", "question 1 has no right answer"},
		{"solution out of range", "19", "# --questions--\n\n## --text--\n\nx\n\n## --answers--\n\na\n\n---\n\nb\n\n## --video-solution--\n\n7\n", `b/a.md:21: "7" is not the number of one of the 2 answers`},
		{"empty answer", "19", "# --questions--\n\n## --text--\n\nx\n\n## --answers--\n\na\n\n---\n\n---\n\nb\n\n## --video-solution--\n\n1\n", "an answer is empty"},
		{"blanks", "22", "# --fillInTheBlank--\n\n## --sentence--\n\n`BLANK and BLANK`\n\n## --blanks--\n\n`a`\n", "has 2 times BLANK but there are 1 answers"},
		{"no blanks", "22", "# --description--\n\nx", "has nothing to fill in"},
		{"scene", "21", "# --scene--\n\n```json\n{\n```\n", "the scene is not one block of json"},
		{"silent scene", "21", "# --scene--\n\n```json\n{}\n```\n", "nobody says anything"},
		{"no film", "11", "# --description--\n\nx", "has no film"},
		{"directive", "24", "# --description--\n\n:::memory_graph\n\nx\n\n:::\n", "b/a.md:9: the block ::: memory_graph is not known"},
		{"open directive", "24", "# --description--\n\n:::interactive_editor\n\nx\n", "b/a.md:9: ::: interactive_editor is never closed"},
		{"empty assignment", "24", "# --description--\n\nx\n\n# --assignment--\n", "the section --assignment-- is empty"},
		{"empty quiz", "8", "# --quizzes--\n\n## --quiz--\n", "the section --quiz-- has no question"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := parse(t, c.typ, c.body)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestHeadIsChecked(t *testing.T) {
	for _, c := range []struct{ name, head, want string }{
		{"id", "id: ../x\ntitle: A\nchallengeType: 24", "a.md:2: has no id of letters"},
		{"title", "id: x\nchallengeType: 24", "has no title"},
		{"field", "id: x\ntitle: A\nchallengeType: 24\ncolour: red", `a.md:5: "colour" is not a known field`},
		{"film", "id: x\ntitle: A\nchallengeType: 11\nvideoId: \"a\\\" onload\"", "videoId is"},
		{"address", "id: x\ntitle: A\nchallengeType: 24\nvideoUrl: javascript:alert(1)", "videoUrl is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var warnings []course.Warning
			d := parseChallenge("a.md", "english", "---\n"+c.head+"\n---\n# --description--\n\nx\n", &warnings)
			if got := fmt.Sprint(warnings); !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			if !wellFormed.MatchString(d.id) {
				t.Errorf("the id is %q", d.id)
			}
		})
	}
}

func TestUnknownThingsAreShown(t *testing.T) {
	d, _ := parse(t, "99", "above\n\n# --poem--\n\nRoses\n\n## --verse--\n\nred\n\n# --description--\n\n:::odd\n\ninside\n\n:::\n\nbelow\n")
	var shown []string
	var walk func(blocks []course.Block)
	walk = func(blocks []course.Block) {
		for _, b := range blocks {
			shown = append(shown, string(b.Shape)+"|"+b.Title+"|"+b.Text)
			walk(b.Blocks)
		}
	}
	walk(d.version.Blocks)
	got := strings.Join(shown, "\n")
	for _, want := range []string{"prose||above", "box|poem|", "prose||Roses\n\n## --verse--\n\nred", "box|odd|", "prose||inside", "prose||below", "box|Type 99|"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestCodeThatLooksLikeMarkersIsCode(t *testing.T) {
	d, warnings := parse(t, "1", "# --description--\n\n````md\n# --hints--\n```js\n---\n```\n# --seed--\n````\n\nafter\n\n"+hints+
		"# --seed--\n\n## --seed-contents--\n\n```js\n# --solutions--\n---\n```\n\n# --solutions--\n\n~~~js\na\n---\n```\n~~~\n\n---\n\n```js\nb\n```\n")
	if warnings != "" {
		t.Error(warnings)
	}
	works := d.version.Exercise
	if got, want := works.Task[0].Text, "````md\n# --hints--\n```js\n---\n```\n# --seed--\n````\n\nafter"; got != want {
		t.Errorf("got the task %q", got)
	}
	if got := works.Files[0].Text; got != "# --solutions--\n---" {
		t.Errorf("got the seed %q", got)
	}
	if len(works.Solutions) != 2 || works.Solutions[0][0].Text != "a\n---\n```" || works.Solutions[1][0].Text != "b" {
		t.Errorf("got the solutions %+v", works.Solutions)
	}
}

func TestHintsArePairs(t *testing.T) {
	d, _ := parse(t, "1", "# --hints--\n\nFirst:\n\n- with\n  ```js\n  code inside\n  ```\n\n```js\none();\n\ntwo();\n```\n\n```py\nthree\n```\n"+seed)
	want := []course.Test{
		{Says: "First:\n\n- with\n  ```js\n  code inside\n  ```", Lang: "js", Code: "one();\n\ntwo();"},
		{Says: "", Lang: "py", Code: "three"},
	}
	if got := d.version.Exercise.Tests; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestEditableRegions(t *testing.T) {
	const m = "--fcc-editable-region--\n"
	for _, c := range []struct {
		name, code, text string
		want             []course.Region
	}{
		{"none", "a\nb\n", "a\nb", nil},
		{"all", m + "a\nb\n" + m, "a\nb", []course.Region{{From: 1, To: 2}}},
		{"in the middle", "a\n  " + m + "b\n\n" + m + "c\n", "a\nb\n\nc", []course.Region{{From: 2, To: 3}}},
		{"empty", "a\n" + m + m + "c\n", "a\nc", []course.Region{{From: 2, To: 1}}},
		{"two", m + "a\n" + m + "b\n" + m + "c\n" + m, "a\nb\nc", []course.Region{{From: 1, To: 1}, {From: 3, To: 3}}},
		{"open", "a\n" + m + "b\n", "a\nb", []course.Region{{From: 2, To: 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := parse(t, "1", hints+"# --seed--\n\n## --seed-contents--\n\n```js\n"+c.code+"```\n")
			file := d.version.Exercise.Files[0]
			if file.Text != c.text || !reflect.DeepEqual(file.Editable, c.want) {
				t.Errorf("got %q, %v", file.Text, file.Editable)
			}
		})
	}
}

func TestFilesOfOneLanguageAreJoined(t *testing.T) {
	d, _ := parse(t, "0", hints+"# --seed--\n\n## --before-user-code--\n\n```js\nb1\n```\n\n```js\nb2\n```\n\n## --after-user-code--\n\n```css\nc\n```\n\n## --seed-contents--\n\n::id{#x}\n\n```html\none\n```\n\n```js\na\n```\n\n```html\n--fcc-editable-region--\ntwo\n--fcc-editable-region--\n```\n")
	want := []course.File{
		{Name: "index.html", Lang: "html", Text: "one\ntwo", Editable: []course.Region{{From: 2, To: 2}}},
		{Name: "script.js", Lang: "js", Text: "a", Before: "b1\nb2"},
		{Name: "styles.css", Lang: "css", After: "c"},
	}
	if got := d.version.Exercise.Files; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := d.version.Exercise.Engine; got != course.Page {
		t.Errorf("the engine is %q", got)
	}
}

func TestSolutionsAreComplete(t *testing.T) {
	d, _ := parse(t, "0", hints+"# --seed--\n\n## --seed-contents--\n\n```html\n--fcc-editable-region--\n<p>\n--fcc-editable-region--\n```\n\n```css\np {}\n```\n\n# --solutions--\n\n```css\np { color: red; }\n```\n\n```js\nmore();\n```\n")
	want := [][]course.File{{
		{Name: "index.html", Lang: "html", Text: "<p>"},
		{Name: "styles.css", Lang: "css", Text: "p { color: red; }"},
		{Name: "script.js", Lang: "js", Text: "more();"},
	}}
	if got := d.version.Exercise.Solutions; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestBlanksAreGaps(t *testing.T) {
	for _, c := range []struct {
		name, sentence, blanks, text string
		answers                      [][]string
	}{
		{"one", "`I BLANK *it*.`", "`like`", "I \uE000 \\*it\\*.", [][]string{{"like"}}},
		{"two paragraphs", "`A: BLANK`\n\n`B: BLANK`", "`x`\n\n---\n\n`y`", "A: \uE000\n\nB: \uE000", [][]string{{"x"}, {"y"}}},
		{"without quotes", "It *is* BLANK.", "`so`", "It *is* \uE000.", [][]string{{"so"}}},
		{"two scripts", "`BLANK好 (BLANK hǎo)`", "`你 (nǐ)`", "\uE000好 \\(\uE000 hǎo\\)", [][]string{{"你"}, {"nǐ"}}},
		{"both ways", "`BLANK好`", "`你 (nǐ)`", "\uE000好", [][]string{{"你", "nǐ", "你 (nǐ)"}}},
		{"too many blanks", "`BLANK BLANK BLANK`", "`a`", "\uE000 BLANK BLANK", [][]string{{"a"}}},
		{"too many answers", "`BLANK`", "`a`\n\n---\n\n`b`", "\uE000", [][]string{{"a"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := parse(t, "22", "# --fillInTheBlank--\n\n## --sentence--\n\n"+c.sentence+"\n\n## --blanks--\n\n"+c.blanks+"\n")
			var answers [][]string
			for _, g := range d.version.Blanks.Gaps {
				answers = append(answers, g.Answers)
			}
			if d.version.Blanks.Text != c.text || !reflect.DeepEqual(answers, c.answers) {
				t.Errorf("got %q, %q", d.version.Blanks.Text, answers)
			}
			if c.name == "too many answers" && d.version.Blanks.After[0].Text != "b" {
				t.Errorf("the answer without a blank is lost: %+v", d.version.Blanks.After)
			}
		})
	}
}

func TestQuizPassMark(t *testing.T) {
	two := "### --question--\n\n#### --text--\n\nx\n\n#### --distractors--\n\na\n\n---\n\nb\n\n#### --answer--\n\nc\n\n"
	for _, c := range []struct {
		name, description string
		want              int
	}{
		{"both numbers", "Answer 2 of the 3 questions.", 2},
		{"no numbers", "Answer well.", 0},
		{"another number", "Answer 7 of 8.", 0},
		{"all of them", "Answer all 3.", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := parse(t, "8", "# --description--\n\n"+c.description+"\n\n# --quizzes--\n\n## --quiz--\n\n"+two+two+two)
			set := d.version.Quizzes[0]
			if set.Pass != c.want || len(set.Questions) != 3 {
				t.Errorf("%d of %d suffice, want %d", set.Pass, len(set.Questions), c.want)
			}
			for _, q := range set.Questions {
				right := 0
				for _, a := range q.Answers {
					if a.Right != (a.Text[0].Text == "c") {
						t.Errorf("%q is right: %v", a.Text[0].Text, a.Right)
					}
					right++
				}
				if right != 3 {
					t.Errorf("%d answers, want 3", right)
				}
			}
		})
	}
}

func TestRightAnswersOfAQuizAreSpread(t *testing.T) {
	seen := map[int]bool{}
	d := &draft{id: "a"}
	for i := range 20 {
		seen[d.spread(i, 4)] = true
	}
	if len(seen) < 3 {
		t.Errorf("the right answer stands in %d places only", len(seen))
	}
}

func TestSceneBecomesLines(t *testing.T) {
	d, _ := parse(t, "21", "# --scene--\n\n```json\n"+`{"setup":{"background":"shed.png","audio":{"filename":"a.mp3","startTime":1,"startTimestamp":2.5,"finishTimestamp":9}},
"commands":[{"character":"Ada","startTime":0},{"character":"Ada","startTime":3,"dialogue":{"text":"Hello."}},{"character":"Ben","startTime":0.5,"dialogue":{"text":"Hi."}}]}`+"\n```\n")
	want := &course.Scene{Place: "shed.png", Start: 2.5, End: 9, Lines: []course.Line{{Who: "Ada", Text: "Hello.", At: 2}, {Who: "Ben", Text: "Hi."}}}
	if !reflect.DeepEqual(d.version.Scene, want) {
		t.Errorf("got %+v", d.version.Scene)
	}
}

func TestHostileFilesEndQuickly(t *testing.T) {
	for name, body := range map[string]string{
		"directives in directives": "# --description--\n\n" + strings.Repeat(":::a\n", 200_000),
		"open and closed":          "# --description--\n\n" + strings.Repeat(":::a\n:::\n", 20_000),
		"markers":                  strings.Repeat("# --a--\n## --b--\n", 20_000),
		"rules":                    "# --questions--\n\n## --answers--\n\n" + strings.Repeat("\n---\n", 100_000),
		"fences":                   "# --hints--\n\n" + strings.Repeat("```js\n```\n", 50_000),
		"nested json":              "# --scene--\n\n```json\n" + strings.Repeat("[", 500_000) + "\n```\n",
		"blanks":                   "# --fillInTheBlank--\n\n## --sentence--\n\n`" + strings.Repeat("BLANK ", 100_000) + "`\n\n## --blanks--\n\n`a`\n",
		"comments":                 strings.Repeat("<!--", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, warnings := parse(t, "1", body)
			if n := strings.Count(warnings, "\n") + 1; n > mostWarnings+1 {
				t.Errorf("there are %d warnings", n)
			}
		})
	}
}
