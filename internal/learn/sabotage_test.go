//go:build sabotage

package learn_test

import (
	"errors"
	"slices"
	"testing"

	"kept/internal/prove"
	"kept/vault/sabotage"
)

func TestEachBreakTurnsItsPromisesRed(t *testing.T) {
	for _, b := range onSQLite(t).Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			defer sabotage.Break(b.Name)()
			w := onSQLite(t)
			var red []string
			for _, check := range w.Checks() {
				_, err := check.Try(t.Context(), w.scratch(t))
				if _, broken := errors.AsType[*prove.BrokenError](err); broken {
					red = append(red, check.Promise)
				} else if err != nil {
					t.Errorf("%s: %v", check.Promise, err)
				}
			}
			if !slices.Equal(red, b.Breaks) {
				t.Errorf("red %v, want %v", red, b.Breaks)
			}
		})
	}
}
