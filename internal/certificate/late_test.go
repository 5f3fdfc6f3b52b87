package certificate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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

func TestALateCertificateCanBeKeptWithAnAccount(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		me := w.member()
		link := w.askedLink(w.set4late(t), "kofi@example.org")
		if got := w.ask(me, link+"/keep", url.Values{"seen": {"you"}}); got.Code != http.StatusNotFound {
			t.Errorf("kept before it is signed: %d", got.Code)
		}
		w.ask(me, link, url.Values{"name": {"Kofi Mensah"}, "role": {"team lead"}})
		if page := string(w.file("", link)); strings.Contains(page, "/keep") {
			t.Error("a stranger is offered to keep it")
		}
		if got := w.ask("", link+"/keep", url.Values{}); got.Header().Get("Location") != "/sign-in" {
			t.Errorf("a stranger keeps it: %d", got.Code)
		}
		if page := string(w.file(me, link)); !strings.Contains(page, "/keep") {
			t.Error("a member is not offered to keep it")
		}
		jwt, path := w.file(me, link+"/certificate.jwt"), ""
		for range 2 {
			got := w.ask(me, link+"/keep", url.Values{"seen": {"anyone"}})
			if path = got.Header().Get("Location"); got.Code != http.StatusSeeOther || !strings.HasPrefix(path, "/c/") {
				t.Fatalf("%d %s", got.Code, got.Body)
			}
		}
		if held, err := w.mine(t.Context(), w.db.Read, vault.Self(me), me); err != nil || len(held) != 1 || held[0].Value.Title != "Research Software, spring 2027" {
			t.Errorf("%d certificates: %v", len(held), err)
		}
		if got := w.file("", path+"/certificate.jwt"); string(got) != string(jwt) {
			t.Error("its page has another file")
		}
		if list := w.ask(me, "/you/certificates", nil); !strings.Contains(list.Body.String(), path) {
			t.Error("it is not among the member's certificates")
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

// TestBulkIssueEndsWhateverBecomesOfItsLines: one is done, one's program stopped
// at each try, one has an error each time, of one the errand is gone.
func TestBulkIssueEndsWhateverBecomesOfItsLines(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		rows, err := ReadRows(strings.NewReader("address\nfine@example.org\n\ncrashed@example.org\nbroken@example.org\ngone@example.org\n"))
		if err != nil {
			t.Fatal(err)
		}
		batch, err := w.IssueAll(t.Context(), NewSet{Title: "A week of Git", Day: w.now, Until: UntilLate(w.now)}, rows)
		if err != nil {
			t.Fatal(err)
		}
		errands := w.errandsByLine(batch)
		w.setJob(errands[4], `attempts = 12, state = 'running', lease = 'of a process that is gone', due = 0`)
		broken := w.spoil(errands[5])
		if _, err := w.vault.EraseOwner(t.Context(), vault.OwnerID(errands[6])); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			w.work()
			w.now = w.now.Add(7 * time.Hour)
		}
		b, err := w.BatchOf(t.Context(), batch)
		if err != nil || b.Done != 1 || b.Failed != 3 || !b.Over() {
			t.Fatalf("%+v %v", b, err)
		}
		desk := w.ask("operator", "/operator/certificates", nil).Body.String()
		for _, want := range []string{"1 issued, 3 failed", "Line 4: The program stopped", "Line 5: It went wrong", "Line 6: What stood in the line was forgotten", `max="4" value="4"`} {
			if !strings.Contains(desk, want) {
				t.Errorf("the operator's page does not say %q", want)
			}
		}
		broken()
		if got := w.ask("operator", "/operator/certificates/retry", url.Values{"batch": {batch}}); got.Code != http.StatusSeeOther {
			t.Fatalf("retry: %d", got.Code)
		}
		w.work()
		if b, err = w.BatchOf(t.Context(), batch); err != nil || b.Done != 3 || b.Failed != 1 || !b.Over() {
			t.Errorf("tried again: %+v %v", b, err)
		}
		for _, to := range []string{"fine", "crashed", "broken"} {
			if _, ok := w.outbox.Last(to + "@example.org"); !ok {
				t.Errorf("%s got no mail", to)
			}
		}
		if dead, err := w.Jobs.Dead(t.Context(), 10); err != nil || len(dead) > 0 {
			t.Errorf("%d dead jobs are left: %v", len(dead), err)
		}
	})
}

// errandsByLine are the errands of a bulk issue that are not done yet.
func (w *world) errandsByLine(batch string) map[int]string {
	w.t.Helper()
	rows, err := w.db.Read.QueryContext(w.t.Context(), `SELECT line, errand FROM certificate_row WHERE batch = $1`, batch)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	all := map[int]string{}
	for rows.Next() {
		var line int
		var errand string
		if err := rows.Scan(&line, &errand); err != nil {
			w.t.Fatal(err)
		}
		all[line] = errand
	}
	return all
}

// setJob changes the row of an errand's job.
func (w *world) setJob(errand, set string) {
	w.t.Helper()
	if _, err := w.db.Write.ExecContext(w.t.Context(), `UPDATE job SET `+set+` WHERE args LIKE $1`, "%"+errand+"%"); err != nil {
		w.t.Fatal(err)
	}
}

// spoil damages what is kept of an errand, and returns what heals it.
func (w *world) spoil(errand string) (heal func()) {
	w.t.Helper()
	set := func(rev int) {
		if _, err := w.db.Write.ExecContext(w.t.Context(), `UPDATE vault_record SET rev = $1 WHERE owner = $2`, rev, errand); err != nil {
			w.t.Fatal(err)
		}
	}
	set(9)
	return func() { set(1) }
}

// TestWhatWasNotTakenInIsNamed: the program stops while a long list is taken in.
func TestWhatWasNotTakenInIsNamed(t *testing.T) {
	w := onSQLite(t)
	list := "address\n" + strings.Repeat("one@example.org\n", rowsAtOnce+50)
	rows, err := ReadRows(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.Feature.Services.Now = stopAfter(w.Feature.Services.Now, 3, cancel)
	batch, err := w.IssueAll(ctx, NewSet{Title: "A week of Git", Day: w.now, Until: UntilLate(w.now)}, rows)
	if err == nil {
		t.Fatal("all was taken in: the test stops nothing")
	}
	b, err := w.BatchOf(t.Context(), batch)
	if err != nil || b.Next != rowsAtOnce+2 || b.Over() {
		t.Errorf("%+v %v", b, err)
	}
	if desk := w.ask("operator", "/operator/certificates", nil); !strings.Contains(desk.Body.String(), fmt.Sprintf("From line %d on", rowsAtOnce+2)) {
		t.Error("the operator's page does not say which lines are missing")
	}
}

// stopAfter ends a context when the clock is looked at for the nth time.
func stopAfter(now func() time.Time, n int, stop func()) func() time.Time {
	return func() time.Time {
		if n--; n == 0 {
			stop()
		}
		return now()
	}
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
