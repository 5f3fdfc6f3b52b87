//go:build sabotage

package account

import (
	"slices"
	"testing"

	"kept/vault/sabotage"
)

func TestEachBreakTurnsItsPromisesRed(t *testing.T) {
	for _, b := range (&Account{}).Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			defer sabotage.Break(b.Name)()
			if red := failed(t); !slices.Equal(red, b.Breaks) {
				t.Errorf("not kept: %v, want %v", red, b.Breaks)
			}
		})
	}
}
