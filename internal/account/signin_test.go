package account

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"kept/internal/job"
	"kept/internal/mail"
	"kept/vault"
)

func TestALinkSignsInAndMakesTheAccount(t *testing.T) {
	each(t, func(w *world) {
		b := w.visitor()
		b.get("/sign-in").want(200).says("Sign in, or begin")
		ask := b.post("/sign-in", "email", "Ada@Example.org").goes("/sign-in/sent")
		if c := ask.set["__Host-kept-ask"]; c == nil || !c.Secure || !c.HttpOnly || c.MaxAge != 900 || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			t.Errorf("the cookie of the asking browser: %v", c)
		}
		b.get("/sign-in/sent").want(200).says("Ada@example.org")
		link, _ := w.letter("Ada@example.org")
		b.get(link).want(200).says("for Ada@example.org")
		in := b.post(link).goes("/you/welcome?next=%2Fyou")
		if c := in.set["__Host-kept"]; c == nil || !c.Secure || !c.HttpOnly || c.MaxAge != 30*86400 || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("the session's cookie: %v", c)
		}
		if b.cookie("__Host-kept-ask") != "" {
			t.Error("the asking browser keeps its cookie after it signed in")
		}
		b.get("/you").goes("/you/welcome?next=%2Fyou")
		b.get("/you/welcome?next=/members").want(200)
		b.post("/you/welcome", "handle", "@Ada", "zone", "Europe/Vienna", "age", "yes", "next", "/members").goes("/members")
		if got := b.get("/members").want(200).body; got != "hello ada" {
			t.Errorf("got %q", got)
		}
		first := w.owner("ada@example.org")
		again := w.signIn("ADA@example.org")
		again.get("/members").want(200)
		if w.owner("ada@example.org") != first {
			t.Error("the same address in other letters made another account")
		}
	})
}

func TestALinkIsNotUsedUpByLookingAtIt(t *testing.T) {
	each(t, func(w *world) {
		w.visitor().post("/sign-in", "email", "ada@example.org")
		link, _ := w.letter("ada@example.org")
		for range 3 {
			scanner := w.visitor()
			got := scanner.get(link).want(200)
			if len(got.set) > 0 {
				t.Fatalf("looking sets cookies: %v", got.set)
			}
			got.hides("ada@example.org")
			scanner.send(http.MethodHead, link, nil).want(200)
		}
		w.visitor().post(link).goes("/you/welcome?next=%2Fyou")
	})
}

func TestALinkWorksOnceAndForFifteenMinutes(t *testing.T) {
	each(t, func(w *world) {
		b := w.visitor()
		b.post("/sign-in", "email", "ada@example.org")
		link, _ := w.letter("ada@example.org")
		w.visitor().post(link).goes("/you/welcome?next=%2Fyou")
		for _, got := range []reply{w.visitor().get(link), w.visitor().post(link), b.get("/sign-in/sent")} {
			got.want(http.StatusGone).says("This link was used")
			if got.page().One(".btn").Attr("href") != "/sign-in" {
				t.Error("no way on")
			}
		}
		b.post("/sign-in", "email", "ada@example.org")
		late, code := w.letter("ada@example.org")
		w.now = w.now.Add(15 * time.Minute)
		w.visitor().get(late).want(http.StatusGone).says("This link has ended")
		w.visitor().post(late).want(http.StatusGone).says("This link has ended")
		b.post("/sign-in/code", "code", code).want(http.StatusGone)
		w.visitor().get("/sign-in/link/" + newToken()).want(http.StatusGone).says("This link has ended")
	})
}

