package account

import (
	"strings"
	"testing"
	"time"

	"kept/vault"
)

func TestWelcomeAsksNoMoreThanItNeeds(t *testing.T) {
	each(t, func(w *world) {
		b := w.signIn("ada.lovelace@example.org")
		p := b.get("/you/welcome").want(200).says("Are you at least 16?").says("erased on 31 March 2027").page()
		if v := p.One("#f-handle").Attr("value"); v != "" {
			t.Errorf("a handle is proposed: %q", v)
		}
		if v := p.One("#f-zone option[selected]").Attr("value"); v != "Europe/Vienna" {
			t.Errorf("the zone before a choice is %q", v)
		}
		p.None("[name=age][checked]")
		got := b.post("/you/welcome", "handle", "ad", "zone", "Asia/Tokyo").want(422).says("3 to 30 characters").says("Say whether you are at least 16")
		if v := got.page().One("#f-zone option[selected]").Attr("value"); v != "Asia/Tokyo" {
			t.Errorf("the zone that was chosen became %q", v)
		}
		if w.owner("ada.lovelace@example.org") == "" {
			t.Error("a mistake lost the address")
		}
		b.post("/you/welcome", "handle", "ada", "zone", "Asia/Tokyo", "age", "no").goes("/you")
		owner, err := w.v.Owner(t.Context(), w.db.Read, w.owner("ada.lovelace@example.org"))
		w.must(err)
		if !owner.Private || owner.Open || owner.Expires != vault.Never {
			t.Errorf("under the age: %+v", owner)
		}
		b.get("/you/welcome").goes("/you")
	})
}

func TestOverTheAgeNothingIsNarrowed(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		owner, err := w.v.Owner(t.Context(), w.db.Read, w.owner("ada@example.org"))
		w.must(err)
		if owner.Private || owner.Open {
			t.Errorf("%+v", owner)
		}
	})
}

func TestWithoutAnAgeNobodyIsAsked(t *testing.T) {
	each(t, func(w *world) {
		w.a.cfg.Age = 0
		b := w.signIn("ada@example.org")
		b.get("/you/welcome").want(200).hides("at least")
		b.post("/you/welcome", "handle", "ada").goes("/you")
	})
}

func TestWhoDoesNotFinishIsForgotten(t *testing.T) {
	each(t, func(w *world) {
		w.signIn("ada@example.org")
		w.join("bob@example.org", "bob")
		w.now = w.now.AddDate(0, 0, 31)
		_, err := w.v.Sweep(t.Context())
		w.must(err)
		if w.owner("ada@example.org") != "" {
			t.Error("an address without an account is still known")
		}
		if w.owner("bob@example.org") == "" {
			t.Error("a member is gone")
		}
	})
}

func TestWhoWantsNoAccountLeavesNothing(t *testing.T) {
	each(t, func(w *world) {
		b := w.signIn("ada@example.org")
		b.post("/you/welcome/leave").goes("/sign-in")
		b.get("/sign-in").want(200).says("your address is forgotten")
		if w.owner("ada@example.org") != "" {
			t.Error("the address is still known")
		}
		member := w.join("bob@example.org", "bob")
		member.post("/you/welcome/leave").goes("/you")
		if w.owner("bob@example.org") == "" {
			t.Error("a member was erased without a question")
		}
	})
}

func TestSettingsAreKeptAndUnknownOnesIgnored(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		b.post("/you", "zone", "Asia/Tokyo", "theme", "dark").goes("/you")
		got := b.get("/you").want(200).says("Saved.")
		if v := got.page().One("html").Attr("data-theme"); v != "dark" {
			t.Errorf("theme %q", v)
		}
		b.post("/you", "zone", "Mars/Olympus", "theme", "plaid").goes("/you")
		zoneName, _, err := w.a.ZoneAndLanguage(t.Context(), w.db.Read, w.owner("ada@example.org"))
		if err != nil || zoneName != "Asia/Tokyo" {
			t.Errorf("zone %q, %v", zoneName, err)
		}
	})
}

func TestAnnouncementsAreAConsentOfTheirOwn(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		owner := w.owner("ada@example.org")
		may := func() bool {
			_, err := w.a.Receiver(t.Context(), w.db.Read, owner, "announcements")
			if err != nil && err != ErrNoMail {
				t.Fatal(err)
			}
			return err == nil
		}
		reached := func() (n int) {
			w.must(w.a.EachAnnounced(t.Context(), w.db.Read, func(owners []vault.OwnerID) error { n += len(owners); return nil }))
			return n
		}
		b.get("/you").page().None("[name=yes][checked]")
		b.post("/you", "zone", "UTC", "yes", "1").goes("/you")
		if may() || reached() != 0 {
			t.Fatal("saving settings is taken for a yes")
		}
		b.post("/you", "what", "announcements", "yes", "1").goes("/you")
		if !may() || reached() != 1 {
			t.Fatal("a yes does not count")
		}
		b.get("/you").page().One("[name=yes][checked]")
		rec, err := w.a.kinds.announcements.Get(t.Context(), w.db.Read, vault.Self(owner), owner, vault.SingleID)
		if err != nil || !strings.HasPrefix(rec.Value.Words, "Write to me") || rec.Value.Since != w.v.Today() {
			t.Errorf("the proof of the yes: %+v, %v", rec.Value, err)
		}
		w.now = w.now.Add(24 * time.Hour)
		b.post("/you", "what", "announcements", "yes", "1").goes("/you")
		again, err := w.a.kinds.announcements.Get(t.Context(), w.db.Read, vault.Self(owner), owner, vault.SingleID)
		if err != nil || again.Value != rec.Value {
			t.Errorf("a second yes changed the first: %+v, %v", again.Value, err)
		}
		b.post("/you", "what", "announcements").goes("/you")
		if may() || reached() != 0 {
			t.Fatal("a no does not count")
		}
		if _, err := w.a.Receiver(t.Context(), w.db.Read, owner, "service mail"); err != nil {
			t.Errorf("service mail: %v", err)
		}
		if _, err := w.a.Receiver(t.Context(), w.db.Read, owner, "advertising"); err != ErrNoMail {
			t.Errorf("an undeclared purpose: %v", err)
		}
	})
}

func TestTheZoneIsGuessedFromTheLanguageAlone(t *testing.T) {
	for _, c := range []struct{ header, want string }{
		{"de-AT,de;q=0.8", "Europe/Vienna"},
		{"en-US,en;q=0.5", "UTC"},
		{"sv-SE", "Europe/Stockholm"},
		{"zh-Hant-TW", "Asia/Taipei"},
		{"en, fi-FI;q=0.7", "Europe/Helsinki"},
		{"en", "UTC"},
		{"", "UTC"},
		{"x-ZZ,-,;;", "UTC"},
	} {
		if got := guessZone(c.header); got != c.want {
			t.Errorf("%q: %s, want %s", c.header, got, c.want)
		}
	}
}

func TestEveryZoneOfTheListExists(t *testing.T) {
	all := zones()
	if len(all) < 400 {
		t.Fatalf("%d zones", len(all))
	}
	for _, name := range all {
		if _, err := time.LoadLocation(name); err != nil {
			t.Error(err)
		}
	}
}
