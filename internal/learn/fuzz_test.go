package learn_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
)

// FuzzProgress brings whatever a browser may hold, twice. It must be taken or
// refused in words, the second time must add nothing, and no lesson may be
// there twice.
func FuzzProgress(f *testing.F) {
	f.Add(`{"version":1,"lessons":{}}`)
	f.Add(`{"version":1,"lessons":{"` + course1 + `numbers":{"done":"2027-03-01T10:00:00Z","work":{"a.js":"x"}}}}`)
	f.Add(`{"version":1,"lessons":{"` + course1 + `numbers":{"changed":"2027-03-01","work":{"a.js":"x","":"y"}},"x":{}}}`)
	f.Add(`{"version":1,"lessons":{"` + course1 + `text":{"done":"9999-99-99","changed":"x","work":{"a":"\ud800"}}}}`)
	w := newWorld(f, dbtest.Open(f, dbtest.Fresh(f, db.SQLite)), sample(), func(c *page.Config) {
		c.Limits = page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}
	})
	f.Fuzz(func(t *testing.T, text string) {
		w.t = t
		me := w.newMember()
		form := url.Values{"progress": {text}}
		first, second := w.send(me, "/you/merge", form), w.send(me, "/you/merge", form)
		if first.Code != http.StatusOK && first.Code != http.StatusUnprocessableEntity || first.Code != second.Code {
			t.Fatalf("status %d, then %d", first.Code, second.Code)
		}
		if first.Code != http.StatusOK {
			return
		}
		var a, b struct{ Taken, Known int }
		if json.Unmarshal(first.Body.Bytes(), &a) != nil || json.Unmarshal(second.Body.Bytes(), &b) != nil || b.Taken != 0 || b.Known != a.Taken {
			t.Errorf("first %+v, second %+v", a, b)
		}
		if n := len(w.items(me, "lesson-done")) + len(w.items(me, "lesson-work")); n != a.Taken {
			t.Errorf("%d records of %d lessons", n, a.Taken)
		}
	})
}
