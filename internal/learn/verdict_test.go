package learn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"kept/internal/check"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/learn"
	"kept/vault"
)

func TestMain(m *testing.M) {
	if check.IsChild(os.Args[1:]) {
		os.Exit(check.RunChild())
	}
	os.Exit(m.Run())
}

// judge stands for the server's engines, with the one that a test puts in.
type judge struct {
	learn.Judge
	asked []string // by whom
}

func (j *judge) Can(e check.Exercise) bool { return j.Judge != nil && j.Judge.Can(e) }

func (j *judge) Check(ctx context.Context, key string, e check.Exercise, a check.Answer) (check.Verdict, error) {
	j.asked = append(j.asked, key)
	return j.Judge.Check(ctx, key, e, a)
}

// reader passes code that holds the word "right", and is broken for "broken".
type reader struct{}

func (reader) Can(check.Exercise) bool { return true }

func (reader) Check(_ context.Context, _ string, e check.Exercise, a check.Answer) (check.Verdict, error) {
	text := a.Files[0].Text
	if strings.Contains(text, "broken") {
		return check.Verdict{}, errors.New("the engine is gone")
	}
	v := check.Verdict{Passed: strings.Contains(text, "right"), Engine: "reader"}
	for i, t := range e.Tests {
		one := check.Outcome{Says: t.Says, Passed: v.Passed || i == 0}
		if !one.Passed {
			one.Message = "came out <b>wrong</b>"
		}
		v.Tests = append(v.Tests, one)
	}
	return v, nil
}

// handIn hands code in as the script does, and does the jobs that are due.
func (w *world) handIn(who vault.OwnerID, text, browser string) (verdict struct {
	State string
	Why   string
	Tests []learn.Outcome
	Done  bool
}) {
	w.t.Helper()
	base := w.see(who, naming).One("input[name=base]").Attr("value")
	got := w.send(who, naming+"/hand-in", url.Values{"file:trip.js": {text}, "browser": {browser}, "base": {base}}, "Accept", "application/json")
	if got.Code != http.StatusOK {
		w.t.Fatalf("handed in with %d: %s", got.Code, got.Body)
	}
	if _, err := w.jobs.RunDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	got = w.send(who, "/learn/first-steps-in-javascript/names-for-values/verdict", nil)
	if err := json.Unmarshal(got.Body.Bytes(), &verdict); err != nil {
		w.t.Fatalf("verdict %d: %v", got.Code, err)
	}
	return verdict
}

func (w *world) done(who vault.OwnerID) (d learn.Done, ok bool) {
	w.t.Helper()
	items := w.items(who, "lesson-done")
	if len(items) == 0 {
		return d, false
	}
	if err := json.Unmarshal(items[0].Value, &d); err != nil {
		w.t.Fatal(err)
	}
	return d, true
}

func (w *world) counts(who vault.OwnerID) bool {
	w.t.Helper()
	const id = course1 + "names-for-values"
	found, err := w.Checked(w.t.Context(), w.db.Read, vault.Self(who), who, []string{id, "another"})
	if err != nil {
		w.t.Fatal(err)
	}
	return found[id]
}

func TestServerChecksWhatIsHandedIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		w.judge.Judge = reader{}
		me := w.newMember()
		failed := w.handIn(me, "wrong", "passed")
		if failed.State != "not-yet" || failed.Done || len(failed.Tests) != 6 || failed.Tests[1].Message != "came out <b>wrong</b>" {
			t.Errorf("verdict %+v", failed)
		}
		page := w.see(me, naming)
		if text := page.One(".checks").Text(); !strings.Contains(text, "1 of 6 pass.") || !strings.Contains(text, "came out <b>wrong</b>") || !strings.Contains(text, "A person, please") {
			t.Errorf("the lesson says %q", text)
		}
		if _, ok := w.done(me); ok || w.counts(me) {
			t.Error("the browser's word alone finished a lesson that the server checks")
		}
		w.clock.Add(time.Minute)
		passed := w.handIn(me, "right", "")
		done, ok := w.done(me)
		if passed.State != "passed" || !ok || done.Checked != learn.CheckedServer || done.Engine != "reader" || !done.CheckedAt.Equal(w.clock.Now()) || !w.counts(me) {
			t.Errorf("verdict %+v, done %+v", passed, done)
		}
		if text := w.see(me, naming).One("#finish").Text(); !strings.Contains(text, "Your solution was checked on this site.") {
			t.Errorf("the lesson says %q", text)
		}
		if got := fmt.Sprint(len(w.items(me, "lesson-version")), len(w.items(me, "lesson-work"))); got != "1 0" {
			t.Errorf("versions and work %s; want the one that passed, and nothing besides", got)
		}
	})
}

func TestALaterMistakeDoesNotUndoACheck(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	me := w.newMember()
	w.handIn(me, "right", "")
	w.handIn(me, "wrong", "")
	w.post(me, naming+"/done", url.Values{"file:trip.js": {"my own word"}}, http.StatusSeeOther)
	w.bring(me, `{"version":1,"lessons":{"`+course1+`names-for-values":{"done":"2027-03-14T16:00:00Z","changed":"2027-03-14T16:04:00Z","work":{"trip.js":"brought"}}}}`)
	if d, _ := w.done(me); d.Files[0].Text != "right" || !w.counts(me) {
		t.Errorf("the solution is %+v", d)
	}
	if got := len(w.items(me, "lesson-version")); got != 4 {
		t.Errorf("%d versions; want the solution, the attempt, the own word and what was brought", got)
	}
}

