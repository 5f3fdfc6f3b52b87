package project

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"kept/internal/fault"
	"kept/vault"
	"kept/vault/sabotage"
)

// Plea is code that a machine refused, or could not check, as it comes before a
// person.
type Plea struct {
	Texts []Text
	Note  string // of the learner
	Check string // what the machine said
}

// Ask puts code before a person: it joins the queue of its course as a project
// does, with a day until which somebody must answer. A fault.NotFound says that
// there is no such lesson, a fault.Invalid that the code cannot be taken, a
// fault.Conflict that too much of the owner's waits already.
func (f *Feature) Ask(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string, p Plea) error {
	l, ok := f.lesson(lessonID, nil)
	if !ok {
		return fault.NotFound{What: "lesson"}
	}
	v := Version{Submission: "new", Number: 1, Texts: p.Texts, Note: p.Note, Check: shorten(p.Check)}
	if checkVersion(v) != nil {
		return fault.Invalid{Fields: []fault.Field{{Name: "note", Message: "Send one to five texts of at most 64 kB, and at most 2,000 characters to the reviewer."}}}
	}
	if sabotage.Is(breakMachineAlone) {
		return nil
	}
	err := f.handIn(ctx, tx, owner, l, v, "", true)
	if full(err) {
		return fault.Conflict{What: "project"}
	}
	return told(err)
}

// shorten keeps what a check said within its bound: its messages are made by
// learners' code.
func shorten(said string) string {
	said = strings.ToValidUTF8(said, "")
	if runes := []rune(said); len(runes) > maxCheck {
		return string(runes[:maxCheck-1]) + "…"
	}
	return said
}

// full reports that nothing more is taken for now.
func full(err error) bool {
	return errors.Is(err, errManyVersions) || errors.Is(err, errManyOpen) || errors.Is(err, errAccepted)
}

// Standing is where something that a person reads stands.
type Standing struct {
	State State // "" if nothing was handed in, or it was taken back
	At    time.Time
	Due   vault.Day // 0 if no machine stands behind it
	Title string
	Path  string // of its page
}

func standingOf(s *Submission) Standing {
	if s.State == Withdrawn {
		return Standing{}
	}
	st := Standing{State: s.State, At: s.Handed[s.version()-1], Title: s.Title, Path: HandInPath(s.Lesson)}
	if s.owed() {
		st.Due = s.Due
	}
	return st
}

// Standing tells where a member's project, or code that a machine refused,
// stands.
func (f *Feature) Standing(ctx context.Context, q vault.Querier, owner vault.OwnerID, lessonID string) (Standing, error) {
	rec, err := f.ofLesson(ctx, q, vault.Self(owner), owner, lessonID)
	if errors.Is(err, vault.ErrNotFound) {
		return Standing{}, nil
	}
	if err != nil {
		return Standing{}, err
	}
	return standingOf(&rec.Value), nil
}

// Owed lists what a member asked a person for and has no answer to, the most
// urgent first.
func (f *Feature) Owed(ctx context.Context, q vault.Querier, owner vault.OwnerID) ([]Standing, error) {
	found, err := f.kinds.submissions.Find(ctx, q, vault.Self(owner), vault.Query{Name: bySubmission, Value: owed(), Owner: owner})
	var all []Standing
	for _, rec := range found {
		all = append(all, standingOf(&rec.Value))
	}
	slices.SortFunc(all, func(a, b Standing) int { return int(a.Due - b.Due) })
	return all, err
}

// Waiting counts what waits for a reviewer in all courses, whoever reviews there.
func (f *Feature) Waiting(ctx context.Context) (int, error) {
	all, err := f.kinds.submissions.Find(ctx, f.DB.Read, vault.Work(toReview), vault.Query{Name: bySubmission, Value: openAnywhere()})
	return len(all), err
}

// OpenRequests counts what waits for a person because a machine refused it, and
// how much of it is past its day.
func (f *Feature) OpenRequests(ctx context.Context) (open, late int, err error) {
	all, err := f.kinds.submissions.Find(ctx, f.DB.Read, vault.Work(toReview), vault.Query{Name: bySubmission, Value: owed()})
	for _, rec := range all {
		if rec.Value.Due < f.Vault.Today() {
			late++
		}
	}
	return len(all), late, err
}
