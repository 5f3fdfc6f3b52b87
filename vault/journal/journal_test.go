package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"kept/vault/journal"
	"kept/vault/vaulttest/crashfs"
)

const path = "/data/restore.journal"

func open(t *testing.T, d *crashfs.Disk) *journal.File {
	t.Helper()
	j, err := journal.Open(path, d)
	must(t, err)
	return j
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// entries makes n entries of a day; their ids tell day and number.
func entries(day int32, n int) (all []journal.Entry) {
	for i := range n {
		all = append(all, journal.Entry{
			ID: fmt.Sprintf("%026d", int(day)*1000+i), Day: day, Op: journal.Deleted,
			Owner: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Kind: "session", Record: "bbbbbbbbbbbbbbbbbbbbbbbbbb",
		})
	}
	return all
}

func read(j *journal.File) (all []journal.Entry, err error) {
	err = j.Read(func(e journal.Entry) error { all = append(all, e); return nil })
	return all, err
}

func wantEntries(t *testing.T, j *journal.File, want ...[]journal.Entry) {
	t.Helper()
	got, err := read(j)
	must(t, err)
	if !slices.Equal(got, slices.Concat(want...)) {
		t.Fatalf("got %d entries, want %d", len(got), len(slices.Concat(want...)))
	}
}

func edit(t *testing.T, d *crashfs.Disk, change func([]byte) []byte) {
	t.Helper()
	b, err := d.ReadFile(path)
	must(t, err)
	d.WriteFile(path, change(b))
}

func TestAppendAndRead(t *testing.T) {
	d := crashfs.New()
	a, b := open(t, d), open(t, d) // as two processes would
	must(t, a.Append(entries(1, 2)))
	must(t, b.Append(entries(2, 1)))
	must(t, a.Append(entries(3, 3)))
	must(t, a.Append(nil))
	wantEntries(t, b, entries(1, 2), entries(2, 1), entries(3, 3))
	d.Restart(crashfs.Lost)
	wantEntries(t, open(t, d), entries(1, 2), entries(2, 1), entries(3, 3))
}

func TestAppendNamesEntries(t *testing.T) {
	j := open(t, crashfs.New())
	given := []journal.Entry{{Day: 1, Op: journal.Erased}, {Day: 1, Op: journal.Erased}}
	must(t, j.Append(given))
	got, err := read(j)
	must(t, err)
	if len(got) != 2 || len(got[0].ID) != 26 || got[0].ID == got[1].ID || given[0].ID != "" {
		t.Fatalf("got %+v", got)
	}
}

func TestReadStopsWhenTold(t *testing.T) {
	j := open(t, crashfs.New())
	must(t, j.Append(entries(1, 3)))
	stop := errors.New("stop")
	calls := 0
	err := j.Read(func(journal.Entry) error { calls++; return stop })
	if err != stop || calls != 1 {
		t.Fatalf("error %v after %d calls", err, calls)
	}
}

func TestPruneReachesTheOtherProcess(t *testing.T) {
	d := crashfs.New()
	a, b := open(t, d), open(t, d)
	must(t, a.Append(slices.Concat(entries(1, 2), entries(5, 1))))
	must(t, b.Append(entries(2, 2)))
	must(t, b.Append(entries(6, 2)))
	must(t, a.Prune(5))
	must(t, b.Append(entries(7, 1)))
	wantEntries(t, a, entries(5, 1), entries(6, 2), entries(7, 1))
	d.Restart(crashfs.Lost)
	wantEntries(t, open(t, d), entries(5, 1), entries(6, 2), entries(7, 1))
}

// What goes into a file whose new name is not durable is not durable.
func TestThePrunerDiesBeforeItsFolderIsFlushed(t *testing.T) {
	d := crashfs.New()
	a, b := open(t, d), open(t, d)
	must(t, a.Append(entries(1, 1)))
	must(t, a.Append(entries(5, 1)))
	d.FailAt(5, 1, syscall.EIO) // made, written, flushed, renamed
	if a.Prune(5) == nil {
		t.Fatal("the folder was flushed")
	}
	must(t, b.Append(entries(6, 1)))
	d.Restart(crashfs.Lost)
	wantEntries(t, open(t, d), entries(5, 1), entries(6, 1))
}

func TestTornEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		tear func([]byte) []byte
	}{
		{"half a line", func(b []byte) []byte { return b[:len(b)-40] }},
		{"no newline", func(b []byte) []byte { return b[:len(b)-1] }},
		{"one byte of it", func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+2] }},
		{"a hole in it", func(b []byte) []byte { clear(b[len(b)-60 : len(b)-20]); return b }},
		{"zeros after", func(b []byte) []byte { return append(b[:len(b)-30], make([]byte, 512)...) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := crashfs.New()
			j := open(t, d)
			must(t, j.Append(entries(1, 2)))
			must(t, j.Append(entries(2, 1)))
			edit(t, d, c.tear)
			wantEntries(t, open(t, d), entries(1, 2))
			j = open(t, d)
			must(t, j.Append(entries(3, 1)))
			wantEntries(t, j, entries(1, 2), entries(3, 1))
		})
	}
}

