package vault_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/vaulttest"
	"kept/vault/vaulttest/crashfs"
)

// onDisk is a vault on SQLite whose ring and journal lie on a disk that fails.
func onDisk(t *testing.T) (*vaulttest.World, *crashfs.Disk) {
	t.Helper()
	disk := crashfs.New()
	w := vaulttest.NewWorld(t, vaulttest.SQLite(t), vault.SQLite)
	var err error
	if w.Options.Ring, err = (keyring.Options{FS: disk, Cache: 1}).Create(ringPath, epochDir); err != nil {
		t.Fatal(err)
	}
	if w.Options.Journal, err = journal.Open(journalPath, disk); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	return w, disk
}

func TestAFlippedBitAndSwappedRowsAreErrors(t *testing.T) {
	each(t, func(t *testing.T, w *vaulttest.World) {
		me, other := w.Person(), w.Person()
		mine := vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Text: "a"}})
		also := vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Text: "b"}})
		theirs := vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: other, Value: vaulttest.Note{Text: "c"}})
		damaged := func(how string, r vault.Record[vaulttest.Note]) {
			t.Helper()
			_, err := w.Notes.Get(t.Context(), w.DB, vault.Self(r.Owner), r.Owner, r.ID)
			seal, ok := errors.AsType[*vault.SealError](err)
			if !ok || !errors.Is(err, vault.ErrDamaged) || seal.ID != r.ID {
				t.Errorf("%s: %v", how, err)
			}
			if strings.Contains(err.Error(), string(r.Owner)) || strings.Contains(err.Error(), r.ID) {
				t.Errorf("%s: the text names somebody: %v", how, err)
			}
		}
		bodyOf := func(r vault.Record[vaulttest.Note]) (body []byte) {
			if err := w.DB.QueryRow(`SELECT body FROM vault_record WHERE id = $1`, r.ID).Scan(&body); err != nil {
				t.Fatal(err)
			}
			return body
		}
		set := func(r vault.Record[vaulttest.Note], body []byte) {
			if _, err := w.DB.Exec(`UPDATE vault_record SET body = $1 WHERE id = $2`, body, r.ID); err != nil {
				t.Fatal(err)
			}
		}
		whole := bodyOf(mine)
		for _, at := range []int{0, 11, 12, len(whole) - 1} {
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1
			set(mine, flipped)
			damaged(fmt.Sprintf("bit in byte %d", at), mine)
		}
		for _, cut := range [][]byte{{}, whole[:11], whole[:len(whole)-1]} {
			set(mine, cut)
			damaged(fmt.Sprintf("cut to %d bytes", len(cut)), mine)
		}
		set(mine, bodyOf(also))
		damaged("another record's body", mine)
		set(mine, bodyOf(theirs))
		damaged("another owner's body", mine)
	})
}

func TestAWrongRingIsNotOpened(t *testing.T) {
	w, disk := onDisk(t)
	me := w.Person()
	vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: me})
	other := w.Options
	var err error
	if other.Ring, err = (keyring.Options{FS: disk}).Create("/other/ring", "/other-epoch"); err != nil {
		t.Fatal(err)
	}
	reg, _ := vaulttest.Declare()
	if _, err := vault.Open(t.Context(), reg, other); !errors.Is(err, vault.ErrWrongRing) {
		t.Errorf("open: %v", err)
	}
	if _, err := vault.OpenRestored(t.Context(), reg, other, 0); !errors.Is(err, vault.ErrWrongRing) {
		t.Errorf("open what was restored: %v", err)
	}
	var n int
	if err := w.DB.QueryRow(`SELECT COUNT(*) FROM vault_record`).Scan(&n); n != 1 || err != nil {
		t.Errorf("%d records are left, %v", n, err)
	}
}

func TestAnOldRingCopyIsNotUsed(t *testing.T) {
	w, _ := onDisk(t)
	if err := w.Options.Journal.Append([]journal.Entry{{Op: vault.OpCopied, Arg: "7"}}); err != nil {
		t.Fatal(err)
	}
	reg, _ := vaulttest.Declare()
	if _, err := vault.OpenRestored(t.Context(), reg, w.Options, 6); !errors.Is(err, vault.ErrOldRing) {
		t.Errorf("an older copy: %v", err)
	}
	if _, err := vault.OpenRestored(t.Context(), reg, w.Options, 7); err != nil {
		t.Errorf("the newest copy: %v", err)
	}
}

// TestALostRingOrEpochKeyIsAnError says what Open of the ring answers, since
// nobody gets as far as a vault.
func TestALostRingOrEpochKeyIsAnError(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(*crashfs.Disk)
		want error
	}{
		{"lost ring", func(d *crashfs.Disk) { d.Remove(ringPath) }, keyring.ErrNoRing},
		{"lost epoch key", func(d *crashfs.Disk) {
			names, _ := d.List(epochDir)
			for _, n := range names {
				d.Remove(filepath.Join(epochDir, n))
			}
		}, keyring.ErrNoEpoch},
		{"truncated ring", func(d *crashfs.Disk) { d.WriteFile(ringPath, half(d, ringPath)) }, keyring.ErrTruncated},
	} {
		w, disk := onDisk(t)
		w.Person()
		w.Options.Ring.Close()
		disk.Kill()
		c.harm(disk)
		if _, err := (keyring.Options{FS: disk}).Open(ringPath, epochDir); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func half(d *crashfs.Disk, name string) []byte {
	b, _ := d.ReadFile(name)
	return b[:len(b)/2]
}

func TestATruncatedRingUnderARunningVaultIsAnError(t *testing.T) {
	w, disk := onDisk(t)
	var last vault.OwnerID
	for range 3 {
		last = w.Person()
		vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: last})
	}
	f, err := disk.OpenFile(ringPath, os.O_RDWR, 0)
	if err == nil {
		err = f.Truncate(4096)
	}
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, id := range owners(t, w) {
		_, err := w.Notes.All(t.Context(), w.DB, vault.Self(id), id)
		if errors.Is(err, keyring.ErrTruncated) {
			wrong++
		} else if err != nil {
			t.Errorf("got %v", err)
		}
	}
	if wrong < 2 { // one key is in the cache
		t.Errorf("%d of 3 were refused", wrong)
	}
}

