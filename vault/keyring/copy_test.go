package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"filippo.io/age"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

const (
	copyDir  = "/copy"
	newPath  = "/new/keys.ring"
	newEpoch = "/newepoch"
)

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	i, err := age.GenerateX25519Identity()
	must(t, err)
	return i
}

// sink counts what is put, and fails when told to.
type sink struct {
	keyring.Folder
	puts   []string
	failAt int
}

var errSink = errors.New("the sink is gone")

func (s *sink) Put(ctx context.Context, name string, r io.Reader) error {
	s.puts = append(s.puts, name)
	if len(s.puts) == s.failAt {
		return errSink
	}
	return s.Folder.Put(ctx, name, r)
}

func TestCopyAndRestore(t *testing.T) {
	d, who := crashfs.New(), identity(t)
	r := create(t, d)
	must(t, r.New(keyring.Ordinary, today, ids(0, 2500)...))
	must(t, r.New(keyring.Law, today+3, id(7)))
	must(t, r.Destroy(ordinary(id(8))...))
	dst := keyring.Folder{FS: d, Dir: copyDir}
	m, err := r.WriteCopy(t.Context(), dst, []age.Recipient{who.Recipient()}, today, nil)
	must(t, err)
	if len(m.Chunks) != 3 || m.Sequence != 1 || m.Version != r.Version() || m.Day != today {
		t.Fatalf("manifest %+v", m)
	}
	o := keyring.Options{FS: d}
	got, err := o.RestoreCopy(t.Context(), dst, []age.Identity{who}, newPath, newEpoch)
	must(t, err)
	for n := range 2500 {
		if n != 8 && fingerprint(t, got, id(n), keyring.Ordinary) != fingerprint(t, r, id(n), keyring.Ordinary) {
			t.Fatalf("owner %d has another key", n)
		}
	}
	if got.Has(id(8), keyring.Ordinary) || fingerprint(t, got, id(7), keyring.Law) != fingerprint(t, r, id(7), keyring.Law) {
		t.Fatal("the restored ring differs")
	}
	days := map[int32]int{}
	must(t, got.Owners(func(_ keyring.ID, _ keyring.Class, day int32) bool { days[day]++; return true }))
	if days[today] != 2499 || days[today+3] != 1 {
		t.Fatalf("days %v", days)
	}
	must(t, got.New(keyring.Ordinary, today, id(9000)))
	must(t, got.Rotate())
	_, err = o.RestoreCopy(t.Context(), dst, []age.Identity{who}, newPath, newEpoch)
	wantErr(t, err, keyring.ErrExists)
}

func TestAfterAnErasureOneChunkIsMadeAnew(t *testing.T) {
	d, who := crashfs.New(), identity(t)
	r := create(t, d)
	must(t, r.New(keyring.Ordinary, today, ids(0, 3000)...))
	dst := &sink{Folder: keyring.Folder{FS: d, Dir: copyDir}}
	to := []age.Recipient{who.Recipient()}
	first, err := r.WriteCopy(t.Context(), dst, to, today, nil)
	must(t, err)
	chunks := r.Chunks(id(1500))
	if !slices.Equal(chunks, []int{1}) {
		t.Fatalf("owner is in chunks %v", chunks)
	}
	must(t, r.Destroy(ordinary(id(1500))...))
	stale, err := r.Stale(first)
	must(t, err)
	if !slices.Equal(stale, chunks) {
		t.Fatalf("stale %v", stale)
	}
	dst.puts = nil
	second, err := r.WriteCopy(t.Context(), dst, to, today+1, chunks)
	must(t, err)
	if want := []string{"ring-000001-000000000002.age", keyring.ManifestName}; !slices.Equal(dst.puts, want) {
		t.Fatalf("wrote %q, want %q", dst.puts, want)
	}
	if second.Chunks[0] != first.Chunks[0] || second.Sequence != 2 {
		t.Fatalf("manifest %+v", second)
	}
	stale, err = r.Stale(second)
	must(t, err)
	names, err := d.List(copyDir)
	must(t, err)
	if len(stale) != 0 || len(names) != 4 || slices.Contains(names, first.Chunks[1].Name) {
		t.Fatalf("stale %v, files %q", stale, names)
	}
	got, err := keyring.Options{FS: d}.RestoreCopy(t.Context(), dst, []age.Identity{who}, newPath, newEpoch)
	must(t, err)
	if got.Has(id(1500), keyring.Ordinary) || !got.Has(id(1501), keyring.Ordinary) {
		t.Fatal("the copy is not what the ring is")
	}
}

// A copy that is broken off anywhere leaves the one before it whole.
func TestABrokenCopyLeavesTheLastOne(t *testing.T) {
	for n := 1; n <= 3; n++ {
		d, who := crashfs.New(), identity(t)
		r := create(t, d)
		must(t, r.New(keyring.Ordinary, today, ids(0, 2000)...))
		dst := &sink{Folder: keyring.Folder{FS: d, Dir: copyDir}}
		to := []age.Recipient{who.Recipient()}
		_, err := r.WriteCopy(t.Context(), dst, to, today, nil)
		must(t, err)
		must(t, r.Destroy(ordinary(id(3))...))
		dst.puts, dst.failAt = nil, n
		_, err = r.WriteCopy(t.Context(), dst, to, today, nil)
		wantErr(t, err, errSink)
		got, err := keyring.Options{FS: d}.RestoreCopy(t.Context(), dst, []age.Identity{who}, newPath, newEpoch)
		must(t, err)
		if !got.Has(id(3), keyring.Ordinary) || !got.Has(id(1999), keyring.Ordinary) {
			t.Fatalf("put %d: the last copy is not whole", n)
		}
		dst.failAt = 0
		m, err := r.WriteCopy(t.Context(), dst, to, today, nil)
		must(t, err)
		names, err := d.List(copyDir)
		must(t, err)
		if len(names) != len(m.Chunks)+1 {
			t.Fatalf("put %d: files left of no copy: %q", n, names)
		}
	}
}

