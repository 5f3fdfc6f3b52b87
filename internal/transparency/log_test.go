package transparency

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

// world is a log with a clock that the test moves.
type world struct {
	t *testing.T
	*Log
	at time.Time
}

func each(t *testing.T, test func(*world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{t: t, at: time.Date(2027, 3, 1, 4, 20, 0, 0, time.UTC)}
		w.Log = &Log{db: d, host: "kept.example", key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), now: func() time.Time { return w.at }}
		test(w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// day lets texts wait, makes the day's batch, and lets the day pass.
func (w *world) day(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		w.add(text)
	}
	w.must(w.Batch(w.t.Context()))
	w.at = w.at.Add(24 * time.Hour)
}

func (w *world) add(text string) {
	w.t.Helper()
	w.must(w.db.Transact(w.t.Context(), func(tx *sql.Tx) error { return w.Add(w.t.Context(), tx, Commit([]byte(text))) }))
}

func (w *world) copy() *Document {
	w.t.Helper()
	d, err := w.document(w.t.Context(), w.db.Read)
	w.must(err)
	return d
}

func TestADayWithoutEntriesIsSignedToo(t *testing.T) {
	each(t, func(w *world) {
		w.day()
		w.day()
		d := w.copy()
		last, err := d.Verify()
		w.must(err)
		if len(d.Checkpoints) != 2 || last.Size != 0 || last.Origin != "kept.example/log/2027-03-01" {
			w.t.Errorf("%d checkpoints, the last %+v", len(d.Checkpoints), last)
		}
	})
}

func TestEveryEntryCanBeProvenAndNothingElse(t *testing.T) {
	each(t, func(w *world) {
		key, err := w.Verifier()
		w.must(err)
		for day := range 5 {
			var texts []string
			for i := range day * 3 {
				texts = append(texts, fmt.Sprintf("text %d of day %d", i, day))
			}
			w.day(texts...)
		}
		d := w.copy()
		if _, err := d.Verify(); err != nil || len(d.Leaves) != 30 {
			w.t.Fatalf("%d entries: %v", len(d.Leaves), err)
		}
		for day := range 5 {
			for i := range day * 3 {
				in, ok, err := w.Prove(w.t.Context(), w.db.Read, Commit(fmt.Appendf(nil, "text %d of day %d", i, day)))
				w.must(err)
				if c, err := in.Check(key); !ok || err != nil || c.Size != 30 {
					w.t.Errorf("text %d of day %d: %v, %v", i, day, ok, err)
				}
				in.Index++
				if _, err := in.Check(key); err == nil {
					w.t.Error("a proof for another place is believed")
				}
			}
		}
		if _, ok, err := w.Prove(w.t.Context(), w.db.Read, Commit([]byte("never said"))); ok || err != nil {
			w.t.Errorf("never said: %v, %v", ok, err)
		}
	})
}

func TestTheLogGoesOnFromEveryEarlierCopy(t *testing.T) {
	each(t, func(w *world) {
		var copies []*Document
		for day := range 6 {
			w.day(fmt.Sprint("a", day), fmt.Sprint("b", day))
			copies = append(copies, w.copy())
		}
		last := copies[len(copies)-1]
		_, now, _, err := w.newest(w.t.Context(), w.db.Read)
		w.must(err)
		for _, older := range copies {
			w.must(last.Extends(older))
			was, err := older.Verify()
			w.must(err)
			proof, err := tlog.ProveTree(now.Size, was.Size, reader{w.t.Context(), w.db.Read})
			w.must(err)
			w.must(tlog.CheckTree(proof, now.Size, now.Root, was.Size, was.Root))
		}
		if err := copies[0].Extends(last); err == nil {
			w.t.Error("a shorter log goes on from a longer one")
		}
	})
}

// TestWhatIsTamperedWithIsFound changes a copy in every way that a site might.
func TestWhatIsTamperedWithIsFound(t *testing.T) {
	each(t, func(w *world) {
		w.day("a", "b", "c")
		older := w.copy()
		w.day("d", "e")
		other := Commit([]byte("another"))
		for what, tamper := range map[string]func(*Document){
			"an entry changed":         func(d *Document) { d.Leaves[1] = other },
			"an entry taken out":       func(d *Document) { d.Leaves = append(d.Leaves[:1], d.Leaves[2:]...) },
			"two entries changed over": func(d *Document) { d.Leaves[0], d.Leaves[4] = d.Leaves[4], d.Leaves[0] },
			"an entry that is none":    func(d *Document) { d.Leaves[2] = "nonsense" },
			"a checkpoint forged":      func(d *Document) { d.Checkpoints[0] = strings.Replace(d.Checkpoints[0], "\n3\n", "\n2\n", 1) },
			"checkpoints out of order": func(d *Document) { d.Checkpoints[0], d.Checkpoints[1] = d.Checkpoints[1], d.Checkpoints[0] },
			"no checkpoint":            func(d *Document) { d.Checkpoints = nil },
			"another key":              func(d *Document) { d.Key = strings.Replace(d.Key, "+", "+0", 1) },
		} {
			d := w.copy()
			tamper(d)
			if _, err := d.Verify(); err == nil {
				w.t.Errorf("%s: not found", what)
			}
			if err := d.Extends(older); err == nil {
				w.t.Errorf("%s: it goes on from the older copy", what)
			}
		}
	})
}

func TestWhatWaitsHasNoOrder(t *testing.T) {
	each(t, func(w *world) {
		var texts []string
		for i := range 40 {
			texts = append(texts, fmt.Sprint(i))
		}
		w.day(texts...)
		inOrder := 0
		for i, leaf := range w.copy().Leaves {
			if leaf == Commit([]byte(texts[i])) {
				inOrder++
			}
		}
		if inOrder > 20 {
			w.t.Errorf("%d of 40 entries stand where they came", inOrder)
		}
	})
}

func TestToAddTwiceChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		w.add("a")
		w.day("a")
		w.day("a")
		if n := len(w.copy().Leaves); n != 1 {
			w.t.Errorf("%d entries, want 1", n)
		}
	})
}

