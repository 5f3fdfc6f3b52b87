//go:build sabotage

package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"kept/vault"
	"kept/vault/sabotage"
	"kept/vault/vaulttest"
)

// TestSabotage shows that each way to break the vault breaks what it says: the
// question is answered with yes by a whole vault and with no by a broken one.
func TestSabotage(t *testing.T) {
	for name, kept := range map[string]func(*testing.T, *vaulttest.World) bool{
		sabotage.SealingOff:       bodiesAreSealed,
		sabotage.PublicUnfiltered: hiddenRecordsAreHidden,
		sabotage.ClosedShows:      closedOwnersAreHidden,
		sabotage.KeyKept:          theKeyGoes,
		sabotage.RowsKept:         theRowsGo,
		sabotage.ExportDropsKind:  theExportIsWhole,
		sabotage.SecretsExported:  secretsStay,
		sabotage.TombstoneIgnored: theErasedStayErased,
		sabotage.PurposeUnchecked: purposesAreChecked,
		sabotage.LookUnseen:       looksAreSeen,
		sabotage.RetentionLate:    nothingStaysTooLong,
		sabotage.RetentionEarly:   nothingGoesEarly,
		sabotage.PolicyBackdated:  oldRecordsKeepTheirPolicy,
	} {
		t.Run(name, func(t *testing.T) {
			if !kept(t, vaulttest.NewWorld(t, vaulttest.SQLite(t), vault.SQLite)) {
				t.Error("broken without sabotage")
			}
			defer sabotage.Break(name)()
			if kept(t, vaulttest.NewWorld(t, vaulttest.SQLite(t), vault.SQLite)) {
				t.Error("not broken by sabotage")
			}
		})
	}
}

func aNote(w *vaulttest.World, seen vault.Audience) vault.Record[vaulttest.Note] {
	return vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: w.Person(), Audience: seen,
		Value: vaulttest.Note{Text: "marker", Secret: "secret marker"}})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func bodiesAreSealed(t *testing.T, w *vaulttest.World) bool {
	aNote(w, 0)
	var body []byte
	must(t, w.DB.QueryRow(`SELECT body FROM vault_record`).Scan(&body))
	return !bytes.Contains(body, []byte("marker"))
}

func strangersSee(t *testing.T, w *vaulttest.World, owner vault.OwnerID) int {
	all, err := w.Notes.All(t.Context(), w.DB, vault.Anyone(), owner)
	must(t, err)
	return len(all)
}

func hiddenRecordsAreHidden(t *testing.T, w *vaulttest.World) bool {
	r := aNote(w, vault.OnlyMe)
	w.Tx(func(ctx context.Context, tx *sql.Tx) error { return w.Vault.SetOpen(ctx, tx, r.Owner, true) })
	return strangersSee(t, w, r.Owner) == 0
}

func closedOwnersAreHidden(t *testing.T, w *vaulttest.World) bool {
	return strangersSee(t, w, aNote(w, vault.AnyoneMaySee).Owner) == 0
}

// theKeyGoes puts a row back after the erasure, as a backup would.
func theKeyGoes(t *testing.T, w *vaulttest.World) bool {
	r := aNote(w, 0)
	backup, err := vaulttest.Take(t.Context(), w.DB)
	must(t, err)
	_, err = w.Vault.EraseOwner(t.Context(), r.Owner)
	must(t, err)
	must(t, backup.Restore(t.Context(), w.DB))
	_, err = w.Notes.Get(t.Context(), w.DB, vault.Self(r.Owner), r.Owner, r.ID)
	return errors.Is(err, vault.ErrNotFound)
}

func theRowsGo(t *testing.T, w *vaulttest.World) bool {
	_, err := w.Vault.EraseOwner(t.Context(), aNote(w, 0).Owner)
	must(t, err)
	var n int
	must(t, w.DB.QueryRow(`SELECT COUNT(*) FROM vault_record`).Scan(&n))
	return n == 0
}

func export(t *testing.T, w *vaulttest.World) string {
	var doc strings.Builder
	must(t, w.Vault.Export(t.Context(), w.DB, aNote(w, 0).Owner, &doc))
	return doc.String()
}

