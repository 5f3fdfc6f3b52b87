package freecodecamp_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kept/internal/course"
	"kept/internal/course/freecodecamp"
	"kept/internal/course/render"
)

// checkout is a folder to check, and what is known of it.
type checkout struct {
	name string
	root fs.FS
}

// checkouts are our own fixtures, and the real ones below KEPT_CORPUS.
func checkouts(t *testing.T) []checkout {
	t.Helper()
	all := []checkout{{"2025", fixture(t, "2025")}, {"2026", fixture(t, "2026")}}
	if dir := os.Getenv("KEPT_CORPUS"); dir != "" {
		found, err := filepath.Glob(filepath.Join(dir, "freecodecamp", "*", "curriculum"))
		if err != nil || len(found) == 0 {
			t.Fatalf("KEPT_CORPUS names no folder with freecodecamp/*/curriculum: %v", err)
		}
		for _, curriculum := range found {
			folder, err := course.OpenFolder(filepath.Dir(curriculum))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { folder.Close() })
			all = append(all, checkout{filepath.Base(filepath.Dir(curriculum)), folder})
		}
	}
	return all
}

func load(t testing.TB, root fs.FS) *course.Catalogue {
	t.Helper()
	library := course.NewLibrary([]course.Loader{freecodecamp.Loader{}}, []course.Source{{Name: "s", Root: root}})
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return library.Catalogue()
}

// lessons are those of all courses, each once.
func lessons(catalogue *course.Catalogue) map[*course.Lesson]bool {
	all := map[*course.Lesson]bool{}
	for _, of := range catalogue.Courses {
		for _, lesson := range of.Lessons {
			all[lesson] = true
		}
	}
	return all
}

var typeLine = regexp.MustCompile(`(?m)^challengeType: *'?([0-9]+)`)

// countTypes counts the types of challenge without our parser.
func countTypes(t *testing.T, root fs.FS) map[string]int {
	t.Helper()
	types := map[string]int{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".md") || strings.Contains(name, "LICENSE") {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		if m := typeLine.FindSubmatch(raw); m != nil {
			types[string(m[1])]++
		} else {
			types["?"]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func TestEveryFileIsRead(t *testing.T) {
	for _, c := range checkouts(t) {
		t.Run(c.name, func(t *testing.T) {
			got := map[string]int{}
			for lesson := range lessons(load(t, c.root)) {
				got[lesson.Type] += len(lesson.Versions)
			}
			if want := countTypes(t, c.root); !maps.Equal(got, want) {
				t.Errorf("got %v, a plain count of the files gives %v", got, want)
			}
			t.Log(got)
		})
	}
}

func TestNoTextIsLost(t *testing.T) {
	for _, c := range checkouts(t) {
		t.Run(c.name, func(t *testing.T) {
			r := render.New(render.English)
			files := 0
			for lesson := range lessons(load(t, c.root)) {
				for _, v := range lesson.Versions {
					raw, err := course.ReadText(c.root, v.File)
					if err != nil {
						t.Fatal(err)
					}
					files++
					if missing := lost(sourceWords(raw, strings.Contains(v.File, "project-euler")), shown(r, v)); len(missing) > 0 {
						t.Errorf("%s loses %q", v.File, missing)
					}
				}
			}
			if files == 0 {
				t.Error("no file was compared")
			}
		})
	}
}

// explained are the warnings that may remain, as docs/formats.md explains.
var explained = []*regexp.Regexp{
	regexp.MustCompile(`does not say how these texts may be used`),
	regexp.MustCompile(`^asks for the lesson "[0-9a-f]{24}", which does not exist`),
	regexp.MustCompile(`lies on another host and becomes a link`),
	regexp.MustCompile(`^the recordings .* are not here`),
	regexp.MustCompile(`^the picture "images/spacer.gif" is missing`),
	regexp.MustCompile(`^lists the challenge .*, of which there is no file`),
	regexp.MustCompile(`does not list this challenge and it stands at the end`),
}

func TestWarningsAreExplained(t *testing.T) {
	for _, c := range checkouts(t) {
		t.Run(c.name, func(t *testing.T) {
			catalogue := load(t, c.root)
			for _, w := range slices.Concat(catalogue.Warnings, render.Lint(catalogue)) {
				if !slices.ContainsFunc(explained, func(re *regexp.Regexp) bool { return re.MatchString(w.What) }) {
					t.Error(w)
				}
			}
		})
	}
}

func TestLostWordsAreSeen(t *testing.T) {
	if got := lost(sourceWords("one two\n\n# --hints--\n\ntwo", false), "one two"); len(got) != 1 || got[0] != "two" {
		t.Errorf("got %q, want one lost word", got)
	}
}
