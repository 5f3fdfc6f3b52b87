//go:build sabotage

package account

import (
	"slices"
	"testing"

	"kept/internal/prove"
	"kept/vault/sabotage"
)

func TestEachBreakTurnsItsPromisesRed(t *testing.T) {
	for _, b := range (&Account{}).Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			defer sabotage.Break(b.Name)()
			if red, want := failed(t), triedHere(b.Breaks); !slices.Equal(red, want) {
				t.Errorf("not kept: %v, want %v", red, want)
			}
		})
	}
}

// triedHere leaves out promises that only checks of other features try.
func triedHere(promises []string) []string {
	return slices.DeleteFunc(slices.Clone(promises), func(id string) bool {
		return !slices.ContainsFunc((&Account{}).Checks(), func(c prove.Check) bool { return c.Promise == id })
	})
}
