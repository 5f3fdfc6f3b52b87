package learn_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/learn"
	"kept/vault"
)

func TestMemberFinishesAndTakesItBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me := w.newMember()
		got := w.post(me, naming+"/done", url.Values{"file:trip.js": {"const ticket = 12;\nconst people = 4;\n"}}, http.StatusSeeOther)
		if to := got.Header().Get("Location"); to != naming+"#finish" {
			t.Errorf("sent to %s", to)
		}
		first := w.clock.Now()
		w.clock.Add(time.Hour)
		w.post(me, naming+"/done", url.Values{"file:trip.js": {"const ticket = 13;\n"}}, http.StatusSeeOther)
		deeds := w.deeds(vault.Self(me), me)
		if len(deeds) != 1 || !deeds[0].At.Equal(first) || deeds[0].Files[0].Text != "const ticket = 13;\n" || deeds[0].Path != naming || deeds[0].Audience != vault.AnyoneMaySee {
			t.Fatalf("deeds %+v; want one, of the first time, with the second code", deeds)
		}
		if text := w.see(me, naming).One("#finish").Text(); !strings.Contains(text, "Done on 14 March 2027") {
			t.Errorf("the lesson says %q", text)
		}
		w.post(me, naming+"/undo", url.Values{}, http.StatusSeeOther)
		if got := w.deeds(vault.Self(me), me); len(got) != 0 {
			t.Errorf("%d deeds after undo", len(got))
		}
		if got := w.see(me, naming).One("textarea[data-file]").Text(); !strings.Contains(got, "ticket = 13") {
			t.Errorf("the code is lost by undo: %q", got)
		}
	})
}

func TestCodeIsKeptOncePerLesson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me := w.newMember()
		base := ""
		for _, text := range []string{"one", "two", "three"} {
			w.clock.Add(time.Second)
			base = w.sync(me, naming, text, base).Revision
		}
		items := w.items(me, "lesson-work")
		if len(items) != 1 || !strings.Contains(string(items[0].Value), "three") || items[0].Audience != vault.OnlyMe || items[0].Expires != vault.DayOf(w.clock.Now())+396 {
			t.Fatalf("kept %+v; want one record with the last code, for 13 months, for its owner", items)
		}
		p, start := w.library.Catalogue().Lesson("first-steps-in-javascript", "names-for-values")
		if !start {
			t.Fatal("no lesson")
		}
		w.post(me, naming+"/code", url.Values{"file:trip.js": {p.Lesson.In().Exercise.Files[0].Text}, "base": {base}}, http.StatusSeeOther)
		if got := w.items(me, "lesson-work"); len(got) != 0 {
			t.Errorf("%d records after starting over, want none", len(got))
		}
	})
}

func TestFinishingTakesTheKeptCode(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	w.post(me, naming+"/code", url.Values{"file:trip.js": {"kept"}}, http.StatusSeeOther)
	w.post(me, naming+"/done", url.Values{}, http.StatusSeeOther)
	deeds := w.deeds(vault.Self(me), me)
	if len(deeds) != 1 || len(deeds[0].Files) != 1 || deeds[0].Files[0].Text != "kept" || deeds[0].Files[0].Lang != "js" {
		t.Errorf("deeds %+v", deeds)
	}
	if got := w.items(me, "lesson-work"); len(got) != 0 {
		t.Errorf("%d drafts beside the solution", len(got))
	}
}

func TestVisitorsFormsWriteNothing(t *testing.T) {
	w := onSQLite(t)
	for _, act := range []string{"/done", "/undo", "/code"} {
		got := w.post("", naming+act, url.Values{"file:trip.js": {"x"}}, http.StatusSeeOther)
		if to := got.Header().Get("Location"); to != "/sign-in?next="+url.QueryEscape(naming) {
			t.Errorf("%s: sent to %s", act, to)
		}
	}
	w.post("", "/you/merge", url.Values{"progress": {`{"version":1,"lessons":{}}`}}, http.StatusForbidden)
	if n, err := w.vault.CountOwners(t.Context(), w.db.Read, vault.Person); err != nil || n != 0 {
		t.Errorf("%d owners, %v", n, err)
	}
}

