package vaulttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"kept/vault"
)

func whatWasChangedByHandDoesNotOpen(t *testing.T, w *World) {
	for _, change := range []string{`seen = 3`, `scope = 'x'`, `rev = 9`, `policy = 9`, `id = 'x'`, `schema = 2`} {
		me := w.Person()
		Put(w, w.Notes, vault.Record[Note]{Owner: me, Audience: vault.OnlyMe})
		if _, err := w.DB.ExecContext(t.Context(), `UPDATE vault_record SET `+change+` WHERE owner = $1`, string(me)); err != nil {
			t.Fatal(err)
		}
		_, err := w.Notes.All(t.Context(), w.DB, vault.Self(me), me)
		var seal *vault.SealError
		if !errors.As(err, &seal) {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// writersBesideEachOtherLoseNothing counts up one record and adds others, from
// several writers that try again at a conflict.
func writersBesideEachOtherLoseNothing(t *testing.T, w *World) {
	const writers, times = 4, 10
	me := w.Person()
	shared := Put(w, w.Names, vault.Record[Name]{Owner: me})
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range times {
				addOne(t, w, me, shared.ID)
			}
		})
	}
	wg.Wait()
	got, err := w.Names.Get(t.Context(), w.DB, vault.Self(me), me, shared.ID)
	if err != nil || len(got.Value.Name) != writers*times {
		t.Errorf("counted to %d, %v", len(got.Value.Name), err)
	}
	all, err := w.Notes.All(t.Context(), w.DB, vault.Self(me), me)
	if err != nil || len(all) != writers*times {
		t.Errorf("%d notes, %v", len(all), err)
	}
}

func addOne(t *testing.T, w *World, me vault.OwnerID, id string) {
	for {
		err := w.Try(func(ctx context.Context, tx *sql.Tx) error {
			if _, err := w.Notes.Put(ctx, tx, vault.Self(me), vault.Record[Note]{Owner: me}); err != nil {
				return err
			}
			r, err := w.Names.Get(ctx, tx, vault.Self(me), me, id)
			if err != nil {
				return err
			}
			r.Value.Name += "."
			_, err = w.Names.Put(ctx, tx, vault.Self(me), r)
			return err
		})
		if err == nil {
			return
		}
		if !errors.Is(err, vault.ErrConflict) {
			t.Errorf("a writer got %v", err)
			return
		}
	}
}

func restrictionAndObjectionStopWork(t *testing.T, w *World) {
	me := w.Person()
	note := Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "x"}})
	gift := vault.Record[Gift]{Owner: me, Value: Gift{Until: w.Today() + 10}}
	page, books := vault.Work("page"), vault.Work("books")
	check := func(what string, allowed bool) {
		t.Helper()
		_, err := w.Notes.Get(t.Context(), w.DB, page, me, note.ID)
		if errors.Is(err, vault.ErrNotFound) == allowed {
			t.Errorf("%s: reading for the page: %v", what, err)
		}
		if _, err := TryPut(w, w.Notes, page, note); errors.Is(err, vault.ErrRestricted) == allowed {
			t.Errorf("%s: writing for the page: %v", what, err)
		}
		if _, err := TryPut(w, w.Gifts, books, gift); err != nil {
			t.Errorf("%s: the books, which a law asks for: %v", what, err)
		}
		if _, err := w.Notes.Get(t.Context(), w.DB, vault.Self(me), me, note.ID); err != nil {
			t.Errorf("%s: the owner: %v", what, err)
		}
		note, _ = w.Notes.Get(t.Context(), w.DB, vault.Self(me), me, note.ID)
	}
	check("at first", true)
	set := func(fn func(context.Context, *sql.Tx, vault.OwnerID, bool) error, on bool) {
		w.Tx(func(ctx context.Context, tx *sql.Tx) error { return fn(ctx, tx, me, on) })
	}
	object := func(ctx context.Context, tx *sql.Tx, id vault.OwnerID, on bool) error {
		return w.Vault.Object(ctx, tx, id, "page", on)
	}
	for name, fn := range map[string]func(context.Context, *sql.Tx, vault.OwnerID, bool) error{
		"restricted": w.Vault.Restrict, "objected": object} {
		set(fn, true)
		check(name, false)
		set(fn, false)
		check("no longer "+name, true)
	}
	err := w.Try(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.Object(ctx, tx, me, "page|books", true) })
	if _, refused := errors.AsType[*vault.RefusedError](err); !refused {
		t.Errorf("an objection to what nobody declares: %v", err)
	}
}

