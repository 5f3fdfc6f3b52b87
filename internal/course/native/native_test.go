package native

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/course"
)

const head = "---\nid: c\ntitle: C\nlanguage: en\nlicence: CC BY 4.0\n---\nIntro.\n"

func load(t *testing.T, files map[string]string) (*course.Shelf, []string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	shelf, warnings, err := Loader{}.Load(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, w := range warnings {
		lines = append(lines, w.String())
	}
	return shelf, lines
}

const exercise = `---
id: fare
title: A fare
type: exercise
minutes: 5
---

Some text.

# Task: Do it

Write it.

# Files

## fare.js

` + "```js\nconst a = 1;\n// <yours>\nlet b = 2;\n\n// </yours>\n# Tests\n```" + `

## page.html

` + "```html\n<p>\n<!-- <yours> -->\n<!-- </yours> -->\n```" + `

# Tests

## ` + "`b` is 3" + `

Look at it.

` + "```js\nassert.equal(b, 3);\n```" + `

# Solution

## fare.js

` + "```js\nconst a = 1;\nlet b = 3;\n```" + `

# Hints

## Where?

There.
`

func TestExerciseIsReadWhole(t *testing.T) {
	shelf, warnings := load(t, map[string]string{"course.md": head, "1-fare.md": exercise})
	if len(warnings) > 0 {
		t.Errorf("got warnings %v", warnings)
	}
	lesson := shelf.Courses[0].Chapters[0].Lessons[0]
	works := lesson.Versions[0].Exercise
	for _, c := range []struct {
		what string
		ok   bool
	}{
		{"id", lesson.ID == "c/fare" && lesson.Slug == "fare" && lesson.Kind == course.Exercise && lesson.Minutes == 5},
		{"text", lesson.Versions[0].Blocks[0].Text == "Some text." && lesson.Versions[0].Blocks[0].Line == 8},
		{"task", works.Title == "Do it" && works.Task[0].Text == "Write it."},
		{"marks are taken out", works.Files[0].Text == "const a = 1;\nlet b = 2;\n\n# Tests\n"},
		{"region", slices.Equal(works.Files[0].Editable, []course.Region{{From: 2, To: 3}})},
		{"empty region", slices.Equal(works.Files[1].Editable, []course.Region{{From: 2, To: 1}})},
		{"engine", works.Engine == course.Page},
		{"test", works.Tests[0] == course.Test{Says: "`b` is 3", Why: "Look at it.", Lang: "js", Code: "assert.equal(b, 3);\n"}},
		{"solution has every file", len(works.Solutions[0]) == 2 && works.Solutions[0][0].Text == "const a = 1;\nlet b = 3;\n" && works.Solutions[0][1].Text == "<p>\n"},
		{"printing stands on no line of its own", works.Files[0].Before == Printing && !strings.Contains(Printing, "\n")},
		{"hint", works.Hints[0].Title == "Where?" && works.Hints[0].Text[0].Text == "There."},
	} {
		if !c.ok {
			t.Errorf("%s: got %+v, %+v", c.what, lesson, works)
		}
	}
}

func TestQuestions(t *testing.T) {
	text := "---\nid: q\ntitle: Q\ntype: quiz\npass: 1\n---\n# Questions\n\n## What is `1 + 1`?\n\nThink.\n\n```js\n- [ ] no answer\n```\n\n- [ ] 1\n  > No.\n- [x] ```js\n  2 > 1\n  ```\n\n  > Yes,\n  > indeed.\n\nIt is arithmetic.\n"
	shelf, warnings := load(t, map[string]string{"course.md": head, "q.md": text})
	if len(warnings) > 0 {
		t.Errorf("got warnings %v", warnings)
	}
	set := shelf.Courses[0].Chapters[0].Lessons[0].Versions[0].Quizzes[0]
	q := set.Questions[0]
	if set.Pass != 1 || len(q.Answers) != 2 || q.Several() {
		t.Fatalf("got %+v", set)
	}
	for _, c := range []struct{ what, got, want string }{
		{"question", q.Text[0].Text, "What is `1 + 1`?\n\n\nThink.\n\n```js\n- [ ] no answer\n```"},
		{"answer", q.Answers[1].Text[0].Text, "```js\n2 > 1\n```"},
		{"feedback", q.Answers[1].Feedback[0].Text, "Yes,\nindeed."},
		{"first feedback", q.Answers[0].Feedback[0].Text, "No."},
		{"after", q.After[0].Text, "It is arithmetic."},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if q.Answers[0].Right || !q.Answers[1].Right {
		t.Error("the wrong answer is right")
	}
}

func TestWarningsSayWhereAndWhatToDo(t *testing.T) {
	lesson := func(matter, body string) map[string]string {
		return map[string]string{"course.md": head, "a.md": "---\n" + matter + "\n---\n" + body}
	}
	code := "```js\nx\n```\n"
	files := "# Task\nx\n# Files\n## a.js\n" + code
	rest := "# Tests\n## t\n" + code + "# Solution\n" + code
	ex := "id: a\ntitle: A\ntype: exercise"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no id", lesson("title: A\ntype: reading", "x"), `a.md:1: has no id and gets "a"; add id: a`},
		{"bad id", lesson("id: A b\ntitle: A\ntype: reading", "x"), `a.md:2: the id "A b" may hold small letters`},
		{"no title", lesson("id: a\ntype: reading", "x"), "a.md:1: has no title"},
		{"no type", lesson("id: a\ntitle: A", "x"), `a.md:1: the type is ""; write one of reading`},
		{"wrong type", lesson("id: a\ntype: essay\ntitle: A", "x"), `a.md:3: the type is "essay"; write one of reading`},
		{"unknown field", lesson("id: a\ntitle: A\ntype: reading\nminuts: 3", "x"), `a.md:5: "minuts" is not a known field`},
		{"unknown section", lesson("id: a\ntitle: A\ntype: reading", "x\n# Warm up\ny"), `a.md:7: "Warm up" is not a section`},
		{"no text", lesson("id: a\ntitle: A\ntype: reading", ""), "a.md:1: has no text"},
		{"no task", lesson(ex, "x"), "a.md:4: is an exercise without a task"},
		{"no files", lesson(ex, "# Task\nx"), "a.md:4: has no file to begin with"},
		{"no tests", lesson(ex, files), "a.md:4: has no tests"},
		{"no solution", lesson(ex, files+"# Tests\n## t\n"+code), "a.md:4: has no solution"},
		{"test without code", lesson(ex, files+"# Tests\n## t\n# Solution\n"+code), `a.md:14: the test "t" has no code`},
		{"test of another language", lesson(ex, files+"# Tests\n## t\n```ruby\nx\n```\n# Solution\n"+code), `a.md:15: the code of a test is "ruby"`},
		{"file of unknown kind", lesson(ex, "# Task\nx\n# Files\n## a.exe\n"+code), "a.md:9: a.exe is of a kind that does not run here"},
		{"file with a path", lesson(ex, "# Task\nx\n# Files\n## ../a.js\n"+code), `a.md:9: "../a.js" is not a file name`},
		{"file without code", lesson(ex, "# Task\nx\n# Files\n## a.js\n"), "a.md:9: a.js has 0 blocks of code"},
		{"open region", lesson(ex, "# Task\nx\n# Files\n## a.js\n```js\n// <yours>\n```\n"+rest), "a.md:10: <yours> is never closed"},
		{"closed region", lesson(ex, "# Task\nx\n# Files\n## a.js\n```js\n// </yours>\n```\n"+rest), "a.md:10: </yours> stands where it"},
		{"solution of another file", lesson(ex, files+"# Tests\n## t\n"+code+"# Solution\n## b.js\n"+code), "a solution has the file b.js"},
		{"reading with files", lesson("id: a\ntitle: A\ntype: reading", files), "a.md:4: is a reading but has something to write"},
		{"quiz without questions", lesson("id: a\ntitle: A\ntype: quiz", "x"), "a.md:4: is a quiz without questions"},
		{"project without task", lesson("id: a\ntitle: A\ntype: project", "x"), "a.md:4: is a project without a task"},
		{"elsewhere without needs", lesson("id: a\ntitle: A\ntype: elsewhere", "x"), "a.md:4: does not say what is needed"},
		{"one answer", lesson("id: a\ntitle: A\ntype: quiz", "# Questions\n## Q\n- [x] a\n  > b\n"), `a.md:7: the question "Q" has 1 answers`},
		{"no right answer", lesson("id: a\ntitle: A\ntype: quiz", "# Questions\n## Q\n- [ ] a\n  > b\n- [ ] c\n  > d\n"), `a.md:7: the question "Q" has no right answer`},
		{"no feedback", lesson("id: a\ntitle: A\ntype: quiz", "# Questions\n## Q\n- [ ] a\n- [x] c\n  > d\n"), `a.md:7: answer 1 of the question "Q" says nothing`},
		{"doubled id", map[string]string{"course.md": head, "a.md": "---\nid: x\ntitle: A\ntype: reading\n---\na", "b.md": "---\nid: x\ntitle: B\ntype: reading\n---\nb"}, `b.md:2: the id "x" is that of a.md too`},
		{"no language", map[string]string{"course.md": "---\nid: c\ntitle: C\nlicence: CC0 1.0\n---\n"}, "course.md:1: has no language"},
		{"no licence", map[string]string{"course.md": "---\nid: c\ntitle: C\nlanguage: en\n---\n"}, "course.md:1: has no licence"},
		{"chapter without its lesson", map[string]string{"course.md": "---\nid: c\ntitle: C\nlanguage: en\nlicence: CC0 1.0\nchapters:\n  - title: T\n    lessons: [b.md]\n---\n"}, `course.md:8: there is no lesson "b.md"`},
		{"lesson without its chapter", map[string]string{"course.md": "---\nid: c\ntitle: C\nlanguage: en\nlicence: CC0 1.0\nchapters:\n  - title: T\n    lessons: []\n---\n", "a.md": "---\nid: x\ntitle: A\ntype: reading\n---\na"}, "a.md: no chapter lists this lesson"},
		{"translation of nothing", map[string]string{"course.md": head, "a.de.md": "---\ntitle: A\n---\na"}, "a.de.md: is a translation of a.md, which does not exist"},
		{"translation with another id", map[string]string{"course.md": head, "a.md": "---\nid: x\ntitle: A\ntype: reading\n---\na", "a.de.md": "---\nid: y\ntitle: A\n---\na"}, `a.de.md:2: the id "y" is not that of the original`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, warnings := load(t, c.files)
			if len(warnings) != 1 || !strings.Contains(warnings[0], c.want) {
				t.Errorf("got  %q\nwant %q", warnings, c.want)
			}
		})
	}
}

