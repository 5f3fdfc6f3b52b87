package keyring_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

func TestKeysLiveUntilDestroyed(t *testing.T) {
	d := crashfs.New()
	r := create(t, d)
	must(t, r.New(keyring.Ordinary, today, id(1), id(2)))
	must(t, r.New(keyring.Law, today, id(1)))
	a, law := fingerprint(t, r, id(1), keyring.Ordinary), fingerprint(t, r, id(1), keyring.Law)
	b := fingerprint(t, r, id(2), keyring.Ordinary)
	if a == b || a == law {
		t.Fatal("two keys are the same")
	}
	must(t, r.Close())
	r = open(t, d)
	if fingerprint(t, r, id(1), keyring.Ordinary) != a || fingerprint(t, r, id(1), keyring.Law) != law {
		t.Fatal("a key changed by closing and opening")
	}
	must(t, r.Destroy(ordinary(id(1), id(1), id(9))...))
	must(t, r.Destroy(ordinary(id(1))...))
	_, err := r.Key(id(1), keyring.Ordinary)
	wantErr(t, err, keyring.ErrNoKey)
	if r.Has(id(1), keyring.Ordinary) || !r.Has(id(1), keyring.Law) || !r.Has(id(2), keyring.Ordinary) {
		t.Fatal("Has disagrees with what was destroyed")
	}
	if fingerprint(t, r, id(2), keyring.Ordinary) != b {
		t.Fatal("somebody else's key changed")
	}
}

func TestANewKeyAfterErasureIsAnother(t *testing.T) {
	r := create(t, crashfs.New())
	must(t, r.New(keyring.Ordinary, today, id(1)))
	before := fingerprint(t, r, id(1), keyring.Ordinary)
	must(t, r.Destroy(ordinary(id(1))...))
	must(t, r.New(keyring.Ordinary, today, id(1)))
	if fingerprint(t, r, id(1), keyring.Ordinary) == before {
		t.Fatal("the destroyed key came back")
	}
}

func TestNewRefuses(t *testing.T) {
	r := create(t, crashfs.New())
	must(t, r.New(keyring.Ordinary, today, id(1)))
	version := r.Version()
	wantErr(t, r.New(keyring.Ordinary, today, id(2), id(1)), keyring.ErrExists)
	wantErr(t, r.New(keyring.Ordinary, today, id(3), id(3)), keyring.ErrExists)
	wantErr(t, r.New(3, today, id(4)), keyring.ErrClass)
	for _, n := range []int{2, 3, 4} {
		if r.Has(id(n), keyring.Ordinary) {
			t.Errorf("owner %d got a key from a batch that was refused", n)
		}
	}
	if r.Version() != version {
		t.Error("the version moved without a change")
	}
}

func TestVersionGrows(t *testing.T) {
	d := crashfs.New()
	r := create(t, d)
	last := r.Version()
	for i, step := range []func() error{
		func() error { return r.New(keyring.Ordinary, today, id(1)) },
		func() error { return r.New(keyring.Law, today, id(1)) },
		func() error { return r.Destroy(ordinary(id(1))...) },
	} {
		must(t, step())
		if r.Version() <= last {
			t.Fatalf("step %d: version %d after %d", i, r.Version(), last)
		}
		last = r.Version()
	}
	must(t, r.Rotate())
	d.Restart(crashfs.Lost)
	if got := open(t, d).Version(); got < last {
		t.Fatalf("version %d after the restart, %d before", got, last)
	}
}

// After a power cut the slots may be newer than the header.
func TestVersionIsNotBehindTheSlots(t *testing.T) {
	d := filled(t, 10)
	edit(t, d, ringPath, func(b []byte) []byte {
		binary.BigEndian.PutUint64(b[80:], 4)
		binary.BigEndian.PutUint32(b[96:], crc32.Checksum(b[72:96], crc32.MakeTable(crc32.Castagnoli)))
		return b
	})
	if got := open(t, d).Version(); got != 10 {
		t.Fatalf("version %d, the slots say 10", got)
	}
}