func aRoleCannotShowLengthenOrGive(t *testing.T, w *World) {
	me, staff := w.Person(), w.Person()
	move := func(day vault.Day) {
		w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.MoveAnchor(ctx, tx, "w1", day) })
	}
	move(w.Today() + 10)
	r := Put(w, w.SignUps, vault.Record[SignUp]{Owner: me, Scope: "w1", Anchor: "w1"})
	move(w.Today() + 100)
	r, err := TryPut(w, w.SignUps, vault.InRole("organiser", "w1", w.Today()), r)
	if err != nil || r.Expires != w.Today()+40 {
		t.Errorf("an organiser's change lets it live until %s, %v", r.Expires, err)
	}
	note := Put(w, w.Notes, vault.Record[Note]{Owner: me, Audience: vault.OnlyMe})
	note.Audience = vault.AnyoneMaySee
	if _, err := TryPut(w, w.Notes, vault.Work("page"), note); err == nil {
		t.Error("the program showed a hidden note to everybody")
	}
	grant := vault.Record[vault.Grant]{Owner: me, Value: vault.Grant{Staff: staff, Kinds: []string{"note"}, Until: w.Today()}}
	if _, err := TryPut(w, w.Vault.Grants(), vault.Work("support"), grant); err == nil {
		t.Error("the program gave a permission in the member's place")
	}
}

func aPlaceIsFreeOnceItsRecordIsOver(t *testing.T, w *World) {
	me := w.Person()
	old := Put(w, w.Names, vault.Record[Name]{Owner: me, Value: Name{"old"}})
	if _, err := TryPut(w, w.Names, vault.Self(me), vault.Record[Name]{Owner: me}); !errors.Is(err, vault.ErrConflict) {
		t.Errorf("a second one beside the first: %v", err)
	}
	w.Days(11)
	if _, err := TryPut(w, w.Names, vault.Self(me), old); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a change of what is over: %v", err)
	}
	if _, err := TryPut(w, w.Names, vault.Self(me), vault.Record[Name]{Owner: me, Value: Name{"new"}}); err != nil {
		t.Errorf("a new one before the sweep: %v", err)
	}
	if n, err := w.Vault.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
}

func oneMuteRecordDoesNotStopTheSweep(t *testing.T, w *World) {
	a, b := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: a, Value: Note{Text: "mute"}})
	Put(w, w.Names, vault.Record[Name]{Owner: b})
	if _, err := w.DB.ExecContext(t.Context(), `UPDATE vault_record SET expires_day = 1`); err != nil {
		t.Fatal(err)
	}
	w.Mute = true
	n, err := w.Vault.Sweep(t.Context())
	if n != 1 || !errors.Is(err, ErrMute) {
		t.Errorf("swept %d, %v", n, err)
	}
	w.Mute = false
	if n, err := w.Vault.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("afterwards swept %d, %v", n, err)
	}
	damaged := w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: damaged})
	if _, err := w.DB.ExecContext(t.Context(), `UPDATE vault_record SET expires_day = 1, rev = 9`); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Vault.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("of a damaged record swept %d, %v", n, err)
	}
}

func aMovedAnchorDoesNotWakeWhatIsOver(t *testing.T, w *World) {
	me := w.Person()
	move := func(day vault.Day) {
		w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.MoveAnchor(ctx, tx, "w1", day) })
	}
	Put(w, w.SignUps, vault.Record[SignUp]{Owner: me, Anchor: "w1"})
	before, err := w.Vault.Owner(t.Context(), w.DB, me)
	if err != nil {
		t.Fatal(err)
	}
	move(w.Today() - 29)
	after, err := w.Vault.Owner(t.Context(), w.DB, me)
	if err != nil || after.Version == before.Version {
		t.Errorf("the owner's version stays %d, %v", after.Version, err)
	}
	w.Days(2)
	move(w.Today() + 100)
	if all, err := w.SignUps.All(t.Context(), w.DB, vault.Self(me), me); len(all) != 0 || err != nil {
		t.Errorf("%d are awake, %v", len(all), err)
	}
}

