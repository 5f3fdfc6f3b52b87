package app

import (
	"context"
	"slices"
	"testing"

	"kept/internal/promise"
	"kept/internal/prove"
)

// TestPromisesAboutBackupsAndDates tries those alone, since they move the clock
// far.
func TestPromisesAboutBackupsAndDates(t *testing.T) {
	number := 0
	results, err := promise.Run(t.Context(), only(scratches(t.TempDir()), "backup"), func(promise.Result) {})
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
	if number != 4 {
		t.Errorf("%d checks were tried", number)
	}
}

// only leaves out the checks of other features.
func only(open promise.Open, feature string) promise.Open {
	return func(ctx context.Context) (*prove.Site, func(), error) {
		site, end, err := open(ctx)
		if err == nil {
			site.Checks = slices.DeleteFunc(site.Checks, func(c prove.Check) bool { return c.Feature != feature })
		}
		return site, end, err
	}
}
