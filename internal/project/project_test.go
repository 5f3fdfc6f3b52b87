package project

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"kept/internal/account"
	"kept/internal/fault"
	"kept/internal/page/pagetest"
	"kept/vault"
)

func TestAProjectGoesThroughChangesToAccepted(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		noor, kim := w.join("noor"), w.helper("kim", harbour)
		w.sees(noor, "/projects", "A board of arrivals", "A kettle", "You have handed in nothing yet.")
		item := w.handed(noor, "let board = 1;")
		w.sees(noor, HandInPath(board), "Waits for a reviewer", `let</span> board`, "They do not see your name")
		w.sees(kim, queuePath, "A board of arrivals", "Programs for a harbour", item+"/take")

		w.review(kim, item, Change, "Almost.\n\n- **sort** it\n- <script>alert(1)</script> [x](javascript:alert(1))")
		body := w.sees(noor, HandInPath(board), "Changes are asked for", "<strong>sort</strong>", "A helper of the course")
		if strings.Contains(body, "<script>alert") || strings.Contains(body, `href="javascript`) || strings.Contains(body, "@kim") {
			t.Error("notes are not cleaned, or name their writer")
		}
		w.mustPost(noor, HandInPath(board), "text-1", "let board = 2;", "note", "Sorted now.", "shown", "yes")
		w.mustPost(kim, item+"/take")
		body = w.sees(kim, item, "@noor", "Sorted now.", "Almost.", "let board = 2;", "Version 1")
		if strings.Contains(body, string(noor)) {
			t.Error("an owner's id stands on a page")
		}
		w.sees(kim, item+"?version=1", `let</span> board`)
		w.mustPost(kim, item+"/verdict", "version", "2", "verdict", "accept", "notes", "Well done.", "shown", "yes")
		w.sees(noor, HandInPath(board), "Accepted", "Well done.", "@kim")

		yes, err := w.Accepted(t.Context(), w.DB.Read, vault.Self(noor), noor, []string{board, kettle})
		if err != nil || !yes[board] || yes[kettle] || len(yes) != 1 {
			t.Errorf("accepted: %v, %v", yes, err)
		}
		if got := w.get(kim, item).Code; got != http.StatusNotFound {
			t.Errorf("a reviewer reads an accepted project: %d", got)
		}
		if got := w.post(noor, HandInPath(board), "text-1", "again").Code; got != http.StatusConflict {
			t.Errorf("an accepted project was handed in again: %d", got)
		}
	})
}

func TestALetterTellsThatAReviewIsThereAndNothingOfIt(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.helper("kim", harbour)
	w.review(kim, w.handed(noor, "1"), Change, "A secret note.")
	w.work()
	letter, ok := w.outbox.Last("noor@example.org")
	if !ok {
		t.Fatal("no letter came")
	}
	for _, word := range []string{"secret", "board", "harbour.example/projects/", "changes", "kim"} {
		if strings.Contains(strings.ToLower(letter.Text+letter.Subject), word) {
			t.Errorf("the letter says %q:\n%s", word, letter.Text)
		}
	}
	if !strings.Contains(letter.Text, "http://harbour.example/projects") {
		t.Error("the letter does not lead to the projects")
	}
}

func TestOfTwoReviewersAtOnceOneHasIt(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		noor, kim, lee := w.join("noor"), w.helper("kim", harbour), w.helper("lee", harbour)
		item := w.handed(noor, "1")
		key := w.submission(noor, board).Value.Key
		results := make(chan error, 2)
		for _, owner := range []vault.OwnerID{kim, lee} {
			r := reviewer{Member: Member{Owner: owner}, who: vault.InRole(account.Helper, ScopeOf(harbour), w.vault.Today()), role: account.Helper}
			go func() {
				results <- w.DB.Transact(context.Background(), func(tx *sql.Tx) error { return w.take(context.Background(), tx, r, key) })
			}()
		}
		first, second := <-results, <-results
		if (first == nil) == (second == nil) || first != nil && first != errGone || second != nil && second != errGone {
			t.Fatalf("two took the same: %v and %v", first, second)
		}
		has, other := kim, lee
		if w.submission(noor, board).Value.Reviewer == lee {
			has, other = lee, kim
		}
		if to := w.mustPost(other, item+"/take"); to != queuePath {
			t.Errorf("who came late is sent to %s", to)
		}
		w.sees(other, queuePath, "Somebody is reading it.")
		w.sees(has, queuePath, "You have taken")
		w.sees(has, item, "Your review")
		for _, path := range []string{item, item + "/file/1"} {
			if got := w.get(other, path).Code; got != http.StatusNotFound {
				t.Errorf("%s is open to who does not have it: %d", path, got)
			}
		}
		w.mustPost(has, item+"/release")
		w.mustPost(other, item+"/take")
		w.sees(other, item, "Your review")
		w.now = w.now.Add(leaseTime)
		if got := w.get(other, item).Code; got != http.StatusNotFound {
			t.Errorf("a lease outlives its day: %d", got)
		}
		w.mustPost(has, item+"/take")
		w.sees(has, item, "Your review")
	})
}

