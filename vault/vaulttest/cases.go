package vaulttest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kept/vault"
)

func aRecordComesBackAsItWasPut(t *testing.T, w *World) {
	me := w.Person()
	put := Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "hello", Secret: "s"}})
	got, err := w.Notes.Get(t.Context(), w.DB, vault.Self(me), me, put.ID)
	if err != nil || got != put {
		t.Fatalf("got %+v, %v; want %+v", got, err, put)
	}
}

func twoWritersCannotLoseAnUpdate(t *testing.T, w *World) {
	me := w.Person()
	first := Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "a"}})
	second := first
	first.Value.Text = "b"
	Put(w, w.Notes, first)
	err := w.Try(func(ctx context.Context, tx *sql.Tx) error {
		_, err := w.Notes.Put(ctx, tx, vault.Self(me), second)
		return err
	})
	if !errors.Is(err, vault.ErrConflict) {
		t.Fatalf("the second writer got %v", err)
	}
}

func strangersSeePublicRecordsOfOpenOwnersOnly(t *testing.T, w *World) {
	me := w.Person()
	shown := Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "shown", Handle: "me"}})
	Put(w, w.Notes, vault.Record[Note]{Owner: me, Audience: vault.OnlyMe, Value: Note{Text: "hidden"}})
	see := func() int {
		all, err := w.Notes.All(t.Context(), w.DB, vault.Anyone(), me)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := see(); n != 0 {
		t.Fatalf("a stranger sees %d records before the owner said yes", n)
	}
	w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.SetOpen(ctx, tx, me, true) })
	if n := see(); n != 1 {
		t.Fatalf("a stranger sees %d records, want 1", n)
	}
	if _, err := w.Notes.FindOne(t.Context(), w.DB, vault.Anyone(), "handle", "me"); err != nil {
		t.Fatal(err)
	}
	w.Tx(func(ctx context.Context, tx *sql.Tx) error {
		return w.Notes.SetAudience(ctx, tx, vault.Self(me), me, shown.ID, vault.OnlyMe)
	})
	if n := see(); n != 0 {
		t.Fatalf("a stranger sees %d records after they were hidden", n)
	}
	if _, err := w.Notes.FindOne(t.Context(), w.DB, vault.Anyone(), "handle", "me"); !errors.Is(err, vault.ErrNotFound) {
		t.Fatalf("a stranger finds a hidden record: %v", err)
	}
	if _, err := w.Gifts.All(t.Context(), w.DB, vault.Anyone(), me); err == nil {
		t.Fatal("a stranger may ask for gifts")
	}
}

func readersAndWritersMustBeDeclared(t *testing.T, w *World) {
	me, other := w.Person(), w.Person()
	r := Put(w, w.SignUps, vault.Record[SignUp]{Owner: me, Scope: "w1", Anchor: "w1", Value: SignUp{"Ada"}})
	today := w.Today()
	for _, c := range []struct {
		who     vault.Who
		n       int
		refused bool
	}{
		{vault.Self(me), 1, false},
		{vault.Self(other), 0, true},
		{vault.Work("workshop"), 1, false},
		{vault.Work("marketing"), 0, true},
		{vault.InRole("helper", "w1", today), 1, false},
		{vault.InRole("helper", "w2", today), 0, false},
		{vault.InRole("helper", "w1", today-1), 0, true},
		{vault.InRole("janitor", "w1", today), 0, true},
		{vault.Anyone(), 0, true},
		{vault.Who{}, 0, true},
	} {
		all, err := w.SignUps.All(t.Context(), w.DB, c.who, me)
		var refused *vault.RefusedError
		if errors.As(err, &refused) != c.refused || len(all) != c.n {
			t.Errorf("%+v: got %d records, %v", c.who, len(all), err)
		}
	}
	write := func(who vault.Who) error {
		return w.Try(func(ctx context.Context, tx *sql.Tx) error {
			again, err := w.SignUps.Get(ctx, tx, vault.Self(me), me, r.ID)
			if err != nil {
				return err
			}
			_, err = w.SignUps.Put(ctx, tx, who, again)
			return err
		})
	}
	if err := write(vault.InRole("organiser", "w1", today)); err != nil {
		t.Errorf("an organiser may write: %v", err)
	}
	for _, who := range []vault.Who{vault.InRole("helper", "w1", today), vault.InRole("organiser", "w2", today), vault.Anyone(), vault.Self(other)} {
		if err := write(who); err == nil {
			t.Errorf("%+v may write", who)
		}
	}
}

