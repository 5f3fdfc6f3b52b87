package learn_test

import (
	"net/http"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
	"kept/internal/page/pagetest"
)

// benchWorld has everything on that a real site has, the request log included.
func benchWorld(b *testing.B) *world {
	log, err := page.OpenRequestLog(page.RequestLogConfig{Folder: b.TempDir(), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close() })
	return newWorld(b, dbtest.Open(b, dbtest.Fresh(b, db.SQLite)), sample(), func(c *page.Config) {
		c.Requests, c.Count = log, false
		c.Limits = page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}
	})
}

// BenchmarkVisitorsLesson holds a lesson against a bare handler: with -cpu 1, at
// least 0.6.
func BenchmarkVisitorsLesson(b *testing.B) {
	w := benchWorld(b)
	pagetest.AgainstBare(b, w.handler, naming, w.send("", naming, nil).Body.Bytes())
}

// BenchmarkMembersLesson renders the lesson anew, with three look-ups.
func BenchmarkMembersLesson(b *testing.B) {
	w := benchWorld(b)
	me := w.newMember()
	b.ReportAllocs()
	for b.Loop() {
		if got := w.send(me, naming, nil); got.Code != http.StatusOK {
			b.Fatal(got.Code)
		}
	}
}
