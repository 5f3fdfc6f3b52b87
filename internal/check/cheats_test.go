package check_test

import (
	"testing"

	"kept/internal/check"
	"kept/internal/check/cheats"
)

// Every cheat is refused, and the honest solution of its lesson accepted.
func TestCheatsAreRefused(t *testing.T) {
	j := check.TestEngine(t)
	lessons, all, err := cheats.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lessons {
		if !j.Can(l.Exercise) {
			continue
		}
		if v, err := j.Check(t.Context(), l.Exercise, l.Honest); err != nil || !v.Passed {
			t.Errorf("%s: the honest solution: %+v %v", l.Exercise.ID, v, err)
		}
		if v, err := j.Check(t.Context(), l.Exercise, check.Answer{}); err != nil || v.Passed {
			t.Errorf("%s: the files to begin with pass: %v", l.Exercise.ID, err)
		}
	}
	tried := 0
	for _, c := range all {
		if !j.Can(c.Lesson.Exercise) {
			continue
		}
		tried++
		t.Run(c.Name, func(t *testing.T) {
			v, err := j.Check(t.Context(), c.Lesson.Exercise, c.Answer)
			if err != nil {
				t.Fatal(err)
			}
			if v.Passed {
				t.Errorf("passes, which tries %s", c.Tries)
			}
			t.Logf("%s %s", v.Why, v.Took)
		})
	}
	if tried < 40 {
		t.Errorf("only %d cheats were tried", tried)
	}
}