func aMergeKeepsTheStricterOfBoth(t *testing.T, w *World) {
	a, b := w.Person(), w.Person()
	w.Tx(func(ctx context.Context, tx *sql.Tx) error {
		return errors.Join(w.Vault.Restrict(ctx, tx, a, true), w.Vault.Object(ctx, tx, a, "page", true),
			w.Vault.Object(ctx, tx, b, "books", true), w.Vault.SetOpen(ctx, tx, a, true))
	})
	Put(w, w.Names, vault.Record[Name]{Owner: a, Value: Name{"over"}})
	Put(w, w.Notes, vault.Record[Note]{Owner: a, Value: Note{Handle: "ada"}})
	w.Days(11)
	Put(w, w.Names, vault.Record[Name]{Owner: b, Value: Name{"B"}})
	w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.Merge(ctx, tx, a, b) })
	o, err := w.Vault.Owner(t.Context(), w.DB, b)
	if err != nil || !o.Restricted || o.Open || fmt.Sprint(o.Objects) != "[books page]" {
		t.Errorf("the owner is %+v, %v", o, err)
	}
	if r, err := w.Names.Get(t.Context(), w.DB, vault.Self(b), b, vault.SingleID); err != nil || r.Value.Name != "B" {
		t.Errorf("a name that was over was joined: %q, %v", r.Value.Name, err)
	}
	err = w.Try(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.Merge(ctx, tx, a, b) })
	if !errors.Is(err, vault.ErrErased) {
		t.Errorf("merged a second time: %v", err)
	}
	if free, err := w.Notes.Free(t.Context(), w.DB, "handle", "ada", a); free || err != nil {
		t.Errorf("the handle is free for whom it left, %v", err)
	}
}

// aRestoreBringsNothingBack takes a snapshot, does what a restore must know,
// and restores.
func aRestoreBringsNothingBack(t *testing.T, w *World) {
	me, gone, unproven := w.Person(), w.Person(), w.Person()
	hidden := Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "hidden"}})
	deleted := Put(w, w.Notes, vault.Record[Note]{Owner: me, Value: Note{Text: "deleted", Handle: "ada"}})
	moved := Put(w, w.Notes, vault.Record[Note]{Owner: unproven, Value: Note{Text: "moved"}})
	Put(w, w.Notes, vault.Record[Note]{Owner: gone, Value: Note{Text: "gone", Handle: "bob"}})
	Put(w, w.SignUps, vault.Record[SignUp]{Owner: me, Anchor: "w1"})
	grant := Put(w, w.Vault.Grants(), vault.Record[vault.Grant]{Owner: me, Value: vault.Grant{Staff: gone, Kinds: []string{"note"}, Until: w.Today() + 50}})
	w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.SetOpen(ctx, tx, me, true) })

	snapshot, err := Take(t.Context(), w.DB)
	if err != nil {
		t.Fatal(err)
	}
	later := w.Person()
	grant.Value.Until = w.Today()
	Put(w, w.Vault.Grants(), grant)
	w.Tx(func(ctx context.Context, tx *sql.Tx) error {
		return errors.Join(
			w.Notes.SetAudience(ctx, tx, vault.Self(me), me, hidden.ID, vault.OnlyMe),
			w.Notes.Delete(ctx, tx, vault.Self(me), me, deleted.ID),
			w.Vault.Note(ctx, tx, vault.Noted{Word: "list", Record: "l1", Arg: "7"}),
			w.Vault.MoveAnchor(ctx, tx, "w1", w.Today()-20),
			w.Vault.SetOpen(ctx, tx, me, false),
			w.Vault.Merge(ctx, tx, unproven, later),
			w.Notes.Delete(ctx, tx, vault.Self(later), later, moved.ID))
	})
	if _, err := w.Vault.EraseOwner(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if err := snapshot.Restore(t.Context(), w.DB); err != nil {
		t.Fatal(err)
	}
	w.restored(t)
	w.nothingCameBack(t, me, hidden.ID)
	if noted, err := w.Vault.Notes(t.Context(), "list"); err != nil || !slices.Equal(noted, []vault.Noted{{Word: "list", Record: "l1", Arg: "7"}}) {
		t.Errorf("noted: %+v, %v", noted, err)
	}
	if all, err := w.Notes.All(t.Context(), w.DB, vault.Self(unproven), unproven); len(all) != 0 || err != nil {
		t.Errorf("what was deleted after a merge is back: %d, %v", len(all), err)
	}
	if _, err := w.Vault.Owner(t.Context(), w.DB, gone); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("the erased owner is back: %v", err)
	}
	w.Days(1)
	if all, _ := w.Vault.Grants().All(t.Context(), w.DB, vault.Self(me), me); len(all) != 0 {
		t.Error("a grant that was withdrawn is back")
	}
}

