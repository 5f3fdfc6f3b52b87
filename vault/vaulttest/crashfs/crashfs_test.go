package crashfs_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, d *crashfs.Disk, name, text string) keyring.File {
	t.Helper()
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	_, err = f.WriteAt([]byte(text), 0)
	must(t, err)
	return f
}

func want(t *testing.T, d *crashfs.Disk, name, text string) {
	t.Helper()
	b, err := d.ReadFile(name)
	if text == "" && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil || string(b) != text {
		t.Fatalf("%s holds %q (%v), want %q", name, b, err, text)
	}
}

func TestWhatAPowerCutLeaves(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, d *crashfs.Disk)
		lost string // what /d/a holds after a cut that loses all; "" is no file
		kept string
	}{
		{"nothing flushed", func(t *testing.T, d *crashfs.Disk) { write(t, d, "/d/a", "x") }, "", "x"},
		{"file flushed, folder not", func(t *testing.T, d *crashfs.Disk) { must(t, write(t, d, "/d/a", "x").Sync()) }, "", "x"},
		{"both flushed", func(t *testing.T, d *crashfs.Disk) {
			must(t, write(t, d, "/d/a", "x").Sync())
			must(t, d.SyncDir("/d"))
		}, "x", "x"},
		{"written over", func(t *testing.T, d *crashfs.Disk) {
			d.WriteFile("/d/a", []byte("old"))
			write(t, d, "/d/a", "new")
		}, "old", "new"},
		{"renamed over", func(t *testing.T, d *crashfs.Disk) {
			d.WriteFile("/d/a", []byte("old"))
			must(t, write(t, d, "/d/b", "new").Sync())
			must(t, d.Rename("/d/b", "/d/a"))
		}, "old", "new"},
		{"removed", func(t *testing.T, d *crashfs.Disk) {
			d.WriteFile("/d/a", []byte("old"))
			must(t, d.Remove("/d/a"))
		}, "old", ""},
		{"failed flush", func(t *testing.T, d *crashfs.Disk) {
			d.WriteFile("/d/a", []byte("old"))
			f := write(t, d, "/d/a", "new")
			d.FailAt(1, 1, syscall.EIO)
			if f.Sync() == nil {
				t.Fatal("the flush did not fail")
			}
			want(t, d, "/d/a", "new")
			must(t, f.Sync()) // says all is well
		}, "old", "old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := crashfs.New()
			c.do(t, d)
			d.Restart(crashfs.Lost)
			want(t, d, "/d/a", c.lost)
			d = crashfs.New()
			c.do(t, d)
			d.Restart(crashfs.Kept)
			want(t, d, "/d/a", c.kept)
		})
	}
}

func TestSectorsAreLostOneByOne(t *testing.T) {
	mixed := 0
	for seed := range uint64(20) {
		d := crashfs.New()
		d.WriteFile("/d/a", make([]byte, 2048))
		f, err := d.OpenFile("/d/a", os.O_RDWR, 0)
		must(t, err)
		full := make([]byte, 2048)
		for i := range full {
			full[i] = 1
		}
		_, err = f.WriteAt(full, 0)
		must(t, err)
		d.Restart(crashfs.Chance(seed))
		b, err := d.ReadFile("/d/a")
		must(t, err)
		sum := 0
		for i, x := range b {
			sum += int(x)
			if x != b[i/512*512] {
				t.Fatalf("sector %d is half written", i/512)
			}
		}
		if sum > 0 && sum < 2048 {
			mixed++
		}
	}
	if mixed < 10 {
		t.Fatalf("only %d of 20 cuts lost some sectors and kept others", mixed)
	}
}

func TestCrashEndsFilesAndLocks(t *testing.T) {
	d := crashfs.New()
	f := write(t, d, "/d/a", "x")
	_, err := d.Lock("/d/l", true)
	must(t, err)
	if _, err := d.Lock("/d/l", false); !errors.Is(err, keyring.ErrLocked) {
		t.Fatalf("second lock: %v", err)
	}
	waiter := make(chan error)
	go func() {
		_, err := d.Lock("/d/l", true)
		waiter <- err
	}()
	d.CrashAt(1)
	if err := f.Sync(); !errors.Is(err, crashfs.ErrCrashed) || !d.Crashed() {
		t.Fatalf("got %v", err)
	}
	if err := <-waiter; !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatalf("the waiter got %v", err)
	}
	d.Restart(crashfs.Kept)
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatalf("a file of the earlier life reads: %v", err)
	}
	_, err = d.Lock("/d/l", true)
	must(t, err)
}

func TestFull(t *testing.T) {
	d := crashfs.New()
	f := write(t, d, "/d/a", "12345")
	d.Limit(3)
	n, err := f.WriteAt([]byte("abcdefgh"), 3)
	if n != 5 || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	want(t, d, "/d/a", "123abcde")
	_, err = f.WriteAt([]byte("in place"), 0)
	must(t, err)
	d.Limit(-1)
	_, err = f.WriteAt([]byte("more"), 8)
	must(t, err)
}
