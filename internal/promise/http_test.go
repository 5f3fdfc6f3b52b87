package promise

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/fault"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/vault"
)

func sqlitePlace(t testing.TB, change ...func(*Config)) *place {
	t.Helper()
	return newPlace(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), change...)
}

func TestThePolicyIsMadeFromTheProgram(t *testing.T) {
	p := sqlitePlace(t)
	v := p.get(t, "/privacy")
	doc := pagetest.ParseString(t, v.body)
	text := doc.One("main").Text()
	for _, want := range []string{someOperator.Controller, someOperator.Address, someOperator.Storage, someOperator.Authority,
		"gone after 24 hours", "younger than 16 years", "leaves the backups after 7 days", "within 28 days", "at least 14 days before",
		"mail relay (Finland)", "Version 1", "in force since 21 November 2026"} {
		if !strings.Contains(text, want) {
			t.Errorf("the policy does not say %q", want)
		}
	}
	if got := len(doc.All("tbody tr")); got != len(p.Vault.Kinds()) {
		t.Errorf("%d rows, want one for each of %d kinds", got, len(p.Vault.Kinds()))
	}
	for _, link := range doc.All(".toc a") {
		doc.One(link.Attr("href"))
	}
	if n := len(v.body); n > 50_000 {
		t.Errorf("the page has %d bytes", n)
	}
}

func TestVersionsHaveTheirDays(t *testing.T) {
	p := sqlitePlace(t)
	if got := p.get(t, "/privacy/2").status; got != http.StatusNotFound {
		t.Errorf("a version that is not posted: status %d", got)
	}
	empty := pagetest.ParseString(t, p.get(t, "/privacy/compare").body)
	if !strings.Contains(empty.One(".empty").Text(), "one version") {
		t.Error("nothing says that there is one version")
	}
	p.move(24 * time.Hour)
	coming := pagetest.ParseString(t, p.get(t, "/privacy/2").body).One("article").Text()
	now := pagetest.ParseString(t, p.get(t, "/privacy").body).One("article").Text()
	if !strings.Contains(coming, "not in force yet") || !strings.Contains(now, "This policy changes on 29 March 2027") {
		t.Errorf("the change is not announced:\n%.300s\n%.300s", coming, now)
	}
	says, path, ok := p.Notice(p.Site.Catalogue().Default())
	if !ok || path != "/privacy/compare" || !strings.Contains(says, "29 March 2027") {
		t.Errorf("the notice is %q %q %v", says, path, ok)
	}
	if got := p.FootText(p.Site.Catalogue().Default()); got != "Privacy (changes on 29 March 2027)" {
		t.Errorf("the foot says %q", got)
	}
	p.move(14 * 24 * time.Hour)
	if got := p.FootText(p.Site.Catalogue().Default()); got != "Privacy" {
		t.Errorf("the foot says %q", got)
	}
	old := pagetest.ParseString(t, p.get(t, "/privacy/1").body).One("article").Text()
	now = pagetest.ParseString(t, p.get(t, "/privacy").body).One("article").Text()
	if !strings.Contains(old, "no longer in force") || !strings.Contains(now, rehearsed) || strings.Contains(old, rehearsed) {
		t.Errorf("the change has not taken effect:\n%.300s\n%.300s", old, now)
	}
	states := p.States()
	if len(states) != 2 || states[0].Number != 2 || !states[0].Now || states[1].Now {
		t.Errorf("the operator sees %+v", states)
	}
}

func TestAddressesThatLeadNowhere(t *testing.T) {
	p := sqlitePlace(t)
	for _, path := range []string{"/privacy/0", "/privacy/01", "/privacy/9", "/privacy/x", "/privacy/-1", "/privacy/compare?from=1",
		"/privacy/compare?from=1&to=9", "/privacy/contact/answered/x"} {
		if got := p.get(t, path).status; got != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got)
		}
	}
}

func TestADifferenceIsReadable(t *testing.T) {
	p := sqlitePlace(t)
	p.move(24 * time.Hour)
	for _, path := range []string{"/privacy/compare", "/privacy/compare?from=1&to=2", "/privacy/compare?from=2&to=1"} {
		doc := pagetest.ParseString(t, p.get(t, path).body)
		if got := doc.One("ins").Text(); got != "[+ "+rehearsed+" +]" {
			t.Errorf("%s: new is %q", path, got)
		}
		doc.None("del")
	}
	same := pagetest.ParseString(t, p.get(t, "/privacy/compare?from=1&to=1").body)
	same.One(".empty")
}

