package freecodecamp

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"kept/internal/course"
)

// FuzzChallenge looks for files that end the parser, or of which it makes a
// lesson that cannot be shown.
func FuzzChallenge(f *testing.F) {
	err := fs.WalkDir(os.DirFS("testdata"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".md") {
			return err
		}
		raw, err := os.ReadFile("testdata/" + name)
		f.Add(string(raw))
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var warnings []course.Warning
		d := parseChallenge("a.md", "english", text, &warnings)
		v := d.version
		switch {
		case !wellFormed.MatchString(d.id):
			t.Errorf("the id is %q", d.id)
		case d.kind == "":
			t.Error("there is no kind")
		case v.Blanks != nil && strings.Count(v.Blanks.Text, course.GapMark) < len(v.Blanks.Gaps):
			t.Errorf("%q has fewer gaps than %d", v.Blanks.Text, len(v.Blanks.Gaps))
		}
		lines := strings.Count(text, "\n") + 1
		for _, w := range warnings {
			if w.Line < 0 || w.Line > lines+1 || w.What == "" {
				t.Errorf("%s: the file has %d lines", w, lines)
			}
		}
		checkRegions(t, v.Exercise)
	})
}

func checkRegions(t *testing.T, works *course.Exercising) {
	if works == nil {
		return
	}
	for _, file := range works.Files {
		lines := strings.Count(file.Text, "\n") + 1
		for _, r := range file.Editable {
			if r.From < 1 || r.To < r.From-1 || r.To > lines {
				t.Errorf("the region %v is not in the %d lines of %q", r, lines, file.Text)
			}
		}
	}
}
