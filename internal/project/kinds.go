package project

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"kept/internal/account"
	"kept/internal/page"
	"kept/vault"
)

// State says where a project stands.
type State string

// The states.
const (
	Waiting   State = "waiting"   // for a reviewer, who may be reading it
	Second    State = "second"    // for another reviewer's opinion
	Accepted  State = "accepted"  // done
	Changes   State = "changes"   // to be put right and handed in again
	Withdrawn State = "withdrawn" // nobody but its learner reads it
)

// Submission is a project that a member handed in, or code that a machine
// refused and a person shall look at.
type Submission struct {
	Key         string          `json:"key" vault:"secret"`
	Lesson      string          `json:"lesson" doc:"id of the lesson"`
	Title       string          `json:"title" doc:"title of the lesson"`
	Course      string          `json:"course" doc:"id of the course"`
	CourseTitle string          `json:"courseTitle" doc:"title of the course"`
	Machine     bool            `json:"machine,omitempty" doc:"a machine refused it, or could not check it, and you asked for a person"`
	Due         vault.Day       `json:"due,omitempty" doc:"day until which a person must answer then, in days since 1970-01-01"`
	State       State           `json:"state" doc:"waiting, second, accepted, changes or withdrawn"`
	Handed      []time.Time     `json:"handed" doc:"when each version was handed in"`
	Since       time.Time       `json:"since" doc:"since when it waits"`
	Name        string          `json:"name,omitempty" doc:"your handle, if reviewers shall see it"`
	Reviewer    vault.OwnerID   `json:"reviewer,omitempty" vault:"secret"`
	Lease       time.Time       `json:"lease,omitzero" doc:"until when a reviewer has it"`
	Before      []vault.OwnerID `json:"before,omitempty" vault:"secret"` // who reviewed this version already
}

// Version is what was handed in at one time.
type Version struct {
	Submission string    `json:"submission" vault:"secret"`
	Number     int       `json:"number" doc:"from 1"`
	At         time.Time `json:"at" doc:"when it was handed in"`
	Title      string    `json:"title" doc:"title of the lesson"`
	Note       string    `json:"note,omitempty" doc:"what you wrote to the reviewer"`
	Check      string    `json:"check,omitempty" doc:"what the check said of it, if a machine refused it"`
	Texts      []Text    `json:"texts,omitempty" doc:"code and other texts"`
	File       []byte    `json:"file,omitempty" doc:"a file, as it was sent"`
	FileType   string    `json:"fileType,omitempty" doc:"what the file looks like"`
	Link       string    `json:"link,omitempty" doc:"an address, which this site never opens"`
}

// Text is code, or another text, with its name.
type Text struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Verdict is what a reviewer says.
type Verdict string

// The verdicts.
const (
	Accept Verdict = "accept"
	Change Verdict = "changes"
)

// Review is what a person found.
type Review struct {
	Submission string        `json:"submission" vault:"secret"`
	Version    int           `json:"version" doc:"which version was read"`
	Title      string        `json:"title" doc:"title of the lesson"`
	Verdict    Verdict       `json:"verdict" doc:"accept or changes"`
	Second     bool          `json:"second,omitempty" doc:"another reviewer was asked to decide"`
	Notes      string        `json:"notes,omitempty" doc:"notes of the reviewer"`
	Role       string        `json:"role" doc:"the role in which they reviewed"`
	Reviewer   vault.OwnerID `json:"reviewer" vault:"secret"`
	Shown      bool          `json:"shown,omitempty" doc:"the reviewer lets you know who they are"`
	At         time.Time     `json:"at" doc:"when"`
}

// toReview is the purpose of everything in here.
const toReview = "review projects"

// roleNames are the roles that review; the first that somebody has counts.
func roleNames() []string { return []string{account.Instructor, account.Organiser, account.Helper} }

// Names of the kinds and their look-ups.
const (
	kindSubmission, kindVersion, kindReview = "submission", "submission-version", "review"

	bySubmission, byVersion, byReview = "submission", "submission-version", "review"
)

// Values of the look-up of submissions.
func keyOf(key string) string               { return "key:" + key }
func ofLesson(id string) string             { return "lesson:" + id }
func openIn(courseID string) string         { return "open:" + courseID }
func openAnywhere() string                  { return "open" }
func owed() string                          { return "owed" } // an answer, by its day
func heldBy(reviewer vault.OwnerID) string  { return "held:" + string(reviewer) }
func versionOf(key string, n int) string    { return key + ":" + strconv.Itoa(n) }
func (s *Submission) open() bool            { return s.State == Waiting || s.State == Second }
func (s *Submission) held(n time.Time) bool { return s.Reviewer != "" && n.Before(s.Lease) }
func (s *Submission) version() int          { return len(s.Handed) }
func (s *Submission) owed() bool            { return s.open() && s.Machine }

type kinds struct {
	submissions vault.Kind[Submission]
	versions    vault.Kind[Version]
	reviews     vault.Kind[Review]
}

