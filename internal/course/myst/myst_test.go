package myst_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/course"
	"kept/internal/course/myst"
	"kept/internal/course/render"
)

func TestOurLessonIsSound(t *testing.T) {
	folder, catalogue := knots(t)
	sound(t, catalogue, regexp.MustCompile(``))
	loses(t, folder, catalogue, catalogue.Courses[0])
}

func TestLostWordsAndBrokenLinksAreSeen(t *testing.T) {
	if got := lost("one two two {kbd}`three`", "<p>one <em>two</em></p>"); strings.Join(got, " ") != "two three" {
		t.Errorf("got %q, want two three", got)
	}
	broken, _ := brokenLinks(map[string]string{"a": `<a href="#x"></a><a href="/b#y"></a><a href="/c"></a>`, "b": `<p id="y">`})
	if len(broken) != 2 {
		t.Errorf("got %q, want two", broken)
	}
}

// The lessons that lie outside of the repository. Without them, our own lesson
// above is what is checked.
func TestCorpusIsUnderstood(t *testing.T) {
	dir, ok := corpus()
	if !ok {
		return
	}
	folder, err := course.OpenFolder(filepath.Join(dir, "coderefinery"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	catalogue := open(t, folder)
	sound(t, catalogue, regexp.MustCompile(`not a known|leads|missing|there is no|no term|cannot be|is not here|nests`))
	if len(catalogue.Courses) == 0 || catalogue.Lessons < 20 {
		t.Errorf("only %d lessons were found", catalogue.Lessons)
	}
	for _, c := range catalogue.Courses {
		loses(t, folder, catalogue, c)
		for _, lesson := range c.Lessons {
			if lesson.Rights.Licence == "" || lesson.Rights.Original == "" || len(lesson.Rights.Authors) == 0 {
				t.Errorf("%s has no credit: %+v", lesson.ID, lesson.Rights)
			}
		}
	}
}

func TestCourseOfALesson(t *testing.T) {
	_, catalogue := knots(t)
	c := catalogue.Courses[0]
	if c.ID != "knots" || c.Words[0].Title != "Knots for tests" || c.Words[0].Summary != "Three knots, tied for the tests of this loader." {
		t.Errorf("got %s, %+v", c.ID, c.Words[0])
	}
	want := course.Rights{Licence: "CC BY 4.0", Address: "https://creativecommons.org/licenses/by/4.0/", Credit: "© 2026, The Rope Society",
		Authors: []string{"Ida Marchetti"}, Original: "https://knots.example.org/lesson/bowline/"}
	first, ok := catalogue.First(c)
	if !ok || first.Lesson.Rights.Credit != want.Credit || first.Lesson.Rights.Original != want.Original || first.Lesson.Rights.Licence != want.Licence {
		t.Errorf("got %+v, want %+v", first.Lesson.Rights, want)
	}
	if first.Lesson.Minutes != 15 || first.Lesson.ID != "knots/bowline" {
		t.Errorf("got %s with %d minutes, want knots/bowline with 15", first.Lesson.ID, first.Lesson.Minutes)
	}
	var chapters []string
	for _, chapter := range c.Chapters {
		chapters = append(chapters, chapter.Words[0].Title)
	}
	if got := strings.Join(chapters, ", "); got != "The lesson, Reference" {
		t.Errorf("got the chapters %s", got)
	}
}

func TestExercisesAreListedOnceMore(t *testing.T) {
	_, catalogue := knots(t)
	list := site(catalogue, catalogue.Courses[0])["content/list.md"]
	for _, want := range []string{"Exercise: tie it", "Practice.", "Compute the load", "Find a", "An old exercise", `href="/content/bowline.md"`, `src="/asset/img/bowline.svg"`} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if strings.Contains(list, "Secret knot") {
		t.Error("the list holds an exercise that is left out of it")
	}
	if strings.Index(list, "Compute the load") < strings.Index(list, "Practice.") {
		t.Error("the exercises are not in the order of reading")
	}
}

// Each row is a page and what its HTML must hold; what begins with "no " must
// not be there.
func TestPages(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"figure in a list":       {"1. a\n\n   :::{figure} x.svg\n   :alt: b\n   :::\n1. c\n", []string{"<ol>\n<li>\n<p>a</p>\n<figure>", "<li>\n<p>c</p>", "no <ol start"}},
		"longer fence closes":    {"::::{tabs}\n:::{group-tab} A\nx\n::::\n\nafter\n", []string{`data-tabs="group"`, `data-tab="a"`, "</div><p>after</p>"}},
		"six levels":             {"::::::::{note}\n:::::::{tip}\n::::::{warning}\n:::::{danger}\n::::{exercise} E\n:::{solution}\ndeep\n:::\n::::\n:::::\n::::::\n:::::::\n::::::::\n", []string{"deep", `<details class="solution"><summary>Solution</summary>`, `class="note danger"`}},
		"code hides directives":  {"```text\n:::{note}\nx\n:::\n{ref}`y`\n```\n", []string{":::{note}", "{ref}`y`", "no aside"}},
		"indented code":          {"text\n\n    {ref}`y` $x$\n", []string{"{ref}`y` $x$"}},
		"inline code":            {"`{ref}`x` and ``$a$``", []string{"<code>$a$</code>"}},
		"YAML options":           {"```{code-block} python\n---\nemphasize-lines: 1\ncaption: Words\n---\nx = 1\n```\n", []string{"Words", "x = ", "no emphasize"}},
		"title with words":       {"```{note} Mind\nthe gap\n```\n", []string{"<b>Note</b>", "Mind\nthe gap"}},
		"admonition":             {"```{admonition} My words\n:class: warning\ntext\n```\n", []string{"<b>My words</b>", `class="note warning"`}},
		"dropdown":               {"```{admonition} Open me\n:class: dropdown\ntext\n```\n", []string{"<details><summary>Open me</summary>"}},
		"label with a title":     {"(x)=\n## A head\n\n{ref}`x` {ref}`Other <x>` [](x) [y](#a-head)\n", []string{`<a href="#h-a-head">A head</a>`, `<a href="#h-a-head">Other</a>`, `>y</a>`}},
		"formula in a line":      {"Say $a * b * c$.\n", []string{"<math", "<mo>∗</mo>", "no <em>"}},
		"prices are no formulas": {"From $5 to $6, or $ 7 $.\n", []string{"From $5 to $6, or $ 7 $.", "no <math"}},
		"unknown formula":        {"$$\n\\frobnicate{x}\n$$\n", []string{`\frobnicate`, "no <math"}},
		"footnote in a box":      {"```{note}\na[^1]\n```\n\n[^1]: remark *here*\n", []string{`href="#h-note-1"`, `id="h-note-1"`, "<em>here</em>"}},
		"raw":                    {"```{raw} html\n<script>x</script>\n```\n", []string{"&lt;", "script", "no <script"}},
		"unknown directive":      {"```{frobnicate} with words\n:key: value\n\nand a body\n```\n", []string{"<b>frobnicate</b>", "with words", "key: value", "and a body"}},
		"unknown role":           {"a {frobnicate}`*word*` b\n", []string{"a *word* b"}},
		"stray fence":            {"a\n\n:::\n\nb\n", []string{"<p>a</p>", "<p>b</p>"}},
		"html passes cleaned":    {"<b onclick=\"x()\">bold</b><script>bad()</script>\n", []string{"<b>bold</b>", "no onclick", "no bad"}},
		"emphasis in a table":    {"| a | b |\n|---|---|\n| {kbd}`x` | $y$ |\n", []string{"<kbd>x</kbd>", "<math"}},
		"eval-rst":               {"```{eval-rst}\n.. note::\n\n   In *old* ``style``.\n```\n", []string{"<b>Note</b>", "<code>style</code>"}},
		"attributes are dropped": {"[x](https://x.example.org){.button #id} and `c`{l=python}\n", []string{">x</a> and <code>c</code>"}},
	} {
		got, _ := pageOf(t, one(map[string]string{"page.md": c.text, "x.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`}))
		for _, want := range c.want {
			if text, not := strings.CutPrefix(want, "no "); not == strings.Contains(got, text) {
				t.Errorf("%s: want %q in\n%s", name, want, got)
			}
		}
	}
}

// Each row is a page and the warning that it must give, with its line.
func TestWarningsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"a\n\n```{frobnicate}\n```\n":                      "page.md:3: {frobnicate} is not a known directive",
		"a\nb {frobnicate}`x`\n":                           "page.md:2: {frobnicate} is not a known role",
		"a\n\n{ref}`x`\n":                                  `page.md:3: there is no label "x"`,
		"{doc}`x`\n":                                       `page.md:1: there is no page "x"`,
		"{term}`x`\n":                                      `page.md:1: the glossary has no term "x"`,
		"[a](x.md)\n":                                      `page.md:1: the link "x.md" leads to no page`,
		"```{note}\n:frob: 1\nx\n```\n":                    `page.md:1: {note} has the option "frob"`,
		"```{literalinclude} /../../etc/passwd\n```\n":     "leads out of the lesson's folder",
		"```{literalinclude} ../../../etc/passwd\n```\n":   "leads out of the lesson's folder",
		"```{include} page.md\n```\n":                      "included by itself",
		"```{include} missing.md\n```\n":                   "does not exist",
		"```{note}\nx\n":                                   "page.md:1: {note} is not closed",
		":::\n":                                            "page.md:1: ::: neither opens nor closes",
		"```{figure} missing.png\n```\n":                   `the picture "missing.png" is missing`,
		"```{toctree}\nmissing\n```\n":                     `the toctree lists "missing"`,
		"$\\frobnicate$\n":                                 `\frobnicate is not known`,
		"a[^x]\n":                                          `page.md:1: there is no footnote "x"`,
		"[^x]: unused\n":                                   `page.md:1: nothing refers to the footnote "x"`,
		"(x)=\n# A\n\n(x)=\n## B\n":                        `page.md:4: the label "x" stands in page.md too`,
		"::::{tabs}\n:::{tab} A\na\n:::\nlost\n::::\n":     "page.md:5: text stands between tabs",
		"```{csv-table}\n\"a\n```\n":                       "the table is not CSV",
		"```{raw} html\n<b>x</b>\n```\n":                   "{raw} is shown as its source",
		"```{mermaid}\nx\n```\n":                           "{mermaid} cannot be drawn here",
		strings.Repeat("> ", 60) + "deep\n":                "levels deep",
		strings.Repeat(":::{note}\n", 60) + "deep\n":       "levels deep",
		"---\norphan: [\n---\na\n":                         "front matter is not YAML",
		"```{bibliography}\n```\n":                         "{bibliography} is not a known directive",
		"{cite}`knuth`\n":                                  "{cite} names a work",
		"![a](https://x.example.org/y.png)\n":              "lies on another host",
		"x\n\n```{literalinclude} x.py\n:frobnicate:\n```": "frobnicate",
		"<script>x</script>\n":                             "<script> is left out",
		"```{exerciselist}\n```\n" + strings.Repeat("```{exerciselist}\n```\n", 9): "more than 5 times",
	} {
		_, warnings := page(t, text)
		if !strings.Contains(strings.Join(warnings, "\n"), want) {
			t.Errorf("%.60q\nwant %q in\n%s", text, want, strings.Join(warnings, "\n"))
		}
	}
}

func TestNothingOutsideIsRead(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("secret.txt", "topsecret")
	put("a/.git/config", "topsecret")
	put("a/content/conf.py", `license = "CC0 1.0"`)
	put("a/content/index.md", "# A\n")
	put("a/content/page.md", "# P\n\n```{literalinclude} link.txt\n```\n```{include} ../../secret.txt\n```\n```{literalinclude} linked/secret.txt\n```\n```{literalinclude} ../.git/config\n```\n")
	for name, to := range map[string]string{"link.txt": "../../secret.txt", "linked": "../..", "linked.md": "../../secret.txt"} {
		if err := os.Symlink(to, filepath.Join(dir, "a/content", name)); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := course.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	got, warnings := pageOf(t, folder)
	if strings.Contains(got, "topsecret") {
		t.Errorf("the page shows what lies outside:\n%s", got)
	}
	if len(warnings) < 5 {
		t.Errorf("got only the warnings %q", warnings)
	}
}

func TestHostileTextIsHarmless(t *testing.T) {
	for name, text := range map[string]string{
		"fences":     strings.Repeat("```{note}\n", 20_000),
		"colons":     strings.Repeat(":", 200_000) + "{note}\n",
		"quotes":     strings.Repeat(">", 200_000) + "a\n",
		"lists":      strings.Repeat("- ", 100_000) + "a\n",
		"brackets":   strings.Repeat("[", 200_000) + strings.Repeat("]", 50_000),
		"links":      strings.Repeat("[a](b)", 30_000),
		"roles":      strings.Repeat("{ref}`a` ", 20_000),
		"ticks":      strings.Repeat("`a``b", 40_000),
		"dollars":    strings.Repeat("$a ", 60_000),
		"tags":       strings.Repeat("<a ", 60_000),
		"notes":      strings.Repeat("[^a", 60_000),
		"headings":   strings.Repeat("# a\n", 50_000),
		"labels":     strings.Repeat("(a)=\n", 50_000),
		"definition": strings.Repeat("[a]: b\n", 50_000),
		"tables":     "```{csv-table}\n" + strings.Repeat("a,", 100_000) + "\n```\n",
		"formula":    "$" + strings.Repeat("{", 10_000) + "$",
		"longLine":   strings.Repeat("a", 300_000),
		"zero":       "a\x00b",
	} {
		for _, file := range []string{"page.md", "page.rst"} {
			start := time.Now()
			if _, _, err := (myst.Loader{}).Load(t.Context(), one(map[string]string{file: text})); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s in %s took %s", name, file, took)
			}
		}
	}
}

// Files that include each other again and again must not grow without end.
func TestIncludesDoNotExplode(t *testing.T) {
	files := map[string]string{"page.md": strings.Repeat("```{include} a1.txt\n```\n", 50)}
	for i := range 6 {
		files["a"+string(rune('1'+i))+".txt"] = strings.Repeat("```{include} a"+string(rune('2'+i))+".txt\n```\n", 50)
	}
	files["a7.txt"] = strings.Repeat("text\n", 1000)
	shelf, warnings, err := myst.Loader{}.Load(t.Context(), one(files))
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, lesson := range shelf.Courses[0].Lessons {
		for _, b := range lesson.Versions[0].Blocks {
			size += len(b.Text)
		}
	}
	if size > 64<<20 || len(warnings) == 0 {
		t.Errorf("the page has %d bytes and %d warnings", size, len(warnings))
	}
}

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		fsys fs.FS
		want bool
	}{
		"a lesson":          {one(nil), true},
		"no index":          {fstest.MapFS{"conf.py": {}}, false},
		"no conf.py":        {fstest.MapFS{"index.md": {}}, false},
		"several":           {fstest.MapFS{"a/content/conf.py": {}, "a/content/index.rst": {}}, true},
		"in a hidden place": {fstest.MapFS{".a/conf.py": {}, ".a/index.rst": {}}, false},
	} {
		if got := (myst.Loader{}).Detect(c.fsys); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func FuzzPage(f *testing.F) {
	for _, name := range []string{"index.md", "bowline.md", "sums.md", "more/words.md"} {
		raw, err := os.ReadFile("testdata/knots/content/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Add("- > ```{note}\n  > x\n[^1]: ```{note}\n    [^1]\n")
	r := render.New(render.English)
	f.Fuzz(func(t *testing.T, text string) { neverHarmful(t, r, "page.md", text) })
}

func FuzzRST(f *testing.F) {
	raw, err := os.ReadFile("testdata/knots/content/old.rst")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw))
	f.Add("a\n=\n\n- b\n\n  .. note::\n     :x: y\n\n     c::\n\n       d\n")
	r := render.New(render.English)
	f.Fuzz(func(t *testing.T, text string) { neverHarmful(t, r, "page.rst", text) })
}

func FuzzConf(f *testing.F) {
	raw, err := os.ReadFile("testdata/knots/content/conf.py")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			return
		}
		if _, _, err := (myst.Loader{}).Load(t.Context(), one(map[string]string{"conf.py": text, "page.md": "a"})); err != nil {
			t.Error(err)
		}
	})
}

// neverHarmful reads and renders a page, which must end and bring no script.
func neverHarmful(t *testing.T, r *render.Renderer, file, text string) {
	t.Helper()
	if len(text) > 20_000 {
		return
	}
	shelf, _, err := myst.Loader{}.Load(t.Context(), one(map[string]string{file: text}))
	if err != nil {
		t.Fatal(err)
	}
	for _, lesson := range shelf.Courses[0].Lessons {
		v := lesson.Versions[0]
		if got := string(r.Page(render.Home{File: v.File}, v.Blocks).HTML); strings.Contains(got, "<script") {
			t.Errorf("%q gives a script", text)
		}
	}
}
