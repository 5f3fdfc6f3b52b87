package account

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kept/internal/page"
	"kept/vault"
)

func TestASessionIsWrittenOnceADay(t *testing.T) {
	eachCounted(t, func(w *world, count *counter) {
		b := w.join("ada@example.org", "ada")
		owner := w.owner("ada@example.org")
		version := func() int64 {
			o, err := w.v.Owner(t.Context(), w.db.Read, owner)
			w.must(err)
			return o.Version
		}
		first := version()
		for range 3 {
			b.get("/members").want(200)
		}
		if version() != first {
			t.Error("a second visit on the same day writes")
		}
		w.now = w.now.Add(24 * time.Hour)
		got := b.get("/members").want(200)
		if c := got.set["__Host-kept"]; c == nil || c.MaxAge != 30*86400 {
			t.Errorf("the cookie's life does not move along: %v", c)
		}
		if version() != first+1 {
			t.Errorf("the next day writes %d times", version()-first)
		}
		before := count.total()
		if got := b.get("/members").want(200); len(got.set) != 0 {
			t.Errorf("the second visit of a day sets %v", got.set)
		}
		if n := count.total() - before; n > 4 {
			t.Errorf("a member's page costs %d statements before its own", n)
		}
		before = count.total()
		b.get("/static/none.css")
		w.visitor().get("/sign-in")
		if n := count.total() - before; n != 0 {
			t.Errorf("a file and a visitor cost %d statements", n)
		}
	})
}

func TestASessionEndsThirtyDaysAfterItsLastUse(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		w.now = w.now.AddDate(0, 0, 30)
		b.get("/members").want(200)
		w.now = w.now.AddDate(0, 0, 31)
		got := b.get("/members").goes("/sign-in?next=%2Fmembers")
		if c := got.set["__Host-kept"]; c == nil || c.MaxAge != -1 {
			t.Errorf("the cookie of a session that is over stays: %v", c)
		}
		if got := b.get("/sign-in").want(200); len(got.set) != 0 {
			t.Error("a visitor gets a cookie")
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		b.get("/you/sessions").want(200).says("Firefox on Android").says("No other browser is signed in")
		w.now = w.now.Add(24 * time.Hour)
		other := w.visitor()
		other.agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36 Edg/138.0"
		other.post("/sign-in", "email", "ada@example.org")
		link, _ := w.letter("ada@example.org")
		other.post(link).goes("/you")
		third := w.signIn("ada@example.org")
		list := b.get("/you/sessions").want(200).says("Edge on Windows").says("2 March 2027").page()
		items := list.All("main .contents > li")
		if len(items) != 3 || len(items[0].All(".state")) != 1 {
			t.Fatalf("%d sessions, this one is not the first", len(items))
		}
		b.post("/you/sessions/end", "session", items[1].One("input[name=session]").Attr("value")).goes("/you/sessions")
		b.get("/you/sessions").says("must sign in again")
		alive := 0
		for _, one := range []*visitor{other, third} {
			if one.get("/members").status == 200 {
				alive++
			}
		}
		if alive != 1 {
			t.Fatalf("%d of the two others are alive", alive)
		}
		b.post("/you/sessions/end").goes("/you/sessions")
		other.get("/members").goes("/sign-in?next=%2Fmembers")
		third.get("/members").goes("/sign-in?next=%2Fmembers")
		b.get("/members").want(200)
	})
}

func TestNobodyEndsTheSessionOfAnother(t *testing.T) {
	each(t, func(w *world) {
		ada, bob := w.join("ada@example.org", "ada"), w.join("bob@example.org", "bob")
		id := ada.get("/you/sessions").page().One("input[name=session]").Attr("value")
		bob.post("/you/sessions/end", "session", id).goes("/you/sessions")
		ada.get("/members").want(200)
	})
}

