package learn

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// File is one file of a learner's code.
type File struct {
	Name string `json:"name" doc:"its name in the exercise"`
	Lang string `json:"lang" doc:"the language it is written in, as js, html, css, py"`
	Text string `json:"text"`
}

// Done is a lesson that a member finished.
type Done struct {
	Course      string    `json:"course" doc:"id of the course"`
	CourseTitle string    `json:"courseTitle" doc:"what the course was called then"`
	Lesson      string    `json:"lesson" doc:"id of the lesson"`
	Title       string    `json:"title" doc:"what the lesson was called then"`
	At          time.Time `json:"at" doc:"when it was finished first"`
	Files       []File    `json:"files,omitempty" doc:"the solution, if the lesson asks for code"`
	Solved      time.Time `json:"solved,omitzero" doc:"when this solution was kept"`
	Checked     string    `json:"checked" doc:"who checked the solution: server, person (of the course), browser (the learner's own) or none"`
	CheckedAt   time.Time `json:"checkedAt,omitzero" doc:"when it was checked"`
	Engine      string    `json:"engine,omitempty" doc:"what the server checked it with"`
	Proof       string    `json:"proof,omitempty" vault:"secret" doc:"written by the server's check, or by a person's yes, alone, so that an import cannot bring it"`
}

// Work is code that a member has in the editor.
type Work struct {
	Course  string    `json:"course" doc:"id of the course"`
	Lesson  string    `json:"lesson" doc:"id of the lesson"`
	Title   string    `json:"title" doc:"what the lesson was called then"`
	Files   []File    `json:"files"`
	Changed time.Time `json:"changed" doc:"when it was last changed"`
	Others  []Draft   `json:"others,omitempty" doc:"what another device sent that did not know this code; you are asked which to go on with"`
}

// Draft is code that came from a device that had not seen what another sent.
type Draft struct {
	Files   []File    `json:"files"`
	Changed time.Time `json:"changed" doc:"when it was last changed"`
	Key     string    `json:"key,omitempty" doc:"random: that what the same browser sends next takes its place"`
}

// Version is code that a member handed in, or set aside to go on with other.
type Version struct {
	Course  string    `json:"course" doc:"id of the course"`
	Lesson  string    `json:"lesson" doc:"id of the lesson"`
	Title   string    `json:"title" doc:"what the lesson was called then"`
	Files   []File    `json:"files"`
	At      time.Time `json:"at" doc:"when it was handed in"`
	State   string    `json:"state" doc:"kept (never checked), waiting, passed, not-yet, or unchecked (the check could not be carried out)"`
	Claim   bool      `json:"claim,omitempty" doc:"the learner's browser said that every test passed"`
	Verdict *Verdict  `json:"verdict,omitempty" doc:"what the server's check said"`
}

// Verdict is what the server's check of a version said.
type Verdict struct {
	At     time.Time `json:"at"`
	Engine string    `json:"engine" doc:"what it was checked with"`
	Why    string    `json:"why,omitempty" doc:"why the check ended early, if it did"`
	Tests  []Outcome `json:"tests,omitempty"`
}

// Outcome is what one test said.
type Outcome struct {
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty" doc:"what came out, if it did not pass"`
}

// Summary says how far a member is in a course, so that no page need open each
// finished lesson to count them.
type Summary struct {
	Course  string    `json:"course" doc:"id of the course"`
	Title   string    `json:"title" doc:"what the course was called then"`
	Lessons []string  `json:"lessons" doc:"ids of the lessons that are finished"`
	Records int       `json:"records" doc:"how many records of finished lessons it sums up"`
	Last    time.Time `json:"last" doc:"when a lesson was finished last"`
	Newest  string    `json:"newest" doc:"id of that lesson"`
}