// TestARestoreBeginsANewName: a backup does not know what came after it.
func TestARestoreBeginsANewName(t *testing.T) {
	each(t, func(w *world) {
		w.day("a")
		older := w.copy()
		w.must(w.db.Transact(w.t.Context(), func(tx *sql.Tx) error { return w.Renew(w.t.Context(), tx) }))
		w.day("b")
		d := w.copy()
		last, err := d.Verify()
		w.must(err)
		if last.Size != 3 || last.Origin == "kept.example/log/2027-03-01" {
			w.t.Errorf("after the restore: %+v", last)
		}
		if err := d.Extends(older); err == nil || !strings.Contains(err.Error(), "restored") {
			w.t.Errorf("the two names are taken for one: %v", err)
		}
		if _, ok := d.Holds(Commit([]byte("a"))); !ok {
			w.t.Error("an entry was lost")
		}
	})
}

func TestAnOpenStatementStandsInTheLog(t *testing.T) {
	each(t, func(w *world) {
		tell := func(ctx context.Context) {
			w.must(w.db.Transact(ctx, func(tx *sql.Tx) error { return w.Tell(ctx, tx, "Version 1 of the policy") }))
		}
		tell(w.t.Context())
		w.day()
		tell(w.t.Context())
		w.day()
		d := w.copy()
		if len(d.Leaves) != 1 || len(d.Statements) != 1 || d.Leaves[0] != Commit([]byte(d.Statements[0])) {
			w.t.Errorf("entries %v, statements %v", d.Leaves, d.Statements)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	l := Log{host: "kept.example", key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	key, err := l.Verifier()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(Checkpoint{"kept.example/log", 3, tlog.Hash{}, vault.Day(20000)}.text() + "\n— kept.example AAAA\n")
	f.Fuzz(func(t *testing.T, signed string) {
		if c, err := OpenCheckpoint(signed, key); err == nil {
			t.Errorf("a checkpoint that nobody signed is believed: %+v", c)
		}
	})
}