func TestStrangersSeeWhatIsShown(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	w.post(me, naming+"/done", url.Values{}, http.StatusSeeOther)
	w.post(me, last+"/done", url.Values{}, http.StatusSeeOther)
	if got := w.deeds(vault.Anyone(), me); len(got) != 0 {
		t.Errorf("a stranger sees %d deeds of somebody who said no", len(got))
	}
	err := w.db.Transact(t.Context(), func(tx *sql.Tx) error {
		if err := w.vault.SetOpen(t.Context(), tx, me, true); err != nil {
			return err
		}
		hidden := w.deeds(vault.Self(me), me)[0]
		return w.vault.Subject(me).SetAudience(t.Context(), tx, "lesson-done", hidden.ID, vault.OnlyMe)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.deeds(vault.Anyone(), me); len(got) != 1 {
		t.Errorf("a stranger sees %d deeds, want 1", len(got))
	}
	progress := w.Progress(w.deeds(vault.Anyone(), me), "en")
	if len(progress) != 1 || progress[0].Done != 1 || progress[0].Of != 16 || progress[0].Path != "/courses/first-steps-in-javascript" {
		t.Errorf("progress %+v", progress)
	}
}

func TestMemberGoesOnWhereTheyWere(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	w.see(me, "/").None("#go-on")
	w.post(me, lessons+"say-something/done", url.Values{}, http.StatusSeeOther)
	if got := w.see(me, "/").One("[aria-labelledby=go-on] a.btn").Attr("href"); got != lessons+"numbers" {
		t.Errorf("after lesson 1 one goes on with %s", got)
	}
	w.clock.Add(time.Minute)
	w.post(me, naming+"/code", url.Values{"file:trip.js": {"x"}}, http.StatusSeeOther)
	if got := w.see(me, "/").One("[aria-labelledby=go-on] a.btn").Attr("href"); got != naming {
		t.Errorf("after typing one goes on with %s", got)
	}
	if got := w.see(me, "/progress").One("[aria-labelledby=account]").Text(); !strings.Contains(got, "1 of 16 done") {
		t.Errorf("progress says %q", got)
	}
}

// bring sends what a browser keeps.
func (w *world) bring(owner vault.OwnerID, progress string) (answer struct {
	Taken, Known int
	Left         []string
}) {
	w.t.Helper()
	got := w.post(owner, "/you/merge", url.Values{"progress": {progress}}, http.StatusOK)
	if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
		w.t.Fatal(err)
	}
	return answer
}

const course1 = "first-steps-in-javascript/"

func TestMergingTwiceIsMergingOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me := w.newMember()
		local := `{"version":1,"lessons":{
			"` + course1 + `say-something":{"done":"2027-03-01T10:00:00.000Z","opened":"2027-03-01"},
			"` + course1 + `names-for-values":{"done":"2027-03-02T10:00:00.000Z","changed":"2027-03-02T09:00:00.000Z","work":{"trip.js":"brought"}},
			"` + course1 + `functions":{"opened":"2027-03-03","changed":"2027-03-03T09:00:00.000Z","work":{"fare.js":"half"}},
			"` + course1 + `lists":{"opened":"2027-03-03"},
			"elsewhere/gone":{"done":"2027-03-01T10:00:00.000Z"}}}`
		first := w.bring(me, local)
		if first.Taken != 3 || first.Known != 0 || len(first.Left) != 1 || first.Left[0] != "elsewhere/gone" {
			t.Errorf("first answer %+v", first)
		}
		before := w.deeds(vault.Self(me), me)
		second := w.bring(me, local)
		if second.Taken != 0 || second.Known != 3 {
			t.Errorf("second answer %+v", second)
		}
		after := w.deeds(vault.Self(me), me)
		if len(before) != 2 || len(after) != 2 || before[0].ID != after[0].ID || len(w.items(me, "lesson-done")) != 2 || len(w.items(me, "lesson-work")) != 1 {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if after[0].Files[0].Text != "brought" || after[0].At.Format(time.RFC3339) != "2027-03-02T10:00:00Z" {
			t.Errorf("deed %+v", after[0])
		}
	})
}