func theExportIsWhole(t *testing.T, w *vaulttest.World) bool {
	return strings.Contains(export(t, w), `"marker"`)
}

func secretsStay(t *testing.T, w *vaulttest.World) bool {
	return !strings.Contains(export(t, w), "secret marker")
}

// theErasedStayErased restores a snapshot from before the erasure.
func theErasedStayErased(t *testing.T, w *vaulttest.World) bool {
	other, r := aNote(w, 0), aNote(w, 0)
	backup, err := vaulttest.Take(t.Context(), w.DB)
	must(t, err)
	w.Tx(func(ctx context.Context, tx *sql.Tx) error {
		return w.Notes.Delete(ctx, tx, vault.Self(other.Owner), other.Owner, other.ID)
	})
	// The ring is an old copy, too: the key is back.
	mend := breakAlso(sabotage.KeyKept)
	_, err = w.Vault.EraseOwner(t.Context(), r.Owner)
	mend()
	must(t, err)
	must(t, backup.Restore(t.Context(), w.DB))
	must(t, vault.MarkRestored(t.Context(), w.DB))
	reg, kinds := vaulttest.Declare()
	_, err = vault.OpenRestored(t.Context(), reg, w.Options, 0)
	must(t, err)
	_, err = kinds.Notes.Get(t.Context(), w.DB, vault.Self(r.Owner), r.Owner, r.ID)
	return errors.Is(err, vault.ErrNotFound)
}

// breakAlso breaks something for a while and then goes back to what was broken.
func breakAlso(name string) (mend func()) {
	was := ""
	if sabotage.Is(sabotage.TombstoneIgnored) {
		was = sabotage.TombstoneIgnored
	}
	sabotage.Break(name)
	return func() { sabotage.Break(was) }
}

func purposesAreChecked(t *testing.T, w *vaulttest.World) bool {
	r := aNote(w, 0)
	_, err := w.Notes.Get(t.Context(), w.DB, vault.Work("another purpose"), r.Owner, r.ID)
	_, refused := errors.AsType[*vault.RefusedError](err)
	return refused
}

func looksAreSeen(t *testing.T, w *vaulttest.World) bool {
	r, staff := aNote(w, 0), w.Person()
	grant := vaulttest.Put(w, w.Vault.Grants(), vault.Record[vault.Grant]{Owner: r.Owner,
		Value: vault.Grant{Staff: staff, Kinds: []string{"note"}, Until: w.Today()}})
	w.Tx(func(ctx context.Context, tx *sql.Tx) error {
		_, err := w.Notes.Get(ctx, tx, vault.Staff(staff, grant.ID), r.Owner, r.ID)
		return err
	})
	looks, err := w.Vault.Looks().All(t.Context(), w.DB, vault.Self(r.Owner), r.Owner)
	must(t, err)
	return len(looks) == 1
}

func nameAfter(t *testing.T, w *vaulttest.World, days int) error {
	r := vaulttest.Put(w, w.Names, vault.Record[vaulttest.Name]{Owner: w.Person()})
	w.Days(days)
	_, err := w.Vault.Sweep(t.Context())
	must(t, err)
	_, err = w.Names.Get(t.Context(), w.DB, vault.Self(r.Owner), r.Owner, r.ID)
	return err
}

func nothingStaysTooLong(t *testing.T, w *vaulttest.World) bool {
	return errors.Is(nameAfter(t, w, 11), vault.ErrNotFound)
}

func nothingGoesEarly(t *testing.T, w *vaulttest.World) bool { return nameAfter(t, w, 10) == nil }

func oldRecordsKeepTheirPolicy(t *testing.T, w *vaulttest.World) bool {
	policy := 1
	w.Options.Policy = func() int { return policy }
	w.Reopen()
	r := vaulttest.Put(w, w.Names, vault.Record[vaulttest.Name]{Owner: w.Person()})
	policy = 2
	w.Now = w.Now.Add(5 * 24 * time.Hour)
	r, err := vaulttest.TryPut(w, w.Names, vault.Work("page"), r)
	must(t, err)
	return r.Policy == 1 && r.Expires == r.Made+10
}