func TestOwnersAndKeysInBulk(t *testing.T) {
	r := create(t, crashfs.New())
	must(t, r.New(keyring.Ordinary, today, ids(0, 3000)...))
	must(t, r.Destroy(ordinary(ids(100, 200)...)...))
	must(t, r.New(keyring.Law, today+1, ids(0, 50)...))
	seen := map[keyring.Ref]int32{}
	must(t, r.Owners(func(o keyring.ID, c keyring.Class, day int32) bool {
		seen[keyring.Ref{ID: o, Class: c}] = day
		return true
	}))
	if len(seen) != 2950 || seen[keyring.Ref{ID: id(7), Class: keyring.Law}] != today+1 {
		t.Fatalf("Owners gave %d keys, law key made on %d", len(seen), seen[keyring.Ref{ID: id(7), Class: keyring.Law}])
	}
	calls := 0
	must(t, r.Owners(func(keyring.ID, keyring.Class, int32) bool { calls++; return false }))
	if calls != 1 {
		t.Fatalf("Owners went on %d times after being told to stop", calls-1)
	}
	keys, err := r.Keys(keyring.Ordinary, id(150), id(1), id(2))
	must(t, err)
	if keys[0] != nil || keys[1] == nil || print(keys[2]) != fingerprint(t, r, id(2), keyring.Ordinary) {
		t.Fatal("Keys does not agree with Key")
	}
}

func TestASmallCacheForgetsAndStaysRight(t *testing.T) {
	d := crashfs.New()
	r, err := keyring.Options{FS: d, Cache: 4}.Create(ringPath, epochDir)
	must(t, err)
	must(t, r.New(keyring.Ordinary, today, ids(0, 40)...))
	first := make([]string, 40)
	for round := range 3 {
		for n := range first {
			got := fingerprint(t, r, id(n), keyring.Ordinary)
			if round > 0 && got != first[n] {
				t.Fatalf("owner %d has another key in round %d", n, round)
			}
			first[n] = got
		}
	}
}

func TestCreateRefusesToReplace(t *testing.T) {
	d := filled(t, 1)
	_, err := keyring.Options{FS: d}.Create(ringPath, epochDir)
	wantErr(t, err, keyring.ErrExists)
	must(t, d.Remove(ringPath)) // or its disk is not mounted
	_, err = keyring.Options{FS: d}.Create(ringPath, epochDir)
	wantErr(t, err, keyring.ErrEpochInUse)
}

func TestClosedRing(t *testing.T) {
	r := create(t, crashfs.New())
	must(t, r.New(keyring.Ordinary, today, id(1)))
	must(t, r.Close())
	must(t, r.Close())
	_, err := r.Key(id(1), keyring.Ordinary)
	wantErr(t, err, keyring.ErrClosed)
	wantErr(t, r.New(keyring.Ordinary, today, id(2)), keyring.ErrClosed)
	wantErr(t, r.Destroy(ordinary(id(1))...), keyring.ErrClosed)
	wantErr(t, r.Rotate(), keyring.ErrClosed)
	wantErr(t, r.Owners(func(keyring.ID, keyring.Class, int32) bool { return true }), keyring.ErrClosed)
}

// Two rings on one path behave as two processes do: they share nothing but
// files and locks.
func TestAnErasureReachesTheOtherProcess(t *testing.T) {
	d := filled(t, 10)
	a, b := open(t, d), open(t, d)
	fingerprint(t, b, id(3), keyring.Ordinary) // b has it ready now
	must(t, a.Destroy(ordinary(id(3))...))
	_, err := b.Key(id(3), keyring.Ordinary)
	wantErr(t, err, keyring.ErrNoKey)
	if b.Has(id(3), keyring.Ordinary) || !b.Has(id(4), keyring.Ordinary) {
		t.Fatal("Has disagrees in the other process")
	}
	must(t, a.New(keyring.Ordinary, today, id(77))) // takes the slot that came free
	if fingerprint(t, a, id(77), keyring.Ordinary) != fingerprint(t, b, id(77), keyring.Ordinary) {
		t.Fatal("two processes see different keys")
	}
	must(t, b.New(keyring.Ordinary, today, id(78)))
	must(t, b.Destroy(ordinary(id(77))...))
	if a.Has(id(77), keyring.Ordinary) || !a.Has(id(78), keyring.Ordinary) || a.Version() != b.Version() {
		t.Fatal("changes of the other process are not seen")
	}
}

