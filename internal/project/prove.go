package project

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"time"

	"kept/internal/account"
	"kept/internal/prove"
	"kept/vault"
)

// Checks are how the promises of this package are tried: as learner, as
// reviewer, and as somebody with another role or none.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F12", How: "A member asks for a person where a machine refused their code. It must stand on “Your data” with its day, a reviewer must find it in the queue, and their yes must count and change what the lesson says.", Try: f.tryPerson},
		{Promise: "F13", How: "A project waits. Members with no role, and with a role elsewhere, look for it on the pages of reviewers; a helper of its course must find it, without a name.", Try: f.tryRole},
		{Promise: "C10", How: "A helper takes a project on the last day of the role. Two days later the same pages must be closed.", Try: f.tryEnd},
	}
}

// Plants put a record of each kind with a marker.
func (f *Feature) Plants() []prove.Plant {
	at := func() time.Time { return f.Now().UTC() }
	return []prove.Plant{
		plant(kindSubmission, f.kinds.submissions, func(marker string) Submission {
			return Submission{Key: vault.NewID(), Lesson: marker, Title: marker, Course: "planted", State: Waiting, Handed: []time.Time{at()}, Since: at()}
		}),
		plant(kindVersion, f.kinds.versions, func(marker string) Version {
			return Version{Submission: vault.NewID(), Number: 1, At: at(), Title: marker, Link: "https://project.example/" + marker}
		}),
		plant(kindReview, f.kinds.reviews, func(marker string) Review {
			return Review{Submission: vault.NewID(), Version: 1, Title: marker, Verdict: Change, Notes: marker, Role: account.Helper, At: at()}
		}),
	}
}

func plant[T any](name string, kind vault.Kind[T], value func(marker string) T) prove.Plant {
	return prove.Plant{Kind: name, Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
		rec, err := kind.Put(ctx, tx, vault.Self(owner), vault.Record[T]{Owner: owner, Value: value(marker)})
		return rec.ID, err
	}}
}

// trial is a learner whose code waits for a person, with a word in it that
// stands nowhere else.
type trial struct {
	*Feature
	ctx     context.Context
	site    *prove.Site
	learner *prove.Member
	in      lesson
	marker  string
	path    string // of its page for reviewers
}

func (f *Feature) newTrial(ctx context.Context, s *prove.Site, hand func(owner vault.OwnerID, l lesson, texts []Text) error) (*trial, error) {
	t := &trial{Feature: f, ctx: ctx, site: s, marker: prove.Marker()}
	for _, c := range f.c.Catalogue().Courses {
		if first, ok := f.c.Catalogue().First(c); ok {
			t.in = lessonOf(first, nil)
			break
		}
	}
	var err error
	if t.learner, err = s.SignIn(ctx); err != nil {
		return nil, err
	}
	if err := hand(t.learner.Owner, t.in, []Text{{Name: "main.js", Text: "let word = '" + t.marker + "';"}}); err != nil {
		return nil, err
	}
	rec, err := f.ofLesson(ctx, s.DB.Read, vault.Self(t.learner.Owner), t.learner.Owner, t.in.ID)
	if err == nil {
		t.path = itemPath(t.in.Slug, rec.Value.Key)
		return t, nil
	}
	return nil, prove.Failed("code that was put before a person waits nowhere")
}

// handedIn hands in as the learner's own form does.
func (f *Feature) handedIn(ctx context.Context) func(vault.OwnerID, lesson, []Text) error {
	return func(owner vault.OwnerID, l lesson, texts []Text) error {
		return f.DB.Transact(ctx, func(tx *sql.Tx) error {
			return f.handIn(ctx, tx, owner, l, Version{Texts: texts}, "", false)
		})
	}
}

// pleaded asks for a person as a lesson does whose check refused code.
func (f *Feature) pleaded(ctx context.Context) func(vault.OwnerID, lesson, []Text) error {
	return func(owner vault.OwnerID, l lesson, texts []Text) error {
		return f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.Ask(ctx, tx, owner, l.ID, Plea{Texts: texts}) })
	}
}

// helper is a new member with a role in a scope until a day.
func (t *trial) helper(scope string, until vault.Day) (*prove.Member, error) {
	m, err := t.site.SignIn(t.ctx)
	if err != nil {
		return nil, err
	}
	if err := t.c.GiveRole(t.ctx, m.Handle, account.Helper, scope, until); err != nil {
		return nil, err
	}
	m.Browser, err = t.site.SignInAs(t.ctx, m)
	return m, err
}