func TestSigningOutLeavesNothing(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		token := b.cookie("__Host-kept")
		got := b.post("/sign-out").goes("/")
		if got.header.Get("Clear-Site-Data") != "" {
			t.Error("signing out unasked takes what belongs to others who use this browser")
		}
		if b.cookie("__Host-kept") != "" {
			t.Error("the cookie stays")
		}
		b.get("/").says("Signed out.")
		thief := w.visitor()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/members", nil)
		w.must(err)
		r.AddCookie(&http.Cookie{Name: "__Host-kept", Value: token})
		answer, err := thief.client.Do(r)
		w.must(err)
		answer.Body.Close()
		if answer.StatusCode != http.StatusSeeOther {
			t.Errorf("the old cookie still gets %d", answer.StatusCode)
		}
		b.post("/sign-out").goes("/")
		shared := w.signIn("ada@example.org")
		if got := shared.post("/sign-out", "everything", "1").goes("/"); got.header.Get("Clear-Site-Data") != `"storage"` {
			t.Error("a shared computer is not emptied")
		}
	})
}

func TestEndingTheOwnSessionSignsOut(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		id := b.get("/you/sessions").page().One("input[name=session]").Attr("value")
		b.post("/you/sessions/end", "session", id).goes("/sign-in")
		b.get("/sign-in").want(200).says("no longer knows who you are")
	})
}

func TestARestrictedMemberStaysSignedIn(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		w.tx(func(ctx context.Context, tx *sql.Tx) error {
			return w.v.Restrict(ctx, tx, w.owner("ada@example.org"), true)
		})
		w.now = w.now.Add(24 * time.Hour)
		b.get("/you/sessions").want(200).says("2 March 2027")
		w.signIn("ada@example.org").get("/members").want(200)
	})
}

func TestAnErasedMemberIsAVisitor(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		_, err := w.v.EraseOwner(t.Context(), w.owner("ada@example.org"))
		w.must(err)
		b.get("/members").goes("/sign-in?next=%2Fmembers")
		if b.cookie("__Host-kept") != "" {
			t.Error("the cookie stays")
		}
	})
}

func TestAMemberIsNotTakenForAVisitorWhenTheDatabaseFails(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		w.must(w.db.Close())
		b.get("/members").want(http.StatusInternalServerError)
	})
}

func TestPagesKnowTheirMember(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		b.post("/you", "zone", "Asia/Tokyo", "theme", "dark").goes("/you")
		var member *Member
		var viewer page.Viewer
		probe := w.a.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			member, viewer = MemberOf(r.Context()), page.ViewerOf(r.Context())
		}))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-kept", Value: b.cookie("__Host-kept")})
		probe.ServeHTTP(httptest.NewRecorder(), r)
		if member == nil || member.Owner != w.owner("ada@example.org") || member.Handle != "ada" || member.Zone.String() != "Asia/Tokyo" {
			t.Errorf("member %+v", member)
		}
		if !viewer.SignedIn || viewer.Theme != "dark" || viewer.Handle != "ada" || viewer.Zone != member.Zone {
			t.Errorf("viewer %+v", viewer)
		}
	})
}

func TestTheKindOfDeviceIsSaidInWords(t *testing.T) {
	for _, c := range []struct{ agent, want string }{
		{firefox, "Firefox on Android"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/138.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15", "Safari on Mac"},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0 Safari/537.36", "Chrome on Linux"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36", "Chrome on Chromebook"},
		{"Mozilla/5.0 (Linux; Android 15; SM-S931B) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36", "Samsung Internet on Android"},
		{"curl/8.9", "Another browser on another device"},
		{"", "Another browser on another device"},
	} {
		browser, system := deviceOf(c.agent)
		if got := browser + " on " + system; got != c.want {
			t.Errorf("%q: %s, want %s", c.agent, got, c.want)
		}
	}
}

func TestNothingOfABrowserIsKeptButItsKind(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		var out strings.Builder
		w.must(w.v.Export(t.Context(), w.db.Read, w.owner("ada@example.org"), &out))
		for _, never := range []string{"Mozilla", "140.0", "192.0.2"} {
			if strings.Contains(out.String(), never) {
				t.Errorf("the export holds %q", never)
			}
		}
		if !strings.Contains(out.String(), `"browser":"Firefox"`) {
			t.Error("the export does not show the session")
		}
	})
}

func TestACookieWithoutTLSHasAnotherName(t *testing.T) {
	plain := &Account{}
	if c := plain.cookie(sessionCookie, "x", time.Hour); c.Name != "kept" || c.Secure || !c.HttpOnly {
		t.Errorf("without TLS: %v", c)
	}
	if vault.Day(sessionDays) != 30 {
		t.Error("the texts say 30 days")
	}
}
