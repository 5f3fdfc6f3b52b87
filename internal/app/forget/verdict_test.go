package forget

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// sums are what all trials of an engine add up to.
type sums struct{ have, of map[string]int }

func (s *sums) add(what string, have, of int) {
	s.have[what] += have
	s.of[what] += of
}

// each runs the trials of each engine and says what they add up to.
func each(t *testing.T, do func(t *testing.T, engine db.Engine, number uint64, s *sums)) {
	t.Logf("seed %d, %d trials of each engine", *seed, *trials)
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		engine := db.SQLite
		if strings.HasPrefix(dsn, "postgres:") {
			engine = db.PostgreSQL
		}
		s := &sums{map[string]int{}, map[string]int{}}
		for number := *begin; number < *begin+*trials; number++ {
			t.Run(fmt.Sprint(number), func(t *testing.T) { do(t, engine, uint64(number), s) })
		}
		for _, what := range slices.Sorted(maps.Keys(s.of)) {
			t.Logf("%s: %d of %d", what, s.have[what], s.of[what])
		}
		s.judge(t)
	})
}

// control names the words of the control: see TestTheScannerFindsWhatIsThere.
const control = "found in the control"

// judge says what must hold of all trials together.
func (s *sums) judge(t *testing.T) {
	if of := s.of[control]; of > 0 && s.have[control]*100 < of*99 {
		t.Errorf("the scanner finds %d of %d words that are there", s.have["control"], of)
	}
}

// nothingLeft looks for what was confirmed gone.
func (o *trial) nothingLeft(s *sums) {
	o.t.Helper()
	gone, _ := o.split()
	if len(gone) == 0 {
		s.add("trials killed before anything was erased", 1, 1)
		return
	}
	hits := o.look(gone)
	for _, h := range hits {
		o.t.Errorf("seed %d, trial %d, broken off at %q: left is %s", o.Seed, o.Trial, o.broken, h)
	}
	s.add("hits", len(hits), len(gone))
	if o.killed {
		s.add("killed in the middle of "+o.broken, 1, 1)
	}
}

// livingKeysAreSeen shows that keys are looked for where they lie: those of who
// is still there stand in the ring, wrapped, and in its copy.
func (o *trial) livingKeysAreSeen() {
	o.t.Helper()
	ring, _, err := readRing(filepath.Join(o.Folder, "data", "ring"), filepath.Join(o.Folder, "keys"))
	if err != nil {
		o.t.Fatal(err)
	}
	var words []word
	for _, k := range ring {
		words = append(words, word{"raw", k.raw}, word{"wrapped", k.wrapped})
	}
	var raw, wrapped int
	for _, h := range o.look(words) {
		switch {
		case h.Label == "raw" && strings.HasSuffix(h.File, opened):
			raw++
		case h.Label == "wrapped" && filepath.Base(h.File) == "ring":
			wrapped++
		default:
			o.t.Errorf("seed %d, trial %d: a living key lies where it should not: %s", o.Seed, o.Trial, h)
		}
	}
	if raw == 0 || wrapped < len(ring) {
		o.t.Errorf("seed %d, trial %d: of %d keys %d are seen in the copy and %d in the ring", o.Seed, o.Trial, len(ring), raw, wrapped)
	}
}
