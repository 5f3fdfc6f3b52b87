package keyring_test

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

const (
	ringPath = "/data/keys.ring"
	epochDir = "/epoch"
	today    = int32(20778)
)

// id makes an owner id from a number, spread over all 16 bytes.
func id(n int) (o keyring.ID) {
	binary.BigEndian.PutUint64(o[:], uint64(n)*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(o[8:], uint64(n))
	return o
}

func ids(from, to int) (all []keyring.ID) {
	for n := from; n < to; n++ {
		all = append(all, id(n))
	}
	return all
}

func ordinary(all ...keyring.ID) (refs []keyring.Ref) {
	for _, o := range all {
		refs = append(refs, keyring.Ref{ID: o, Class: keyring.Ordinary})
	}
	return refs
}

// print tells two keys apart without seeing them.
func print(a cipher.AEAD) string {
	return string(a.Seal(nil, make([]byte, a.NonceSize()), []byte("kept"), nil))
}

func fingerprint(t *testing.T, r *keyring.Ring, o keyring.ID, class keyring.Class) string {
	t.Helper()
	a, err := r.Key(o, class)
	if err != nil {
		t.Fatalf("Key: %v", err)
	}
	return print(a)
}

func create(t *testing.T, d *crashfs.Disk) *keyring.Ring {
	t.Helper()
	r, err := keyring.Options{FS: d}.Create(ringPath, epochDir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t *testing.T, d *crashfs.Disk) *keyring.Ring {
	t.Helper()
	r, err := keyring.Options{FS: d}.Open(ringPath, epochDir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// filled is a disk with a ring of n ordinary keys, closed.
func filled(t *testing.T, n int) *crashfs.Disk {
	t.Helper()
	d := crashfs.New()
	r := create(t, d)
	if err := r.New(keyring.Ordinary, today, ids(0, n)...); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

// noStrays fails unless the disk holds one ring file and one epoch key.
func noStrays(t *testing.T, d *crashfs.Disk) {
	t.Helper()
	data, err := d.List(path.Dir(ringPath))
	must(t, err)
	data = slices.DeleteFunc(data, func(n string) bool { return strings.HasSuffix(n, ".lock") })
	if !slices.Equal(data, []string{path.Base(ringPath)}) {
		t.Fatalf("data folder holds %q", data)
	}
	keys, err := d.List(epochDir)
	must(t, err)
	if len(keys) != 1 {
		t.Fatalf("epoch folder holds %q", keys)
	}
}