// restored opens the vault as after a restore, twice as after a crash.
func (w *World) restored(t *testing.T) {
	t.Helper()
	for range 2 {
		if err := vault.MarkRestored(t.Context(), w.DB); err != nil {
			t.Fatal(err)
		}
		reg, kinds := Declare()
		if _, err := vault.Open(t.Context(), reg, w.Options); !errors.Is(err, vault.ErrRestoring) {
			t.Fatalf("opened without a replay: %v", err)
		}
		v, err := vault.OpenRestored(t.Context(), reg, w.Options, 0)
		if err != nil {
			t.Fatal(err)
		}
		w.Vault, w.Kinds = v, kinds
	}
}

func (w *World) nothingCameBack(t *testing.T, me vault.OwnerID, hidden string) {
	t.Helper()
	notes, err := w.Notes.All(t.Context(), w.DB, vault.Self(me), me)
	if err != nil || len(notes) != 1 || notes[0].ID != hidden || notes[0].Audience != vault.OnlyMe {
		t.Errorf("notes are %+v, %v", notes, err)
	}
	ups, err := w.SignUps.All(t.Context(), w.DB, vault.Self(me), me)
	if err != nil || len(ups) != 1 || ups[0].Expires != w.Today()+10 {
		t.Errorf("sign-ups are %+v, %v", ups, err)
	}
	if o, err := w.Vault.Owner(t.Context(), w.DB, me); o.Open || err != nil {
		t.Errorf("open is %v, %v", o.Open, err)
	}
	for _, handle := range []string{"ada", "bob"} {
		if free, err := w.Notes.Free(t.Context(), w.DB, "handle", handle, me); free || err != nil {
			t.Errorf("the handle %s of what was erased is free, %v", handle, err)
		}
	}
}

func aRefusedImportLeavesNothingBehind(t *testing.T, w *World) {
	me, other := w.Person(), w.Person()
	Put(w, w.Notes, vault.Record[Note]{Owner: other, Value: Note{Handle: "ada"}})
	doc := `{"format":"kept-export-1","kinds":{"note":[
		{"schema":1,"id":"x","audience":"anyone","scope":"w1","anchor":"w1","value":{"text":"taken","handle":"ada","place":1}},
		{"schema":1,"value":{"text":"mine","handle":"eve","place":2,"SECRET":"planted"}},
		{"schema":2,"value":{}},{"schema":0,"value":{}},{"schema":1,"value":null}],
		"look":[{"schema":1,"value":{}}],"nonsense":[{}]}}`
	var done []vault.Imported
	w.Tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		done, err = w.Vault.Import(ctx, tx, me, strings.NewReader(doc))
		return err
	})
	if len(done) != 3 || done[0].Taken != 1 || done[0].Skipped != 4 || done[1].Taken+done[2].Taken != 0 {
		t.Errorf("imported %+v", done)
	}
	all, err := w.Notes.All(t.Context(), w.DB, vault.Self(me), me)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d notes, %v", len(all), err)
	}
	if r := all[0]; r.Value.Secret != "" || r.Audience != vault.OnlyMe || r.Scope != "" || r.Value.Text != "mine" {
		t.Errorf("imported %+v", r)
	}
}
