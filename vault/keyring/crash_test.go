package keyring_test

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

// told is what callers were told before the power went.
type told struct {
	live map[keyring.ID]string // fingerprints
	gone map[keyring.ID]bool
	open map[keyring.ID]bool // a call about them did not return: either is right
}

// life makes, destroys and rotates until something fails, and notes each
// answer. Every kind of growth, reuse and rotation comes up.
func (w *told) life(d *crashfs.Disk) error {
	r, err := keyring.Options{FS: d}.Create(ringPath, epochDir)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, step := range []func(*keyring.Ring) error{
		w.make(0, 3), w.destroy(1, 2), w.make(10, 12), rotate,
		w.destroy(10, 11), w.make(1020, 1026), w.destroy(0, 1), rotate, w.make(30, 1060), w.destroy(40, 44),
	} {
		if err := step(r); err != nil {
			return err
		}
	}
	return nil
}

func rotate(r *keyring.Ring) error { return r.Rotate() }

func (w *told) make(from, to int) func(*keyring.Ring) error {
	return func(r *keyring.Ring) error {
		batch := ids(from, to)
		if to-from > 1000 { // leaves out those that are there
			batch = append(ids(from, 1020), ids(1026, to)...)
		}
		w.doubt(batch)
		if err := r.New(keyring.Ordinary, today, batch...); err != nil {
			return err
		}
		keys, err := r.Keys(keyring.Ordinary, batch...)
		if err != nil {
			return err
		}
		for i, o := range batch {
			w.live[o] = print(keys[i])
			delete(w.open, o)
		}
		return nil
	}
}

func (w *told) destroy(from, to int) func(*keyring.Ring) error {
	return func(r *keyring.Ring) error {
		w.doubt(ids(from, to))
		if err := r.Destroy(ordinary(ids(from, to)...)...); err != nil {
			return err
		}
		for _, o := range ids(from, to) {
			w.gone[o] = true
			delete(w.live, o)
			delete(w.open, o)
		}
		return nil
	}
}

func (w *told) doubt(batch []keyring.ID) {
	for _, o := range batch {
		w.open[o] = true
	}
}

// check holds a ring against what was told.
func (w *told) check(r *keyring.Ring) error {
	for o := range w.gone {
		if r.Has(o, keyring.Ordinary) {
			return errors.New("a destroyed key is back")
		}
	}
	for o, want := range w.live {
		k, err := r.Key(o, keyring.Ordinary)
		if w.open[o] && errors.Is(err, keyring.ErrNoKey) {
			continue
		}
		if err != nil {
			return fmt.Errorf("a live key: %w", err)
		}
		if print(k) != want {
			return errors.New("a live key is another")
		}
	}
	return r.Owners(func(o keyring.ID, _ keyring.Class, _ int32) bool {
		if _, known := w.live[o]; !known && !w.open[o] {
			panic("a key of nobody")
		}
		return true
	})
}

// thief tries every ring file with every epoch key that the disk holds after
// the crash, before anybody tidied up: no destroyed key may come out.
func (w *told) thief(d *crashfs.Disk) error {
	names, err := d.List(path.Dir(ringPath))
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".lock") {
			continue
		}
		c := d.Clone()
		b, err := c.ReadFile(path.Join(path.Dir(ringPath), name))
		if err != nil {
			return err
		}
		c.WriteFile("/stolen/ring", b)
		r, err := keyring.Options{FS: c}.Open("/stolen/ring", epochDir)
		if err != nil {
			continue // opens for nobody
		}
		for o := range w.gone {
			if r.Has(o, keyring.Ordinary) {
				return fmt.Errorf("%s gives away a destroyed key", name)
			}
		}
		r.Close()
	}
	return nil
}

// TestCrashAnywhere turns the power off before each changing call of a whole
// life, with four fates of what was not flushed, and once kills only the
// process.
func TestCrashAnywhere(t *testing.T) {
	fates := []struct {
		name string
		cut  func(*crashfs.Disk, uint64)
	}{
		{"lost", func(d *crashfs.Disk, _ uint64) { d.Restart(crashfs.Lost) }},
		{"kept", func(d *crashfs.Disk, _ uint64) { d.Restart(crashfs.Kept) }},
		{"chance", func(d *crashfs.Disk, n uint64) { d.Restart(crashfs.Chance(n)) }},
		{"chance again", func(d *crashfs.Disk, n uint64) { d.Restart(crashfs.Chance(n + 1<<32)) }},
		{"killed", func(d *crashfs.Disk, _ uint64) { d.Kill() }},
	}
	for _, f := range fates {
		t.Run(f.name, func(t *testing.T) {
			points := 0
			for n := 1; crashAt(t, n, f.cut); n++ {
				points = n
			}
			if points < 80 {
				t.Fatalf("only %d crash points", points)
			}
			t.Logf("%d crash points", points)
		})
	}
}

// crashAt answers false when the life ended before the crash.
func crashAt(t *testing.T, n int, cut func(*crashfs.Disk, uint64)) bool {
	t.Helper()
	d := crashfs.New()
	d.CrashAt(n)
	w := &told{map[keyring.ID]string{}, map[keyring.ID]bool{}, map[keyring.ID]bool{}}
	err := w.life(d)
	if err != nil && !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatalf("crash %d: %v", n, err)
	}
	crashed := d.Crashed()
	cut(d, uint64(n))
	if err := w.thief(d); err != nil {
		t.Fatalf("crash %d: %v", n, err)
	}
	r, err := keyring.Options{FS: d}.Open(ringPath, epochDir)
	if errors.Is(err, keyring.ErrNoRing) && len(w.live)+len(w.gone) == 0 {
		r, err = keyring.Options{FS: d}.Create(ringPath, epochDir)
	}
	if err != nil {
		t.Fatalf("crash %d: %v", n, err)
	}
	if err := w.check(r); err != nil {
		t.Fatalf("crash %d: %v", n, err)
	}
	noStrays(t, d)
	// What an open ring shows has to stay, without a further call.
	must(t, w.settle(r))
	d.Restart(crashfs.Lost)
	r, err = keyring.Options{FS: d}.Open(ringPath, epochDir)
	if err != nil {
		t.Fatalf("crash %d, and another after the start: %v", n, err)
	}
	if err := w.check(r); err != nil {
		t.Fatalf("crash %d, and another after the start: %v", n, err)
	}
	goOn(t, n, d, r, w)
	return crashed
}