func staffReadUnderAGrantAndTheMemberSeesIt(t *testing.T, w *World) {
	me, helper := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: me, Audience: vault.OnlyMe, Value: Note{Text: "private"}})
	grant := Put(w, w.Vault.Grants(), vault.Record[vault.Grant]{Owner: me, Value: vault.Grant{
		Staff: helper, Name: "Jo", Kinds: []string{"note"}, Reason: "the page is empty", Until: w.Today() + 1}})
	read := func(who vault.Who) (n int, err error) {
		err = w.Try(func(ctx context.Context, tx *sql.Tx) error {
			all, err := w.Notes.All(ctx, tx, who, me)
			n = len(all)
			return err
		})
		return n, err
	}
	if n, err := read(vault.Staff(helper, grant.ID)); n != 1 || err != nil {
		t.Fatalf("staff read %d records, %v", n, err)
	}
	looks, err := w.Vault.Looks().All(t.Context(), w.DB, vault.Self(me), me)
	if err != nil || len(looks) != 1 || looks[0].Value.Reason != "the page is empty" {
		t.Fatalf("the member sees %+v, %v", looks, err)
	}
	if _, err := read(vault.Staff(me, grant.ID)); err == nil {
		t.Error("somebody else used the grant")
	}
	if _, err := w.Notes.All(t.Context(), w.DB, vault.Staff(helper, grant.ID), me); err == nil {
		t.Error("a staff read without a transaction leaves no entry")
	}
	w.Now = w.Now.AddDate(0, 0, 2)
	if _, err := read(vault.Staff(helper, grant.ID)); err == nil {
		t.Error("the grant has ended and still opens")
	}
}

func uniqueValuesHaveOneOwnerAndStayReserved(t *testing.T, w *World) {
	me, other := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Handle: "ada"}})
	take := func() error {
		return w.Try(func(ctx context.Context, tx *sql.Tx) error {
			_, err := w.Notes.Put(ctx, tx, vault.Self(other), vault.Record[Note]{Owner: other, Value: Note{Handle: "ada"}})
			return err
		})
	}
	var taken *vault.TakenError
	if err := take(); !errors.As(err, &taken) {
		t.Fatalf("a second owner got %v", err)
	}
	if _, err := w.Vault.EraseOwner(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	if err := take(); !errors.As(err, &taken) {
		t.Fatalf("a reserved value was given away: %v", err)
	}
	w.Now = w.Now.AddDate(0, 0, 91)
	if err := take(); err != nil {
		t.Fatalf("the reservation does not end: %v", err)
	}
}

func findPagesInOrder(t *testing.T, w *World) {
	for i := range 7 {
		Put(w, w.Notes, vault.Record[Note]{Owner: w.Person(), Value: Note{Text: "x", Place: int64(7 - i)}})
	}
	var places []int64
	ask := vault.Query{Name: "word", Value: "x", Limit: 3}
	for range 3 {
		page, err := w.Notes.Find(t.Context(), w.DB, vault.Work("page"), ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			places = append(places, r.Value.Place)
			ask.After = w.Notes.Cursor(ask, r)
		}
	}
	if got := fmt.Sprint(places); got != "[1 2 3 4 5 6 7]" {
		t.Fatalf("got %s", got)
	}
	if err := w.Vault.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := w.Notes.Find(t.Context(), w.DB, vault.Work("page"), vault.Query{Name: "word", Value: "x"})
	if err != nil || len(all) != 7 {
		t.Fatalf("after a rebuild %d are found, %v", len(all), err)
	}
}