func TestASecondOpinionDecidesWithoutTheFirst(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		noor, kim, lee := w.join("noor"), w.helper("kim", harbour), w.helper("lee", harbour)
		item := w.handed(noor, "1")
		w.review(kim, item, Change, "I doubt it.", "second", "yes")
		w.work()
		if len(w.outbox.Sent()) != 0 {
			t.Error("a letter went before anything was decided")
		}
		w.sees(kim, queuePath, "You gave your opinion")
		if to := w.mustPost(kim, item+"/take"); to != queuePath {
			t.Error("the first takes it again")
		}
		w.mustPost(lee, item+"/take")
		body := w.sees(lee, item, "second opinion")
		if strings.Contains(body, "I doubt it.") || strings.Contains(body, "Let another reviewer decide") {
			t.Error("the second sees what the first wrote, or may pass it on")
		}
		w.mustPost(lee, item+"/verdict", "version", "1", "verdict", "accept", "notes", "It is good.", "second", "yes")
		if got := w.submission(noor, board).Value.State; got != Accepted {
			t.Errorf("after the second opinion it is %s", got)
		}
		w.sees(noor, HandInPath(board), "I doubt it.", "Would ask for changes", "It is good.")
	})
}

func TestARoleOpensItsOwnCourseUntilItsDay(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		noor, kim, smith := w.join("noor"), w.helper("kim", harbour), w.helper("smith", forge)
		staff := w.join("staff")
		w.give(staff, account.Staff, "", w.vault.Today()+30)
		chief := w.join("chief")
		w.give(chief, account.Organiser, "", w.vault.Today()+30)
		item := w.handed(noor, "1")
		for name, owner := range map[string]vault.OwnerID{"a helper elsewhere": smith, "staff": staff, "the learner": noor, "a stranger": ""} {
			if got := w.post(owner, item+"/take"); got.Code == http.StatusSeeOther && got.Header().Get("Location") == item {
				t.Errorf("%s takes it", name)
			}
			if got := w.get(owner, item); got.Code == http.StatusOK {
				t.Errorf("%s reads it", name)
			}
			if got := w.get(owner, queuePath); got.Code == http.StatusOK && strings.Contains(got.Body.String(), "A board") {
				t.Errorf("%s sees it wait", name)
			}
		}
		w.sees(smith, queuePath, "Nothing waits.")
		w.sees(chief, queuePath, "A board of arrivals")
		w.mustPost(kim, item+"/take")
		w.now = w.now.AddDate(0, 0, 31)
		if got := w.get(kim, queuePath); strings.Contains(got.Body.String(), "A board") {
			t.Error("the queue is open after the role has ended")
		}
		if got := w.post(kim, item+"/take").Code; got != http.StatusNotFound {
			t.Errorf("take after the role has ended: %d", got)
		}
		if got := w.post(kim, item+"/verdict", "version", "1", "verdict", "accept").Code; got != http.StatusNotFound {
			t.Errorf("a verdict after the role has ended: %d", got)
		}
	})
}

func TestNobodyReviewsTheirOwn(t *testing.T) {
	w := onSQLite(t)
	kim := w.helper("kim", harbour)
	item := w.handed(kim, "1")
	w.sees(kim, queuePath, "Nothing waits.")
	if to := w.mustPost(kim, item+"/take"); to != queuePath {
		t.Errorf("one's own is taken: %s", to)
	}
}

