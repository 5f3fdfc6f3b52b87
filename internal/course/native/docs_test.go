package native_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/course"
	"kept/internal/course/native"
	"kept/internal/course/render"
)

// The examples of docs/lesson-format.md are a course, and a sound one.
func TestDocumentedExamplesAreSound(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/lesson-format.md")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"02-the-bowline.md": {Data: []byte("---\nid: the-bowline\ntitle: The bowline\ntype: reading\n---\nx")}}
	for _, fence := range []string{"`````", "```"} {
		example := regexp.MustCompile("(?ms)^" + fence + "markdown\n(---\nid: ([a-z-]+)\n.*?)^" + fence + "\n")
		for _, m := range example.FindAllStringSubmatch(string(raw), -1) {
			files[m[2]+".md"] = &fstest.MapFile{Data: []byte(m[1])}
		}
	}
	files["course.md"] = &fstest.MapFile{Data: []byte(strings.Replace(string(files["knots-for-beginners.md"].Data), "01-why-knots.md", "why-knots.md, rope-for-all.md, which-knot.md, tie-a-net.md", 1))}
	delete(files, "knots-for-beginners.md")
	library := course.NewLibrary([]course.Loader{native.Loader{}}, []course.Source{{Name: "docs", Root: files}})
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	catalogue := library.Catalogue()
	for _, w := range append(catalogue.Warnings, render.Lint(catalogue)...) {
		t.Error(w)
	}
	place, ok := catalogue.Lesson("knots-for-beginners", "rope-for-all")
	if !ok || catalogue.Lessons != 5 {
		t.Fatalf("%d lessons were read from the examples, want 5", catalogue.Lessons)
	}
	works := place.Lesson.Versions[0].Exercise
	if messages := failures(t, runner(t), works, works.Solutions[0]); len(messages) > 0 {
		t.Error(messages)
	}
	if len(failures(t, runner(t), works, works.Files)) == 0 {
		t.Error("the files to begin with pass all tests")
	}
}
