package app

import (
	"testing"

	"kept/internal/promise"
)

// TestPromisesAboutProjects tries those alone, on the whole program.
func TestPromisesAboutProjects(t *testing.T) {
	number := 0
	results, err := promise.Run(t.Context(), only(scratches(t.TempDir()), "project"), func(promise.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		for _, try := range r.Tried {
			number++
			t.Logf("%s: %s", r.ID, try.Seen)
			if !try.Kept {
				t.Errorf("%s: %s", r.ID, try.Seen)
			}
		}
	}
	if number != 3 {
		t.Errorf("%d checks were tried", number)
	}
}