func TestTranslationTakesTheRestFromTheOriginal(t *testing.T) {
	de := "---\ntitle: Ein Preis\n---\n\nEtwas Text.\n\n# Task: Mach es\n\nSchreib es.\n\n# Tests\n\n## `b` ist 3\n\nSieh hin.\n"
	shelf, warnings := load(t, map[string]string{"course.md": head, "course.de.md": "---\ntitle: Kurs\n---\nHallo.\n", "1-fare.md": exercise, "1-fare.de.md": de})
	if len(warnings) > 0 {
		t.Errorf("got warnings %v", warnings)
	}
	c := shelf.Courses[0]
	lesson := c.Chapters[0].Lessons[0]
	v := lesson.In("de")
	if c.In("de").Title != "Kurs" || c.IntroIn("de")[0].Text != "Hallo." || v.Title != "Ein Preis" || lesson.In("fr").Title != "A fare" {
		t.Errorf("got %+v, %+v", c.Words, v)
	}
	works := v.Exercise
	want := course.Test{Says: "`b` ist 3", Why: "Sieh hin.", Lang: "js", Code: "assert.equal(b, 3);\n"}
	if works.Tests[0] != want || len(works.Files) != 2 || len(works.Solutions) != 1 || works.Engine != course.Page {
		t.Errorf("got %+v", works)
	}
}