func owners(t *testing.T, w *vaulttest.World) (ids []vault.OwnerID) {
	rows, err := w.DB.Query(`SELECT id FROM vault_owner`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id vault.OwnerID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestAFullDiskLeavesNothingHalfDone(t *testing.T) {
	w, disk := onDisk(t)
	me := w.Person()
	note := vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: me})
	disk.Limit(0)
	err := w.Try(func(ctx context.Context, tx *sql.Tx) error {
		_, err := w.Vault.NewOwners(ctx, tx, vault.Person, vault.Never, 2000)
		return err
	})
	if !errors.Is(err, keyring.ErrFull) {
		t.Errorf("new owners: %v", err)
	}
	if n := len(owners(t, w)); n != 1 {
		t.Errorf("%d owners", n)
	}
	if _, err := w.Notes.Get(t.Context(), w.DB, vault.Self(me), me, note.ID); err != nil {
		t.Errorf("reading: %v", err)
	}
	// The tombstone stands, but the journal cannot say so: the key must wait.
	_, err = w.Vault.EraseOwner(t.Context(), me)
	if !errors.Is(err, journal.ErrFull) {
		t.Errorf("erasing: %v", err)
	}
	disk.Limit(-1)
	if _, err := w.Vault.Sweep(t.Context()); err != nil {
		t.Errorf("once there is space: %v", err)
	}
	if n := len(owners(t, w)); n != 0 || w.Options.Ring.Has(slotOf(me), keyring.Ordinary) {
		t.Errorf("the erasure was not finished: %d owners", n)
	}
}

// TestAKilledProcessLosesNothing runs a child that writes and erases, kills it,
// and looks at what it said it had done.
func TestAKilledProcessLosesNothing(t *testing.T) {
	for round := range 3 {
		dir := t.TempDir()
		out := runChild(t, dir, 20+30*round)
		w := reopen(t, dir)
		for line := range strings.Lines(out) {
			var what string
			var id vault.OwnerID
			if n, _ := fmt.Sscanf(line, "%s %s\n", &what, &id); n != 2 || !strings.HasSuffix(line, "\n") {
				continue // cut off
			}
			all, err := w.Notes.All(t.Context(), w.DB, vault.Self(id), id)
			switch {
			case err != nil:
				t.Errorf("%s: %v", what, err)
			case what == "erased" && (len(all) > 0 || w.Options.Ring.Has(slotOf(id), keyring.Ordinary)):
				t.Error("an erased owner is readable")
			case what == "kept" && len(all) != 3:
				t.Errorf("somebody has %d notes", len(all))
			}
		}
	}
}

// runChild runs the test binary as a writer and kills it after so many lines.
func runChild(t *testing.T, dir string, lines int) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), "KEPT_VAULT_CHILD="+dir)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r := bufio.NewReader(pipe)
	for range lines {
		line, err := r.ReadString('\n')
		out.WriteString(line)
		if err != nil {
			t.Fatalf("the child ended: %v\n%s", err, out.String())
		}
	}
	cmd.Process.Kill()
	io.Copy(&out, r)
	cmd.Wait()
	return out.String()
}

// reopen opens the folder of a child.
func reopen(t *testing.T, dir string) *vaulttest.World {
	t.Helper()
	dsn := "file:" + filepath.Join(dir, "db") + "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := vault.Migrate(t.Context(), db, vault.SQLite); err != nil {
		t.Fatal(err)
	}
	w := &vaulttest.World{T: t, DB: db, Dialect: vault.SQLite, Now: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)}
	keys := filepath.Join(dir, "keys")
	ring, err := keyring.Open(filepath.Join(dir, "ring"), keys)
	if errors.Is(err, keyring.ErrNoRing) {
		os.MkdirAll(keys, 0o700)
		ring, err = keyring.Create(filepath.Join(dir, "ring"), keys)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ring.Close() })
	log, err := journal.Open(filepath.Join(dir, "journal"), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Options = vault.Options{DB: db, Dialect: vault.SQLite, Ring: ring, Journal: log,
		LookupKey: bytes.Repeat([]byte{1}, 32), Now: func() time.Time { return w.Now }}
	w.Reopen()
	return w
}

// TestChild is the writer of TestAKilledProcessLosesNothing; without a folder it
// has nothing to do.
func TestChild(t *testing.T) {
	dir := os.Getenv("KEPT_VAULT_CHILD")
	if dir == "" {
		return
	}
	w := reopen(t, dir)
	for n := 0; ; n++ {
		me := w.Person()
		w.Tx(func(ctx context.Context, tx *sql.Tx) error {
			return w.Notes.PutAll(ctx, tx, vault.Self(me), make3(me))
		})
		if n%2 == 0 {
			fmt.Printf("kept %s\n", me)
			continue
		}
		if _, err := w.Vault.EraseOwner(t.Context(), me); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("erased %s\n", me)
	}
}

func make3(me vault.OwnerID) []vault.Record[vaulttest.Note] {
	return []vault.Record[vaulttest.Note]{{Owner: me}, {Owner: me}, {Owner: me}}
}