// Aside is what a member reset and can bring back until tomorrow.
type Aside struct {
	Course  string   `json:"course" doc:"id of the course"`
	Lesson  string   `json:"lesson" doc:"id of the lesson"`
	Title   string   `json:"title" doc:"what the lesson was called then"`
	Done    *Shelved `json:"done,omitempty"`
	Seen    string   `json:"seen,omitempty" doc:"who could see that it was done"`
	Work    *Work    `json:"work,omitempty"`
	Version *Version `json:"version,omitempty"`
}

// Shelved is a finished lesson that is set aside. It is Done without a secret,
// which no value may have inside another; such records cannot be imported.
type Shelved struct {
	Course      string    `json:"course" doc:"id of the course"`
	CourseTitle string    `json:"courseTitle" doc:"what the course was called then"`
	Lesson      string    `json:"lesson" doc:"id of the lesson"`
	Title       string    `json:"title" doc:"what the lesson was called then"`
	At          time.Time `json:"at" doc:"when it was finished first"`
	Files       []File    `json:"files,omitempty" doc:"the solution, if the lesson asks for code"`
	Solved      time.Time `json:"solved,omitzero" doc:"when this solution was kept"`
	Checked     string    `json:"checked" doc:"who checked the solution: server, person (of the course), browser (the learner's own) or none"`
	CheckedAt   time.Time `json:"checkedAt,omitzero" doc:"when it was checked"`
	Engine      string    `json:"engine,omitempty" doc:"what the server checked it with"`
	Proof       string    `json:"proof,omitempty" doc:"the mark of the server's check, or of a person's yes"`
}

// How a solution was checked.
const (
	CheckedServer  = "server"  // by the site itself, which a certificate asks for
	CheckedPerson  = "person"  // by somebody of the course, who accepted it
	CheckedBrowser = "browser" // in the learner's browser only
	CheckedNone    = "none"    // the learner says so, and nobody looked
)

// States of a version.
const (
	stateKept      = "kept"
	stateWaiting   = "waiting"
	statePassed    = "passed"
	stateNotYet    = "not-yet"
	stateUnchecked = "unchecked"
)

const (
	kindDone    = "lesson-done"
	kindWork    = "lesson-work"
	kindVersion = "lesson-version"
	kindSummary = "course-progress"
	kindAside   = "lesson-aside"
)

// The purposes of progress.
const (
	toShow    = "your page"
	toCertify = "certificates"
	toGoOn    = "your progress"
	toCheck   = "checking your code"
)

// The look-ups of the kinds.
const (
	byLesson  = "lesson"
	byCourse  = "course"
	byWaiting = "waiting"
)

const (
	workDays  vault.Days = 396 // 13 months: long enough to come back to a course next year
	asideDays vault.Days = 1   // until the end of tomorrow
)

// kinds are the capabilities to use what is kept here.
type kinds struct {
	done    vault.Kind[Done]
	work    vault.Kind[Work]
	version vault.Kind[Version]
	summary vault.Kind[Summary]
	aside   vault.Kind[Aside]
}

func declare(reg *vault.Registry) kinds {
	k := kinds{work: declareWork(reg), version: declareVersion(reg), summary: declareSummary(reg), aside: declareAside(reg)}
	k.done = declareDone(reg, k.forgetSummary)
	return k
}

func declareDone(reg *vault.Registry, last func(context.Context, *sql.Tx, vault.Record[Done]) error) vault.Kind[Done] {
	return vault.Declare(reg, vault.Spec[Done]{
		Name: kindDone, Title: page.Key("Finished lesson"),
		Sentence:  page.Key("That you finished a lesson, when, with which code, and how that was checked."),
		Purposes:  []string{toShow, toCertify, toGoOn, toCheck},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(),
		Audience:  vault.AnyoneMaySee,
		Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee},
		Portable:  true,
		ByProgram: true,
		Schema:    2,
		Upgrade:   upgradeDone,
		LastWord:  last,
		Indexes: []vault.Index[Done]{
			{Name: byLesson, Of: func(d Done) []vault.Key { return []vault.Key{{Value: d.Lesson, Sort: d.At.Unix()}} }},
			{Name: byCourse, Of: func(d Done) []vault.Key { return []vault.Key{{Value: d.Course, Sort: d.At.Unix()}} }},
		},
		Check:    checkDone,
		Describe: func(d Done) string { return d.Title + ", " + d.CourseTitle },
	})
}

