package portfolio_test

import (
	"net/http"
	"runtime"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page/pagetest"
)

// BenchmarkPage holds the page of a member with 300 records against a bare
// handler, on one core: at least 0.4.
func BenchmarkPage(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		h := newHouse(b, d)
		h.setOpen(h.learner("noor", 300), true)
		h.get("/@noor", "")
		pagetest.AgainstBare(b, h.handler, "/@noor", h.get("/@noor", "").Body.Bytes())
	})
}

// BenchmarkFirst measures a page that is not in memory: what a change costs the
// next reader.
func BenchmarkFirst(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		h := newHouse(b, d)
		owner := h.learner("noor", 300)
		h.setOpen(owner, true)
		for b.Loop() {
			h.f.Forget(owner)
			if w := h.get("/@noor", ""); w.Code != http.StatusOK {
				b.Fatalf("status %d", w.Code)
			}
		}
	})
}
