package keyring_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

// The layout, written down a second time: a change of format must be meant.
const (
	slotsAt  = 4096
	slotSize = 128
)

func TestDamageIsFound(t *testing.T) {
	flip := func(at int) func(*testing.T, *crashfs.Disk) {
		return func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, ringPath, func(b []byte) []byte { b[at] ^= 0x10; return b })
		}
	}
	for _, c := range []struct {
		name string
		harm func(*testing.T, *crashfs.Disk)
		want error
		slot int
	}{
		{"lost ring", func(t *testing.T, d *crashfs.Disk) { must(t, d.Remove(ringPath)) }, keyring.ErrNoRing, 0},
		{"lost epoch key", func(t *testing.T, d *crashfs.Disk) { must(t, d.Remove(epochDir+"/epoch-1.key")) }, keyring.ErrNoEpoch, 0},
		{"epoch key of another ring", otherEpoch, keyring.ErrWrongEpoch, 0},
		{"another key with mended marks", forgedEpoch, keyring.ErrWrongEpoch, 0},
		{"short epoch key", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, epochDir+"/epoch-1.key", func(b []byte) []byte { return b[:40] })
		}, keyring.ErrCorrupt, -2},
		{"flipped bit in the epoch key", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, epochDir+"/epoch-1.key", func(b []byte) []byte { b[50] ^= 1; return b })
		}, keyring.ErrCorrupt, -2},
		{"end missing", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, ringPath, func(b []byte) []byte { return b[:len(b)-1] })
		}, keyring.ErrTruncated, 0},
		{"nearly all missing", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, ringPath, func(b []byte) []byte { return b[:100] })
		}, keyring.ErrTruncated, 0},
		{"empty", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, ringPath, func([]byte) []byte { return nil })
		}, keyring.ErrTruncated, 0},
		{"flipped bit in the magic", flip(0), keyring.ErrCorrupt, -1},
		{"flipped bit in the ring id", flip(20), keyring.ErrCorrupt, -1},
		{"flipped bit in a counter", flip(85), keyring.ErrCorrupt, -1},
		{"flipped bit in an owner", flip(slotsAt + 2*slotSize + 3), keyring.ErrCorrupt, 2},
		{"flipped bit in a wrapped key", flip(slotsAt + 3*slotSize + 60), keyring.ErrCorrupt, 3},
		{"flipped bit in a free slot", flip(slotsAt + 900*slotSize + 60), keyring.ErrCorrupt, 900},
		{"swapped slots", func(t *testing.T, d *crashfs.Disk) { edit(t, d, ringPath, swap(1, 2)) }, keyring.ErrCorrupt, 1},
		{"a sector of zeros", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, ringPath, func(b []byte) []byte { clear(b[slotsAt+512 : slotsAt+1024]); return b })
		}, keyring.ErrCorrupt, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := filled(t, 10)
			c.harm(t, d)
			_, err := keyring.Options{FS: d}.Open(ringPath, epochDir)
			wantErr(t, err, c.want)
			if e, ok := errors.AsType[*keyring.CorruptError](err); ok && e.Slot != c.slot {
				t.Fatalf("slot %d named, %d damaged", e.Slot, c.slot)
			}
		})
	}
}

func edit(t *testing.T, d *crashfs.Disk, name string, change func([]byte) []byte) {
	t.Helper()
	b, err := d.ReadFile(name)
	must(t, err)
	d.WriteFile(name, change(b))
}

func swap(i, k int) func([]byte) []byte {
	return func(b []byte) []byte {
		x, y := b[slotsAt+i*slotSize:][:slotSize], b[slotsAt+k*slotSize:][:slotSize]
		for n := range x {
			x[n], y[n] = y[n], x[n]
		}
		return b
	}
}

func otherEpoch(t *testing.T, d *crashfs.Disk) {
	b, err := filled(t, 1).ReadFile(epochDir + "/epoch-1.key")
	must(t, err)
	d.WriteFile(epochDir+"/epoch-1.key", b)
}

// forgedEpoch keeps number and ring id, and mends the checksum.
func forgedEpoch(t *testing.T, d *crashfs.Disk) {
	edit(t, d, epochDir+"/epoch-1.key", func(b []byte) []byte {
		b[45] ^= 1
		binary.BigEndian.PutUint32(b[72:], crc32.Checksum(b[:72], crc32.MakeTable(crc32.Castagnoli)))
		return b
	})
}