func TestMoreChangesThanTheLogHolds(t *testing.T) {
	d := filled(t, 1)
	a, b := open(t, d), open(t, d)
	must(t, a.New(keyring.Ordinary, today, ids(100, 4000)...))
	must(t, a.Destroy(ordinary(ids(0, 1)...)...))
	if !b.Has(id(3999), keyring.Ordinary) || b.Has(id(0), keyring.Ordinary) {
		t.Fatal("the other process did not catch up")
	}
}

func TestARotationReachesTheOtherProcess(t *testing.T) {
	d := filled(t, 1500)
	a, b := open(t, d), open(t, d)
	before := fingerprint(t, b, id(3), keyring.Ordinary)
	must(t, a.Rotate())
	noStrays(t, d)
	if fingerprint(t, b, id(3), keyring.Ordinary) != before {
		t.Fatal("a cached key changed")
	}
	fingerprint(t, b, id(1400), keyring.Ordinary)
	must(t, b.New(keyring.Ordinary, today, id(5000)))
	must(t, b.Destroy(ordinary(id(3))...))
	if !a.Has(id(5000), keyring.Ordinary) || a.Has(id(3), keyring.Ordinary) {
		t.Fatal("the other process wrote into the old file")
	}
	fingerprint(t, b, id(4), keyring.Ordinary)
	must(t, a.Rotate())
	must(t, a.Destroy(ordinary(id(4))...)) // in a file that b has not seen yet
	_, err := b.Key(id(4), keyring.Ordinary)
	wantErr(t, err, keyring.ErrNoKey)
	must(t, b.Rotate())
	must(t, a.Rotate())
	noStrays(t, d)
	if !open(t, d).Has(id(5000), keyring.Ordinary) {
		t.Fatal("a key was lost on the way")
	}
}

// The real file system, two rings, and everything at once: to be run with -race.
func TestWorkDuringRotations(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "epoch"), 0o700))
	a, err := keyring.Create(filepath.Join(dir, "ring"), filepath.Join(dir, "epoch"))
	must(t, err)
	b, err := keyring.Open(filepath.Join(dir, "ring"), filepath.Join(dir, "epoch"))
	must(t, err)
	must(t, a.New(keyring.Ordinary, today, ids(0, 2000)...))
	want := fingerprint(t, a, id(1999), keyring.Ordinary)

	var g sync.WaitGroup
	done := make(chan struct{})
	g.Go(func() {
		defer close(done)
		for range 4 {
			if err := a.Rotate(); err != nil {
				t.Error(err)
			}
		}
	})
	g.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			if k, err := b.Key(id(1999), keyring.Ordinary); err != nil || print(k) != want {
				t.Errorf("reading during a rotation: %v", err)
				return
			}
			if _, err := a.Key(id(1000+n%900), keyring.Ordinary); err != nil {
				t.Errorf("reading during a rotation: %v", err)
				return
			}
		}
	})
	g.Go(func() {
		for n := range 60 {
			r := []*keyring.Ring{a, b}[n%2]
			if err := errors.Join(r.New(keyring.Law, today, id(n)), r.Destroy(ordinary(id(n))...)); err != nil {
				t.Error(err)
			}
		}
	})
	g.Wait()
	must(t, errors.Join(a.Close(), b.Close()))
	c, err := keyring.Open(filepath.Join(dir, "ring"), filepath.Join(dir, "epoch"))
	must(t, err)
	for n := range 2000 {
		if c.Has(id(n), keyring.Ordinary) != (n >= 60) || c.Has(id(n), keyring.Law) != (n < 60) {
			t.Fatalf("owner %d is not as told", n)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "epoch", "*"))
	must(t, err)
	if len(names) != 1 {
		t.Fatalf("epoch keys left: %q", names)
	}
	info, err := os.Stat(names[0])
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("the epoch key may be read by others: %v", info.Mode())
	}
}

