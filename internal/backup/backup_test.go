package backup

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

// each runs a test on both engines, with backups in folders.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		dir := t.TempDir()
		test(t, newWorld(t, dsn, Folder(filepath.Join(dir, "data")), Folder(filepath.Join(dir, "keys"))))
	})
}

func TestARestoreBringsEverythingBackByteForByte(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(20, 10)
		w.put(w.token, vault.Record[note]{Owner: people[0], Value: note{"a session"}})
		made := w.backup()
		before := exports(t, w.v, w.db, people)
		r := w.restoration(fresh(t))
		r.Look = func(v *vault.Vault, d *db.DB) error {
			after := exports(t, v, d, people)
			for id, was := range before {
				if !bytes.Equal(was, after[id]) {
					t.Errorf("a person came back changed:\n%s\n%s", was, after[id])
				}
			}
			found, err := w.note.Get(t.Context(), d.Read, vault.Self(people[0]), people[0], "none")
			if !errors.Is(err, vault.ErrNotFound) {
				t.Errorf("got %v %v", found, err)
			}
			return nil
		}
		s, err := r.Run(t.Context())
		must(t, err)
		if s.ID != made.ID {
			t.Errorf("restored %s, want %s", s.ID, made.ID)
		}
		if Unfinished(r.Data) {
			t.Error("the mark of the restore is still there")
		}
	})
}

// exports are the people's data as they would take it along, without the time of
// the export and without what no restore brings back.
func exports(t *testing.T, v *vault.Vault, d *db.DB, people []vault.OwnerID) map[vault.OwnerID][]byte {
	t.Helper()
	all := map[vault.OwnerID][]byte{}
	for _, id := range people {
		var b bytes.Buffer
		err := v.Subject(id).Each(t.Context(), d.Read, func(i vault.Item) error {
			if !i.Info.DropAtRestore {
				b.WriteString(i.Info.Name + i.ID)
				b.Write(i.Value)
			}
			return nil
		})
		must(t, err)
		all[id] = b.Bytes()
	}
	return all
}

func TestASecondBackupStoresWhatChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(100, 20)
		first := w.backup()
		w.now = w.now.Add(24 * time.Hour)
		for i := range 20 { // 1 %, scattered
			w.write(people[i*5], "changed")
		}
		second := w.backup()
		if second.Stored*100 > first.Stored*15 {
			t.Errorf("the second backup stored %d bytes, the first %d", second.Stored, first.Stored)
		}
		if second.Rows < first.Rows+20 {
			t.Errorf("the second backup has %d rows, the first %d", second.Rows, first.Rows)
		}
		v, err := w.restoration(fresh(t)).Verify(t.Context())
		must(t, err)
		if v.People != 100 || v.Records != 2020 {
			t.Errorf("read %d records of %d people", v.Records, v.People)
		}
	})
}

func TestASnapshotThatGoesGivesItsSpaceBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(30, 20)
		marked := w.write(people[0], "to be deleted")
		w.backup()
		w.tx(func(tx *sql.Tx) error {
			return w.note.Delete(t.Context(), tx, vault.Self(people[0]), people[0], marked.ID)
		})
		w.now = w.now.Add(24 * time.Hour)
		w.backup()
		if rows := rowsIn(t, w, marked.ID); rows == 0 {
			t.Fatal("the deleted row is in no backup: this test would show nothing")
		}
		all, err := w.f.List(t.Context())
		must(t, err)
		before := size(t, w.to)
		freed, err := w.f.Forget(t.Context(), all[0].ID)
		must(t, err)
		if freed == 0 || size(t, w.to) >= before {
			t.Errorf("%d bytes were freed; %d before, %d after", freed, before, size(t, w.to))
		}
		if rows := rowsIn(t, w, marked.ID); rows != 0 {
			t.Errorf("the deleted row is in %d chunks still", rows)
		}
		_, err = w.restoration(fresh(t)).Verify(t.Context())
		must(t, err)
	})
}

// rowsIn counts the rows in the store that hold a text.
func rowsIn(t *testing.T, w *world, text string) (n int) {
	t.Helper()
	objects, err := w.to.List(t.Context(), chunkFolder)
	must(t, err)
	reader := idReader{from: w.to}
	defer reader.close()
	for _, o := range objects {
		u, err := reader.fetch(t.Context(), filepath.Base(o.Name))
		must(t, err)
		for row, err := range u.each() {
			must(t, err)
			if u.tables[row.table].Name == "vault_record" { // the journal names it, too
				n += bytes.Count(row.values, []byte(text))
			}
		}
	}
	return n
}

func size(t *testing.T, s Store) (n int64) {
	t.Helper()
	objects, err := s.List(t.Context(), "")
	must(t, err)
	for _, o := range objects {
		n += o.Size
	}
	return n
}

func TestBackupsGoOnTheirDay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(3, 3)
		gone := w.write(people[0], "gone")
		w.backup()
		w.tx(func(tx *sql.Tx) error {
			return w.note.Delete(t.Context(), tx, vault.Self(people[0]), people[0], gone.ID)
		})
		promised := w.f.BackupsGoneBy()
		for range 9 {
			w.now = w.now.Add(24 * time.Hour)
			w.write(people[1], "a day's work")
			w.backup()
			all, err := w.f.List(t.Context())
			must(t, err)
			if oldest := all[0].Day(); oldest+7 <= w.v.Today() {
				t.Errorf("on %s there is a backup of %s", w.v.Today(), oldest)
			}
			if n := rowsIn(t, w, gone.ID); n > 0 && w.v.Today() >= promised {
				t.Errorf("on %s a deleted record is in a backup; by %s it should be gone", w.v.Today(), promised)
			}
		}
	})
}

func TestAnUnfinishedUploadIsNotDoneTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(50, 20)
		broken := &failing{Store: w.to, puts: 0, match: snapshotFolder}
		w.to = broken
		w.start()
		if _, err := w.f.Backup(t.Context(), false, nil); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
		stored := size(t, broken.Store)
		w.to = broken.Store
		w.start()
		made := w.backup()
		if made.Stored*5 > stored {
			t.Errorf("%d bytes were there, and %d were stored again", stored, made.Stored)
		}
		_, err := w.restoration(fresh(t)).Verify(t.Context())
		must(t, err)
	})
}

var errBroken = errors.New("the store broke")

// failing is a store that fails to put files whose names begin so, after some,
// and to read any after some, if that is not 0.
type failing struct {
	Store
	match string
	puts  int
	gets  int
}

func (f *failing) Get(ctx context.Context, name string) ([]byte, error) {
	if f.gets > 0 {
		if f.gets--; f.gets == 0 {
			return nil, errBroken
		}
	}
	return f.Store.Get(ctx, name)
}

func (f *failing) Put(ctx context.Context, name string, content []byte) error {
	if len(name) >= len(f.match) && name[:len(f.match)] == f.match {
		if f.puts--; f.puts < 0 {
			return errBroken
		}
	}
	return f.Store.Put(ctx, name, content)
}

func TestALostCacheIsMadeAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(20, 20)
		first := w.backup()
		must(t, os.RemoveAll(w.f.c.Folder))
		if second := w.backup(); second.Stored*5 > first.Stored {
			t.Errorf("without its cache a backup stored %d bytes again, of %d", second.Stored, first.Stored)
		}
	})
}