// The remains of a torn line must not mix with the line that comes in its
// place.
func TestCrashWhileATornEndIsReplaced(t *testing.T) {
	for seed := range uint64(200) {
		for n := 1; n < 5; n++ {
			d := crashfs.New()
			must(t, open(t, d).Append(entries(1, 1)))
			edit(t, d, func(b []byte) []byte { return append(b, make([]byte, 4000)...) })
			d.CrashAt(n)
			j, err := journal.Open(path, d)
			if err == nil {
				err = j.Append(entries(2, 9))
			}
			d.Restart(crashfs.Chance(seed))
			if err == nil {
				wantEntries(t, open(t, d), entries(1, 1), entries(2, 9))
				continue
			}
			got, err := read(open(t, d))
			must(t, err)
			if len(got) != 1 && len(got) != 10 {
				t.Fatalf("seed %d, crash %d: %d entries", seed, n, len(got))
			}
		}
	}
}

func TestDamageInTheMiddle(t *testing.T) {
	d := crashfs.New()
	j := open(t, d)
	for day := range int32(3) {
		must(t, j.Append(entries(day, 1)))
	}
	whole, err := d.ReadFile(path)
	must(t, err)
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for at := range last {
		for _, bit := range []byte{0x01, 0x80} {
			d.WriteFile(path, slices.Clone(whole))
			edit(t, d, func(b []byte) []byte { b[at] ^= bit; return b })
			_, err := journal.Open(path, d)
			e, ok := errors.AsType[*journal.CorruptError](err)
			if !ok || !errors.Is(err, journal.ErrCorrupt) || e.Offset > int64(at) {
				t.Fatalf("byte %d: got %v", at, err)
			}
			if _, err := read(j); !errors.Is(err, journal.ErrCorrupt) {
				t.Fatalf("byte %d: Read answered %v", at, err)
			}
		}
	}
	d.WriteFile(path, nil)
	_, err = journal.Open(path, d)
	if !errors.Is(err, journal.ErrCorrupt) {
		t.Fatalf("an empty file: %v", err)
	}
}

func TestShipping(t *testing.T) {
	a, b := open(t, crashfs.New()), open(t, crashfs.New())
	must(t, a.Append(entries(1, 2)))
	must(t, a.Append(entries(2, 2)))
	must(t, b.Append(entries(2, 1)))
	var parcel bytes.Buffer
	n, err := a.WriteTo(&parcel)
	must(t, err)
	if n != int64(parcel.Len()) {
		t.Fatalf("said %d bytes, wrote %d", n, parcel.Len())
	}
	shipped := parcel.String()
	for range 2 { // the second time there is nothing to add
		got, err := b.ReadFrom(strings.NewReader(shipped))
		must(t, err)
		if got != n {
			t.Fatalf("read %d of %d bytes", got, n)
		}
		wantEntries(t, b, entries(2, 1), entries(1, 2), entries(2, 2)[1:])
	}
	for cut := range len(shipped) {
		c := open(t, crashfs.New())
		_, err := c.ReadFrom(strings.NewReader(shipped[:cut]))
		if !errors.Is(err, journal.ErrTruncated) && !errors.Is(err, journal.ErrCorrupt) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		wantEntries(t, c)
	}
}

func TestFullDisk(t *testing.T) {
	for space := range int64(300) {
		d := crashfs.New()
		j := open(t, d)
		must(t, j.Append(entries(1, 1)))
		d.Limit(space)
		if err := j.Append(entries(2, 2)); !errors.Is(err, journal.ErrFull) {
			t.Fatalf("space %d: %v", space, err)
		}
		if err := j.Prune(0); !errors.Is(err, journal.ErrFull) && space < 100 {
			t.Fatalf("space %d: %v", space, err)
		}
		wantEntries(t, j, entries(1, 1))
		d.Limit(-1)
		must(t, j.Append(entries(3, 1)))
		d.Restart(crashfs.Lost)
		wantEntries(t, open(t, d), entries(1, 1), entries(3, 1))
		if names, _ := d.List("/data"); len(names) != 1 {
			t.Fatalf("left behind: %q", names)
		}
	}
}

func TestFailingDisk(t *testing.T) {
	for n := 1; ; n++ {
		d := crashfs.New()
		j := open(t, d)
		must(t, j.Append(entries(1, 3)))
		before := d.Calls()
		d.FailAt(n, 1, syscall.EIO)
		var told []journal.Entry
		for day := int32(2); day < 5; day++ {
			if err := j.Append(entries(day, 9)); err == nil {
				told = append(told, entries(day, 9)...)
			} else if !errors.Is(err, journal.ErrStorage) {
				t.Fatalf("call %d: %v", n, err)
			}
		}
		if d.Calls() < before+n {
			return
		}
		d.Restart(crashfs.Lost)
		wantEntries(t, open(t, d), entries(1, 3), told)
	}
}

