package certificate

import (
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kept/internal/mail"
	"kept/vault"
)

func address(t testing.TB, text string) mail.Address {
	t.Helper()
	a, err := mail.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// set4late makes a workshop whose one participant qualified twice.
func (w *world) set4late(t *testing.T) (id string) {
	t.Helper()
	err := w.db.Transact(t.Context(), func(tx *sql.Tx) (err error) {
		id, err = w.OpenSet(t.Context(), tx, NewSet{Title: "Research Software, spring 2027", Description: "Six mornings.", Day: w.now.AddDate(0, 0, -3), Until: vault.DayOf(w.now) + 365})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddClaims(t.Context(), id, Qualified{address(t, "Kofi@Example.org"), "learner"}, Qualified{address(t, "kofi@example.org"), "team lead"}); err != nil {
		t.Fatal(err)
	}
	return id
}

// askedLink asks for a link and takes it out of the mail.
func (w *world) askedLink(set, to string) string {
	w.t.Helper()
	if got := w.ask("", "/claim/"+set, url.Values{"email": {to}}); got.Code != http.StatusSeeOther {
		w.t.Fatalf("ask: %d", got.Code)
	}
	w.work()
	parcel, ok := w.outbox.Last(to)
	if !ok || len(parcel.Links()) == 0 {
		w.t.Fatal("no mail came")
	}
	return parcel.Links()[0]
}

func TestLateClaimByProofOfTheAddress(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		set := w.set4late(t)
		link := w.askedLink(set, "kofi@example.org")
		got := w.ask("", link, url.Values{"name": {"Kofi Mensah"}, "role": {"team lead"}, "hashed": {"yes"}})
		if got.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		jwt := w.file("", link+"/certificate.jwt")
		r := verified(t, w, jwt)
		if !r.Genuine() || r.Badge.Holder.Name != "Kofi Mensah" || r.Badge.Role != "team lead" || !r.Badge.Holder.Address.Fits("kofi@example.org") {
			t.Errorf("%v %+v", r.Seen, r.Badge)
		}
		if !strings.Contains(string(w.file("", link)), "Kofi Mensah") {
			t.Error("the page does not show it")
		}
		w.now = w.now.Add(26 * time.Hour)
		if got := w.ask("", link, nil); got.Code != http.StatusNotFound {
			t.Errorf("a day later the link answers %d", got.Code)
		}
		if v := w.verdict(jwt); v != "Genuine." {
			t.Errorf("the file: %s", v)
		}
	})
}

func TestNobodyElseLearnsWhoQualified(t *testing.T) {
	w := onSQLite(t)
	set := w.set4late(t)
	link := w.askedLink(set, "stranger@example.org")
	if got := w.ask("", link, nil); !strings.Contains(got.Body.String(), "No certificate waits") {
		t.Errorf("%d", got.Code)
	}
	if got := w.ask("", link, url.Values{"name": {"An Impostor"}, "role": {"learner"}}); got.Code != http.StatusNotFound {
		t.Errorf("somebody who did not qualify gets %d", got.Code)
	}
}

func TestAClaimHoldsNoAddressAndEndsWithItsDay(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		set := w.set4late(t)
		row, err := w.set(t.Context(), w.db.Read, set)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := w.kinds.claims.All(t.Context(), w.db.Read, vault.Work(toCertify), row.owner)
		if err != nil || len(claims) != 2 {
			t.Fatalf("%d claims: %v", len(claims), err)
		}
		for _, c := range claims {
			if strings.Contains(c.Value.Hash, "kofi") || len(c.Value.Hash) != 64 {
				t.Errorf("a claim holds %q", c.Value.Hash)
			}
		}
		w.now = w.now.AddDate(1, 0, 3)
		if _, err := w.vault.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.endSets(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.kinds.sets.Get(t.Context(), w.db.Read, vault.Work(toCertify), row.owner, vault.SingleID); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("after its day the set is still there: %v", err)
		}
		if got := w.ask("", "/claim/"+set, nil); got.Code != http.StatusNotFound || w.dump("certificate_set") != "" {
			t.Errorf("after its day the set answers %d", got.Code)
		}
	})
}

