package account

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

// proving is a world as a scratch site, without TLS, as it is tried.
func proving(t *testing.T) (*world, *prove.Site) {
	w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), "http://127.0.0.1:8080")
	made := 0
	s := &prove.Site{URL: w.server.URL, Vault: w.v, DB: w.db, Plants: w.a.Plants()}
	s.Browser = func() *http.Client { return w.visitor().client }
	s.SignIn = func(context.Context) (*prove.Member, error) {
		made++
		name := "member" + string(rune('a'+made))
		b := w.visitor()
		b.post("/sign-in", "email", name+"@example.org")
		w.work()
		parcel, _ := w.outbox.Last(name + "@example.org")
		b.post(linkInMail.FindString(parcel.Text))
		b.post("/you/welcome", "handle", name, "age", "yes")
		return &prove.Member{Owner: w.owner(name + "@example.org"), Handle: name, Address: name + "@example.org", Browser: b.client}, nil
	}
	s.Mails = func() (all []prove.Mail) {
		for _, p := range w.outbox.Sent() {
			all = append(all, prove.Mail{To: p.To.String(), Subject: p.Subject, Text: p.Text, HTML: p.HTML})
		}
		return all
	}
	s.Work = func(context.Context) error { w.work(); return nil }
	s.Advance = func(ctx context.Context, d time.Duration) error {
		w.advance(d)
		_, err := w.v.Sweep(ctx)
		return err
	}
	return w, s
}

// failed tries every check and returns the promises that are not kept.
func failed(t *testing.T) []string {
	t.Helper()
	w, _ := proving(t)
	var red []string
	for i := range w.a.Checks() {
		w, s := proving(t) // each check on a site of its own
		check := w.a.Checks()[i]
		seen, err := check.Try(t.Context(), s)
		if err != nil {
			t.Logf("%s: %v", check.Promise, err)
			red = append(red, check.Promise)
		} else if seen == "" {
			t.Errorf("%s: saw nothing", check.Promise)
		}
	}
	slices.Sort(red)
	return slices.Compact(red)
}

func TestPromisesAreKept(t *testing.T) {
	if red := failed(t); len(red) > 0 {
		t.Errorf("not kept: %v", red)
	}
}

func TestEveryKindIsPlantedAndExported(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		owner := w.owner("ada@example.org")
		planted := map[string]string{}
		for _, p := range w.a.Plants() {
			planted[p.Kind] = prove.Marker()
			w.tx(func(ctx context.Context, tx *sql.Tx) error {
				id, err := p.Put(ctx, tx, owner, planted[p.Kind])
				if err == nil && id == "" {
					t.Errorf("%s: no id", p.Kind)
				}
				return err
			})
		}
		var out strings.Builder
		w.must(w.v.Export(t.Context(), w.db.Read, owner, &out))
		for _, kind := range w.v.Kinds() {
			if slices.Contains([]string{"mail", "grant", "look"}, kind.Name) {
				continue // another package's
			}
			if marker := planted[kind.Name]; marker == "" || !strings.Contains(out.String(), marker) {
				t.Errorf("%s: not planted or not exported", kind.Name)
			}
		}
		for _, secret := range []string{`"token":`, `"link":`, `"code":`, `"device":`, `"newLink":`, `"key":`} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("the export shows %s", secret)
			}
		}
		subject := 0
		w.must(w.v.Subject(owner).Each(t.Context(), w.db.Read, func(i vault.Item) error {
			if subject++; i.Text == "" {
				t.Errorf("%s has no line for its person", i.Info.Name)
			}
			return nil
		}))
		if subject < len(planted) {
			t.Errorf("%d records", subject)
		}
	})
}

func TestNoKindIsReadByStrangersButTheHandle(t *testing.T) {
	w, _ := proving(t)
	for _, kind := range w.v.Kinds() {
		if slices.Contains(kind.Audiences, vault.AnyoneMaySee) != (kind.Name == "handle") {
			t.Errorf("%s may be seen by %v", kind.Name, kind.Audiences)
		}
	}
	if !GoesWithAccount("address") || GoesWithAccount("settings") {
		t.Error("what can be erased alone")
	}
}

func TestEveryTextCanBeTranslated(t *testing.T) {
	w, _ := proving(t)
	keys, err := page.Keys([]page.Source{w.a.Source()})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Send me a link", "Signed out.", "Another browser", "This link was used",
		"Choose another handle: this one is taken, or was until a short while ago."} {
		if !slices.Contains(keys, want) {
			t.Errorf("no key %q among %d", want, len(keys))
		}
	}
}