func declare(reg *vault.Registry) kinds {
	return kinds{
		submissions: vault.Declare(reg, reviewed(vault.Spec[Submission]{Name: kindSubmission, Title: page.Key("Project handed in"),
			Sentence: page.Key("That you handed in a project, or asked for a person where a machine refused your code, and where it stands. Reviewers of the course read it until it is accepted or you take it back."),
			Check:    checkSubmission,
			Indexes:  []vault.Index[Submission]{{Name: bySubmission, Of: findSubmission, Version: 2}},
			Describe: describeSubmission}, true)),
		versions: vault.Declare(reg, reviewed(vault.Spec[Version]{Name: kindVersion, Title: page.Key("Version of a project"),
			Sentence: page.Key("What you handed in: code, a file, a link, and your note to the reviewer. A link is kept and never opened by this site."),
			Check:    checkVersion,
			Indexes: []vault.Index[Version]{{Name: byVersion, Of: func(v Version) []vault.Key {
				return []vault.Key{{Value: versionOf(v.Submission, v.Number)}, {Value: v.Submission, Sort: int64(v.Number)}}
			}}},
			Describe: func(v Version) string { return v.Title + ", " + strconv.Itoa(v.Number) }}, false)),
		reviews: vault.Declare(reg, reviewed(vault.Spec[Review]{Name: kindReview, Title: page.Key("Review of a project"),
			Sentence: page.Key("What a person of the course found when they read your project. Who it was stands inside for the program alone, unless they show themselves."),
			Check:    checkReview,
			Indexes: []vault.Index[Review]{{Name: byReview, Of: func(r Review) []vault.Key {
				return []vault.Key{{Value: r.Submission, Sort: r.At.UnixNano()}}
			}}},
			Describe: func(r Review) string { return r.Title + ", " + string(r.Verdict) }}, true)),
	}
}

// reviewed adds what the three have in common. None can be taken along to
// another site: a state and a verdict would be the person's own word there.
func reviewed[T any](s vault.Spec[T], write bool) vault.Spec[T] {
	s.Purposes, s.Basis, s.Retention = []string{toReview}, vault.Contract, vault.UntilErased()
	s.Audience, s.Audiences, s.ByProgram = vault.Team, []vault.Audience{vault.OnlyMe, vault.Team}, true
	for _, name := range roleNames() {
		s.Roles = append(s.Roles, vault.Role{Name: name, Write: write})
	}
	return s
}

func describeSubmission(s Submission) string {
	text := s.Title + ", " + string(s.State)
	if s.owed() {
		text += ", " + s.Due.String()
	}
	return text
}

func findSubmission(s Submission) []vault.Key {
	keys := []vault.Key{{Value: keyOf(s.Key)}, {Value: ofLesson(s.Lesson)}}
	if s.open() {
		keys = append(keys, vault.Key{Value: openIn(s.Course), Sort: s.Since.UnixNano()}, vault.Key{Value: openAnywhere()})
	}
	if s.owed() {
		keys = append(keys, vault.Key{Value: owed(), Sort: int64(s.Due)})
	}
	if s.open() && s.Reviewer != "" {
		keys = append(keys, vault.Key{Value: heldBy(s.Reviewer), Sort: s.Since.UnixNano()})
	}
	return keys
}

// Bounds of what is kept.
const (
	maxTexts    = 5
	maxName     = 80       // characters of a text's name
	maxText     = 64 << 10 // bytes
	maxNote     = 2000     // characters to the reviewer
	maxCheck    = 10_000   // characters of what a check said
	maxNotes    = 10_000   // characters from the reviewer
	maxLink     = 500
	maxFile     = 5 << 20
	maxBody     = 8 << 20 // so that a file that is too large can still be told so
	maxVersions = 20
	maxOpen     = 20 // projects of one member that wait at once
	maxTitle    = 500
)

// Errors of values that no page makes.
var (
	errSubmission = errors.New("a project names its lesson, its course, a state and its versions")
	errVersion    = errors.New("a version holds code, a file or a link, within their bounds")
	errReview     = errors.New("a review has a verdict, a version and a role")
)

func checkSubmission(s Submission) error {
	known := []State{Waiting, Second, Accepted, Changes, Withdrawn}
	if s.Key == "" || s.Lesson == "" || s.Course == "" || s.Title == "" || len(s.Title) > maxTitle || !slices.Contains(known, s.State) ||
		s.version() == 0 || s.version() > maxVersions {
		return errSubmission
	}
	return nil
}

func checkVersion(v Version) error {
	if v.Submission == "" || v.Number < 1 || len(v.Texts) == 0 && len(v.File) == 0 && v.Link == "" || len(v.Texts) > maxTexts ||
		len(v.File) > maxFile || v.Link != "" && checkLink(v.Link) != nil || !bounded(v.Note, maxNote) || !bounded(v.Check, maxCheck) {
		return errVersion
	}
	for _, t := range v.Texts {
		if t.Name == "" || !bounded(t.Name, maxName) || len(t.Text) > maxText {
			return errVersion
		}
	}
	return nil
}

func checkReview(r Review) error {
	if r.Submission == "" || r.Version < 1 || r.Role == "" || r.Verdict != Accept && r.Verdict != Change || !bounded(r.Notes, maxNotes) {
		return errReview
	}
	return nil
}
