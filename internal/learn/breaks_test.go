//go:build sabotage

package learn_test

import (
	"slices"
	"testing"

	"kept/vault/sabotage"
)

// TestEachWayToBreakIsSeenHere breaks this feature in every way and tries its
// own checks: those of just the named promises must fail.
func TestEachWayToBreakIsSeenHere(t *testing.T) {
	for _, b := range onSQLite(t).Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			w := onSQLite(t)
			s := w.scratch(t)
			defer sabotage.Break(b.Name)()
			var red []string
			for _, check := range w.Checks() {
				if _, err := check.Try(t.Context(), s); err != nil && !slices.Contains(red, check.Promise) {
					red = append(red, check.Promise)
				}
			}
			if !slices.Equal(red, b.Breaks) {
				t.Errorf("when %s, %v fail; want %v", b.What, red, b.Breaks)
			}
		})
	}
}
