package native_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kept/courses"
	"kept/internal/check"
	"kept/internal/course"
	"kept/internal/course/native"
	"kept/internal/course/render"
)

func TestMain(m *testing.M) {
	if check.IsChild(os.Args[1:]) {
		os.Exit(check.RunChild())
	}
	os.Exit(m.Run())
}

// runner is the engine that the server checks with.
func runner(t *testing.T) *check.JavaScript {
	t.Helper()
	engine := check.NewJavaScript(filepath.Join(os.TempDir(), "kept-check-tests"))
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

// failures runs an exercise's tests on files and gives the message of each test
// that is not met.
func failures(t *testing.T, engine *check.JavaScript, works *course.Exercising, files []course.File) []string {
	t.Helper()
	v, err := engine.Check(t.Context(), check.Of("lesson", works), check.AnswerOf(files))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, test := range v.Tests {
		if !test.Passed {
			out = append(out, test.Says+": "+test.Message)
		}
	}
	if !v.Passed && len(out) == 0 {
		out = append(out, string(v.Why))
	}
	return out
}

// runTest runs a single test on a file and gives its message if it is not met.
func runTest(t *testing.T, engine *check.JavaScript, file course.File, test string) string {
	t.Helper()
	file.Name, file.Lang = "script.js", "js"
	works := &course.Exercising{Engine: course.JavaScript, Files: []course.File{file}, Tests: []course.Test{{Lang: "js", Code: test}}}
	return strings.TrimPrefix(strings.Join(failures(t, engine, works, []course.File{file}), "; "), ": ")
}

func sample(t *testing.T) *course.Catalogue {
	t.Helper()
	library := course.NewLibrary([]course.Loader{native.Loader{}}, []course.Source{{Name: "sample", Root: courses.Files}})
	if err := library.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	return library.Catalogue()
}

func TestSampleCourseIsSound(t *testing.T) {
	catalogue := sample(t)
	for _, w := range catalogue.Warnings {
		t.Error(w)
	}
	for _, w := range render.Lint(catalogue) {
		t.Error(w)
	}
	first, ok := catalogue.Course("first-steps-in-javascript")
	if !ok {
		t.Fatal("the course is missing")
	}
	lessons, exercises, quizzes := 0, 0, 0
	for _, lesson := range first.Lessons {
		lessons++
		v := lesson.In("en")
		if v.Exercise != nil {
			exercises++
		}
		quizzes += len(v.Quizzes)
		if most := map[bool]int{false: 20, true: 60}[lesson.Kind == course.Project]; lesson.Minutes < 5 || lesson.Minutes > most {
			t.Errorf("%s takes %d minutes, want 5 to %d", lesson.ID, lesson.Minutes, most)
		}
	}
	if lessons != 16 || exercises < 12 || quizzes < 5 {
		t.Errorf("got %d lessons, %d exercises, %d quizzes; want 16, at least 12, at least 5", lessons, exercises, quizzes)
	}
}

func TestSampleSolutionsPassAndStartersDoNot(t *testing.T) {
	catalogue, engine := sample(t), runner(t)
	for _, c := range catalogue.Courses {
		for _, lesson := range c.Lessons {
			works := lesson.In("en").Exercise
			if works == nil {
				continue
			}
			if lesson.Kind == course.Project { // a person judges it; it must run to its end
				for i, solution := range works.Solutions {
					solution[0].Text += "\nglobalThis.ended = true;"
					if message := runTest(t, engine, solution[0], "assert(ended);"); message != "" {
						t.Errorf("%s: solution %d: %s", lesson.ID, i+1, message)
					}
				}
				continue
			}
			for i, solution := range works.Solutions {
				for _, message := range failures(t, engine, works, solution) {
					t.Errorf("%s: solution %d: %s", lesson.ID, i+1, message)
				}
			}
			if len(failures(t, engine, works, works.Files)) == 0 {
				t.Errorf("%s: the files to begin with pass all tests already", lesson.ID)
			}
		}
	}
}

var (
	example = regexp.MustCompile("(?ms)^```js run\n(.*?)^```$")
	promise = regexp.MustCompile(`console\.log\(.*\);\s*// (.*)$`)
)

// An example that a reader can start must run, and print what its comments say.
func TestSampleExamplesPrintWhatTheySay(t *testing.T) {
	checked, engine := 0, runner(t)
	for _, c := range sample(t).Courses {
		for _, lesson := range c.Lessons {
			for _, m := range example.FindAllStringSubmatch(lesson.Versions[0].Blocks[0].Text, -1) {
				checked += checkExample(t, engine, lesson.ID, m[1])
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d lines were compared", checked)
	}
}

// checkExample compares each printed line with the comment behind it, of which
// the words after a comma are an explanation.
func checkExample(t *testing.T, engine *check.JavaScript, id, source string) int {
	t.Helper()
	file := course.File{Text: source, Before: native.Printing}
	n := 0
	for _, line := range strings.Split(source, "\n") {
		m := promise.FindStringSubmatch(line)
		if m == nil || strings.HasSuffix(m[1], ".") { // a sentence is a remark
			continue
		}
		said, _ := json.Marshal(m[1])
		test := fmt.Sprintf(`const plain = (s) => s.replace(/["\[\]]/g, "").replace(/,(?=\S)/g, ", "); assert(printed.some((p) => plain(p) === %s || %s.startsWith(plain(p) + ",")), printed.join(" | "))`, said, said)
		if message := runTest(t, engine, file, test); message != "" {
			t.Errorf("%s: %s: %s", id, line, message)
		}
		n++
	}
	if n == 0 {
		if message := runTest(t, engine, file, ""); message != "" {
			t.Errorf("%s: %s\n%s", id, message, source)
		}
	}
	return n
}

// A harness that lets everything pass would make the test above worthless.
func TestHarnessRefusesWhatIsWrong(t *testing.T) {
	engine := runner(t)
	file := course.File{Name: "a.js", Text: "const a = [1, 2];\nconsole.log(a, 'x');", Before: native.Printing}
	for _, test := range []string{
		"assert.strictEqual(a.length, 3)", "assert.deepEqual(a, [1])", "assert.deepEqual(a, ['1', '2'])",
		"assert.isTrue(1)", "assert(false)", "assert.equal(printed[0], '')", "missing()", "assert.match('a', /b/)",
		"assert.include([1], 2)", "assert.include('abc', 'd')", "assert.isUndefined(a)", "assert.isDefined(undefined)",
		"assert.isFunction(a)", "assert.isAtLeast(1, 2)", "assert.throws(() => 1)",
	} {
		if runTest(t, engine, file, test) == "" {
			t.Errorf("%s passes", test)
		}
	}
	if message := runTest(t, engine, file, "assert.deepEqual(printed, ['[1,2] x'])"); message != "" {
		t.Error(message)
	}
}