// take takes the project, if that is let, and returns its page.
func (t *trial) take(who *http.Client) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.site.URL+t.path+"/take", http.NoBody)
	if err != nil {
		return 0, "", err
	}
	w, err := who.Do(r)
	if err != nil {
		return 0, "", err
	}
	w.Body.Close()
	return prove.Page(t.ctx, who, t.site.URL+t.path)
}

// closed fails if somebody finds the project, in the queue or by its address.
func (t *trial) closed(who *http.Client, name string) error {
	_, list, err := prove.Page(t.ctx, who, t.site.URL+queuePath)
	if err != nil {
		return err
	}
	_, body, err := t.take(who)
	if err != nil {
		return err
	}
	if strings.Contains(body, t.marker) || strings.Contains(list, t.path) {
		return prove.Failed("%s reads a project that waits", name)
	}
	return nil
}

func (f *Feature) tryPerson(ctx context.Context, s *prove.Site) (string, error) {
	t, err := f.newTrial(ctx, s, f.pleaded(ctx))
	if err != nil {
		return "", err
	}
	if _, body, err := prove.Page(ctx, t.learner.Browser, s.URL+"/you/data"); err != nil || !strings.Contains(body, `href="`+HandInPath(t.in.ID)+`"`) {
		return "", orFailed(err, "“your data” does not say that a person owes an answer")
	}
	helper, err := t.helper(t.in.Scope, s.Vault.Today()+1)
	if err != nil {
		return "", err
	}
	if _, body, err := t.take(helper.Browser); err != nil || !strings.Contains(body, t.marker) {
		return "", orFailed(err, "a reviewer of the course cannot read the code")
	}
	w, err := prove.Submit(ctx, helper.Browser, s.URL+t.path, "/verdict", map[string][]string{"verdict": {string(Accept)}, "notes": {"It works."}})
	if err != nil {
		return "", err
	}
	w.Body.Close()
	yes, err := f.Accepted(ctx, s.DB.Read, vault.Self(t.learner.Owner), t.learner.Owner, []string{t.in.ID})
	if err != nil || !yes[t.in.ID] {
		return "", orFailed(err, "a person's yes does not count")
	}
	if _, body, err := prove.Page(ctx, t.learner.Browser, s.URL+t.in.Path); err != nil || !strings.Contains(body, `action="`+t.in.Path+`/undo"`) {
		return "", orFailed(err, "a lesson that a person has accepted is not done")
	}
	return "code that a machine refused was read by a person, and their yes counts", nil
}

func orFailed(err error, words string) error {
	if err != nil {
		return err
	}
	return prove.Failed("%s", words)
}

func (f *Feature) tryRole(ctx context.Context, s *prove.Site) (string, error) {
	t, err := f.newTrial(ctx, s, f.handedIn(ctx))
	if err != nil {
		return "", err
	}
	nobody, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	elsewhere, err := t.helper(ScopeOf("elsewhere"), s.Vault.Today()+1)
	if err != nil {
		return "", err
	}
	if err := t.closed(nobody.Browser, "a member without a role"); err != nil {
		return "", err
	}
	if err := t.closed(elsewhere.Browser, "a helper of something else"); err != nil {
		return "", err
	}
	helper, err := t.helper(t.in.Scope, s.Vault.Today()+1)
	if err != nil {
		return "", err
	}
	_, body, err := t.take(helper.Browser)
	switch {
	case err != nil:
		return "", err
	case !strings.Contains(body, t.marker):
		return "", prove.Failed("a helper of the course cannot read a project that waits")
	case strings.Contains(body, t.learner.Handle), strings.Contains(body, string(t.learner.Owner)):
		return "", prove.Failed("a reviewer is shown whose project it is")
	}
	return "one project: closed to no role and to a role elsewhere, open to a helper of its course without a name", nil
}

func (f *Feature) tryEnd(ctx context.Context, s *prove.Site) (string, error) {
	t, err := f.newTrial(ctx, s, f.handedIn(ctx))
	if err != nil {
		return "", err
	}
	helper, err := t.helper(t.in.Scope, s.Vault.Today())
	if err != nil {
		return "", err
	}
	if _, body, err := t.take(helper.Browser); err != nil || !strings.Contains(body, t.marker) {
		return "", orFailed(err, "a helper cannot read a project on the last day of the role")
	}
	if err := s.Advance(ctx, 48*time.Hour); err != nil {
		return "", err
	}
	return "a project was open on the last day of the role, and closed two days later", t.closed(helper.Browser, "a former helper")
}