// Somebody who writes into the file and mends every checksum still gets no
// key to open in another slot, for another owner or for another class.
func TestForgedSlotsDoNotOpen(t *testing.T) {
	for _, c := range []struct {
		name  string
		forge func(b []byte)
	}{
		{"swapped", func(b []byte) { swap(1, 2)(b) }},
		{"another owner", func(b []byte) { b[slotsAt+slotSize] ^= 1 }},
		{"another class", func(b []byte) { b[slotsAt+slotSize+16] = byte(keyring.Law) }},
		{"another generation", func(b []byte) { b[slotsAt+slotSize+23]++ }},
		{"another day", func(b []byte) { b[slotsAt+slotSize+27]++ }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := filled(t, 3)
			edit(t, d, ringPath, func(b []byte) []byte { c.forge(b); mend(b, 1); mend(b, 2); return b })
			r := open(t, d)
			var errs []error
			must(t, r.Owners(func(o keyring.ID, class keyring.Class, _ int32) bool {
				_, err := r.Key(o, class)
				errs = append(errs, err)
				return true
			}))
			if len(errs) != 3 || errs[0] != nil {
				t.Fatalf("got %v", errs)
			}
			wantErr(t, errs[1], keyring.ErrCorrupt)
			wantErr(t, r.Rotate(), keyring.ErrCorrupt)
			noStrays(t, d)
		})
	}
}

// mend makes a slot's checksum right again.
func mend(b []byte, slot int) {
	table := crc32.MakeTable(crc32.Castagnoli)
	s := b[slotsAt+slot*slotSize:][:slotSize]
	sum := crc32.Update(0, table, b[16:32])
	sum = crc32.Update(sum, table, binary.BigEndian.AppendUint32(nil, uint32(slot)))
	binary.BigEndian.PutUint32(s[124:], crc32.Update(sum, table, s[:124]))
}

// A slot that goes bad while the ring is open stops that one key, by name.
func TestDamageUnderAnOpenRing(t *testing.T) {
	d := filled(t, 10)
	r := open(t, d)
	f, err := d.OpenFile(ringPath, 0, 0)
	must(t, err)
	_, err = f.WriteAt([]byte{0xff, 0xfe}, slotsAt+5*slotSize+60)
	must(t, err)
	_, err = r.Key(id(5), keyring.Ordinary)
	e, ok := errors.AsType[*keyring.CorruptError](err)
	if !ok || e.Slot != 5 {
		t.Fatalf("got %v, want damage of slot 5", err)
	}
	fingerprint(t, r, id(6), keyring.Ordinary)
	wantErr(t, r.Destroy(ordinary(id(5))...), keyring.ErrCorrupt)
	wantErr(t, r.Rotate(), keyring.ErrCorrupt)
}

// FuzzOpen may fail, but only with an error that is ours, and never crash or
// take memory that the file does not justify.
func FuzzOpen(f *testing.F) {
	d := crashfs.New()
	r, err := keyring.Options{FS: d}.Create(ringPath, epochDir)
	if err != nil {
		f.Fatal(err)
	}
	if err := r.New(keyring.Ordinary, today, ids(0, 3)...); err != nil {
		f.Fatal(err)
	}
	whole, err := d.ReadFile(ringPath)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, uint16(0), byte(0))
	f.Add(whole[:5000], uint16(79), byte(4))
	f.Add([]byte("keptring"), uint16(1), byte(1))
	f.Fuzz(func(t *testing.T, b []byte, at uint16, x byte) {
		c := d.Clone()
		if int(at) < len(b) {
			b[at] ^= x
		}
		c.WriteFile(ringPath, b)
		r, err := keyring.Options{FS: c}.Open(ringPath, epochDir)
		if err == nil {
			r.Owners(func(o keyring.ID, class keyring.Class, _ int32) bool {
				_, err := r.Key(o, class)
				return err == nil || errors.Is(err, keyring.ErrCorrupt)
			})
			must(t, r.Close())
			return
		}
		for _, known := range []error{keyring.ErrCorrupt, keyring.ErrTruncated, keyring.ErrNoEpoch, keyring.ErrWrongEpoch} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Fatalf("an error nobody can tell: %v", err)
	})
}
