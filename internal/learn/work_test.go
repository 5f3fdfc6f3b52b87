package learn_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/learn"
	"kept/vault"
)

// synced is what the account answers to a browser that sends code.
type synced struct {
	Revision string
	At       int64
	Files    map[string]string
	Others   []struct {
		Changed int64
		Files   map[string]string
	}
}

// sync sends code as the script of an exercise does.
func (w *world) sync(who vault.OwnerID, lesson, text, base string, key ...string) (out synced) {
	w.t.Helper()
	file := "trip.js"
	if strings.HasSuffix(lesson, "functions") {
		file = "fare.js"
	}
	form := url.Values{"file:" + file: {text}, "base": {base}, "draft": key}
	got := w.send(who, lesson+"/code", form, "Accept", "application/json")
	if got.Code != http.StatusOK {
		w.t.Fatalf("status %d, want 200", got.Code)
	}
	if err := json.Unmarshal(got.Body.Bytes(), &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestTwoDevicesKeepBothAndTheLearnerChooses(t *testing.T) {
	for take, want := range []string{"from the phone, later", "from the laptop"} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			w := newWorld(t, d, sample())
			me := w.newMember()
			first := w.sync(me, naming, "both have this", "")
			phone := w.sync(me, naming, "from the phone", first.Revision)
			phone = w.sync(me, naming, "from the phone, later", phone.Revision)
			for _, text := range []string{"from the lap", "from the laptop"} {
				laptop := w.sync(me, naming, text, first.Revision, "laptop-key")
				if laptop.Files["trip.js"] != "from the phone, later" || len(laptop.Others) != 1 || laptop.Others[0].Files["trip.js"] != text {
					t.Fatalf("the laptop is told %+v; want the phone's code, and its own beside it", laptop)
				}
			}
			page := w.see(me, naming)
			if text := page.One("[data-choice]").Text(); !strings.Contains(text, "Which code do you go on with?") {
				t.Errorf("the lesson asks %q", text)
			}
			w.post(me, naming+"/choose", url.Values{"take": {fmt.Sprint(take)}}, http.StatusSeeOther)
			page = w.see(me, naming)
			page.None("[data-choice]")
			if got := page.One("textarea[data-file]").Text(); strings.TrimSpace(got) != want {
				t.Errorf("after choosing, the editor holds %q, want %q", got, want)
			}
			versions := w.items(me, "lesson-version")
			if len(versions) != 1 || strings.Contains(string(versions[0].Value), want+`"`) {
				t.Errorf("versions %+v; want the code that was not chosen", versions)
			}
		})
	}
}

func TestNoDeviceTakesAnothersPlaceByGuessing(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	first := w.sync(me, naming, "one", "")
	for _, base := range []string{"", "x.1", strings.Replace(first.Revision, ".1", ".2", 1)} {
		if got := w.sync(me, naming, "another "+base, base); got.Files["trip.js"] != "one" {
			t.Errorf("base %q took the place of what stood there: %+v", base, got)
		}
	}
	if same := w.sync(me, naming, "one", "x.9"); same.Files["trip.js"] != "one" || len(same.Others) != 3 {
		t.Errorf("the same text again: %+v", same)
	}
	for i := range 10 {
		w.clock.Add(time.Second)
		w.sync(me, naming, fmt.Sprint("more ", i), "")
	}
	all := fmt.Sprint(len(w.items(me, "lesson-work")), " ", len(w.items(me, "lesson-version")))
	if all != "1 8" {
		t.Errorf("work and versions %s; want 1 with 5 beside it, and 8 versions", all)
	}
}

// seeWork opens what a member alone sees of a lesson, in every state.
func (w *world) seeWork(me vault.OwnerID) {
	w.t.Helper()
	w.sync(me, lessons+"functions", "first", "")
	w.sync(me, lessons+"functions", "second", "")
	const alone = "/learn/first-steps-in-javascript/"
	w.see(me, lessons+"functions")
	w.see(me, alone+"lists/versions")
	w.post(me, lessons+"functions/done", url.Values{"file:fare.js": {"third"}}, http.StatusSeeOther)
	w.see(me, alone+"functions/versions")
	w.see(me, "/progress/reset?course=first-steps-in-javascript")
	w.see(me, "/progress/reset?course=none")
	w.see(me, "/learn/first-steps-in-javascript/stops")
	w.post(me, "/progress/reset", url.Values{"course": {"first-steps-in-javascript"}, "lesson": {course1 + "functions"}, "how": {"aside"}}, http.StatusSeeOther)
	w.see(me, "/progress")
}

func TestVersionsAreListedTakenAndErased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me, other := w.newMember(), w.newMember()
		for _, text := range []string{"first", "second", "second", "third"} {
			w.clock.Add(time.Minute)
			w.post(me, naming+"/done", url.Values{"file:trip.js": {text}}, http.StatusSeeOther)
		}
		const list = "/learn/first-steps-in-javascript/names-for-values/versions"
		versions := w.items(me, "lesson-version")
		if len(versions) != 3 {
			t.Fatalf("%d versions, want 3: the same code is one", len(versions))
		}
		page := w.see(me, list)
		if got := len(page.All("main li")); got != 3 {
			t.Errorf("%d versions are listed", got)
		}
		w.see(other, list).None("main li")
		var first vault.Item
		for _, v := range versions {
			if strings.Contains(string(v.Value), `"first"`) {
				first = v
			}
		}
		w.post(other, list+"/"+first.ID+"/take", url.Values{}, http.StatusNotFound)
		w.post(other, list+"/"+first.ID+"/erase", url.Values{}, http.StatusNotFound)
		w.post(me, list+"/"+first.ID+"/take", url.Values{}, http.StatusSeeOther)
		if got := w.see(me, naming).One("textarea[data-file]").Text(); strings.TrimSpace(got) != "first" {
			t.Errorf("the editor holds %q", got)
		}
		w.post(me, list+"/"+first.ID+"/erase", url.Values{}, http.StatusSeeOther)
		if got := len(w.items(me, "lesson-version")); got != 2 {
			t.Errorf("%d versions after erasing one", got)
		}
	})
}