// upgradeDone reads a record from before there were checks: nobody looked.
func upgradeDone(_ int, value json.RawMessage) (json.RawMessage, error) {
	var d Done
	if err := json.Unmarshal(value, &d); err != nil {
		return nil, err
	}
	d.Checked = CheckedNone
	return json.Marshal(d)
}

func declareWork(reg *vault.Registry) vault.Kind[Work] {
	return vault.Declare(reg, vault.Spec[Work]{
		Name: kindWork, Title: page.Key("Code you are working on"),
		Sentence:  page.Key("What you typed in a lesson, so that you can go on in any browser. If two of your devices sent different code, both."),
		Purposes:  []string{toGoOn, toCheck},
		Basis:     vault.Contract,
		Retention: vault.For(workDays),
		Audience:  vault.OnlyMe,
		Portable:  true,
		ByProgram: true,
		Indexes: []vault.Index[Work]{
			{Name: byLesson, Of: func(w Work) []vault.Key { return []vault.Key{{Value: w.Lesson, Sort: w.Changed.Unix()}} }},
		},
		Check:    checkWork,
		Describe: func(w Work) string { return w.Title },
	})
}

func declareVersion(reg *vault.Registry) vault.Kind[Version] {
	return vault.Declare(reg, vault.Spec[Version]{
		Name: kindVersion, Title: page.Key("Version of your code"),
		Sentence:  page.Key("Code that you handed in or put away, and what the tests said of it. Of code that did not pass, only the last."),
		Purposes:  []string{toGoOn, toCheck},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(),
		Audience:  vault.OnlyMe,
		Portable:  true,
		ByProgram: true,
		Indexes: []vault.Index[Version]{
			{Name: byLesson, Of: func(v Version) []vault.Key { return []vault.Key{{Value: v.Lesson, Sort: v.At.UnixMilli()}} }},
			{Name: byCourse, Of: func(v Version) []vault.Key { return []vault.Key{{Value: v.Course, Sort: v.At.Unix()}} }},
			{Name: byWaiting, Of: func(v Version) []vault.Key {
				if v.State != stateWaiting {
					return nil
				}
				return []vault.Key{{Value: "yes", Sort: v.At.UnixMilli()}}
			}},
		},
		Check:    func(v Version) error { return checkRecord(v.Course, v.Lesson, v.Title, v.Files) },
		Describe: func(v Version) string { return v.Title },
	})
}

func declareSummary(reg *vault.Registry) vault.Kind[Summary] {
	return vault.Declare(reg, vault.Spec[Summary]{
		Name: kindSummary, Title: page.Key("How far you are in a course"),
		Sentence:  page.Key("Which lessons of a course you finished: a sum of those records, kept so that pages are quick."),
		Purposes:  []string{toGoOn, toCheck},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(),
		Audience:  vault.OnlyMe,
		ByProgram: true,
		Indexes: []vault.Index[Summary]{
			{Name: byCourse, Of: func(s Summary) []vault.Key { return []vault.Key{{Value: s.Course}} }},
		},
		Describe: func(s Summary) string { return s.Title },
	})
}

func declareAside(reg *vault.Registry) vault.Kind[Aside] {
	return vault.Declare(reg, vault.Spec[Aside]{
		Name: kindAside, Title: page.Key("Set aside"),
		Sentence:  page.Key("What you reset and can still bring back until the end of the next day."),
		Purposes:  []string{toGoOn},
		Basis:     vault.Contract,
		Retention: vault.For(asideDays),
		Audience:  vault.OnlyMe,
		ByProgram: true,
		Indexes: []vault.Index[Aside]{
			{Name: byCourse, Of: func(a Aside) []vault.Key { return []vault.Key{{Value: a.Course}} }},
		},
		Describe: func(a Aside) string { return a.Title },
	})
}