func TestALinkPressedTwiceAtOnceSignsInOnce(t *testing.T) {
	each(t, func(w *world) {
		w.visitor().post("/sign-in", "email", "ada@example.org")
		link, _ := w.letter("ada@example.org")
		token := strings.TrimPrefix(link, pathLink+"/")
		entries := make([]entry, 8)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range entries {
			all.Go(func() { entries[i], errs[i] = w.a.enter(t.Context(), byLinkToken(token), firefox, nil) })
		}
		all.Wait()
		in := 0
		for i, e := range entries {
			w.must(errs[i])
			if e.verdict == welcome {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("signed in %d times", in)
		}
	})
}

func TestTwoFirstLinksAtOnceMakeOnePerson(t *testing.T) {
	each(t, func(w *world) {
		var tokens []string
		for range 2 {
			w.visitor().post("/sign-in", "email", "ada@example.org")
			link, _ := w.letter("ada@example.org")
			tokens = append(tokens, strings.TrimPrefix(link, pathLink+"/"))
		}
		errs := make([]error, 2)
		var all sync.WaitGroup
		for i, token := range tokens {
			all.Go(func() { _, errs[i] = w.a.enter(t.Context(), byLinkToken(token), firefox, nil) })
		}
		all.Wait()
		w.must(errs[0])
		w.must(errs[1])
		owner := w.owner("ada@example.org")
		sessions, err := w.a.kinds.sessions.All(t.Context(), w.db.Read, vault.Self(owner), owner)
		if err != nil || len(sessions) != 2 {
			t.Fatalf("%d sessions of one person, %v", len(sessions), err)
		}
	})
}

func TestACodeWorksOnTheDeviceThatAsked(t *testing.T) {
	each(t, func(w *world) {
		b := w.visitor()
		b.post("/sign-in", "email", "ada@example.org", "next", "/members")
		_, code := w.letter("ada@example.org")
		w.visitor().post("/sign-in/code", "code", code).want(http.StatusGone)
		other := w.visitor()
		other.post("/sign-in", "email", "bob@example.org")
		other.post("/sign-in/code", "code", code).want(422).says("not its code")
		b.post("/sign-in/code", "code", "40211").want(422).says("Write the six figures")
		b.post("/sign-in/code", "code", code).goes("/you/welcome?next=%2Fmembers")
		b.get("/members").goes("/you/welcome?next=%2Fmembers")
	})
}

func TestFiveWrongCodesEndTheCodeAndNotTheLink(t *testing.T) {
	each(t, func(w *world) {
		b := w.visitor()
		b.post("/sign-in", "email", "ada@example.org")
		link, code := w.letter("ada@example.org")
		wrong := wrongCode(figures(code))
		for left := 4; left > 0; left-- {
			got := b.post("/sign-in/code", "code", wrong).want(422).says(fmt.Sprintf("try %d times more", left))
			if got.page().One("#f-code").Attr("value") != wrong {
				t.Error("what was typed is gone")
			}
		}
		b.post("/sign-in/code", "code", wrong).want(http.StatusGone).says("Five codes did not fit")
		b.post("/sign-in/code", "code", code).want(http.StatusGone).says("Five codes did not fit")
		b.get("/sign-in/sent").want(http.StatusGone)
		b.post(link).goes("/you/welcome?next=%2Fyou")
	})
}

func TestMistakesAreSaidBesideTheField(t *testing.T) {
	each(t, func(w *world) {
		got := w.visitor().post("/sign-in", "email", "ada.example.org", "next", "/members").want(422)
		p := got.page()
		p.One("#errors a[href=#f-email]")
		if v := p.One("#f-email").Attr("value"); v != "ada.example.org" {
			t.Errorf("what was typed became %q", v)
		}
		if v := p.One("input[name=next]").Attr("value"); v != "/members" {
			t.Errorf("next became %q", v)
		}
		if len(got.set) != 0 {
			t.Error("a mistake sets a cookie")
		}
	})
}

func TestNoAnswerTellsWhetherAnAddressHasAnAccount(t *testing.T) {
	eachCounted(t, func(w *world, count *counter) {
		w.join("known@example.org", "known")
		const rounds = 3
		type answer struct {
			first, second, text string
			statements          int64
		}
		ask := func(address string) (got answer) {
			b := w.visitor()
			before := count.total()
			first := b.post("/sign-in", "email", address)
			got.statements = count.total() - before
			first.header.Del("Date")
			second := b.get(first.to)
			second.header.Del("Date")
			w.work()
			parcel, _ := w.outbox.Last(address)
			mask := func(s string) string {
				return secrets.ReplaceAllString(strings.ReplaceAll(s, address, "ADDRESS"), "SECRET")
			}
			got.first = mask(fmt.Sprint(first.status, first.header, first.body))
			got.second = mask(fmt.Sprint(second.status, second.header, second.body))
			got.text = mask(parcel.Subject + parcel.Text + parcel.HTML)
			return got
		}
		for range rounds {
			known, unknown := ask("known@example.org"), ask("nobody@example.org")
			if known != unknown {
				t.Fatalf("known\n%+v\nunknown\n%+v", known, unknown)
			}
			if known.statements < 5 || known.text == "" {
				t.Fatalf("%d statements and a mail of %d characters: this measures nothing", known.statements, len(known.text))
			}
		}
	})
}

func TestAMailboxIsNotFlooded(t *testing.T) {
	each(t, func(w *world) {
		var last reply
		for i := range 8 {
			b := w.visitor()
			b.post("/sign-in", "email", "ada@example.org").goes("/sign-in/sent")
			last = b.get("/sign-in/sent").want(200).says("on their way to ada@example.org")
			if want := min(i+1, 5); w.mails() != want {
				t.Fatalf("%d mails after %d asks", w.mails(), i+1)
			}
		}
		last.hides("moment, please")
		w.now = w.now.Add(time.Hour)
		w.visitor().post("/sign-in", "email", "ada@example.org").goes("/sign-in/sent")
		if w.mails() != 6 {
			t.Errorf("%d mails an hour later", w.mails())
		}
	})
}

func (w *world) mails() int {
	w.work()
	return len(w.outbox.Sent())
}

func TestNobodyGuessesTheCodeOfAMailThatDidNotGo(t *testing.T) {
	each(t, func(w *world) {
		to, err := mail.ParseAddress("ada@example.org")
		w.must(err)
		device, err := w.a.ask(t.Context(), wish{address: to, mute: true})
		w.must(err)
		rec, _, err := w.a.wishOf(t.Context(), w.db.Read, byCode(device, ""))
		w.must(err)
		for n := range 1_000_000 {
			if same(rec.Value.Code, hashCode(device, fmt.Sprintf("%06d", n))) {
				t.Fatalf("%06d fits", n)
			}
		}
	})
}

func TestAClassOfThirtyBehindOneAddressGetsIn(t *testing.T) {
	each(t, func(w *world) {
		for n := range 30 {
			address := fmt.Sprintf("pupil%d@example.org", n)
			b := w.visitor()
			for range 3 {
				b.post("/sign-in", "email", address).goes("/sign-in/sent")
			}
			_, code := w.letter(address)
			b.post("/sign-in/code", "code", wrongCode(figures(code))).want(422)
			b.post("/sign-in/code", "code", code).goes("/you/welcome?next=%2Fyou")
		}
		for n := range 20 {
			w.visitor().post("/sign-in", "email", fmt.Sprintf("more%d@example.org", n))
		}
		got := w.visitor().post("/sign-in", "email", "pupil1@example.org").want(http.StatusTooManyRequests)
		if got.header.Get("Retry-After") == "" {
			t.Error("no word on when to come back")
		}
		w.visitor().post("/sign-in", "email", "nobody@example.org").want(http.StatusTooManyRequests)
		w.from = netip.MustParseAddr("192.0.2.8")
		w.visitor().post("/sign-in", "email", "pupil1@example.org").goes("/sign-in/sent")
	})
}

func TestLimitsForgetEachDay(t *testing.T) {
	l := newLimits()
	at := time.Date(2027, 3, 1, 23, 59, 0, 0, time.UTC)
	for range 20 {
		if _, ok := l.take(at, mailsADay, "ada"); !ok {
			t.Fatal("refused too early")
		}
	}
	wait, ok := l.take(at, mailsADay, "ada")
	if ok || wait <= 0 || wait > 2*time.Hour {
		t.Fatalf("allowed %t, wait %s", ok, wait)
	}
	if _, ok := l.take(at, mailsADay, "bob"); !ok {
		t.Error("one uses up the allowance of another")
	}
	key := l.key
	if _, ok := l.take(at.Add(2*time.Minute), mailsADay, "ada"); !ok || key == l.key {
		t.Error("the key of the day before counts on")
	}
}

func TestALinkThatNobodyUsedIsForgottenAfterFifteenMinutes(t *testing.T) {
	each(t, func(w *world) {
		b := w.visitor()
		b.post("/sign-in", "email", "ada@example.org")
		w.work()
		if n := w.rows("vault_owner"); n != 1 {
			t.Fatalf("%d owners", n)
		}
		w.advance(15 * time.Minute)
		for _, table := range []string{"vault_owner", "vault_record", "vault_find", "vault_claim", "job"} {
			if n := w.rows(table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
	})
}

func TestTheJobThatForgetsLinksErasesNobody(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		run := &job.Run{Args: map[string]string{"errand": string(w.owner("ada@example.org"))}}
		if err := w.a.forget(t.Context(), run); err == nil {
			t.Error("a person is taken for an errand")
		}
		if w.owner("ada@example.org") == "" {
			t.Fatal("a person was erased")
		}
	})
}

func (w *world) rows(table string) (n int) {
	w.t.Helper()
	w.must(w.db.Read.QueryRowContext(w.t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

func TestASignInMeetsSomebodyKnownByAnotherKind(t *testing.T) {
	each(t, func(w *world) {
		var before vault.OwnerID
		w.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
			if before, err = w.v.NewOwner(ctx, tx, vault.Person, vault.Never); err != nil {
				return err
			}
			rec := vault.Record[address]{Owner: before, Value: address{Address: "ada@example.org"}}
			_, err = w.a.kinds.addresses.Put(ctx, tx, vault.Self(before), rec)
			return err
		})
		w.signIn("ada@example.org")
		if w.owner("ada@example.org") != before {
			t.Error("a second person was made for one address")
		}
	})
}

func TestOnlyPagesOfThisSiteAreGoneOnTo(t *testing.T) {
	for _, c := range []struct{ next, want string }{
		{"/members", "/members"},
		{"/members?day=1", "/members?day=1"},
		{"", ""},
		{"members", ""},
		{"//evil.example/", ""},
		{"/\\evil.example", ""},
		{"https://evil.example/", ""},
		{"javascript:alert(1)", ""},
		{"/\n/evil.example", ""},
		{"/" + strings.Repeat("a", 300), ""},
	} {
		if got := ours(c.next); got != c.want {
			t.Errorf("ours(%q) = %q, want %q", c.next, got, c.want)
		}
	}
}

func FuzzOurs(f *testing.F) {
	for _, seed := range []string{"/", "/a?b", "//x", "/\\x", "/%2f/x", "/./\\x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := ours(next)
		if got != "" && (got[0] != '/' || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\")) {
			t.Errorf("ours(%q) = %q", next, got)
		}
	})
}

func TestSomebodySignedInIsSentOn(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		b.get("/sign-in").goes("/you")
		b.get("/sign-in?next=/members").goes("/members")
		b.get("/sign-in?next=//evil.example").goes("/you")
	})
}

func TestSigningInAgainEndsTheSessionBefore(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		b.post("/sign-in", "email", "bob@example.org")
		link, _ := w.letter("bob@example.org")
		b.post(link).goes("/you/welcome?next=%2Fyou")
		if b.cookie("__Host-kept") == "" {
			t.Fatal("not signed in")
		}
		ada := w.owner("ada@example.org")
		left, err := w.a.kinds.sessions.All(t.Context(), w.db.Read, vault.Self(ada), ada)
		if err != nil || len(left) != 0 {
			t.Errorf("%d sessions are left behind, %v", len(left), err)
		}
	})
}