func TestResetGoesNowOrTomorrow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me := w.newMember()
		fill := func() {
			w.post(me, naming+"/done", url.Values{"file:trip.js": {"solution"}}, http.StatusSeeOther)
			w.sync(me, naming, "going on", "")
			w.post(me, last+"/done", url.Values{}, http.StatusSeeOther)
		}
		count := func() string {
			return fmt.Sprint(len(w.items(me, "lesson-done")), len(w.items(me, "lesson-work")), len(w.items(me, "lesson-version")), len(w.items(me, "lesson-aside")))
		}
		whole := url.Values{"course": {"first-steps-in-javascript"}}
		reset := func(how string, more ...string) {
			form := url.Values{"how": {how}, "course": whole["course"]}
			for i := 0; i+1 < len(more); i += 2 {
				form.Set(more[i], more[i+1])
			}
			w.post(me, "/progress/reset", form, http.StatusSeeOther)
		}
		fill()
		before := w.deeds(vault.Self(me), me)
		reset("aside")
		if got := count(); got != "0 0 0 4" {
			t.Fatalf("set aside: %s", got)
		}
		if got := w.items(me, "lesson-aside")[0].Expires; got != vault.DayOf(w.clock.Now())+1 {
			t.Errorf("what is set aside goes on day %v", got)
		}
		if text := w.see(me, "/progress").One("main").Text(); !strings.Contains(text, "is erased at the end of 15 March 2027") {
			t.Errorf("the page says %q", text)
		}
		w.post(me, "/progress/aside", url.Values{"course": whole["course"], "how": {"back"}}, http.StatusSeeOther)
		after := w.deeds(vault.Self(me), me)
		if got := count(); got != "2 1 1 0" || len(after) != len(before) || !after[0].At.Equal(before[0].At) || after[0].Audience != before[0].Audience {
			t.Fatalf("brought back: %s, %+v", got, after)
		}
		reset("erase", "lesson", course1+"names-for-values")
		if got := count(); got != "1 0 0 0" {
			t.Errorf("one lesson erased: %s", got)
		}
		fill()
		reset("aside")
		w.post(me, "/progress/aside", url.Values{"course": whole["course"], "how": {"erase"}}, http.StatusSeeOther)
		if got := count(); got != "0 0 0 0" {
			t.Errorf("all erased: %s", got)
		}
	})
}

func TestWhatIsSetAsideIsGoneTheDayAfterTomorrow(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	w.post(me, naming+"/done", url.Values{}, http.StatusSeeOther)
	w.post(me, "/progress/reset", url.Values{"course": {"first-steps-in-javascript"}, "how": {"aside"}}, http.StatusSeeOther)
	w.clock.Add(48 * time.Hour)
	if _, err := w.vault.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.post(me, "/progress/aside", url.Values{"course": {"first-steps-in-javascript"}, "how": {"back"}}, http.StatusSeeOther)
	if got := len(w.items(me, "")); got != 0 {
		t.Errorf("%d records are left", got)
	}
}

func TestSumsFollowTheRecords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, sample())
		me := w.newMember()
		for _, lesson := range []string{"say-something", "numbers", "text"} {
			w.post(me, lessons+lesson+"/done", url.Values{}, http.StatusSeeOther)
		}
		check := func(when string, want, sums int) {
			t.Helper()
			standing, err := w.Standing(t.Context(), w.db.Read, me)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(standing.Done("first-steps-in-javascript")); got != want {
				t.Errorf("%s: %d lessons, want %d", when, got, want)
			}
			if got := len(w.items(me, "course-progress")); got != sums {
				t.Errorf("%s: %d sums are kept, want %d", when, got, sums)
			}
		}
		check("three lessons", 3, 1)
		w.erase(me, "lesson-done", w.items(me, "lesson-done")[0].ID)
		check("one was erased by hand", 2, 0)
		w.post(me, lessons+"comparing/done", url.Values{}, http.StatusSeeOther)
		check("another is finished", 3, 1)
		w.erase(me, "course-progress", w.items(me, "course-progress")[0].ID)
		check("the sum was erased", 3, 0)
		w.bring(me, `{"version":1,"lessons":{"`+course1+`repeating":{"done":"2027-03-01T10:00:00Z"}}}`)
		check("merged", 4, 1)
	})
}

// TestComparisonRebuildsBothTexts: what a comparison keeps and takes out is the
// earlier text, what it keeps and puts in the later one.
func TestComparisonRebuildsBothTexts(t *testing.T) {
	for _, c := range [][2]string{{"", ""}, {"a", ""}, {"", "a"}, {"a\nb\nc", "a\nc"}, {"a\nb", "b\na"}, {"x\n\nx\ny", "x\ny\nx\n\n"}, {"same", "same"}} {
		var earlier, later []string
		for _, line := range learn.Diff(c[0], c[1]) {
			if line.Mark != "+" {
				earlier = append(earlier, line.Text)
			}
			if line.Mark != "-" {
				later = append(later, line.Text)
			}
		}
		if strings.Join(earlier, "\n") != strings.TrimSuffix(c[0], "\n") || strings.Join(later, "\n") != strings.TrimSuffix(c[1], "\n") {
			t.Errorf("%q and %q: rebuilt %q and %q", c[0], c[1], earlier, later)
		}
	}
}