// The power goes before each changing call; what Append had answered is there,
// the rest as a whole or not at all, and what was pruned stays away.
func TestCrashAnywhere(t *testing.T) {
	for _, seed := range []uint64{0, 1, 2, 3, 4, 5, 6} {
		points := 0
		for n := 1; crashAt(t, n, seed); n++ {
			points = n
		}
		if points < 15 {
			t.Fatalf("only %d crash points", points)
		}
	}
}

func fate(seed uint64, n int) crashfs.Fate {
	switch seed {
	case 0:
		return crashfs.Lost
	case 1:
		return crashfs.Kept
	}
	return crashfs.Chance(seed<<32 + uint64(n))
}

func crashAt(t *testing.T, n int, seed uint64) bool {
	t.Helper()
	d := crashfs.New()
	d.CrashAt(n)
	var told, doubt []journal.Entry
	oldest := int32(0)
	err := func() error {
		j, err := journal.Open(path, d)
		if err != nil {
			return err
		}
		for day := int32(1); day < 6; day++ {
			doubt = entries(day, 7) // more than one sector
			if err := j.Append(doubt); err != nil {
				return err
			}
			told, doubt = append(told, doubt...), nil
			if day == 3 {
				oldest = -3 // in doubt until Prune returns
				if err := j.Prune(3); err != nil {
					return err
				}
				oldest = 3
			}
		}
		return nil
	}()
	if err != nil && !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatal(err)
	}
	crashed := d.Crashed()
	d.Restart(fate(seed, n))
	j := open(t, d)
	got, err := read(j)
	must(t, err)
	pruned := slices.DeleteFunc(slices.Clone(told), func(e journal.Entry) bool { return e.Day < 3 })
	ok := false
	for _, base := range [][]journal.Entry{told, pruned} {
		isPruned := len(base) < len(told)
		if oldest == 3 && !isPruned || oldest == 0 && isPruned {
			continue
		}
		ok = ok || slices.Equal(got, base) || slices.Equal(got, slices.Concat(base, doubt))
	}
	if !ok {
		t.Fatalf("seed %d, crash %d: %d entries, told %d, in doubt %d", seed, n, len(got), len(told), len(doubt))
	}
	must(t, j.Append(entries(9, 7)))
	d.Restart(fate(seed+7, n))
	wantEntries(t, open(t, d), got, entries(9, 7))
	if names, _ := d.List("/data"); len(names) != 1 {
		t.Fatalf("left behind: %q", names)
	}
	return crashed
}

func TestManyWriters(t *testing.T) {
	file := t.TempDir() + "/journal"
	var g sync.WaitGroup
	for w := range int32(4) {
		g.Go(func() {
			j, err := journal.Open(file, nil)
			if err != nil {
				t.Error(err)
				return
			}
			for n := range 20 {
				if err := j.Append(entries(10+w, 3)); err != nil {
					t.Error(err)
				}
				if n%8 == 7 {
					if err := j.Prune(10); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	g.Wait()
	j, err := journal.Open(file, nil)
	must(t, err)
	got, err := read(j)
	must(t, err)
	if len(got) != 4*20*3 {
		t.Fatalf("%d entries of %d", len(got), 4*20*3)
	}
}

// FuzzLines: whatever a file holds, it is read up to a torn end or refused,
// and what can be read can be added to.
func FuzzLines(f *testing.F) {
	d := crashfs.New()
	j, err := journal.Open(path, d)
	if err != nil {
		f.Fatal(err)
	}
	if err := j.Append(entries(1, 1)); err != nil {
		f.Fatal(err)
	}
	whole, err := d.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, []byte("{}\n"))
	f.Add(whole[:50], []byte("\n"))
	f.Add([]byte(nil), []byte("{\"crc\":\"00000000\",\n"))
	f.Fuzz(func(t *testing.T, head, tail []byte) {
		d := crashfs.New()
		d.WriteFile(path, slices.Concat(head, tail))
		j, err := journal.Open(path, d)
		if err != nil {
			if !errors.Is(err, journal.ErrCorrupt) {
				t.Fatalf("an error nobody can tell: %v", err)
			}
			return
		}
		before, err := read(j)
		must(t, err)
		must(t, j.Append(entries(2, 1)))
		wantEntries(t, j, before, entries(2, 1))
	})
}

func BenchmarkAppend(b *testing.B) {
	j, err := journal.Open(b.TempDir()+"/journal", nil)
	if err != nil {
		b.Fatal(err)
	}
	one := entries(1, 1)
	for b.Loop() {
		if err := j.Append(one); err != nil {
			b.Fatal(err)
		}
	}
}