func TestFullDisk(t *testing.T) {
	for _, space := range []int64{0, 100, 4096, 100_000} {
		d := crashfs.New()
		r := create(t, d)
		must(t, r.New(keyring.Ordinary, today, ids(0, 1000)...))
		want := fingerprint(t, r, id(5), keyring.Ordinary)
		d.Limit(space)
		wantErr(t, r.New(keyring.Ordinary, today, ids(1000, 2100)...), keyring.ErrFull)
		wantErr(t, r.Rotate(), keyring.ErrFull)
		must(t, r.New(keyring.Ordinary, today, id(9999))) // there are 24 slots left
		must(t, r.Destroy(ordinary(id(6))...))            // must not need space
		d.Limit(-1)
		d.Restart(crashfs.Lost)
		r = open(t, d)
		noStrays(t, d)
		if r.Has(id(1000), keyring.Ordinary) || r.Has(id(6), keyring.Ordinary) || !r.Has(id(9999), keyring.Ordinary) {
			t.Fatalf("space %d: something was half done", space)
		}
		if fingerprint(t, r, id(5), keyring.Ordinary) != want {
			t.Fatalf("space %d: a key changed", space)
		}
		must(t, r.New(keyring.Ordinary, today, ids(1000, 2100)...))
		must(t, r.Rotate())
	}
}

// Every changing call fails once; a failed flush also forgets what it should
// have written. What was answered must hold through a power cut all the same.
func TestFailingDisk(t *testing.T) {
	work := []struct {
		name string
		do   func(r *keyring.Ring) error
	}{
		{"New", func(r *keyring.Ring) error { return r.New(keyring.Ordinary, today, ids(50, 60)...) }},
		{"Destroy", func(r *keyring.Ring) error { return r.Destroy(ordinary(ids(0, 5)...)...) }},
		{"Rotate", func(r *keyring.Ring) error { return r.Rotate() }},
	}
	for _, w := range work {
		t.Run(w.name, func(t *testing.T) { failEverywhere(t, w.name, w.do) })
	}
}

// The one that saw a flush fail is gone; the other must not trust what it
// reads.
func TestAFailedFlushIsMendedByTheOtherProcess(t *testing.T) {
	for times := 1; times < 3; times++ { // the second time not even the header can say so
		for n := 1; n < 6; n++ {
			d := filled(t, 10)
			a, b := open(t, d), open(t, d)
			d.FailAt(n, times, syscall.EIO)
			if a.Destroy(ordinary(id(3))...) == nil {
				continue
			}
			next := b
			if times > 1 {
				next = a // which remembers it
			}
			must(t, next.Destroy(ordinary(id(3))...))
			d.Restart(crashfs.Lost)
			if open(t, d).Has(id(3), keyring.Ordinary) {
				t.Fatalf("call %d: destroyed, and back after a power cut", n)
			}
		}
	}
}

func failEverywhere(t *testing.T, name string, do func(*keyring.Ring) error) {
	failed := 0
	for n := 1; ; n++ {
		d := filled(t, 20)
		r := open(t, d)
		want := fingerprint(t, r, id(9), keyring.Ordinary)
		before := d.Calls()
		d.FailAt(n, 1, syscall.EIO)
		err := do(r)
		if d.Calls() < before+n {
			break
		}
		if err != nil {
			wantErr(t, err, keyring.ErrStorage)
			failed++
			if name == "New" && slices.ContainsFunc(ids(50, 60), func(o keyring.ID) bool { return r.Has(o, keyring.Ordinary) }) {
				t.Fatalf("call %d: a key from a batch that was not made", n)
			}
			must(t, do(r)) // it works the second time
		}
		d.Restart(crashfs.Lost)
		r = open(t, d)
		noStrays(t, d)
		if fingerprint(t, r, id(9), keyring.Ordinary) != want {
			t.Fatalf("call %d: a key changed", n)
		}
		if r.Has(id(2), keyring.Ordinary) != (name != "Destroy") || r.Has(id(55), keyring.Ordinary) != (name == "New") {
			t.Fatalf("call %d: what was answered does not hold", n)
		}
	}
	if failed < 3 {
		t.Fatalf("only %d failures were tried", failed)
	}
}
