package keyring_test

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"kept/vault/keyring"
)

var benchOwners = flag.Int("owners", 100_000, "keys in the ring for BenchmarkOpen and BenchmarkRotate")

func benchRing(b *testing.B, owners, cache int) (*keyring.Ring, func() (*keyring.Ring, error)) {
	b.Helper()
	dir := b.TempDir()
	epochs := filepath.Join(dir, "epoch")
	if err := os.Mkdir(epochs, 0o700); err != nil {
		b.Fatal(err)
	}
	o := keyring.Options{Cache: cache}
	r, err := o.Create(filepath.Join(dir, "ring"), epochs)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	for n := 0; n < owners; n += 50_000 {
		if err := r.New(keyring.Ordinary, today, ids(n, min(n+50_000, owners))...); err != nil {
			b.Fatal(err)
		}
	}
	return r, func() (*keyring.Ring, error) { return o.Open(filepath.Join(dir, "ring"), epochs) }
}

func BenchmarkKeyHit(b *testing.B) {
	r, _ := benchRing(b, 10_000, 0)
	all := ids(0, 10_000)
	for _, o := range all {
		if _, err := r.Key(o, keyring.Ordinary); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := r.Key(all[n%len(all)], keyring.Ordinary); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkKeyMiss(b *testing.B) {
	r, _ := benchRing(b, 10_000, 1)
	all := ids(0, 10_000)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := r.Key(all[n%len(all)], keyring.Ordinary); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkKeysOf1000(b *testing.B) {
	r, _ := benchRing(b, 1000, 0)
	all := ids(0, 1000)
	for b.Loop() {
		if _, err := r.Keys(keyring.Ordinary, all...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewOf1000(b *testing.B) {
	r, _ := benchRing(b, 0, 0)
	n := 0
	for b.Loop() {
		if err := r.New(keyring.Ordinary, today, ids(n, n+1000)...); err != nil {
			b.Fatal(err)
		}
		n += 1000
	}
}

func BenchmarkNewAndDestroyOne(b *testing.B) {
	r, _ := benchRing(b, 0, 0)
	for b.Loop() {
		if err := r.New(keyring.Ordinary, today, id(1)); err != nil {
			b.Fatal(err)
		}
		if err := r.Destroy(ordinary(id(1))...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	r, open := benchRing(b, *benchOwners, 0)
	r.Close()
	for b.Loop() {
		r, err := open()
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	b.ReportMetric(float64(memory(b, open))/1e6, "MB-held")
}

// memory is what an open ring holds.
func memory(b *testing.B, open func() (*keyring.Ring, error)) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := open()
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	r.Close()
	return after.HeapAlloc - before.HeapAlloc
}

func BenchmarkRotate(b *testing.B) {
	r, _ := benchRing(b, *benchOwners, 0)
	for b.Loop() {
		if err := r.Rotate(); err != nil {
			b.Fatal(err)
		}
	}
}
