package backup

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kept/internal/db/dbtest"
	"kept/vault"
)

// TestNothingStaysLongerAndNothingGoesEarlier lives through random months: records
// of every kind of date are written and written again, ends are moved back and
// forth, and the sweep runs every half hour, as in the timetable. What is there
// must at each moment be what the dates say: an hour after the end of its day a
// record is gone, and before it none is.
//
// Every sweep is some flushes to the disk, so that a few lives are lived in each
// run; -rapid.checks=1000 lives more.
func TestNothingStaysLongerAndNothingGoesEarlier(t *testing.T) {
	if lives := flag.Lookup("rapid.checks"); lives.Value.String() == lives.DefValue {
		must(t, lives.Value.Set("6"))
		defer lives.Value.Set(lives.DefValue)
	}
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn, Folder(filepath.Join(t.TempDir(), "a")), Folder(filepath.Join(t.TempDir(), "b")))
		rapid.Check(t, func(rt *rapid.T) {
			l := &life{w: w, t: rt, owner: w.person(), dates: map[string]dated{}, end: map[string]vault.Day{}}
			rt.Repeat(map[string]func(*rapid.T){"write": l.write, "write again": l.again, "move an end": l.move, "wait": l.wait, "": l.compare})
		})
	})
}

// dated is what is expected of a record.
type dated struct {
	kind    string
	anchor  string
	told    vault.Day // what its person was told
	expires vault.Day
	rev     int64
}

// life is one member's, with what should be left of it.
type life struct {
	w     *world
	t     *rapid.T
	owner vault.OwnerID
	dates map[string]dated
	end   map[string]vault.Day
}

// anchor is one that no other life moves.
func (l *life) anchor(name string) string { return name + string(l.owner) }

func (l *life) kindOf(name string) vault.Kind[note] {
	return map[string]vault.Kind[note]{"note": l.w.note, "dated": l.w.dated, "phase": l.w.phase}[name]
}

// due is the last day of a record that is written now.
func (l *life) due(kind, anchor string) vault.Day {
	today := l.w.v.Today()
	switch end, set := l.end[anchor]; {
	case kind == "note":
		return vault.Never
	case kind == "dated":
		return today + 30
	case !set:
		return today + 365
	default:
		return max(end, today)
	}
}

func (l *life) put(kind, id, anchor string, rev int64) {
	r := l.w.put(l.kindOf(kind), vault.Record[note]{Owner: l.owner, ID: id, Rev: rev, Anchor: anchor, Value: note{kind}})
	until := l.due(kind, anchor)
	if r.Expires != until {
		l.t.Fatalf("a record of %s written on %s ends on %s, want %s", kind, l.w.v.Today(), r.Expires, until)
	}
	l.dates[r.ID] = dated{kind, anchor, until, until, r.Rev}
}

func (l *life) write(t *rapid.T) {
	kind, anchor := rapid.SampledFrom([]string{"note", "dated", "phase"}).Draw(t, "kind"), ""
	if kind == "phase" {
		anchor = l.anchor(rapid.SampledFrom([]string{"course", "other"}).Draw(t, "anchor"))
	}
	l.put(kind, "", anchor, 0)
}

// again is what a person does who goes on working: a new date is told.
func (l *life) again(t *rapid.T) {
	ids := slices.Sorted(maps.Keys(l.dates))
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "record")
	if d := l.dates[id]; d.expires >= l.w.v.Today() {
		l.put(d.kind, id, d.anchor, d.rev)
	}
}

// move moves an end, into the past, too: what was alive lives at least until
// tonight, and never past what was told.
func (l *life) move(t *rapid.T) {
	name := l.anchor(rapid.SampledFrom([]string{"course", "other"}).Draw(t, "anchor"))
	today := l.w.v.Today()
	end := today + vault.Day(rapid.IntRange(-20, 60).Draw(t, "days"))
	l.w.tx(func(tx *sql.Tx) error { return l.w.v.MoveAnchor(l.w.t.Context(), tx, name, end) })
	l.end[name] = end
	for id, d := range l.dates {
		if d.anchor == name && d.anchor != "" && d.expires >= today {
			d.expires = min(d.told, max(end, today))
			l.dates[id] = d
		}
	}
}

// wait lets half hours or days pass.
func (l *life) wait(t *rapid.T) {
	for range rapid.SampledFrom([]int{1, 1, 2, 3, 31}).Draw(t, "days") {
		l.to(time.Date(l.w.now.Year(), l.w.now.Month(), l.w.now.Day(), 23, 59, 59, 0, time.UTC))
		l.compare(t)
		l.to(l.w.now.Add(time.Hour))
		l.compare(t)
	}
}

// to goes on to a time, sweeping at each half hour that passes near midnight,
// when alone there is something to do.
func (l *life) to(at time.Time) {
	for l.w.now.Before(at) {
		next := l.w.now.Truncate(30 * time.Minute).Add(30 * time.Minute)
		if next.After(at) {
			l.w.now = at
			return
		}
		l.w.now = next
		if h := next.Hour(); h != 0 && h != 23 {
			l.w.now = time.Date(next.Year(), next.Month(), next.Day(), 23, 0, 0, 0, time.UTC)
		}
		if _, err := l.w.v.Sweep(l.w.t.Context()); err != nil {
			l.t.Fatal(err)
		}
	}
}

