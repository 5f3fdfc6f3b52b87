package freecodecamp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/course"
	"kept/internal/course/freecodecamp"
)

// outline writes chapters and lessons with their indents.
func outline(c *course.Course) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.ID, c.Words[0].Title)
	var walk func(chapters []*course.Chapter, indent string)
	walk = func(chapters []*course.Chapter, indent string) {
		for _, ch := range chapters {
			fmt.Fprintf(&b, "%s%s (%s) %s\n", indent, ch.Words[0].Title, ch.Label, ch.Words[0].Summary)
			for _, l := range ch.Lessons {
				fmt.Fprintf(&b, "%s  %s %s %s %v\n", indent, l.Slug, l.Kind, l.Type, l.Langs())
			}
			walk(ch.Chapters, indent+"  ")
		}
	}
	walk(c.Chapters, "  ")
	return b.String()
}

func TestOlderLayout(t *testing.T) {
	catalogue := load(t, fixture(t, "2025"))
	var got string
	for _, c := range catalogue.Courses {
		got += outline(c)
	}
	want := `first-garden: First Garden
  The Ground () 
    Beds () 
      Draw a Seed Bed (workshop) A bed of <code>li</code>.
        workshop-seed-bed-step-1 exercise 0 [en]
        workshop-seed-bed-step-2 exercise 0 [en es]
        workshop-seed-bed-step-3 exercise 0 [en]
    Exam (exam) In spring.

An exam.
  Watering () 
    water-the-rows exercise 1 [en]
    plan-the-week project 5 [en]
    draw-a-row exercise 6 [en]
shed-talk: Shed talk
  Talk in the shed () 
    in-the-shed dialogue 21 [en]
    talk-in-the-shed-task-1 fill-in 22 [en]
    talk-in-the-shed-task-2 choice 19 [en]
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNewerLayout(t *testing.T) {
	catalogue := load(t, fixture(t, "2026"))
	got := outline(catalogue.Courses[0])
	for _, want := range []string{
		"garden-v9: Garden\n  Soil () \n    About soil () \n      What soil is (lecture) Four lessons.\n",
		"        what-is-soil reading 31 [en]\n        how-deep video 11 [en es]\n        review-of-soil reading 24 [en]\n        dig-further choice 15 [en]\n",
		"    Labs (cert-project) \n      Labs (lab) \n",
		"  Words (exam) \n    Scripts () \n      Two scripts () \n        two-scripts-task-9 fill-in 22 [en]\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if words := catalogue.Courses[0].In("es"); words.Title != "Huerto" {
		t.Errorf("the course is called %q in Spanish", words.Title)
	}
	first, _ := catalogue.Lesson("garden-v9", "soil-quiz")
	second, ok := catalogue.Lesson("outside-things", "soil-quiz")
	if !ok || first.Lesson != second.Lesson {
		t.Error("a block of two superblocks is not the same in both")
	}
}

func TestIntros(t *testing.T) {
	c, _ := load(t, fixture(t, "2025")).Course("first-garden")
	english, spanish := c.IntroIn("en"), c.IntroIn("es")
	if len(english) != 2 || english[0].Text != "You will grow three plants.\n\n- leek\n- onion" || english[1].Text != "Mind the frost." {
		t.Errorf("got %+v", english)
	}
	if len(spanish) != 1 || spanish[0].Text != "Tres plantas." {
		t.Errorf("got %+v", spanish)
	}
	if c.Words[0].Summary != "Grow something." || c.Rights.Credit != "These texts were written for the tests of this program and are under CC BY 4.0." {
		t.Errorf("got %q, %q", c.Words[0].Summary, c.Rights.Credit)
	}
}

func lessonOf(t *testing.T, layout, id string) *course.Lesson {
	t.Helper()
	place, ok := load(t, fixture(t, layout)).LessonByID(id)
	if !ok {
		t.Fatalf("there is no lesson %s", id)
	}
	return place.Lesson
}

func TestStepsAreSolvedByTheNext(t *testing.T) {
	for i, want := range []bool{true, true, false} {
		id := fmt.Sprintf("workshop-seed-bed/a0000000000000000000000%d", i+1)
		works := lessonOf(t, "2025", id).Versions[0].Exercise
		if works.NextSolves != want || (len(works.Solutions) > 0) == want {
			t.Errorf("step %d: the next step solves it: %v, own solutions: %d", i+1, works.NextSolves, len(works.Solutions))
		}
	}
}

func TestLinksLeadToLessonsOrToTheOriginalSite(t *testing.T) {
	task := lessonOf(t, "2025", "workshop-seed-bed/a00000000000000000000002").Versions[0].Exercise.Task[0].Text
	if !strings.Contains(task, "[the first step](a00000000000000000000001.md)") {
		t.Errorf("got %q", task)
	}
	task = lessonOf(t, "2025", "workshop-seed-bed/a00000000000000000000003").Versions[0].Exercise.Task[0].Text
	if !strings.Contains(task, `<a href="https://www.freecodecamp.org/news/beds">`) {
		t.Errorf("got %q", task)
	}
}

func TestLastStepNeedsASolution(t *testing.T) {
	const step = "workshop-seed-bed/a00000000000000000000002"
	for _, c := range []struct{ name, next string }{
		{"nothing follows", ""},
		{"a reading follows", fmt.Sprintf(reads, "a00000000000000000000003")},
	} {
		files := copied(t, "2025")
		last := older + "english/01-first-garden/workshop-seed-bed/a00000000000000000000003.md"
		if files[last] = (&fstest.MapFile{Data: []byte(c.next)}); c.next == "" {
			delete(files, last)
		}
		catalogue := load(t, files)
		place, _ := catalogue.LessonByID(step)
		if place.Lesson.Versions[0].Exercise.NextSolves {
			t.Errorf("%s: the next lesson is taken for a solution", c.name)
		}
		if all := fmt.Sprint(catalogue.Warnings); !strings.Contains(all, "a00000000000000000000002.md: has no solution and no next step") {
			t.Errorf("%s: got %s", c.name, all)
		}
	}
}

func TestLinksFromABlockOfTwoCoursesWorkInBoth(t *testing.T) {
	files := copied(t, "2026")
	name := "curriculum/challenges/english/blocks/quiz-soil/e00000000000000000000005.md"
	text := strings.Replace(string(files[name].Data), "To pass", "See [soil](/learn/garden-v9/lecture-soil/what-is-soil). To pass", 1)
	files[name] = &fstest.MapFile{Data: []byte(text)}
	place, _ := load(t, files).LessonByID("quiz-soil/e00000000000000000000005")
	if got := place.Lesson.Versions[0].Blocks[0].Text; !strings.Contains(got, "(https://www.freecodecamp.org/learn/garden-v9/") {
		t.Errorf("got %q", got)
	}
}

func TestBlocksWithoutOrderComeLast(t *testing.T) {
	files := copied(t, "2025")
	files[older+"_meta/a-new-block/meta.json"] = &fstest.MapFile{Data: []byte(`{"superBlock": "first-garden", "challengeOrder": [{"id": "x"}]}`)}
	files[older+"english/01-first-garden/a-new-block/x.md"] = &fstest.MapFile{Data: []byte(fmt.Sprintf(reads, "x"))}
	c, _ := load(t, files).Course("first-garden")
	if got := c.Chapters[len(c.Chapters)-1].Words[0].Title; got != "A new block" {
		t.Errorf("%s comes last", got)
	}
}

func TestTwoChallengesOfOneNameHaveAddresses(t *testing.T) {
	files := copied(t, "2026")
	for _, id := range []string{"one", "two"} {
		files["curriculum/challenges/english/blocks/outside/"+id+".md"] = &fstest.MapFile{Data: []byte(fmt.Sprintf(reads, id))}
	}
	catalogue := load(t, files)
	for id, want := range map[string]string{"outside/one": "t", "outside/two": "t-two"} {
		if place, ok := catalogue.LessonByID(id); !ok || place.Slug != want {
			t.Errorf("%s is at %q, want %q", id, place.Slug, want)
		}
	}
}

func TestExercise(t *testing.T) {
	works := lessonOf(t, "2025", "watering/b00000000000000000000001").Versions[0].Exercise
	solved := func(text string) []course.File {
		return []course.File{{Name: "script.js", Lang: "js", Text: text, Before: "var watered = [];", After: "watered.push(litres);"}}
	}
	want := &course.Exercising{
		Task:   course.MarkdownBlocks("Write `litres`, so that it gives back what `rows` rows take.", 16),
		Engine: course.JavaScript,
		Files:  solved("function litres(rows) {\n\n}"),
		Tests:  []course.Test{{Says: "`litres(3)` should be 6.", Lang: "js", Code: "assert.strictEqual(litres(3), 3 * known);"}},
		Before: "const known = 2;", BeforeEach: "let calls = 0;",
		Solutions: [][]course.File{solved("function litres(rows) {\n  return rows * 2;\n}"), solved("const litres = (rows) => rows + rows;")},
		Tools:     []string{"react", "react-dom"},
	}
	if !reflect.DeepEqual(works, want) {
		t.Errorf("got  %+v\nwant %+v", works, want)
	}
}

func TestComponentsGetTheirPage(t *testing.T) {
	works := lessonOf(t, "2025", "watering/b00000000000000000000003").Versions[0].Exercise
	if works.Engine != course.React || strings.Join(works.Tools, " ") != "babel enzyme react react-dom" {
		t.Errorf("got %q with %v", works.Engine, works.Tools)
	}
	page := course.File{Name: "index.html", Lang: "html", Text: "<body><div id='root'></div></body>", Editable: []course.Region{}}
	if len(works.Files) != 2 || !reflect.DeepEqual(works.Files[1], page) || !reflect.DeepEqual(works.Solutions[0][1], page) {
		t.Errorf("got %+v", works.Files)
	}
}

func TestFilmOfTheLanguage(t *testing.T) {
	lesson := lessonOf(t, "2026", "lecture-soil/e00000000000000000000002")
	for lang, want := range map[string]string{"en": "abc-DEF_123", "es": "xyz-DEF_123"} {
		if film := lesson.In(lang).Video; film.ID != want || film.Provider != "youtube.com" {
			t.Errorf("%s: got %+v", lang, film)
		}
	}
	if got := lesson.In("en").Video.Transcript[0].Text; got != "Worms go two metres deep." {
		t.Errorf("got %q", got)
	}
}

func TestWhatNeedsSomethingOutsideSaysSo(t *testing.T) {
	c, _ := load(t, fixture(t, "2026")).Course("outside-things")
	n := 0
	for _, lesson := range c.Chapters[0].Lessons {
		n++
		v := lesson.Versions[0]
		if lesson.Kind != course.Elsewhere || len(v.Needs) == 0 {
			t.Errorf("type %s: %s with %d needs", lesson.Type, lesson.Kind, len(v.Needs))
		}
		if v.Exercise != nil && (v.Exercise.Engine != course.NoEngine || v.Exercise.NextSolves) {
			t.Errorf("type %s is to run here", lesson.Type)
		}
	}
	if n != 12 {
		t.Errorf("there are %d lessons, want 12", n)
	}
}

func TestExamplesToPlayWith(t *testing.T) {
	blocks := lessonOf(t, "2026", "lecture-soil/e00000000000000000000001").Versions[0].Blocks
	var boxes []string
	for _, b := range blocks {
		if b.Shape == course.Box {
			boxes = append(boxes, b.Blocks[0].Text)
		}
	}
	if len(boxes) != 2 || !strings.HasPrefix(boxes[0], "```js run\n") || !strings.HasPrefix(boxes[1], "```html\n") {
		t.Errorf("got %q", boxes)
	}
}

func TestCertifications(t *testing.T) {
	for layout, want := range map[string]string{
		"2025": "&{first-garden first-garden [{en First Garden Certification  []} {es Certificado del primer huerto  []}] [watering/b00000000000000000000002]}",
		"2026": "&{garden-v9 garden-v9 [{en Gardener  []}] [labs/f00000000000000000000001]}",
	} {
		all := load(t, fixture(t, layout)).Certifications
		if len(all) != 1 || fmt.Sprint(all[0]) != want {
			t.Errorf("%s: got %+v", layout, all[0])
		}
	}
}

func TestRecordingBesideTheLessonIsUsed(t *testing.T) {
	files := copied(t, "2025")
	files["curriculum/challenges/english/02-shed-talk/talk-in-the-shed/shed.mp3"] = &fstest.MapFile{Data: []byte("sound")}
	place, _ := load(t, files).LessonByID("talk-in-the-shed/c00000000000000000000001")
	audio := place.Lesson.Versions[0].Scene.Audio
	if audio != "english/02-shed-talk/talk-in-the-shed/shed.mp3" {
		t.Errorf("got %q", audio)
	}
	f, err := load(t, files).OpenAsset(place.Course, audio)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// copied is a fixture that a test may change.
func copied(t *testing.T, layout string) fstest.MapFS {
	t.Helper()
	files, root := fstest.MapFS{}, fixture(t, layout)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		files[name] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

const (
	older = "curriculum/challenges/"
	newer = "curriculum/structure/"
	reads = "---\nid: %s\ntitle: T\nchallengeType: 24\ndashedName: t\n---\n# --description--\n\ntext\n"
)

func TestMistakesInTheStructureAreWarnings(t *testing.T) {
	for _, c := range []struct{ name, layout, file, text, want string }{
		{"broken meta", "2025", older + "_meta/watering/meta.json", "{\n\n,", "_meta/watering/meta.json:3: cannot be read as json"},
		{"wrong kind", "2025", older + "_meta/watering/meta.json", "{\n\"challengeOrder\": 7}", "_meta/watering/meta.json:2: cannot be read as json"},
		{"no meta", "2025", older + "english/01-first-garden/new/a.md", fmt.Sprintf(reads, "x"), "01-first-garden/new: has no order"},
		{"meta of nothing", "2025", older + "_meta/gone/meta.json", "{}", "_meta/gone/meta.json: is about a block of which there are no challenges"},
		{"unlisted", "2025", older + "english/01-first-garden/watering/z.md", fmt.Sprintf(reads, "zz"), "watering/z.md: " + older + "_meta/watering/meta.json does not list this challenge"},
		{"id twice", "2025", older + "english/01-first-garden/watering/z.md", fmt.Sprintf(reads, "b00000000000000000000001"), `watering/z.md: has the id "b00000000000000000000001" of another`},
		{"block twice", "2025", older + "english/02-shed-talk/watering/z.md", fmt.Sprintf(reads, "zz"), "02-shed-talk/watering: has the name of the block in"},
		{"language", "2025", older + "elvish/01-first-garden/watering/z.md", fmt.Sprintf(reads, "b00000000000000000000001"), "challenges/elvish: is not the name of a known language and is called x-elvish"},
		{"structure of nothing", "2025", "curriculum/superblock-structure/x.json", "{}", "x.json: names no block that is here"},
		{"intro", "2025", "client/i18n/locales/english/intro.json", "{\n\"first-garden\": {\"title\": 7}}", `intro.json:2: the words about "first-garden" cannot be read`},
		{"no licence", "2025", "curriculum/LICENSE.md", "", "challenges: does not say how these texts may be used"},
		{"certificate for nothing", "2025", older + "english/00-certifications/x/x.yml", "title: X\ncertification: x\n", "asks for no challenge"},
		{"certificate", "2025", older + "english/00-certifications/x/x.yml", "title: X\ncertification: x\ntests: 7\n", "x.yml:3: tests must be a list"},
		{"listed without file", "2026", newer + "blocks/two-scripts.json", "{\n\"challengeOrder\": [{\"id\": \"nope\", \"title\": \"N\"}]}", "two-scripts.json:2: lists the challenge nope (N), of which there is no file"},
		{"listed twice", "2026", newer + "blocks/two-scripts.json", `{"challengeOrder": [{"id": "200000000000000000000001"}, {"id": "200000000000000000000001"}]}`, "lists the challenge 200000000000000000000001 twice"},
		{"superblock", "2026", newer + "curriculum.json", "{\"superblocks\": [\n\"../../x\"]}", `curriculum.json:2: names the superblock "../../x", which is not there`},
		{"unlisted superblock", "2026", newer + "curriculum.json", `{"superblocks": ["garden-v9"]}`, "outside-things.json: is not listed in curriculum.json"},
		{"unknown block", "2026", newer + "superblocks/outside-things.json", "{\"blocks\": [\n\"outside\", \"nothing\"]}", "outside-things.json:2: names the block nothing, of which there are no challenges"},
		{"odd block", "2026", newer + "superblocks/outside-things.json", `{"blocks": ["outside", "../x"]}`, `names a block "../x"`},
		{"block twice", "2026", newer + "superblocks/outside-things.json", "{\"blocks\": [\"outside\", \"outside\"]}", "outside-things.json:1: names the block outside twice"},
		{"empty superblock", "2026", newer + "superblocks/outside-things.json", `{"blocks": []}`, "outside-things.json: the superblock outside-things has no challenge here"},
		{"long list of nothing", "2026", newer + "blocks/two-scripts.json", longOrder(), "two-scripts.json: has 19975 more mistakes"},
		{"long list of no blocks", "2026", newer + "superblocks/outside-things.json", longBlocks(), "outside-things.json: has 49975 more mistakes"},
		{"block of no superblock", "2026", newer + "superblocks/outside-things.json", `{"blocks": []}`, "outside.json: no superblock lists this block"},
		{"too long", "2026", "curriculum/challenges/english/blocks/outside/x.md", strings.Repeat("x", 3<<20), "outside/x.md: has 3145728 bytes and at most"},
		{"one line", "2026", "curriculum/challenges/english/blocks/outside/x.md", strings.Repeat("x", 1<<20), "outside/x.md: has a line of 1048576 bytes"},
		{"not text", "2026", "curriculum/challenges/english/blocks/outside/x.md", "a\x00b", "outside/x.md: holds a zero byte"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := copied(t, c.layout)
			if files[c.file] = (&fstest.MapFile{Data: []byte(c.text)}); c.text == "" {
				delete(files, c.file)
			}
			catalogue := load(t, files)
			var got []string
			for _, w := range catalogue.Warnings {
				got = append(got, w.String())
			}
			if all := strings.Join(got, "\n"); !strings.Contains(all, c.want) {
				t.Errorf("got %s\nwant %s", all, c.want)
			}
			if catalogue.Lessons < 8 {
				t.Errorf("only %d lessons are left", catalogue.Lessons)
			}
		})
	}
}

func longOrder() string {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, `, {"id": "nothing-%d", "title": "a long title that takes some room"}`, i)
	}
	return `{"challengeOrder": [` + strings.ReplaceAll(b.String()[2:], "}, ", "},\n") + "]}"
}

func longBlocks() string {
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, ",\n\"nothing-%d\"", i)
	}
	return `{"blocks": [` + b.String()[2:] + "]}"
}

// What one mistake touches must not take the rest away.
func TestBlocksOfNoSuperblockAreStillTaught(t *testing.T) {
	files := copied(t, "2026")
	files[newer+"curriculum.json"] = &fstest.MapFile{Data: []byte("{}")}
	delete(files, newer+"superblocks/garden-v9.json")
	delete(files, newer+"superblocks/outside-things.json")
	catalogue := load(t, files)
	whole := lessons(load(t, fixture(t, "2026")))
	if len(catalogue.Courses) != 1 || len(lessons(catalogue)) != len(whole) {
		t.Errorf("%d lessons in %d courses, want %d in one", len(lessons(catalogue)), len(catalogue.Courses), len(whole))
	}
}

func TestLinksOnDiskLeadNowhere(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, fixture(t, "2026")); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret.md")
	if err := os.WriteFile(secret, []byte(fmt.Sprintf(reads, "secret")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "curriculum/challenges/english/blocks/outside/secret.md")); err != nil {
		t.Fatal(err)
	}
	folder, err := course.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	catalogue := load(t, folder)
	if _, found := catalogue.LessonByID("outside/secret"); found {
		t.Error("a file outside of the folder was read")
	}
	if all := fmt.Sprint(catalogue.Warnings); !strings.Contains(all, "secret.md: leads out of the course's folder") {
		t.Errorf("got %s", all)
	}
}

func TestDetect(t *testing.T) {
	sub := func(layout, dir string) fs.FS {
		fsys, err := fs.Sub(fixture(t, layout), dir)
		if err != nil {
			t.Fatal(err)
		}
		return fsys
	}
	for _, c := range []struct {
		name string
		root fs.FS
		want bool
	}{
		{"2025", fixture(t, "2025"), true},
		{"2026", fixture(t, "2026"), true},
		{"the folder curriculum alone", sub("2026", "curriculum"), true},
		{"another folder", sub("2026", "client"), false},
		{"empty", fstest.MapFS{}, false},
	} {
		if got := (freecodecamp.Loader{}).Detect(c.root); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
	for name, files := range map[string]fstest.MapFS{
		"nothing":     {},
		"no language": {older + "_meta/x/meta.json": {Data: []byte("{}")}},
	} {
		if _, _, err := (freecodecamp.Loader{}).Load(t.Context(), files); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (freecodecamp.Loader{}).Load(ctx, fixture(t, "2026")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