func changedLookupsAreMadeAnew(t *testing.T, w *World) {
	Put(w, w.Notes, vault.Record[Note]{Owner: w.Person(), Value: Note{Text: "x", Place: 7}})
	found := func(notes vault.Kind[Note], word string, want int) {
		t.Helper()
		all, err := notes.Find(t.Context(), w.DB, vault.Work("page"), vault.Query{Name: "word", Value: word})
		if len(all) != want || err != nil {
			t.Errorf("%q finds %d, %v; want %d", word, len(all), err, want)
		}
	}
	for version, want := range []int{0, 1} { // the version tells, nothing else does
		reg := vault.NewRegistry()
		notes := vault.Declare(reg, vault.Spec[Note]{
			Name: "note", Sentence: "What you wrote.", Purposes: []string{"page"}, Basis: vault.Contract,
			Retention: vault.UntilErased(), Audience: vault.AnyoneMaySee,
			Indexes: []vault.Index[Note]{
				{Name: "handle", Unique: true, Reserve: 90, Of: func(Note) []vault.Key { return nil }},
				{Name: "word", Version: version, Of: func(n Note) []vault.Key { return []vault.Key{{Value: fmt.Sprint(n.Place)}} }},
			},
		})
		if _, err := vault.Open(t.Context(), reg, w.Options); err != nil {
			t.Fatal(err)
		}
		found(notes, "7", want)
		found(notes, "x", 1-want)
	}
	w.Reopen()
	found(w.Notes, "x", 1)
}

func erasureLeavesOnlyWhatTheLawHolds(t *testing.T, w *World) {
	me, other := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "bye"}})
	kept := Put(w, w.Notes, vault.Record[Note]{Owner: other, Value: Note{Text: "stay"}})
	Put(w, w.Gifts, vault.Record[Gift]{Owner: me, Value: Gift{20, w.Today() + 100}})
	receipt, err := w.Vault.EraseOwner(t.Context(), me)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Erased["note"] != 1 || len(receipt.Held) != 1 || receipt.Held[0].Until != w.Today()+100 {
		t.Errorf("the receipt says %+v", receipt)
	}
	if len(w.LastWords) != 1 || w.LastWords[0] != "bye" {
		t.Errorf("last words: %v", w.LastWords)
	}
	if all, _ := w.Notes.All(t.Context(), w.DB, vault.Self(me), me); len(all) != 0 {
		t.Error("notes are left")
	}
	if all, err := w.Gifts.All(t.Context(), w.DB, vault.Work("books"), me); len(all) != 1 || err != nil {
		t.Errorf("the book-keeper sees %d gifts, %v", len(all), err)
	}
	if _, err := w.Notes.Get(t.Context(), w.DB, vault.Self(other), other, kept.ID); err != nil {
		t.Errorf("somebody else lost a record: %v", err)
	}
	err = w.Try(func(ctx context.Context, tx *sql.Tx) error {
		_, err := w.Notes.Put(ctx, tx, vault.Self(me), vault.Record[Note]{Owner: me})
		return err
	})
	if !errors.Is(err, vault.ErrErased) {
		t.Errorf("writing to an erased owner: %v", err)
	}
	w.Now = w.Now.AddDate(0, 0, 101)
	if _, err := w.Vault.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Vault.Owner(t.Context(), w.DB, me); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("after the hold ended: %v", err)
	}
}

