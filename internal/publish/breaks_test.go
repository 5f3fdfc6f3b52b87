//go:build sabotage

package publish_test

import (
	"errors"
	"slices"
	"testing"

	"kept/internal/prove"
	"kept/vault/sabotage"
)

func TestEachWayToBreakTurnsItsPromiseRed(t *testing.T) {
	for _, b := range sampled(t).Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			defer sabotage.Break(b.Name)()
			w := sampled(t)
			s := w.scratch(t)
			var red []string
			for _, check := range w.Checks() {
				_, err := check.Try(t.Context(), s)
				if broken, ok := errors.AsType[*prove.BrokenError](err); ok {
					t.Log(broken.Seen)
					red = append(red, check.Promise)
				} else if err != nil {
					t.Error(err)
				}
			}
			if !slices.Equal(red, b.Breaks) {
				t.Errorf("when %s, %v fail; want %v", b.What, red, b.Breaks)
			}
		})
	}
}