func TestCopiesThatAreRefused(t *testing.T) {
	first := "ring-000000-000000000001.age"
	for _, c := range []struct {
		name string
		harm func(t *testing.T, d *crashfs.Disk)
		file string
	}{
		{"missing chunk", func(t *testing.T, d *crashfs.Disk) { must(t, d.Remove(copyDir+"/"+first)) }, first},
		{"altered chunk", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, copyDir+"/"+first, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, first},
		{"cut chunk", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, copyDir+"/"+first, func(b []byte) []byte { return b[:len(b)-1] })
		}, first},
		{"no manifest", func(t *testing.T, d *crashfs.Disk) { must(t, d.Remove(copyDir+"/"+keyring.ManifestName)) }, keyring.ManifestName},
		{"half a manifest", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, copyDir+"/"+keyring.ManifestName, func(b []byte) []byte { return b[:len(b)/2] })
		}, keyring.ManifestName},
		{"manifest that does not add up", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, copyDir+"/"+keyring.ManifestName, func(b []byte) []byte {
				return bytes.Replace(b, []byte(`"slots": 2048`), []byte(`"slots": 3072`), 1)
			})
		}, keyring.ManifestName},
		{"chunks in each other's place", func(t *testing.T, d *crashfs.Disk) {
			edit(t, d, copyDir+"/"+keyring.ManifestName, func(b []byte) []byte {
				m, err := keyring.ReadManifest(context.Background(), keyring.Folder{FS: d, Dir: copyDir})
				must(t, err)
				for _, s := range [][2]string{{m.Chunks[0].Name, "A"}, {m.Chunks[0].SHA256, "B"},
					{m.Chunks[1].Name, m.Chunks[0].Name}, {m.Chunks[1].SHA256, m.Chunks[0].SHA256},
					{"A", m.Chunks[1].Name}, {"B", m.Chunks[1].SHA256}} {
					b = bytes.Replace(b, []byte(`"`+s[0]+`"`), []byte(`"`+s[1]+`"`), 1)
				}
				return b
			})
		}, "ring-000001-000000000001.age"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, who := filled(t, 1500), identity(t)
			dst := keyring.Folder{FS: d, Dir: copyDir}
			_, err := open(t, d).WriteCopy(t.Context(), dst, []age.Recipient{who.Recipient()}, today, nil)
			must(t, err)
			c.harm(t, d)
			refused(t, d, dst, who, c.file)
		})
	}
	t.Run("another identity", func(t *testing.T) {
		d, who := filled(t, 1500), identity(t)
		dst := keyring.Folder{FS: d, Dir: copyDir}
		_, err := open(t, d).WriteCopy(t.Context(), dst, []age.Recipient{who.Recipient()}, today, nil)
		must(t, err)
		refused(t, d, dst, identity(t), first)
	})
}

func refused(t *testing.T, d *crashfs.Disk, src keyring.CopySource, who age.Identity, file string) {
	t.Helper()
	_, err := keyring.Options{FS: d}.RestoreCopy(t.Context(), src, []age.Identity{who}, newPath, newEpoch)
	wantErr(t, err, keyring.ErrCopy)
	if e, ok := errors.AsType[*keyring.CopyError](err); !ok || e.Name != file {
		t.Fatalf("got %v, want one about %s", err, file)
	}
	for _, dir := range []string{"/new", newEpoch} {
		if names, err := d.List(dir); err != nil || len(names) > 0 {
			t.Fatalf("left behind: %q", names)
		}
	}
}

// A restore that is broken off anywhere leaves no ring, and the next attempt
// works and leaves nothing of the first; the old epoch key stays until told.
func TestCrashDuringRestore(t *testing.T) {
	who := identity(t)
	src := filled(t, 1100)
	_, err := open(t, src).WriteCopy(t.Context(), keyring.Folder{FS: src, Dir: copyDir}, []age.Recipient{who.Recipient()}, today, nil)
	must(t, err)
	must(t, src.Remove(ringPath))
	for n := 1; ; n++ {
		d := src.Clone()
		dst := keyring.Folder{FS: d, Dir: copyDir}
		d.CrashAt(n)
		_, err := keyring.Options{FS: d}.RestoreCopy(t.Context(), dst, []age.Identity{who}, ringPath, epochDir)
		crashed := d.Crashed()
		d.Restart(crashfs.Chance(uint64(n)))
		r, again := keyring.Options{FS: d}.RestoreCopy(t.Context(), dst, []age.Identity{who}, ringPath, epochDir)
		if errors.Is(again, keyring.ErrExists) {
			r, again = keyring.Options{FS: d}.Open(ringPath, epochDir)
		}
		must(t, again)
		fingerprint(t, r, id(1099), keyring.Ordinary)
		if names, _ := d.List(epochDir); len(names) != 2 {
			t.Fatalf("crash %d: epoch folder holds %q", n, names)
		}
		must(t, r.ShredForeign())
		noStrays(t, d)
		if !crashed {
			must(t, err)
			if n < 10 {
				t.Fatalf("only %d crash points", n)
			}
			return
		}
	}
}