func TestErasedInTheMiddleOfAReview(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		kim := w.helper("kim", harbour)
		gone := map[string]func(vault.OwnerID){
			"erased":    func(noor vault.OwnerID) { w.mustPost(noor, HandInPath(board)+"/erase") },
			"withdrawn": func(noor vault.OwnerID) { w.mustPost(noor, HandInPath(board)+"/withdraw") },
			"the account": func(noor vault.OwnerID) {
				if _, err := w.vault.EraseOwner(t.Context(), noor); err != nil {
					t.Fatal(err)
				}
			},
			"restricted": func(noor vault.OwnerID) {
				err := w.DB.Transact(t.Context(), func(tx *sql.Tx) error { return w.vault.Restrict(t.Context(), tx, noor, true) })
				if err != nil {
					t.Fatal(err)
				}
			},
		}
		for name, end := range gone {
			noor := w.join("noor" + strings.ReplaceAll(name, " ", ""))
			item := w.handed(noor, "secret words")
			w.mustPost(kim, item+"/take")
			end(noor)
			if got := w.get(kim, item); got.Code != http.StatusNotFound {
				t.Errorf("%s: the reviewer still reads it: %d", name, got.Code)
			}
			if to := w.mustPost(kim, item+"/verdict", "version", "1", "verdict", "accept"); to != queuePath {
				t.Errorf("%s: the verdict went to %s", name, to)
			}
			if body := w.sees(kim, queuePath); strings.Contains(body, item) {
				t.Errorf("%s: it still waits", name)
			}
		}
	})
}

func TestWhatWasTakenBackCanBeHandedInAgain(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.helper("kim", harbour)
	item := w.handed(noor, "first")
	w.mustPost(noor, HandInPath(board)+"/withdraw")
	w.sees(noor, HandInPath(board), "Taken back")
	w.mustPost(noor, HandInPath(board), "text-1", "second")
	w.mustPost(kim, item+"/take")
	w.sees(kim, item, "second")
	w.sees(kim, item+"?version=1", "its learner erased it or keeps it to themselves")
	w.sees(noor, HandInPath(board)+"?version=1", "first")
}

func TestErasingLeavesNothing(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.helper("kim", harbour)
	w.review(kim, w.handed(noor, "1"), Change, "no")
	w.mustPost(noor, HandInPath(board)+"/erase")
	for _, kind := range []string{kindSubmission, kindVersion, kindReview} {
		items, err := w.vault.Subject(noor).Page(t.Context(), w.DB.Read, kind, "", "", 10)
		if err != nil || len(items) != 0 {
			t.Errorf("%d of %s are left, %v", len(items), kind, err)
		}
	}
}

func TestAVerdictIsOnTheVersionThatWasRead(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.helper("kim", harbour)
	item := w.handed(noor, "1")
	w.mustPost(kim, item+"/take")
	w.mustPost(noor, HandInPath(board), "text-1", "2")
	got := w.post(kim, item+"/verdict", "version", "1", "verdict", "accept", "notes", "typed for long")
	if got.Code != http.StatusConflict || !strings.Contains(got.Body.String(), "typed for long") {
		t.Errorf("status %d, or the notes are lost", got.Code)
	}
}

func TestAHostileFileIsSavedAndNeverShown(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		noor, kim := w.join("noor"), w.helper("kim", harbour)
		evil := []byte("<!doctype html><script>document.title='run'</script>")
		if got := w.upload(noor, HandInPath(board), evil, "name-1", `</pre><img src=x onerror=alert(1)>.js`, "text-1", "</code></pre><script>alert(2)</script>", "note", "<b>bold</b>", "link", "https://away.example/x?a=1"); got.Code != http.StatusSeeOther {
			t.Fatalf("status %d\n%s", got.Code, got.Body)
		}
		item := itemPath(harbour, w.submission(noor, board).Value.Key)
		w.mustPost(kim, item+"/take")
		body := w.sees(kim, item, "project-1.txt", "text/html", `href="https://away.example/x?a=1" rel="noreferrer noopener nofollow ugc"`)
		for _, bad := range []string{"<script>alert", "<img src=x", "<b>bold", "evil"} {
			if strings.Contains(body, bad) {
				t.Errorf("the page holds %q", bad)
			}
		}
		for owner, path := range map[vault.OwnerID]string{kim: item + "/file/1", noor: HandInPath(board) + "/file/1"} {
			got := w.get(owner, path)
			h := got.Header()
			if got.Code != http.StatusOK || got.Body.String() != string(evil) || h.Get("Content-Type") != "application/octet-stream" ||
				h.Get("Content-Disposition") != `attachment; filename="project-1.txt"` || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%s: %d %v", path, got.Code, h)
			}
		}
		if got := w.get(w.join("lee"), HandInPath(board)+"/file/1").Code; got != http.StatusNotFound {
			t.Errorf("another member gets the file: %d", got)
		}
	})
}

