//go:build !sabotage

package forget

import (
	"testing"

	"kept/internal/db"
)

// weaken does nothing: this build seals.
func (mode) weaken() (mend func()) { return func() {} }

// TestNothingIsLeft looks for every word and every key that an answer said is
// gone, in a program as it is released.
func TestNothingIsLeft(t *testing.T) {
	each(t, func(t *testing.T, engine db.Engine, number uint64, s *sums) {
		one := try(t, engine, mode{}, number)
		one.live(afterCrash, nil, nil)
		one.nothingLeft(s)
		one.livingKeysAreSeen()
	})
}
