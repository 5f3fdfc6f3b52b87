package chrome

import (
	"testing"
	"time"

	"kept/internal/check"
	"kept/internal/check/cheats"
	"kept/internal/check/frame"
	"kept/internal/course"
)

// Every cheat is refused, and the honest solution of its lesson accepted, before
// and after it in the same tab.
func TestBrowserCheatsAreRefused(t *testing.T) {
	e := testEngine(t, Options{Pages: 1, PerTest: 2 * time.Second, JavaScript: true})
	lessons, all, err := cheats.All()
	if err != nil {
		t.Fatal(err)
	}
	honest := func(t *testing.T, l *cheats.Lesson) {
		t.Helper()
		if v, err := e.Check(t.Context(), l.Exercise, l.Honest); err != nil || !v.Passed {
			t.Errorf("%s: the honest solution: %+v %v", l.Exercise.ID, v, err)
		}
	}
	for _, l := range lessons {
		honest(t, l)
		if v, err := e.Check(t.Context(), l.Exercise, check.Answer{}); err != nil || v.Passed {
			t.Errorf("%s: the files to begin with pass: %v", l.Exercise.ID, err)
		}
	}
	tried := map[course.Engine]int{}
	for _, c := range all {
		tried[c.Lesson.Exercise.Engine]++
		t.Run(c.Name, func(t *testing.T) {
			v, err := e.Check(t.Context(), c.Lesson.Exercise, c.Answer)
			if err != nil {
				t.Fatal(err)
			}
			if v.Passed {
				t.Errorf("passes, which tries %s", c.Tries)
			}
			t.Logf("%s %s %+v", v.Why, v.Took, v.Tests)
			if c.Lesson.Exercise.Engine == course.Python {
				honest(t, c.Lesson) // nothing of it is left
			}
		})
	}
	if tried[course.Page] < 15 || tried[course.React] < 3 || tried[course.Python] < 15 {
		t.Errorf("only %v cheats were tried", tried)
	}
}

func testEngine(t *testing.T, o Options) *Engine {
	t.Helper()
	path, err := Find("auto")
	if err != nil {
		t.Fatalf("%v (apt-get install chromium, or run ./check, which does)", err)
	}
	if o.Frame, err = frame.New(); err != nil {
		t.Fatal(err)
	}
	o.Path = path
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}
