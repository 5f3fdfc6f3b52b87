//go:build sabotage

package promise

import (
	"errors"
	"slices"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/prove"
	"kept/vault/sabotage"
)

func TestEachBreakTurnsItsPromisesRed(t *testing.T) {
	breaks := append((*Feature)(nil).Breaks(),
		prove.Break{Name: sabotage.PolicyBackdated, What: "a new policy lengthens old records", Breaks: []string{"C2"}})
	for _, b := range breaks {
		t.Run(b.Name, func(t *testing.T) {
			var red []string
			for _, c := range (*Feature)(nil).Checks() {
				p := newPlace(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)))
				mend := sabotage.Break(b.Name)
				_, err := c.Try(t.Context(), p.scratch(t))
				mend()
				var broken *prove.BrokenError
				if err != nil && !errors.As(err, &broken) {
					t.Errorf("%s could not be tried: %v", c.Promise, err)
				}
				if err != nil {
					t.Log(c.Promise, err)
					red = append(red, c.Promise)
				}
			}
			if !slices.Equal(red, b.Breaks) {
				t.Errorf("red are %v, want %v", red, b.Breaks)
			}
		})
	}
}