// compare looks at what is there. In the first half hour of a day what is over
// may be there still, for the sweep alone.
func (l *life) compare(t *rapid.T) {
	today := l.w.v.Today()
	swept := l.w.now.Hour() > 0 || l.w.now.Minute() >= 30
	rows := map[string]bool{}
	found, err := l.w.db.Read.QueryContext(l.w.t.Context(), `SELECT id FROM vault_record WHERE owner = $1`, string(l.owner))
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var id string
		if err := found.Scan(&id); err != nil {
			t.Fatal(err)
		}
		rows[id] = true
	}
	for id, d := range l.dates {
		switch over := d.expires < today; {
		case !over && !rows[id]:
			t.Fatalf("at %s a record of %s is gone that ends on %s", l.w.now, d.kind, d.expires)
		case over && rows[id] && swept:
			t.Fatalf("at %s a record of %s is there that ended on %s", l.w.now, d.kind, d.expires)
		case over:
			if _, err := l.kindOf(d.kind).Get(l.w.t.Context(), l.w.db.Read, vault.Self(l.owner), l.owner, id); !errors.Is(err, vault.ErrNotFound) {
				t.Fatalf("at %s a record of %s can be read that ended on %s: %v", l.w.now, d.kind, d.expires, err)
			}
			if swept {
				delete(l.dates, id)
			}
		}
	}
}

// TestAMovedEndTakesNoLiveWorkWithIt is the slip of an organiser: the end of a
// course moved into the past, and put right the same day.
func TestAMovedEndTakesNoLiveWorkWithIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.person()
		today := w.v.Today()
		w.tx(func(tx *sql.Tx) error { return w.v.MoveAnchor(t.Context(), tx, "course", today+90) })
		mine := w.put(w.phase, vault.Record[note]{Owner: me, Anchor: "course", Value: note{"work"}})
		other := w.put(w.phase, vault.Record[note]{Owner: me, Anchor: "another", Value: note{"work"}})
		lasting := w.write(me, "kept until erased")
		for _, end := range []vault.Day{today - 400, today + 200} {
			w.tx(func(tx *sql.Tx) error { return w.v.MoveAnchor(t.Context(), tx, "course", end) })
			_, err := w.v.Sweep(t.Context())
			must(t, err)
		}
		for what, want := range map[string]struct {
			kind    vault.Kind[note]
			id      string
			expires vault.Day
		}{
			"the course's": {w.phase, mine.ID, today + 90}, // what was told, though the course goes on
			"another's":    {w.phase, other.ID, today + 365},
			"the rest":     {w.note, lasting.ID, vault.Never},
		} {
			r, err := want.kind.Get(t.Context(), w.db.Read, vault.Self(me), me, want.id)
			if err != nil || r.Expires != want.expires {
				t.Errorf("%s work ends on %s, %v; want %s", what, r.Expires, err, want.expires)
			}
		}
		again := w.put(w.phase, vault.Record[note]{Owner: me, ID: mine.ID, Rev: mine.Rev, Anchor: "course", Value: note{"more work"}})
		if again.Expires != today+200 {
			t.Errorf("who works on is told %s, want the new end", again.Expires)
		}
	})
}

// TestASweepDisturbsNobody: while thousands of records go, a writer waits for one
// small batch at most.
func TestASweepDisturbsNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.person()
		w.tx(func(tx *sql.Tx) error {
			for n := range 3000 {
				if _, err := w.dated.Put(t.Context(), tx, vault.Self(me), vault.Record[note]{Owner: me, Value: note{fmt.Sprint(n)}}); err != nil {
					return err
				}
			}
			return nil
		})
		w.now = w.now.Add(40 * 24 * time.Hour)
		done := make(chan error, 1)
		go func() { _, err := w.v.Sweep(t.Context()); done <- err }()
		writer := w.person()
		written := 0
		for running := true; running; written++ {
			w.write(writer, "beside")
			select {
			case err := <-done:
				must(t, err)
				running = false
			default:
			}
		}
		if written < 5 {
			t.Errorf("%d records were written while 3,000 went", written)
		}
	})
}

func TestTheEndOfTheProjectIsOneSetting(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.person()
		r := w.put(w.phase, vault.Record[note]{Owner: me, Anchor: Phase, Value: note{"until the end"}})
		w.f.c.End = w.v.Today() + 10
		for range 2 { // a second start changes nothing
			must(t, w.f.settleEnd(t.Context()))
		}
		r, err := w.phase.Get(t.Context(), w.db.Read, vault.Self(me), me, r.ID)
		if err != nil || r.Expires != w.v.Today()+10 {
			t.Errorf("it ends on %s, %v", r.Expires, err)
		}
		going, err := w.f.GoingBy(t.Context(), w.v.Today()+11)
		must(t, err)
		if len(going.Records) != 1 || going.Records[0].Count != 1 || going.Records[0].Info.Name != "phase" {
			t.Errorf("by the day after goes %v", going.Records)
		}
		if going, err := w.f.GoingBy(t.Context(), w.v.Today()+10); err != nil || len(going.Records) != 0 {
			t.Errorf("on the last day goes %v, %v", going.Records, err)
		}
	})
}

func TestNextDeletionsHideSmallNumbers(t *testing.T) {
	days := gather([]vault.Ending{
		{Info: vault.Info{Title: "A"}, Day: 5, Count: 4}, {Info: vault.Info{Title: "B"}, Day: 5, Count: 17},
		{Info: vault.Info{Title: "C"}, Day: 6, Count: 1}, {Info: vault.Info{Title: "D"}, Day: 50, Count: 100},
	}, 40)
	want := fmt.Sprint([]NextDay{{Day: 5, Kinds: []NextKind{{"B", 15}}, Few: true}, {Day: 6, Few: true}})
	if got := fmt.Sprint(days); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