func TestWhatIsWrongNamesItsFieldAndKeepsWhatWasTyped(t *testing.T) {
	w := onSQLite(t)
	noor := w.join("noor")
	for _, c := range []struct {
		name   string
		fields []string
		file   int
		says   string
	}{
		{"nothing", []string{"note", "typed note"}, 0, "one of them at least"},
		{"no https", []string{"link", "http://x.example", "note", "typed note"}, 0, "beginning with https://"},
		{"script", []string{"link", "javascript:alert(1)", "note", "typed note"}, 0, "beginning with https://"},
		{"password", []string{"link", "https://a:b@x.example", "note", "typed note"}, 0, "beginning with https://"},
		{"long text", []string{"text-2", strings.Repeat("x", maxText+1), "note", "typed note"}, 0, "64 kB"},
		{"name alone", []string{"name-1", "a.js", "note", "typed note"}, 0, "empty the name"},
		{"large file", []string{"note", "typed note"}, maxFile + 1, "at most 5 MB"},
		{"a file and a mistake", []string{"link", "nonsense", "note", "typed note"}, 10, "Choose the file again"},
	} {
		got := w.upload(noor, HandInPath(board), make([]byte, c.file), c.fields...)
		if got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), c.says) || !strings.Contains(got.Body.String(), "typed note") {
			t.Errorf("%s: status %d, or it does not say %q, or lost what was typed", c.name, got.Code, c.says)
		}
	}
	if got := w.upload(noor, HandInPath(board), make([]byte, maxBody+1)).Code; got != http.StatusRequestEntityTooLarge {
		t.Errorf("a flood was read: %d", got)
	}
	if all, err := w.kinds.submissions.All(t.Context(), w.DB.Read, vault.Self(noor), noor); err != nil || len(all) != 0 {
		t.Errorf("%d were kept, %v", len(all), err)
	}
	kim := w.helper("kim", harbour)
	item := w.handed(noor, "1")
	w.mustPost(kim, item+"/take")
	for _, fields := range [][]string{{"notes", "typed"}, {"verdict", "changes", "notes", ""}} {
		if got := w.post(kim, item+"/verdict", append(fields, "version", "1")...); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: status %d", fields, got.Code)
		}
	}
}

func TestOnlyProjectsAreHandedInByHand(t *testing.T) {
	w := onSQLite(t)
	noor := w.join("noor")
	for _, id := range []string{exercise, "unknown", "../x"} {
		if got := w.get(noor, HandInPath(id)).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d", id, got)
		}
		if got := w.post(noor, HandInPath(id), "text-1", "x").Code; got != http.StatusNotFound {
			t.Errorf("%s is taken: %d", id, got)
		}
	}
	if got := w.get("", "/projects").Code; got != http.StatusSeeOther {
		t.Errorf("a stranger gets %d", got)
	}
}

func TestWhoWasRefusedByAMachineGetsAPerson(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		noor, kim := w.join("noor"), w.helper("kim", harbour)
		code := []Text{{Name: "main.js", Text: "let sum = 3;"}}
		if err := w.ask(noor, exercise, Plea{Texts: code, Note: "It adds up.", Check: "<b>3 is not 4"}); err != nil {
			t.Fatal(err)
		}
		w.sees(noor, "/projects", "Answer by 14 April 2027.")
		w.sees(noor, HandInPath(exercise), "They answer by 14 April 2027 at the latest.", "What the check said")
		w.sees(kim, queuePath, "a machine refused it", "answer by 14 April 2027")
		item := itemPath(harbour, w.submission(noor, exercise).Value.Key)
		w.mustPost(kim, item+"/take")
		w.sees(kim, item, "It adds up.", "&lt;b&gt;3 is not 4", "They must have an answer by 14 April 2027.")
		w.mustPost(kim, item+"/verdict", "version", "1", "verdict", string(Accept))
		if n, told := w.done[exercise]; !told || n != 1 {
			t.Errorf("the lesson hears of %d texts, %t", n, told)
		}
		if open, _, err := w.OpenRequests(t.Context()); open != 0 || err != nil {
			t.Errorf("%d answers are owed after the answer, %v", open, err)
		}
		if yes, err := w.Accepted(t.Context(), w.DB.Read, vault.Self(noor), noor, []string{exercise}); err != nil || !yes[exercise] {
			t.Errorf("a person's yes does not count: %v, %v", yes, err)
		}
		for _, c := range []struct {
			lesson string
			texts  []Text
			want   fault.Kind
		}{{"unknown", code, fault.KindNotFound}, {exercise, nil, fault.KindInvalid}, {exercise, []Text{{Text: "nameless"}}, fault.KindInvalid}, {exercise, code, fault.KindConflict}} {
			if err := w.ask(noor, c.lesson, Plea{Texts: c.texts}); fault.Of(err) != c.want {
				t.Errorf("%s with %v: %v, want %s", c.lesson, c.texts, err, c.want)
			}
		}
	})
}