func aRecordGoesAfterItsLastDay(t *testing.T, w *World) {
	me := w.Person()
	Put(w, w.Names, vault.Record[Name]{Owner: me, Value: Name{"Ada"}})
	w.Now = w.Now.AddDate(0, 0, 10)
	if n, err := w.Vault.Sweep(t.Context()); n != 0 || err != nil {
		t.Fatalf("swept %d early, %v", n, err)
	}
	if _, err := w.Names.Get(t.Context(), w.DB, vault.Self(me), me, vault.SingleID); err != nil {
		t.Fatalf("on its last day: %v", err)
	}
	w.Now = w.Now.AddDate(0, 0, 1)
	if _, err := w.Names.Get(t.Context(), w.DB, vault.Self(me), me, vault.SingleID); !errors.Is(err, vault.ErrNotFound) {
		t.Fatalf("after its last day, before the sweep: %v", err)
	}
	if n, err := w.Vault.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("swept %d, %v", n, err)
	}
}

func aMovedAnchorNeverPassesWhatWasTold(t *testing.T, w *World) {
	me := w.Person()
	move := func(day vault.Day) {
		w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.MoveAnchor(ctx, tx, "w1", day) })
	}
	end := func() vault.Day {
		all, err := w.SignUps.All(t.Context(), w.DB, vault.Self(me), me)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d, %v", len(all), err)
		}
		return all[0].Expires - w.Today()
	}
	move(w.Today() + 10)
	Put(w, w.SignUps, vault.Record[SignUp]{Owner: me, Scope: "w1", Anchor: "w1"})
	for _, c := range []struct{ move, want vault.Day }{{10, 40}, {5, 35}, {100, 40}, {8, 38}} {
		move(w.Today() + c.move)
		if got := end(); got != c.want {
			t.Errorf("workshop ends in %d days: the record in %d, want %d", c.move, got, c.want)
		}
	}
}

func mergeMovesEverything(t *testing.T, w *World) {
	a, b := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: a, Value: Note{Text: "of a", Handle: "a"}})
	Put(w, w.Names, vault.Record[Name]{Owner: a, Value: Name{"A"}})
	Put(w, w.Names, vault.Record[Name]{Owner: b, Value: Name{"B"}})
	Put(w, w.Gifts, vault.Record[Gift]{Owner: a, Value: Gift{5, w.Today() + 50}})
	w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.Merge(ctx, tx, a, b) })
	got, err := w.Notes.FindOne(t.Context(), w.DB, vault.Work("page"), "handle", "a")
	if err != nil || got.Owner != b {
		t.Fatalf("the handle leads to %+v, %v", got, err)
	}
	if n, err := w.Names.Get(t.Context(), w.DB, vault.Self(b), b, vault.SingleID); err != nil || n.Value.Name != "B+A" {
		t.Errorf("joined name %q, %v", n.Value.Name, err)
	}
	if id, err := w.Vault.Resolve(t.Context(), w.DB, a); id != b || err != nil {
		t.Errorf("a resolves to %s, %v", id, err)
	}
	if _, err := w.Vault.EraseOwner(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Vault.Owner(t.Context(), w.DB, a); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("the merged owner outlives: %v", err)
	}
}

func exportAndImport(t *testing.T, w *World) {
	me, twin := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "one <&> \u2028", Secret: "hush"}})
	Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "two"}})
	Put(w, w.Names, vault.Record[Name]{Owner: me, Value: Name{"Ada"}})
	Put(w, w.Gifts, vault.Record[Gift]{Owner: me, Value: Gift{5, w.Today() + 50}})
	var doc bytes.Buffer
	if err := w.Vault.Export(t.Context(), w.DB, me, &doc); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(doc.String(), "hush") || !json.Valid(doc.Bytes()) {
		t.Fatalf("export: %s", doc.String())
	}
	var done []vault.Imported
	w.Tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		done, err = w.Vault.Import(ctx, tx, twin, bytes.NewReader(doc.Bytes()))
		return err
	})
	want := "[{gift 0 1 it has a meaning only where it was made} {name 1 0 } {note 2 0 }]"
	if got := fmt.Sprint(done); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	all, err := w.Notes.All(t.Context(), w.DB, vault.Self(twin), twin)
	if err != nil || len(all) != 2 || all[0].Audience != vault.OnlyMe {
		t.Fatalf("imported %+v, %v", all, err)
	}
}