func TestMergingKeepsTheEarlierTimeAndTheLaterCode(t *testing.T) {
	const id = course1 + "names-for-values"
	entry := func(done, changed, code string) string {
		return `{"version":1,"lessons":{"` + id + `":{"done":"` + done + `","changed":"` + changed + `","work":{"trip.js":"` + code + `"}}}}`
	}
	for _, c := range []struct{ name, local, at, code string }{
		{"earlier here", entry("2027-03-01T10:00:00Z", "2027-03-01T09:00:00Z", "local"), "2027-03-01T10:00:00Z", "account"},
		{"later code here", entry("2027-03-01T10:00:00Z", "2027-03-14T16:30:00Z", "local"), "2027-03-01T10:00:00Z", "local"},
		{"later here", entry("2027-03-14T16:30:00Z", "2027-03-14T16:30:00Z", "local"), "2027-03-14T16:04:00Z", "local"},
		{"a clock that is ahead", entry("2031-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "local"), "2027-03-14T16:04:00Z", "local"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := onSQLite(t)
			me := w.newMember()
			w.post(me, naming+"/done", url.Values{"file:trip.js": {"account"}}, http.StatusSeeOther)
			w.clock.Add(time.Hour)
			for range 2 {
				w.bring(me, c.local)
				deeds := w.deeds(vault.Self(me), me)
				if len(deeds) != 1 || deeds[0].At.Format(time.RFC3339) != c.at || deeds[0].Files[0].Text != c.code {
					t.Errorf("deeds %+v; want one of %s with %q", deeds, c.at, c.code)
				}
			}
		})
	}
}

func TestUnreadableProgressIsRefused(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	for _, bad := range []string{"", "x", `{"version":2,"lessons":{}}`, `[]`, `{"version":1,"lessons":{"` + course1 + `say-something":{"work":{"":"x"}}}}`,
		`{"version":1,"lessons":{"` + course1 + `say-something":{"done":"x","work":{"a":"` + strings.Repeat("x", 200<<10) + `"}}}}`} {
		w.post(me, "/you/merge", url.Values{"progress": {bad}}, http.StatusUnprocessableEntity)
	}
	w.post(me, "/you/merge", url.Values{"progress": {strings.Repeat("x", 9<<20)}}, http.StatusRequestEntityTooLarge)
}

func TestTwoRequestsAtOnceMakeOneRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me := w.newMember()
		local := `{"version":1,"lessons":{"` + course1 + `names-for-values":{"done":"2027-03-01T10:00:00Z"}}}`
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if i%2 == 0 {
					w.send(me, naming+"/done", url.Values{})
				} else {
					w.send(me, "/you/merge", url.Values{"progress": {local}})
				}
			})
		}
		all.Wait()
		if got := w.items(me, "lesson-done"); len(got) != 1 {
			t.Errorf("%d records of one lesson", len(got))
		}
	})
}

func TestPlantsHoldTheirMarker(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	for _, plant := range w.Plants() {
		err := w.db.Transact(t.Context(), func(tx *sql.Tx) error {
			_, err := plant.Put(t.Context(), tx, me, "markerxyz")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if items := w.items(me, plant.Kind); len(items) != 1 || !strings.Contains(string(items[0].Value), "markerxyz") {
			t.Errorf("%s: %+v", plant.Kind, items)
		}
	}
	if got := w.deeds(vault.Self(me), me); len(got) != 1 || got[0].Path != "" {
		t.Errorf("a lesson that is taught no longer: %+v", got)
	}
	var _ []learn.CourseProgress = w.Progress(w.deeds(vault.Self(me), me), "en")
}

// TestWhatWasLeftOutIsWhereOneGoesOn: who did the last lesson and left one out
// is led to that one; who did all is led nowhere.
func TestWhatWasLeftOutIsWhereOneGoesOn(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	first, _ := w.library.Catalogue().First(w.library.Catalogue().Courses[0])
	for p := first; p != nil; p = p.Next {
		if p.Lesson.Kind != course.Project {
			w.clock.Add(time.Minute)
			w.post(me, lessons+p.Slug+"/done", url.Values{}, http.StatusSeeOther)
		}
	}
	for _, path := range []string{"/", "/progress"} {
		if got := w.see(me, path).One("[aria-labelledby=go-on] a.main").Attr("href"); got != project {
			t.Errorf("%s leads to %s", path, got)
		}
	}
	w.post(me, project+"/done", url.Values{}, http.StatusSeeOther)
	w.see(me, "/progress").None("[aria-labelledby=go-on]")
}
