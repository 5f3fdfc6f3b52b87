//go:build sabotage

package forget

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/db"
	"kept/vault/sabotage"
)

// weaken stores records as they are.
func (m mode) weaken() (mend func()) {
	if m.Open {
		return sabotage.Break(sabotage.SealingOff)
	}
	return func() {}
}

// TestNothingIsLeftWithoutSealing shows that deletion itself works: records lie
// open, and after the backups' days have passed and the database was written
// anew nothing of what was erased may be left. What is left in the database
// before that, with what the program does by itself, is counted.
func TestNothingIsLeftWithoutSealing(t *testing.T) {
	each(t, func(t *testing.T, engine db.Engine, number uint64, s *sums) {
		one := try(t, engine, mode{Open: true}, number)
		one.live(afterCrash, nil, nil)
		gone, _ := one.markers()
		_, database := one.found(gone)
		s.add("left in the database before it is written anew", database, len(gone))
		one.live(daysLater, nil, nil)
		one.nothingLeft(s)
		one.livingKeysAreSeen()
	})
}

// TestTheScannerFindsWhatIsThere is the control: records lie open, nothing is
// overwritten, no log is emptied, nothing is written anew, no backup goes. At
// least 99 % of all words that were planted must then be found, erased or not,
// or the scanner is broken.
func TestTheScannerFindsWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, engine db.Engine, number uint64, s *sums) {
		one := try(t, engine, mode{Open: true, Control: true}, number)
		gone, here := one.markers()
		for name, words := range map[string][]word{"of what was erased": gone, "of what is kept": here} {
			everywhere, database := one.found(words)
			s.add(control, everywhere, len(words))
			s.add("found "+name, everywhere, len(words))
			s.add("found "+name+", in the database alone", database, len(words))
		}
	})
}

// found counts the words that are found, and those found outside of backups.
func (o *trial) found(words []word) (all, database int) {
	o.t.Helper()
	if len(words) == 0 {
		return 0, 0
	}
	everywhere, outside := map[string]bool{}, map[string]bool{}
	for _, h := range o.look(words) {
		everywhere[h.Label] = true
		if !strings.HasPrefix(h.File, filepath.Join(o.Folder, "backups")) {
			outside[h.Label] = true
		}
	}
	return len(everywhere), len(outside)
}

// markers are the planted words, without the keys.
func (o *trial) markers() (gone, here []word) {
	for _, w := range o.words {
		switch {
		case !strings.HasPrefix(string(w.Text), "marker"):
		case o.erased[w.Label]:
			gone = append(gone, w)
		default:
			here = append(here, w)
		}
	}
	return gone, here
}

// BenchmarkResidue counts what is left in the database alone of what was erased,
// after each of the things that can be done about it.
func BenchmarkResidue(b *testing.B) {
	sqlite := []string{``, `PRAGMA wal_checkpoint(TRUNCATE)`, `VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`}
	postgres := []string{``, `VACUUM`, `VACUUM FULL`, `ANALYZE`, `VACUUM FULL pg_statistic`, `SELECT pg_switch_wal()`, `CHECKPOINT`}
	for name, how := range map[string]struct {
		engine     db.Engine
		mode       mode
		statements []string
	}{
		"sqlite, overwriting off": {db.SQLite, mode{Open: true, Control: true}, sqlite},
		"sqlite":                  {db.SQLite, mode{Open: true}, sqlite},
		"postgres":                {db.PostgreSQL, mode{Open: true}, postgres},
	} {
		b.Run(name, func(b *testing.B) {
			s := &sums{map[string]int{}, map[string]int{}}
			for number := range *trials {
				try(b, how.engine, how.mode, uint64(number)).residue(s, how.statements)
			}
			for i, text := range how.statements {
				what := fmt.Sprint(i, " ", text)
				b.Logf("%s: of %d, %d are left in tables and indexes, %d in the log", what, s.of[what], s.have[what], s.have[what+" log"])
			}
		})
	}
}

// residue does one thing after another, and looks in between.
func (o *trial) residue(s *sums, statements []string) {
	o.t.Helper()
	path := o.Database
	if path == "" {
		path = filepath.Join(o.Folder, "data", "kept.db")
	}
	d, err := db.Open(o.t.Context(), path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer d.Close()
	gone, _ := o.markers()
	for i, text := range statements {
		if _, err := d.Write.ExecContext(o.t.Context(), text); err != nil && text != "" {
			o.t.Fatal(err)
		}
		what := fmt.Sprint(i, " ", text)
		inTables, inLog := map[string]bool{}, map[string]bool{}
		for _, h := range o.look(gone) {
			switch {
			case strings.HasPrefix(h.File, filepath.Join(o.Folder, "backups")):
			case strings.Contains(h.File, "wal"):
				inLog[h.Label] = true
			default:
				inTables[h.Label] = true
			}
		}
		s.add(what, len(inTables), len(gone))
		s.add(what+" log", len(inLog), len(gone))
	}
}