// goOn uses the ring after the crash, and loses power again at once.
func goOn(t *testing.T, n int, d *crashfs.Disk, r *keyring.Ring, w *told) {
	t.Helper()
	for _, step := range []func(*keyring.Ring) error{
		w.make(2000, 2002), w.destroy(2000, 2001), rotate, w.make(3000, 3001),
	} {
		if err := step(r); err != nil {
			t.Fatalf("after crash %d: %v", n, err)
		}
	}
	d.Restart(crashfs.Lost)
	if err := w.check(open(t, d)); err != nil {
		t.Fatalf("after crash %d and another: %v", n, err)
	}
	noStrays(t, d)
}

// settle takes what the ring shows for the truth about calls that did not
// return.
func (w *told) settle(r *keyring.Ring) error {
	w.live, w.open = map[keyring.ID]string{}, map[keyring.ID]bool{}
	var all []keyring.ID
	err := r.Owners(func(o keyring.ID, _ keyring.Class, _ int32) bool {
		all = append(all, o)
		return true
	})
	for _, o := range all {
		k, err := r.Key(o, keyring.Ordinary)
		if err != nil {
			return err
		}
		w.live[o] = print(k)
	}
	return err
}

// A process that has the ring open must not go on with a file that was
// replaced, nor keep a key that was destroyed, whenever the other one dies.
func TestTheOtherProcessDiesAnywhere(t *testing.T) {
	work := map[string]func(r *keyring.Ring) error{
		"Rotate":  rotate,
		"Destroy": func(r *keyring.Ring) error { return r.Destroy(ordinary(id(3))...) },
		"New":     func(r *keyring.Ring) error { return r.New(keyring.Ordinary, today, id(50)) },
	}
	for name, do := range work {
		t.Run(name, func(t *testing.T) {
			for n := 2; ; n++ { // each crash point is tried with both calls of the survivor
				d := filled(t, 10)
				p := &process{Disk: d, left: -1}
				survivor := open(t, d)
				victim, err := keyring.Options{FS: p}.Open(ringPath, epochDir)
				must(t, err)
				want := fingerprint(t, survivor, id(4), keyring.Ordinary)
				fingerprint(t, survivor, id(3), keyring.Ordinary)
				p.left = n / 2
				err = do(victim)
				if err == nil && p.left > 0 {
					break
				}
				p.die()
				// One call at a time: another would flush what this one should have.
				w := &told{gone: map[keyring.ID]bool{}}
				if n%2 == 0 {
					must(t, survivor.New(keyring.Ordinary, today, id(60)))
				} else {
					must(t, survivor.Destroy(ordinary(id(3))...))
					w.gone[id(3)] = true
					if _, err := survivor.Key(id(3), keyring.Ordinary); !errors.Is(err, keyring.ErrNoKey) {
						t.Fatalf("call %d: the destroyed key is still given out", n)
					}
				}
				if err := w.thief(d); err != nil {
					t.Fatalf("call %d: %v", n, err)
				}
				if fingerprint(t, survivor, id(4), keyring.Ordinary) != want {
					t.Fatalf("call %d: a key changed", n)
				}
				d.Restart(crashfs.Lost)
				fresh := open(t, d)
				if fresh.Has(id(60), keyring.Ordinary) != (n%2 == 0) || n%2 == 1 && fresh.Has(id(3), keyring.Ordinary) {
					t.Fatalf("call %d: the survivor's work was lost", n)
				}
				noStrays(t, d)
			}
		})
	}
}

// A key that is destroyed while a rotation runs must not be found in the half
// made file, wherever the rotation then dies.
func TestErasureDuringARotationThatDies(t *testing.T) {
	for n := 1; ; n++ {
		d := filled(t, 10)
		p := &process{Disk: d, left: -1}
		other := open(t, d)
		victim, err := keyring.Options{FS: p}.Open(ringPath, epochDir)
		must(t, err)
		p.firstPass = func() { must(t, other.Destroy(ordinary(id(3))...)) }
		p.left = n
		err = victim.Rotate()
		destroyed := p.firstPass == nil
		p.die()
		w := &told{gone: map[keyring.ID]bool{}}
		if destroyed {
			w.gone[id(3)] = true
		}
		if err := w.thief(d); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		// Even without a header: no file may hold the wrapped key while the key
		// to unwrap it lies on the disk.
		next, _ := d.ReadFile(ringPath + ".next")
		if _, err := d.ReadFile(epochDir + "/epoch-2.key"); err == nil && destroyed && holds(next, id(3)) {
			t.Fatalf("call %d: the destroyed key can be unwrapped", n)
		}
		if err == nil {
			if n < 10 || !destroyed {
				t.Fatalf("%d crash points, destroyed %v", n, destroyed)
			}
			return
		}
	}
}

// holds tells whether a slot of the owner stands in a ring file.
func holds(ring []byte, o keyring.ID) bool { return bytes.Contains(ring, o[:]) }