func TestChaptersAndTracks(t *testing.T) {
	one := strings.Replace(head, "---\nIntro", "track: {id: web, title: The web}\nauthors: [Mei]\nchapters:\n  - title: Last\n    lessons: [b.md]\n  - title: First\n    id: f\n    lessons: a.md\n---\nIntro", 1)
	two := "---\nid: d\ntitle: D\nlanguage: en\nlicence: CC0 1.0\ntrack: {id: web, title: The web}\n---\n"
	text := func(id string) string { return "---\nid: " + id + "\ntitle: T\ntype: reading\n---\nx" }
	shelf, warnings := load(t, map[string]string{"x/course.md": one, "x/a.md": text("a"), "x/b.md": text("b"), "x/README.md": "no lesson", "x/img/c.md": "no lesson", "y/z/course.md": two, ".git/course.md": two})
	if len(warnings) > 0 {
		t.Errorf("got warnings %v", warnings)
	}
	c := shelf.Courses[0]
	if len(shelf.Courses) != 2 || c.Chapters[0].Lessons[0].ID != "c/b" || c.Chapters[1].ID != "c/f" || c.Rights.Address != licences["CC BY 4.0"] {
		t.Errorf("got %+v", c)
	}
	if len(shelf.Tracks) != 1 || !slices.Equal(shelf.Tracks[0].Courses, []string{"c", "d"}) {
		t.Errorf("got tracks %+v", shelf.Tracks)
	}
}

