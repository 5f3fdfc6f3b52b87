//go:build sabotage

package app

import (
	"slices"
	"testing"

	"kept/internal/promise"
	"kept/internal/prove"
	"kept/vault/sabotage"
)

// TestEachWayToBreakTurnsItsPromisesRed breaks the program in every way, one at
// a time, and tries all promises: exactly those named must fail.
func TestEachWayToBreakTurnsItsPromisesRed(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	breaks := s.breaks()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	compiled := t.TempDir()
	if red := redPromises(t, compiled); len(red) > 0 {
		t.Fatalf("before anything is broken, %v fail", red)
	}
	for _, b := range breaks {
		t.Run(b.Name, func(t *testing.T) {
			defer sabotage.Break(b.Name)()
			red := redPromises(t, compiled)
			slices.Sort(b.Breaks)
			if !slices.Equal(red, b.Breaks) {
				t.Errorf("when %s, %v fail; want %v", b.What, red, b.Breaks)
			}
		})
	}
}

// TestEveryPromiseThatIsTriedCanBeSeenToFail: a check that nothing turns red
// proves nothing.
func TestEveryPromiseThatIsTriedCanBeSeenToFail(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range s.checks() {
		if !slices.ContainsFunc(s.breaks(), func(b prove.Break) bool { return slices.Contains(b.Breaks, c.Promise) }) {
			t.Errorf("%s is tried by %s, and nothing breaks it", c.Promise, c.Feature)
		}
	}
}

func redPromises(t *testing.T, compiled string) []string {
	t.Helper()
	results, err := promise.Run(t.Context(), scratches(compiled), func(promise.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	var red []string
	for _, r := range results {
		if r.State == promise.Broken {
			red = append(red, r.ID)
			for _, try := range r.Tried {
				if !try.Kept {
					t.Logf("%s: %s", r.ID, try.Seen)
				}
			}
		}
	}
	slices.Sort(red)
	return red
}

// breaks are all ways to break the program on purpose that a promise's check
// must notice: those of the features, and those of the vault below them.
func (a *App) breaks() []prove.Break {
	all := []prove.Break{
		{Name: sabotage.SealingOff, What: "records are stored as they are", Breaks: []string{"F10"}},
		{Name: sabotage.KeyKept, What: "an erasure leaves the key in the ring", Breaks: []string{"B4", "F10"}},
		{Name: sabotage.RowsKept, What: "an erasure leaves the rows", Breaks: []string{"F10", "F11"}},
		{Name: sabotage.ExportDropsKind, What: "a download leaves kinds out", Breaks: []string{"F8", "F9"}},
		{Name: sabotage.SecretsExported, What: "a download shows secrets", Breaks: []string{"F9"}},
		{Name: sabotage.PolicyBackdated, What: "a new policy lengthens old records", Breaks: []string{"C2"}},
		{Name: sabotage.GrantUnchecked, What: "staff read without a permission that holds", Breaks: []string{"F14"}},
		{Name: "page-log-whole-address", What: "the log holds whole addresses", Breaks: []string{"F2"}},
		{Name: sabotage.RetentionLate, What: "records stay after their day", Breaks: []string{"C5", "C14", "F14"}},
		{Name: sabotage.RetentionEarly, What: "records go before their day", Breaks: []string{"C5", "C14"}},
		{Name: sabotage.LookUnseen, What: "staff look without an entry", Breaks: []string{"B5"}},
	}
	for _, f := range a.features.all {
		all = append(all, f.Breaks()...)
	}
	return all
}
