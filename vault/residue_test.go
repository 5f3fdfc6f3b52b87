package vault_test

import (
	"bytes"
	"os"
	"testing"

	"kept/vault"
	"kept/vault/vaulttest"
)

// remains counts, in SQLite's file and in its log, the ids that still stand there.
func remains(t *testing.T, w *vaulttest.World, ids []string) (file, log int) {
	t.Helper()
	var n, name, path string
	if err := w.DB.QueryRow(`PRAGMA database_list`).Scan(&n, &name, &path); err != nil {
		t.Fatal(err)
	}
	for suffix, count := range map[string]*int{"": &file, "-wal": &log} {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if bytes.Contains(content, []byte(id)) {
				*count++
			}
		}
	}
	return file, log
}

// holdReader keeps a read transaction open until the returned function is called.
func holdReader(t *testing.T, w *vaulttest.World) (stop func()) {
	t.Helper()
	conn, err := w.DB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`BEGIN DEFERRED`, `SELECT COUNT(*) FROM vault_record`} {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if _, err := conn.ExecContext(t.Context(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
		conn.Close()
	}
}

func TestAnErasureLeavesNothingInTheLogOnceReadersAreGone(t *testing.T) {
	w := vaulttest.NewWorld(t, vaulttest.SQLite(t), vault.SQLite)
	me, other := w.Person(), w.Person()
	var ids []string
	for range 200 {
		ids = append(ids, vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Text: "a"}}).ID)
	}
	theirs := vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: other, Value: vaulttest.Note{Text: "b"}})
	if _, log := remains(t, w, ids); log == 0 {
		t.Fatal("the log holds none of the ids: this test would show nothing")
	}
	stopReading := holdReader(t, w)
	if _, err := w.Vault.EraseOwner(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	if w.Vault.Settled() {
		t.Error("settled while somebody still reads the log")
	}
	stopReading()
	if err := w.Vault.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, log := remains(t, w, ids)
	t.Logf("after the erasure %d of 200 stand in the file, %d in the log", file, log)
	if log != 0 || !w.Vault.Settled() {
		t.Errorf("the log holds %d of them, settled %v", log, w.Vault.Settled())
	}
	if err := w.Vault.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if file, log := remains(t, w, ids); file != 0 || log != 0 {
		t.Errorf("after compaction %d stand in the file, %d in the log", file, log)
	}
	if file, _ := remains(t, w, []string{theirs.ID}); file != 1 {
		t.Error("somebody else's record is gone")
	}
}