func TestTheFeedListsVersions(t *testing.T) {
	p := sqlitePlace(t)
	p.move(24 * time.Hour)
	v := p.get(t, "/privacy/feed.xml")
	var feed atomFeed
	if err := xml.Unmarshal([]byte(v.body), &feed); err != nil {
		t.Fatal(err)
	}
	if len(feed.Entries) != 2 || feed.Entries[0].ID != "https://harbour.example/privacy/2" || feed.Updated != "2027-03-15T00:00:00Z" {
		t.Errorf("the feed is %+v", feed)
	}
	again := p.get(t, "/privacy/feed.xml", "If-None-Match", strings.TrimPrefix(v.header.Get("Etag"), "W/"))
	if again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("asked again: status %d", again.status)
	}
}

func TestTheRecordOfProcessingHasEveryKind(t *testing.T) {
	p := sqlitePlace(t)
	var rec record
	if err := json.Unmarshal([]byte(p.get(t, "/privacy/register.json").body), &rec); err != nil {
		t.Fatal(err)
	}
	for _, k := range p.Vault.Kinds() {
		i := slices.IndexFunc(rec.Activities, func(a activity) bool { return a.Kind == k.Name })
		if i < 0 || len(rec.Activities[i].Purposes) == 0 || rec.Activities[i].TimeLimit != k.Retention.String() || len(rec.Activities[i].Categories) == 0 {
			t.Errorf("%s is missing or has not all", k.Name)
		}
	}
	if rec.RequestLog.TimeLimit != "24 hours" {
		t.Errorf("the log is kept %s", rec.RequestLog.TimeLimit)
	}
	if rec.Controller.Name != someOperator.Controller || len(rec.Recipients) != 1 || !slices.Contains(rec.Recipients[0].Kinds, "mail") {
		t.Errorf("got %+v %+v", rec.Controller, rec.Recipients)
	}
}

func TestWellKnownFiles(t *testing.T) {
	p := sqlitePlace(t)
	text := p.get(t, "/.well-known/security.txt").body
	for _, line := range []string{"Contact: mailto:privacy@harbour.example", "Contact: https://harbour.example/privacy/contact",
		"Expires: 2027-09-01T00:00:00Z", "Canonical: https://harbour.example/.well-known/security.txt", "Policy: https://harbour.example/privacy"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("security.txt has no line %q", line)
		}
	}
	if got := strings.TrimSpace(p.get(t, "/.well-known/gpc.json").body); got != `{"gpc":true,"lastUpdate":"2026-11-21"}` {
		t.Errorf("gpc.json is %s", got)
	}
	fixed := sqlitePlace(t, func(c *Config) { c.SecurityExpires = day("2027-05-01"); c.Operator.Contact = "" })
	if got := fixed.SecurityExpires(); !got.Equal(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it expires on %s", got)
	}
	if got := fixed.get(t, "/.well-known/security.txt").status; got != http.StatusNotFound {
		t.Errorf("security.txt without a contact: status %d", got)
	}
	if got := fixed.get(t, "/privacy/contact"); strings.Contains(got.body, "<form method=\"post\"") {
		t.Error("there is a form that reaches nobody")
	}
	if v, err := post(t.Context(), fixed.stranger(), fixed.server.URL+"/privacy/contact", url.Values{}); err != nil || v.status != http.StatusNotFound {
		t.Errorf("a question to nobody: status %d, %v", v.status, err)
	}
}

func TestPromisesWithoutACheckAreNotYet(t *testing.T) {
	p := sqlitePlace(t)
	doc := pagetest.ParseString(t, p.get(t, "/privacy/promises").body)
	if got := len(doc.All("ol.contents > li")); got != len(All()) {
		t.Errorf("%d promises", got)
	}
	tried := doc.One("#F21")
	tried.None("svg")
	if !strings.Contains(tried.Text(), "Somebody without an account sends a question") {
		t.Errorf("F21 says %q", tried.Text())
	}
	if wait := doc.One("#F19"); !strings.Contains(wait.Text(), "Not yet") {
		t.Errorf("F19 says %q", wait.Text())
	}
	if strings.Contains(doc.One("main").Text(), "Kept") {
		t.Error("a promise is called kept that nobody tried here")
	}
}