// ask puts code that a machine refused before a person.
func (w *world) ask(owner vault.OwnerID, lessonID string, p Plea) error {
	return w.DB.Transact(w.t.Context(), func(tx *sql.Tx) error { return w.Ask(w.t.Context(), tx, owner, lessonID, p) })
}

// TestTheClockOfAnAnswerRuns: an answer is owed within a month; a new version
// does not put that day back, a new question after an answer has its own.
func TestTheClockOfAnAnswerRuns(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.join("kim")
	w.give(kim, account.Helper, ScopeOf(harbour), w.vault.Today()+300)
	plea := Plea{Texts: []Text{{Name: "main.js", Text: "1"}}}
	owes := func(want vault.Day, wantLate int) {
		t.Helper()
		owed, err := w.Owed(t.Context(), w.DB.Read, noor)
		if err != nil || len(owed) != 1 || owed[0].Due != want {
			t.Errorf("owed: %v, %v; want %s", owed, err, want)
		}
		if open, late, err := w.OpenRequests(t.Context()); open != 1 || late != wantLate || err != nil {
			t.Errorf("%d open, %d late, %v", open, late, err)
		}
		if waiting, err := w.Waiting(t.Context()); waiting != 1 || err != nil {
			t.Errorf("%d wait for a reviewer, %v", waiting, err)
		}
	}
	if err := w.ask(noor, exercise, plea); err != nil {
		t.Fatal(err)
	}
	first := w.vault.Today() + 31
	owes(first, 0)
	w.now = w.now.AddDate(0, 0, 10)
	if err := w.ask(noor, exercise, plea); err != nil {
		t.Fatal(err)
	}
	owes(first, 0)
	w.now = w.now.AddDate(0, 0, 22)
	owes(first, 1)
	w.sees(kim, queuePath, "bad state")
	item := itemPath(harbour, w.submission(noor, exercise).Value.Key)
	w.mustPost(kim, item+"/take")
	w.mustPost(kim, item+"/verdict", "version", "2", "verdict", string(Change), "notes", "The last line.")
	if owed, err := w.Owed(t.Context(), w.DB.Read, noor); len(owed) > 0 || err != nil {
		t.Errorf("after an answer, owed: %v, %v", owed, err)
	}
	if waiting, err := w.Waiting(t.Context()); waiting != 0 || err != nil {
		t.Errorf("after an answer, %d wait for a reviewer, %v", waiting, err)
	}
	if err := w.ask(noor, exercise, plea); err != nil {
		t.Fatal(err)
	}
	owes(vault.DayOf(w.now.AddDate(0, 1, 0)), 0)
	w.mustPost(noor, HandInPath(exercise)+"/withdraw")
	if s, err := w.Standing(t.Context(), w.DB.Read, noor, exercise); s.State != "" || err != nil {
		t.Errorf("what was taken back stands as %v, %v", s, err)
	}
}

// TestTheFormBeginsWithWhatThereIs: nobody types twice what they have written.
func TestTheFormBeginsWithWhatThereIs(t *testing.T) {
	w := onSQLite(t)
	noor := w.join("noor")
	first := func() string { return pagetest.ParseString(t, w.sees(noor, HandInPath(board))).One("#f-text-1").Text() }
	if got := first(); got != "" {
		t.Errorf("a fresh form holds %q", got)
	}
	w.mustPost(noor, HandInPath(board), "name-1", "board.js", "text-1", "let one = 1;")
	if got := first(); got != "let one = 1;" {
		t.Errorf("after one version the form holds %q", got)
	}
	w.kept = map[string][]Text{board: {{Name: "board.js", Text: "let two = 2;"}}}
	if got := first(); got != "let two = 2;" {
		t.Errorf("with other code in the editor the form holds %q", got)
	}
	w.sees(noor, HandInPath(board), "what stands in the lesson&#39;s editor")
}

func TestAcceptingAProjectFinishesItsLesson(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.helper("kim", harbour)
	w.review(kim, w.handed(noor, "1"), Accept, "")
	if n, told := w.done[board]; !told || n != 0 {
		t.Errorf("the lesson hears of %d texts, %t; want none, since nobody asked to show them", n, told)
	}
}

