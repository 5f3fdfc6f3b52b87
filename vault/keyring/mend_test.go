package keyring_test

import (
	"slices"
	"testing"

	"filippo.io/age"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

// harmed is a ring of 2,000 keys with a copy, of which three slots are damaged: of owner
// 5, of owner 1500, and one that is free. The second is not in the copy.
func harmed(t *testing.T, who *age.X25519Identity) (d *crashfs.Disk, src keyring.Folder, five string) {
	t.Helper()
	d = crashfs.New()
	r := create(t, d)
	must(t, r.New(keyring.Ordinary, today, ids(0, 1400)...))
	src = keyring.Folder{FS: d, Dir: copyDir}
	_, err := r.WriteCopy(t.Context(), src, []age.Recipient{who.Recipient()}, today, nil)
	must(t, err)
	must(t, r.New(keyring.Ordinary, today, ids(1400, 2000)...))
	five = fingerprint(t, r, id(5), keyring.Ordinary)
	must(t, r.Close())
	edit(t, d, ringPath, func(b []byte) []byte {
		for _, slot := range []int{5, 1500, 2040} {
			b[slotsAt+slot*slotSize+60] ^= 1
		}
		return b
	})
	return d, src, five
}

func everyone(keyring.Ref) (bool, error) { return true, nil }

func TestDamagedSlotsAreTakenFromTheCopy(t *testing.T) {
	who := identity(t)
	d, src, five := harmed(t, who)
	o := keyring.Options{FS: d}
	_, err := o.Open(ringPath, epochDir)
	wantErr(t, err, keyring.ErrCorrupt)
	done, err := o.Mend(t.Context(), ringPath, epochDir, src, []age.Identity{who}, everyone)
	must(t, err)
	if !slices.Equal(done.Back, []int{5}) || !slices.Equal(done.Empty, []int{1500, 2040}) {
		t.Fatalf("mended %+v", done)
	}
	r := open(t, d)
	if fingerprint(t, r, id(5), keyring.Ordinary) != five {
		t.Error("owner 5 has another key")
	}
	for n := range 2000 {
		if r.Has(id(n), keyring.Ordinary) != (n != 1500) {
			t.Fatalf("owner %d: has a key %v", n, n == 1500)
		}
	}
	must(t, r.New(keyring.Ordinary, today, ids(3000, 3048)...)) // into the slots that became free
	must(t, r.Rotate())
	done, err = o.Mend(t.Context(), ringPath, epochDir, src, []age.Identity{who}, everyone)
	if err != nil || len(done.Back)+len(done.Empty) > 0 {
		t.Errorf("a whole ring was mended: %+v, %v", done, err)
	}
}

// The copy may be older than an erasure: whoever is to have no key gets none back.
func TestMendingBringsNobodyBack(t *testing.T) {
	who := identity(t)
	d, src, _ := harmed(t, who)
	o := keyring.Options{FS: d}
	done, err := o.Mend(t.Context(), ringPath, epochDir, src, []age.Identity{who}, func(r keyring.Ref) (bool, error) { return r.ID != id(5), nil })
	must(t, err)
	if len(done.Back) > 0 || open(t, d).Has(id(5), keyring.Ordinary) {
		t.Errorf("the erased has a key again: %+v", done)
	}
}

// Another process that has the ring open sees what was mended.
func TestMendingBesideAnOpenRing(t *testing.T) {
	who := identity(t)
	d := crashfs.New()
	r := create(t, d)
	must(t, r.New(keyring.Ordinary, today, ids(0, 10)...))
	five := fingerprint(t, r, id(5), keyring.Ordinary)
	src := keyring.Folder{FS: d, Dir: copyDir}
	_, err := r.WriteCopy(t.Context(), src, []age.Recipient{who.Recipient()}, today, nil)
	must(t, err)
	edit(t, d, ringPath, func(b []byte) []byte { b[slotsAt+5*slotSize+60] ^= 1; return b })
	_, err = keyring.Options{FS: d}.Mend(t.Context(), ringPath, epochDir, src, []age.Identity{who}, everyone)
	must(t, err)
	if fingerprint(t, r, id(5), keyring.Ordinary) != five {
		t.Error("the open ring has another key")
	}
	must(t, r.Rotate())
}

func TestMendingRefusesACopyOfAnotherRing(t *testing.T) {
	who := identity(t)
	d, _, _ := harmed(t, who)
	other, src, _ := harmed(t, who)
	src.FS = other
	_, err := keyring.Options{FS: d}.Mend(t.Context(), ringPath, epochDir, src, []age.Identity{who}, everyone)
	wantErr(t, err, keyring.ErrCopy)
	_, err = keyring.Options{FS: d}.Mend(t.Context(), ringPath, epochDir, keyring.Folder{FS: d, Dir: copyDir}, []age.Identity{identity(t)}, everyone)
	wantErr(t, err, keyring.ErrCopy)
	_, err = keyring.Options{FS: d}.Open(ringPath, epochDir)
	wantErr(t, err, keyring.ErrCorrupt) // nothing was changed
}
