package learn

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"time"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/vault"
)

// latestView is what a lesson's page says of the code that was handed in last.
type latestView struct {
	State   string
	At      time.Time
	Why     string
	Tests   []Outcome
	Met     int
	Current bool // it is the code that stands in the editor
}

func latestOf(r *vault.Record[Version], now []File) *latestView {
	if r == nil || r.Value.State == stateKept {
		return nil
	}
	v := &latestView{State: r.Value.State, At: r.Value.At, Current: slices.Equal(r.Value.Files, now)}
	if r.Value.Verdict != nil {
		v.Why, v.Tests = r.Value.Verdict.Why, r.Value.Verdict.Tests
	}
	for _, t := range v.Tests {
		if t.Passed {
			v.Met++
		}
	}
	return v
}

// Test is what the test with that place said, if the code that it was tried on
// still stands in the editor.
func (b *bench) Test(i int) *Outcome {
	if b.Latest == nil || !b.Latest.Current || i >= len(b.Latest.Tests) {
		return nil
	}
	return &b.Latest.Tests[i]
}

// verdictReply tells a script how far the check of the code handed in last is.
type verdictReply struct {
	State string    `json:"state"` // "" if nothing was handed in
	Why   string    `json:"why,omitempty"`
	Tests []Outcome `json:"tests"`
	Done  bool      `json:"done"`
}

// longestWait is how long a page that asks for a verdict is held: a little
// less than what proxies bear, and no more than a visit takes.
const longestWait = 20 * time.Second

// shortWait is how long a form is held that was sent without a script. Most
// checks are over by then.
const shortWait = 2 * time.Second

// postHandIn keeps what was typed as a version and has it checked.
func (f *Feature) postHandIn(a asked) error {
	h, err := f.handed(a)
	if err != nil {
		return err
	}
	if h.files == nil {
		return fault.Invalid{Fields: []fault.Field{{Message: "Write some code first: this is what the lesson begins with."}}}
	}
	heard := f.news.of(a.me)
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		if _, err := f.keep(a.Context(), tx, a.me, h.sent); err != nil {
			return err
		}
		return f.handIn(a.Context(), tx, a.me, finished{of: h.of, title: h.title, files: h.files}, h.claim)
	})
	if err != nil {
		return told(err)
	}
	f.Jobs.Wake()
	if byScript(a.Request) {
		return f.replyVerdict(a, h.of)
	}
	if f.judged(h.of) {
		f.hear(a.Context(), heard, shortWait)
	}
	http.Redirect(a.w, a.Request, returnTo(a.Request, h.of, "tests"), http.StatusSeeOther)
	return nil
}

// hear waits for news or for the time to be over.
func (f *Feature) hear(ctx context.Context, heard <-chan struct{}, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case <-heard:
	case <-ctx.Done():
	}
}

// showVerdict answers a page that waits: at once if there is a verdict, else
// when one comes, or after a while with "waiting", so that the page asks again.
func (f *Feature) showVerdict(a asked) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	heard := f.news.of(a.me)
	s, err := f.verdictState(a.Context(), a.me, p)
	if err != nil {
		return err
	}
	if s.State == stateWaiting && a.URL.Query().Has("wait") {
		f.hear(a.Context(), heard, longestWait)
	}
	return f.replyVerdict(a, p)
}

func (f *Feature) replyVerdict(a asked, p *course.Place) error {
	reply, err := f.verdictState(a.Context(), a.me, p)
	if err != nil {
		return err
	}
	return writeJSON(a.w, reply)
}

func (f *Feature) verdictState(ctx context.Context, owner vault.OwnerID, p *course.Place) (verdictReply, error) {
	reply := verdictReply{Tests: []Outcome{}}
	all, err := f.versionsOf(ctx, f.DB.Read, vault.Self(owner), owner, p.Lesson.ID)
	if err != nil {
		return reply, err
	}
	done, err := f.doneOf(ctx, f.DB.Read, vault.Self(owner), owner, p.Lesson.ID)
	if err != nil {
		return reply, err
	}
	reply.Done = done != nil
	found := handedInLast(all)
	if found == nil {
		return reply, nil
	}
	last := found.Value
	reply.State = last.State
	if last.Verdict != nil {
		reply.Why, reply.Tests = last.Verdict.Why, append(reply.Tests, last.Verdict.Tests...)
	}
	return reply, nil
}