func TestAQuestionThatCannotBeAnswered(t *testing.T) {
	p := sqlitePlace(t)
	for name, c := range map[string]struct{ email, text, field string }{
		"no address": {"", "a", "email"}, "no sign": {"ada", "a", "email"}, "no text": {"ada@example.org", " ", "text"},
		"long": {"ada@example.org", strings.Repeat("ö", mostText+1), "text"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := post(t.Context(), p.stranger(), p.server.URL+"/privacy/contact", url.Values{"email": {c.email}, "text": {c.text}})
			if err != nil || v.status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d, %v", v.status, err)
			}
			doc := pagetest.ParseString(t, v.body)
			if got := doc.One("[name=" + c.field + "]"); got.Attr("aria-invalid") != "true" {
				t.Errorf("%s is not marked", c.field)
			}
			if doc.One("[name=email]").Attr("value") != c.email {
				t.Error("the address that was typed is gone")
			}
		})
	}
	if n, _, err := p.Due(t.Context()); n != 0 || err != nil {
		t.Errorf("%d questions were kept, %v", n, err)
	}
}

func TestQuestionsDoNotFloodAMailbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPlace(t, d)
		for range 3 {
			v, err := post(t.Context(), p.stranger(), p.server.URL+"/privacy/contact", url.Values{"email": {"Ada@example.org"}, "text": {"a\r\nb"}})
			if err != nil || v.status != http.StatusOK || len(v.header["Set-Cookie"]) > 0 {
				t.Fatalf("status %d, %v", v.status, err)
			}
		}
		if err := p.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.mailsTo("Ada@example.org", "has come"); n != 1 {
			t.Errorf("%d mails to who asked", n)
		}
		if n := p.mailsTo(someOperator.Contact, "Somebody without an account asks"); n != 3 {
			t.Errorf("%d mails to who answers", n)
		}
		open, next, err := p.Due(t.Context())
		if open != 3 || next != day("2027-04-11") || err != nil {
			t.Errorf("%d open, the next one on %s, %v", open, next, err)
		}
		if err := p.advance(t.Context(), time.Duration(questionDays+1)*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM vault_owner`).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d errands are left, %v", left, err)
		}
	})
}

func TestALimitHoldsBackQuestions(t *testing.T) {
	p := sqlitePlace(t, func(c *Config) { c.Limit = tooMany })
	v, err := post(t.Context(), p.stranger(), p.server.URL+"/privacy/contact", url.Values{"email": {"ada@example.org"}, "text": {"a"}})
	if err != nil || v.status != http.StatusTooManyRequests {
		t.Errorf("status %d, %v", v.status, err)
	}
}

func TestMembersAreSentToTheirOwnPage(t *testing.T) {
	p := sqlitePlace(t)
	doc := pagetest.ParseString(t, p.get(t, "/privacy/contact", "Test-Member", "1").body)
	doc.None("textarea")
	doc.One(`.note a[href=/you/data]`)
	if got := doc.One(".knows").Text(); !strings.Contains(got, "that you opened it today") {
		t.Errorf("the page remembers %q", got)
	}
}

func TestEveryTemplateIsShown(t *testing.T) {
	p := sqlitePlace(t)
	p.move(24 * time.Hour)
	if _, err := tryQuestion(t.Context(), p.scratch(t)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/privacy", "/privacy/1", "/privacy/versions", "/privacy/compare", "/privacy/processors", "/privacy/promises",
		"/privacy/contact", "/privacy/contact/sent", "/privacy/contact/closed"} {
		v := p.get(t, path)
		if v.status != http.StatusOK || len(v.header["Set-Cookie"]) > 0 {
			t.Errorf("%s: status %d", path, v.status)
		}
		pagetest.ParseString(t, v.body).One("h1")
	}
	for _, name := range p.Site.Unexecuted() {
		if strings.HasPrefix(name, "promise/") {
			t.Errorf("%s was never shown", name)
		}
	}
	if _, err := page.Keys([]page.Source{p.Source()}); err != nil {
		t.Error(err)
	}
}

func TestNobodyWorksForUs(t *testing.T) {
	d, err := write(Version{Number: 1, Text: firstText(t)}, Facts{Kinds: []vault.Info{}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(d.HTML), "Nobody works for us") || strings.Contains(string(d.HTML), "%!") {
		t.Errorf("got %s", d.HTML)
	}
}

func firstText(t *testing.T) string {
	p := sqlitePlace(t)
	return p.versions[0].Text
}

func tooMany(*http.Request, mail.Address) error { return fault.TooMany{After: time.Hour} }
