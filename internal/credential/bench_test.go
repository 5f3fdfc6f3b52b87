package credential

import (
	"crypto/ed25519"
	"testing"
	"time"
)

// BenchmarkAgainstEd25519 takes each thing in turns with Ed25519 alone over as
// many bytes, so that what else the machine does falls to neither side.
func BenchmarkAgainstEd25519(b *testing.B) {
	w := newWorld()
	doc := w.badge.Document()
	jwt, err := w.key.Sign(doc, noon)
	if err != nil {
		b.Fatal(err)
	}
	embedded, err := w.key.Embed(doc, noon)
	if err != nil {
		b.Fatal(err)
	}
	message, public := []byte(jwt), w.key.Public()
	signature := ed25519.Sign(w.key.private, message)
	v := w.verifier()
	sign := func() { ed25519.Sign(w.key.private, message) }
	verify := func() { ed25519.Verify(public, message, signature) }
	for name, c := range map[string]struct{ ours, bare func() }{
		"sign JWT":        {func() { _, _ = w.key.Sign(doc, noon) }, sign},
		"sign embedded":   {func() { _, _ = w.key.Embed(doc, noon) }, sign},
		"verify JWT":      {func() { v.Verify([]byte(jwt)) }, verify},
		"verify embedded": {func() { v.Verify(embedded) }, verify},
	} {
		b.Run(name, func(b *testing.B) {
			var ours, bare time.Duration
			const some = 20
			for b.Loop() {
				begin := time.Now()
				for range some {
					c.ours()
				}
				middle := time.Now()
				for range some {
					c.bare()
				}
				ours, bare = ours+middle.Sub(begin), bare+time.Since(middle)
			}
			b.ReportMetric(float64(b.N*some)/ours.Seconds(), "ours/s")
			b.ReportMetric(float64(b.N*some)/bare.Seconds(), "bare/s")
			b.ReportMetric(bare.Seconds()/ours.Seconds(), "of-bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}