func TestEvenTheClaimCanBeErased(t *testing.T) {
	w := onSQLite(t)
	set := w.set4late(t)
	link := w.askedLink(set, "kofi@example.org")
	if got := w.ask("", link+"/erase", url.Values{}); got.Code != http.StatusSeeOther {
		t.Fatalf("%d", got.Code)
	}
	if got := w.ask("", w.askedLink(set, "kofi@example.org"), nil); !strings.Contains(got.Body.String(), "No certificate waits") {
		t.Error("an erased claim can still be taken")
	}
}

func TestBulkIssue(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		rows, err := ReadRows(strings.NewReader("\ufeffName,Address,Role\nКатерина,kat@example.org,helper\n,bo@example.org,\n"))
		if err != nil {
			t.Fatal(err)
		}
		batch, err := w.IssueAll(t.Context(), NewSet{Title: "A week of Git", Day: w.now, Until: UntilLate(w.now)}, rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if strings.Contains(w.dump("job")+w.dump("certificate_batch"), row.Address.String()) {
				t.Error("an address stands in clear")
			}
		}
		w.work()
		if b, err := w.BatchOf(t.Context(), batch); err != nil || b.Done != 2 || !b.Over() {
			t.Errorf("%+v %v", b, err)
		}
		parcel, ok := w.outbox.Last("kat@example.org")
		if !ok {
			t.Fatal("no mail")
		}
		link := parcel.Links()[0]
		if got := w.ask("", link, nil); !strings.Contains(got.Body.String(), "Катерина") {
			t.Error("the name of the list does not stand in the form")
		}
		w.ask("", link, url.Values{"name": {"Катерина Шевченко"}})
		if r := verified(t, w, w.file("", link+"/certificate.json")); !r.Genuine() || r.Badge.Role != "helper" {
			t.Errorf("%v %+v", r.Seen, r.Badge)
		}
		desk := w.ask("operator", "/operator/certificates", nil)
		if !strings.Contains(desk.Body.String(), `max="2" value="2"`) {
			t.Error("the operator's page shows no bar")
		}
	})
}

func TestAListWithMistakesIssuesNothingAndNamesEachLine(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want []int
	}{
		"no column of addresses": {"name\nIda\n", []int{1}},
		"nothing at all":         {"", []int{1}},
		"a head alone":           {"address\n", []int{2}},
		"two bad lines of three": {"address,name\nnobody\nida@example.org,Ida\nkofi@example.org,a\u202eb\n", []int{2, 4}},
		"an open quotation mark": {"address\n\"ida@example.org\n", []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadRows(strings.NewReader(c.list))
			var lines []int
			for _, one := range flat(err) {
				if row, ok := errors.AsType[*RowError](one); ok {
					lines = append(lines, row.Line)
				}
			}
			if !slices.Equal(lines, c.want) {
				t.Errorf("lines %v, want %v: %v", lines, c.want, err)
			}
		})
	}
}

func flat(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func FuzzReadRows(f *testing.F) {
	f.Add("address,name\nida@example.org,Ida\n")
	f.Fuzz(func(t *testing.T, list string) {
		rows, err := ReadRows(strings.NewReader(list))
		if err == nil && len(rows) == 0 {
			t.Errorf("%q holds nobody and is taken", list)
		}
	})
}

func TestAsTooManyIsRefused(t *testing.T) {
	w := onSQLite(t)
	set := w.set4late(t)
	last := 0
	for range mailsToAddress + 1 {
		last = w.ask("", "/claim/"+set, url.Values{"email": {"kofi@example.org"}}).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the last of too many mails is answered with %d", last)
	}
}
