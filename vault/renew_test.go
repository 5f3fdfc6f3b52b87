package vault_test

import (
	"context"
	"database/sql"
	"testing"

	"kept/vault"
	"kept/vault/vaulttest"
)

func TestOlderRecordsFollowANewPolicyOnlyAfterTheirOwnersYes(t *testing.T) {
	each(t, func(w *world) {
		me := w.person()
		put(w, w.names, vault.Record[name]{Owner: me, Value: name{"Ada"}})
		w.now = w.now.AddDate(0, 0, 5)
		subject := w.v.Subject(me)
		older, err := subject.Outdated(t.Context(), w.db, 2)
		if err != nil || older["name"] != 1 {
			t.Fatalf("older records: %v, %v", older, err)
		}
		renew := func() (n int) {
			vaulttest.Tx(t, w.db, func(ctx context.Context, tx *sql.Tx) (err error) {
				n, err = subject.Renew(ctx, tx, "name")
				return err
			})
			return n
		}
		if n := renew(); n != 0 {
			t.Errorf("%d records were renewed though the policy is the same", n)
		}
	})
}
