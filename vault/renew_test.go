package vault_test

import (
	"context"
	"database/sql"
	"testing"

	"kept/vault"
	"kept/vault/vaulttest"
)

func TestOlderRecordsFollowANewPolicyOnlyAfterTheirOwnersYes(t *testing.T) {
	each(t, func(t *testing.T, w *vaulttest.World) {
		policy := 1
		w.Options.Policy = func() int { return policy }
		w.Reopen()
		me := w.Person()
		told := vaulttest.Put(w, w.Names, vault.Record[vaulttest.Name]{Owner: me, Value: vaulttest.Name{Name: "Ada"}})
		w.Days(5)
		policy = 2
		subject := w.Vault.Subject(me)
		if older, err := subject.Outdated(t.Context(), w.DB, policy); err != nil || older["name"] != 1 {
			t.Fatalf("older records: %v, %v", older, err)
		}
		for _, want := range []int{1, 0} {
			w.Tx(func(ctx context.Context, tx *sql.Tx) error {
				n, err := subject.Renew(ctx, tx, "name")
				if n != want {
					t.Errorf("renewed %d, want %d", n, want)
				}
				return err
			})
		}
		now, err := w.Names.Get(t.Context(), w.DB, vault.Self(me), me, vault.SingleID)
		if err != nil || now.Policy != 2 || now.Expires != told.Expires+5 || now.Value.Name != "Ada" {
			t.Errorf("after the yes: %+v, %v", now, err)
		}
	})
}
