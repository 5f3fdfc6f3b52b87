package learn_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/learn"
	"kept/vault"
)

// people stands for the reviewers of a course.
type people struct {
	pleas   map[vault.OwnerID]learn.Plea
	answers map[vault.OwnerID]learn.Answer
	day     func() vault.Day
}

func (p *people) asPeople() *learn.People {
	return &learn.People{
		Path:   "/projects",
		HandIn: func(lesson string) string { return "/projects/lessons/" + url.PathEscape(lesson) },
		Ask: func(_ context.Context, _ *sql.Tx, owner vault.OwnerID, lesson string, plea learn.Plea) error {
			p.pleas[owner] = plea
			p.answers[owner] = learn.Answer{State: learn.AnswerWaits, At: p.day().Time(), Due: p.day() + 28, Path: "/projects/lessons/" + url.PathEscape(lesson)}
			return nil
		},
		Answer: func(_ context.Context, _ vault.Querier, owner vault.OwnerID, _ string) (learn.Answer, error) {
			return p.answers[owner], nil
		},
	}
}

// accept is a person's yes to code.
func (w *world) accept(owner vault.OwnerID, lesson string, files []learn.File) {
	w.t.Helper()
	a := w.people.answers[owner]
	a.State, a.Due = learn.AnswerAccepted, 0
	w.people.answers[owner] = a
	err := w.db.Transact(w.t.Context(), func(tx *sql.Tx) error {
		return w.AcceptedByPerson(w.t.Context(), tx, owner, lesson, files)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWhoIsRefusedAsksAPersonWhoseYesCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		w.judge.Judge = reader{}
		me := w.newMember()
		if !w.see(me, naming).One("[data-person]").Has("hidden") {
			t.Error("a person is offered before anybody refused anything")
		}
		w.handIn(me, "wrong", "")
		if p := w.see(me, naming).One("[data-person]"); p.Has("hidden") || p.One("button").Attr("formaction") != naming+"/person" {
			t.Fatal("who is refused is offered no person")
		}
		w.post(me, naming+"/person", url.Values{"file:trip.js": {"wrong"}, "note": {"It does what the text asks."}}, http.StatusSeeOther)
		plea := w.people.pleas[me]
		if len(plea.Files) != 1 || plea.Files[0].Text != "wrong" || plea.Note != "It does what the text asks." || !strings.Contains(plea.Check, "came out <b>wrong</b>") {
			t.Errorf("a person gets %+v", plea)
		}
		if text := w.see(me, naming).One(".checks").Text(); !strings.Contains(text, "A person of the course will read it.") || !strings.Contains(text, "They answer by 11 April 2027 at the latest.") || strings.Contains(text, "A person, please") {
			t.Errorf("the lesson says %q", text)
		}
		if n := len(w.items(me, "lesson-version")); n != 1 {
			t.Errorf("%d versions; want the one that was refused", n)
		}
		if _, done := w.done(me); done || w.counts(me) {
			t.Error("asking for a person finishes a lesson")
		}
		w.accept(me, course1+"names-for-values", plea.Files)
		done, ok := w.done(me)
		if !ok || done.Checked != learn.CheckedPerson || done.Files[0].Text != "wrong" || done.Files[0].Lang != "js" || !w.counts(me) {
			t.Errorf("after a person's yes it is %+v", done)
		}
		page := w.see(me, naming)
		if text := page.One(".checks").Text() + page.One("#finish").Text(); !strings.Contains(text, "Accepted by a person of the course.") || !strings.Contains(text, "A person of the course accepted your solution.") {
			t.Errorf("the lesson says %q", text)
		}
	})
}

func TestAPersonReadsWhatStandsInTheEditorAndNothingIsLost(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	me := w.newMember()
	w.handIn(me, "wrong", "")
	w.post(me, naming+"/person", url.Values{"file:trip.js": {"wrong, and more"}, "base": {w.see(me, naming).One("input[name=base]").Attr("value")}}, http.StatusSeeOther)
	if plea := w.people.pleas[me]; plea.Files[0].Text != "wrong, and more" || plea.Check != "" {
		t.Errorf("a person gets %+v", plea)
	}
	if n := len(w.items(me, "lesson-version")); n != 2 {
		t.Errorf("%d versions; want what was refused and what a person reads", n)
	}
	start := w.see(me, lessons+"say-something").One("textarea[data-file]").Text()
	w.post(me, lessons+"say-something/person", url.Values{"file:hello.js": {start}}, http.StatusUnprocessableEntity)
	w.post(me, last+"/person", url.Values{}, http.StatusNotFound)
	if got := w.send("", naming+"/person", url.Values{}); got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/sign-in") {
		t.Errorf("a visitor gets %d", got.Code)
	}
}

func TestAYesDoesNotTakeThePlaceOfACheckedSolution(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	me := w.newMember()
	w.handIn(me, "right", "")
	w.accept(me, course1+"names-for-values", []learn.File{{Name: "trip.js", Text: "wrong"}})
	if d, _ := w.done(me); d.Checked != learn.CheckedServer || d.Files[0].Text != "right" {
		t.Errorf("the solution is %+v", d)
	}
	w.accept(me, "no-such-lesson", nil)
	if n := len(w.items(me, "lesson-done")); n != 1 {
		t.Errorf("%d lessons are done", n)
	}
}

// TestAProjectCountsOnceAPersonAcceptsIt: a learner's own word finishes a
// project for themselves, and counts towards no certificate.
func TestAProjectCountsOnceAPersonAcceptsIt(t *testing.T) {
	w := onSQLite(t)
	me, id := w.newMember(), course1+"your-own-logbook"
	counts := func() bool {
		found, err := w.Checked(t.Context(), w.db.Read, vault.Self(me), me, []string{id})
		if err != nil {
			t.Fatal(err)
		}
		return found[id]
	}
	page := w.see(me, project)
	if page.One("#project a").Attr("href") != "/projects/lessons/"+url.PathEscape(id) || !strings.Contains(page.One("#finish").Text(), "a certificate asks for that") {
		t.Errorf("the lesson says %q", page.One("main").Text())
	}
	w.post(me, project+"/done", url.Values{}, http.StatusSeeOther)
	if counts() {
		t.Error("a project counts by its learner's word")
	}
	if text := w.see(me, project).One("#finish").Text(); !strings.Contains(text, "You said so yourself; a certificate asks for the yes of a person.") {
		t.Errorf("the lesson says %q", text)
	}
	w.accept(me, id, nil)
	d, _ := w.done(me)
	if !counts() || d.Checked != learn.CheckedPerson || len(d.Files) > 0 {
		t.Errorf("after a person's yes it is %+v", d)
	}
	if text := w.see(me, project).One("main").Text(); !strings.Contains(text, "Accepted by a person of the course.") || !strings.Contains(text, "A person of the course accepted it.") {
		t.Errorf("the lesson says %q", text)
	}
}
