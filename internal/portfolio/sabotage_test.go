//go:build sabotage

package portfolio_test

import (
	"errors"
	"slices"
	"testing"

	"kept/internal/prove"
	"kept/vault/sabotage"
)

func TestEachBreakTurnsItsPromisesRed(t *testing.T) {
	for _, b := range oneEngine(t).f.Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			h := oneEngine(t)
			defer sabotage.Break(b.Name)()
			var red []string
			for promise, err := range verdicts(t, h) {
				if err == nil {
					continue
				}
				if _, broken := errors.AsType[*prove.BrokenError](err); !broken {
					t.Errorf("%s could not be tried: %v", promise, err)
				}
				red = append(red, promise)
			}
			slices.Sort(red)
			if !slices.Equal(red, b.Breaks) {
				t.Errorf("red: %v, want %v", red, b.Breaks)
			}
		})
	}
}