func TestTheQueueIsOldestFirstAndPaged(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *world) {
		chief := w.join("chief")
		w.give(chief, account.Instructor, "", w.vault.Today()+300)
		var want []string
		for i := range pageSize + 5 {
			w.now = w.now.Add(time.Duration(i%3) * time.Minute) // some at the same time
			owner := w.join("m" + strings.Repeat("x", i))
			id, slug := board, harbour
			if i%2 == 1 {
				id, slug = kettle, forge
			}
			w.mustPost(owner, HandInPath(id), "text-1", "x")
			want = append(want, itemPath(slug, w.submission(owner, id).Value.Key))
		}
		first := w.sees(chief, queuePath)
		next := pagetest.ParseString(t, first).All("a[rel=next]")
		if len(next) != 1 {
			t.Fatalf("%d links lead on", len(next))
		}
		second := w.sees(chief, next[0].Attr("href"))
		for i, path := range want {
			on := []bool{strings.Contains(first, path+"/take"), strings.Contains(second, path+"/take")}
			if on[0] == on[1] || i < pageSize-2 && !on[0] || i > pageSize+1 && !on[1] {
				t.Errorf("number %d stands on %v", i, on)
			}
		}
		if strings.Contains(second, `rel="next"`) {
			t.Error("there is a third page")
		}
		if got := w.get(chief, queuePath+"?after=nonsense").Code; got != http.StatusNotFound {
			t.Errorf("a made-up page: %d", got)
		}
	})
}

func TestADownloadNamesNoReviewer(t *testing.T) {
	w := onSQLite(t)
	noor, kim, lee := w.join("noor"), w.helper("kim", harbour), w.helper("lee", harbour)
	item := w.handed(noor, "let board = 1;")
	w.review(kim, item, Change, "A note that is mine.", "second", "yes")
	w.mustPost(lee, item+"/take")
	var out strings.Builder
	if err := w.vault.Export(t.Context(), w.DB.Read, noor, &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, string(kim)) || strings.Contains(got, string(lee)) || !strings.Contains(got, "A note that is mine.") || !strings.Contains(got, "let board = 1;") {
		t.Errorf("a reviewer is named, or something is missing:\n%s", got)
	}
}

func TestOneMemberDoesNotFloodTheQueue(t *testing.T) {
	w := onSQLite(t)
	noor := w.join("noor")
	for range maxVersions {
		w.mustPost(noor, HandInPath(board), "text-1", "x")
	}
	if got := w.post(noor, HandInPath(board), "text-1", "typed"); got.Code != http.StatusConflict {
		t.Errorf("version %d: %d", maxVersions+1, got.Code)
	}
}

func TestEveryTemplateIsExecuted(t *testing.T) {
	w := onSQLite(t)
	noor, kim := w.join("noor"), w.helper("kim", harbour)
	w.sees(noor, "/projects")
	if got := w.upload(noor, HandInPath(board), []byte("\x89PNG\r\n\x1a\n"), "text-1", "1", "link", "https://x.example"); got.Code != http.StatusSeeOther {
		t.Fatal(got.Code)
	}
	item := itemPath(harbour, w.submission(noor, board).Value.Key)
	w.review(kim, item, Change, "no")
	w.post(noor, HandInPath(board))
	w.mustPost(noor, HandInPath(board), "text-1", "2")
	w.sees(kim, queuePath)
	w.mustPost(kim, item+"/take")
	w.sees(kim, item)
	w.sees(kim, queuePath)
	w.sees(noor, "/projects")
	w.sees(noor, HandInPath(board))
	for _, name := range w.Site.Unexecuted() {
		if strings.HasPrefix(name, "project") {
			t.Errorf("%s was never executed", name)
		}
	}
}

func FuzzColouredLosesNothingAndLetsNothingThrough(f *testing.F) {
	f.Add("main.js", "let a = '<b>'; // </span>\n")
	f.Add("x.html", "<script>alert(1)</script>")
	f.Add("x.py", "\x00\xff'''")
	f.Fuzz(func(t *testing.T, name, text string) {
		out := string(coloured(Text{name, text}, time.Now().Add(time.Second)))
		for _, class := range []string{"k", "c", "s", "n"} {
			out = strings.ReplaceAll(out, `<span class="`+class+`">`, "")
		}
		if out = strings.ReplaceAll(out, "</span>", ""); strings.ContainsAny(out, "<>\"") {
			t.Errorf("%q lets through %q", text, out)
		}
	})
}