func TestWithoutEngineTheBrowserIsSaidToHaveChecked(t *testing.T) {
	w := onSQLite(t)
	for claim, want := range map[string]string{"passed": learn.CheckedBrowser, "": learn.CheckedNone} {
		me := w.newMember()
		w.post(me, naming+"/done", url.Values{"file:trip.js": {"right"}, "browser": {claim}}, http.StatusSeeOther)
		if d, _ := w.done(me); d.Checked != want || w.counts(me) {
			t.Errorf("claim %q: checked %q, counts %v", claim, d.Checked, w.counts(me))
		}
	}
}

func TestACheckThatFailsLeavesTheCode(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	me := w.newMember()
	got := w.handIn(me, "broken", "")
	for range 5 {
		w.clock.Add(time.Hour)
		if _, err := w.jobs.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got.State != "waiting" {
		t.Errorf("after one try: %+v", got)
	}
	items := w.items(me, "lesson-version")
	if len(items) != 1 || !strings.Contains(string(items[0].Value), `"unchecked"`) {
		t.Errorf("versions %+v", items)
	}
	if text := w.see(me, naming).One(".checks [data-says]").Text(); !strings.Contains(text, "The check could not be carried out.") {
		t.Errorf("the lesson says %q", text)
	}
	if got := w.see(me, naming).One("textarea[data-file]").Text(); strings.TrimSpace(got) != "broken" {
		t.Errorf("the editor holds %q", got)
	}
}

// TestMuchHandedInAtOnceWaitsItsTurn: whoever hands in many lessons has one
// job that waits, so another's is the second to run.
func TestMuchHandedInAtOnceWaitsItsTurn(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	flood, other := w.newMember(), w.newMember()
	for _, lesson := range []struct{ name, file string }{{"names-for-values", "trip.js"}, {"functions", "fare.js"}, {"numbers", ""}, {"text", ""}} {
		p, _ := w.library.Catalogue().Lesson("first-steps-in-javascript", lesson.name)
		w.clock.Add(time.Second)
		w.post(flood, lessons+lesson.name+"/hand-in", url.Values{"file:" + p.Lesson.In().Exercise.Files[0].Name: {"right"}}, http.StatusSeeOther)
	}
	w.clock.Add(time.Second)
	w.post(other, naming+"/hand-in", url.Values{"file:trip.js": {"right"}}, http.StatusSeeOther)
	if _, err := w.jobs.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.judge.asked) != 5 || w.judge.asked[1] != string(other) {
		t.Errorf("asked in the order %q; want the other in the second place", w.judge.asked)
	}
}

func TestNobodyIsCheckedAfterTheyLeft(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	me := w.newMember()
	w.send(me, naming+"/hand-in", url.Values{"file:trip.js": {"right"}}, "Accept", "application/json")
	if _, err := w.vault.EraseOwner(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	if _, err := w.jobs.RunDue(t.Context()); err != nil || len(w.judge.asked) != 0 {
		t.Errorf("asked %q, %v", w.judge.asked, err)
	}
	dead, err := w.jobs.Dead(t.Context(), 10)
	if err != nil || len(dead) != 0 {
		t.Errorf("dead %+v, %v", dead, err)
	}
}

// TestAnImportBringsNoCheck: what another site's export says of a check is
// words; here nobody has checked.
func TestAnImportBringsNoCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		w.judge.Judge = reader{}
		me, again := w.newMember(), w.newMember()
		w.handIn(me, "right", "")
		w.sync(me, naming, "going on", "")
		w.carry(me, again)
		if w.counts(again) {
			t.Error("a check was imported")
		}
		if d, ok := w.done(again); !ok || d.Files[0].Text != "right" {
			t.Errorf("imported %+v", d)
		}
		if deeds := w.deeds(vault.Self(again), again); len(deeds) != 1 || deeds[0].Checked != learn.CheckedNone {
			t.Errorf("deeds %+v", deeds)
		}
		standing, err := w.Standing(t.Context(), w.db.Read, again)
		if err != nil || len(standing.Done("first-steps-in-javascript")) != 1 {
			t.Errorf("standing %+v, %v", standing, err)
		}
		if got := w.see(again, naming).One("textarea[data-file]").Text(); strings.TrimSpace(got) != "going on" {
			t.Errorf("the editor holds %q", got)
		}
		w.bring(again, `{"version":1,"lessons":{"`+course1+`names-for-values":{"changed":"2027-03-01T10:00:00Z","work":{"trip.js":"from the browser"}}}}`)
		if got := len(w.see(again, naming).All("[data-choice]")); got != 1 {
			t.Errorf("after merging other code, %d choices", got)
		}
	})
}

func TestCountersNameNobodyAndComeInFives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		w.judge.Judge = reader{}
		stops := func() string {
			c, _ := w.library.Catalogue().Course("first-steps-in-javascript")
			all, err := w.StopsIn(t.Context(), w.db.Read, c, "en")
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, s := range all {
				text += fmt.Sprint(s.Title, s.Begun, s.Finished, s.Tests)
			}
			return text
		}
		for i := range 7 {
			me := w.newMember()
			w.handIn(me, "wrong", "")
			if i < 6 {
				w.handIn(me, "right", "")
			}
			want := ""
			if i >= 4 {
				want = "Names for values5 5 [{2 5}]"
			}
			if got := stops(); got != want {
				t.Errorf("after %d learners: %q, want %q", i+1, got, want)
			}
		}
		if text := w.see("", "/learn/first-steps-in-javascript/stops").One("main").Text(); !strings.Contains(text, "test 2: 5 times") {
			t.Errorf("the page says %q", text)
		}
	})
}