func TestHostileFolder(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "course.md"), head)
	write(filepath.Join(outside, "secret.md"), "---\nid: secret\ntitle: S\ntype: reading\n---\nsecret")
	for name, to := range map[string]string{"a.md": filepath.Join(outside, "secret.md"), "more": outside, "again": "."} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	huge, err := os.Create(filepath.Join(dir, "b.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := huge.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	huge.Close()
	folder, err := course.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	shelf, warnings, err := Loader{}.Load(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(shelf.Courses) != 1 || len(shelf.Courses[0].Chapters) != 0 || len(warnings) != 2 {
		t.Fatalf("got %+v and warnings %v", shelf.Courses[0].Chapters, warnings)
	}
	for i, want := range []string{"a.md: leads out of the course's folder", "b.md: has 104857600 bytes"} {
		if !strings.HasPrefix(warnings[i].String(), want) {
			t.Errorf("got %s, want %s", warnings[i], want)
		}
	}
}

func TestDetect(t *testing.T) {
	if (Loader{}).Detect(fstest.MapFS{"a/readme.md": {}}) || !(Loader{}).Detect(fstest.MapFS{"a/course.md": {}}) {
		t.Error("a folder with course.md, and no other, is ours")
	}
	if _, _, err := (Loader{}).Load(t.Context(), fstest.MapFS{}); err == nil {
		t.Error("an empty folder was read")
	}
}

func FuzzParseLesson(f *testing.F) {
	f.Add(exercise)
	f.Add("---\nid: q\ntype: quiz\n---\n# Questions\n## q\n- [x]\n- [ ] a\n  > b\nafter\n")
	f.Add("# Steps\n- [ ] a\n- b\n\nc\n# Needs\nx\n# Hints\n# Solution\n```js\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		var warnings []course.Warning
		d := parseLesson("a.md", text, false, &warnings)
		lines := strings.Count(text, "\n") + 1
		for _, w := range warnings {
			if w.Line < 1 || w.Line > lines || !strings.Contains(w.What, "; ") && !strings.Contains(w.What, "must") && !strings.Contains(w.What, "shown with the task") {
				t.Errorf("the warning %q does not say where and what to do", w)
			}
		}
		if d.id == "" || d.version.Title == "" {
			t.Error("the lesson has no id or title")
		}
	})
}

// generated is a course as large as a large curriculum.
func generated(lessons int) fs.FS {
	files := fstest.MapFS{}
	filler := strings.Repeat("Some words that explain what a value is, with `code` and a [link](#a).\n\n", 20)
	for i := range lessons {
		dir := fmt.Sprintf("course-%03d", i/100)
		if i%100 == 0 {
			files[dir+"/course.md"] = &fstest.MapFile{Data: []byte(strings.Replace(head, "id: c", "id: "+dir, 1))}
		}
		text := strings.Replace(exercise, "id: fare", fmt.Sprintf("id: lesson-%d", i), 1)
		text = strings.Replace(text, "Some text.", filler, 1)
		files[fmt.Sprintf("%s/%05d.md", dir, i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// BenchmarkLoad reads 16,000 lessons from disk and says what stays in memory.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	if err := os.CopyFS(dir, generated(16_000)); err != nil {
		b.Fatal(err)
	}
	folder, err := course.OpenFolder(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer folder.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	library := course.NewLibrary([]course.Loader{Loader{}}, []course.Source{{Name: "s", Root: folder}})
	for b.Loop() {
		start := time.Now()
		if err := library.Reload(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/load")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-held")
	if n := library.Catalogue().Lessons; n != 16_000 || len(library.Catalogue().Warnings) > 0 {
		b.Fatalf("got %d lessons, warnings %v", n, library.Catalogue().Warnings[:1])
	}
}
