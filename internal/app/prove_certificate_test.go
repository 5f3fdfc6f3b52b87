package app

import (
	"testing"

	"kept/internal/promise"
)

// TestPromisesAboutCertificates tries those alone.
func TestPromisesAboutCertificates(t *testing.T) {
	number := 0
	results, err := promise.Run(t.Context(), only(scratches(t.TempDir()), "certificate"), func(promise.Result) {})
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
	if number != 6 {
		t.Errorf("%d checks were tried", number)
	}
}
