package account

import (
	"strings"
	"testing"

	"kept/internal/browser"
	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// TestAPersonSignsUpAndOut does in a browser what a person does, on a phone and
// on a desk, with and without scripts; every page on the way is checked for who
// cannot see it.
func TestBrowserAPersonSignsUpAndOut(t *testing.T) {
	chromium := browser.Open(t)
	for _, o := range []browser.Options{{Phone: true, NoScript: true}, {Dark: true}} {
		t.Run(o.String(), func(t *testing.T) {
			w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), "http://127.0.0.1:8080")
			p := chromium.Page(t, o)
			p.Go(w.server.URL + "/sign-in?next=/you/sessions")
			if cookies := p.Cookies(); len(cookies) > 0 {
				t.Errorf("a visitor has %d cookies", len(cookies))
			}
			browser.Axe(t, p)
			p.Type(browser.Field("Email address"), "ada@example.org")
			p.Follow(browser.Button("Send me a link"))
			p.At("/sign-in/sent")
			browser.Axe(t, p)
			w.work()
			parcel, ok := w.outbox.Last("ada@example.org")
			if !ok {
				t.Fatal("no mail")
			}
			p.Type(browser.Field("Six figures"), wrongCode(figures(codeInMail.FindString(parcel.Text))))
			p.Follow(browser.Button("Sign in with the code"))
			browser.Axe(t, p)
			p.Go(w.server.URL + linkInMail.FindString(parcel.Text))
			p.See("for ada@example.org")
			browser.Axe(t, p)
			p.Follow(browser.Button("Sign in here"))
			p.At("/you/welcome?next=%2Fyou%2Fsessions")
			browser.Axe(t, p)
			p.Follow(browser.Button("Make my account"))
			p.See("2 things to put right")
			browser.Axe(t, p)
			p.Type(browser.Field("Handle"), "ada")
			p.Click(browser.Field("Yes"))
			p.Follow(browser.Button("Make my account"))
			p.At("/you/sessions")
			browser.Axe(t, p)
			for _, path := range []string{"/you/handle", "/you/address"} {
				p.Go(w.server.URL + path)
				browser.Axe(t, p)
			}
			p.Type(browser.Field("New address"), "eve@example.org")
			p.Follow(browser.Button("Ask both addresses"))
			browser.Axe(t, p)
			p.Follow(browser.Button("Sign out"))
			p.See("Signed out.")
			if cookies := p.Cookies(); len(cookies) > 0 {
				t.Errorf("%d cookies are left after signing out", len(cookies))
			}
			if hosts := p.OtherHosts(strings.TrimPrefix(w.server.URL, "http://")); len(hosts) > 0 {
				t.Errorf("other hosts were asked: %v", hosts)
			}
		})
	}
}
