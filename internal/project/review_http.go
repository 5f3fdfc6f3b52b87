package project

import (
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

const queuePath = "/projects/review"

// queuePage is what waits for reviewers.
type queuePage struct {
	page.Head
	Mine, Waiting []row
	Scopes        []scoped
	Next          string
	First         bool
}

// row is a project in the queue; nothing in it tells whose it is.
type row struct {
	Title, Course   string
	Path            string
	Since           step
	Lease           step
	Due             vault.Day // 0 if no answer is owed by a day
	Late            bool
	Second, Machine bool
	Busy            bool // somebody else has it
	Own             bool // the reviewer gave an opinion already
}

func (f *Feature) showQueue(a asked) error {
	lang := f.lang(a)
	in := f.scopes(a.Context(), a.me, lang)
	if len(in) == 0 {
		return fault.NotFound{What: "page"}
	}
	after := a.URL.Query().Get("after")
	all, next, err := f.queue(a.Context(), f.DB.Read, in, after)
	if err != nil {
		return err
	}
	p := &queuePage{Scopes: in, First: after == "",
		Head: page.Head{Title: lang.Text("Projects to review"), NoIndex: true, Knows: f.c.Knows(lang) + " " + lang.Text("Which project you took is noted with it until you decide, give it back or a day is over.")}}
	if next != "" {
		p.Next = queuePath + "?after=" + url.QueryEscape(next)
	}
	for _, one := range all {
		if s := &one.Value; one.Owner != a.me.Owner && (s.Reviewer != a.me.Owner || !s.held(f.Now())) {
			p.Waiting = append(p.Waiting, f.row(a, one))
		}
	}
	if p.First {
		held, err := f.holding(a.Context(), f.DB.Read, a.me, in)
		if err != nil {
			return err
		}
		for _, one := range held {
			p.Mine = append(p.Mine, f.row(a, one))
		}
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "project/queue.html", p)
}

func (f *Feature) row(a asked, one queued) row {
	s, zone := &one.Value, page.ViewerOf(a.Context()).Zone
	due := standingOf(s).Due
	return row{Due: due, Late: due > 0 && due < f.Vault.Today(), Title: s.Title, Course: one.in.Title, Path: itemPath(one.in.slug, s.Key), Since: step{Number: s.version(), At: s.Since, Zone: zone},
		Lease: step{At: s.Lease, Zone: zone}, Second: s.State == Second, Machine: s.Machine, Busy: s.held(f.Now()) && s.Reviewer != a.me.Owner, Own: slices.Contains(s.Before, a.me.Owner)}
}

func itemPath(slug, key string) string {
	return queuePath + "/" + url.PathEscape(slug) + "/" + url.PathEscape(key)
}

// item is the project that a reviewer's page names.
func (f *Feature) item(a asked) (r reviewer, key string, err error) {
	c, ok := f.c.Catalogue().Course(a.PathValue("course"))
	if !ok {
		return r, "", fault.NotFound{What: "project"}
	}
	if r, ok = f.reviewer(a.Context(), a.me, c.ID); !ok {
		return r, "", fault.NotFound{What: "project"}
	}
	return r, a.PathValue("key"), nil
}

// taken is the project that a reviewer's page names, if they have taken it.
func (f *Feature) taken(a asked) (r reviewer, rec vault.Record[Submission], err error) {
	r, key, err := f.item(a)
	if err != nil {
		return r, rec, err
	}
	if rec, err = f.held(a.Context(), f.DB.Read, r, key); errors.Is(err, errGone) {
		err = fault.NotFound{What: "project"}
	}
	return r, rec, err
}

// reviewPage is a project as its reviewer reads it.
type reviewPage struct {
	page.Head
	Form    *page.Form
	S       Submission
	L       lesson
	Path    string
	Lease   step
	Number  int // of the newest version, which is decided upon
	Steps   []step
	Version *shown
	Said    []said
	Choices []page.Option
	Second  bool
	Due     vault.Day // 0 if no answer is owed by a day
	Role    string
	Handle  string
}

func (f *Feature) showReview(a asked) error {
	return f.renderReview(a, http.StatusOK, page.FormOf(nil))
}

func (f *Feature) renderReview(a asked, status int, form *page.Form) error {
	r, rec, err := f.taken(a)
	if err != nil {
		return err
	}
	p, err := f.reviewPage(a, r, rec, form)
	if err != nil {
		return err
	}
	return f.Site.Render(a.w, a.Request, status, "project/review.html", p)
}

func (f *Feature) reviewPage(a asked, r reviewer, rec vault.Record[Submission], form *page.Form) (*reviewPage, error) {
	lang, ctx, s := f.lang(a), a.Context(), rec.Value
	n, err := numberOf(a.URL.Query().Get("version"), s.version())
	if err != nil {
		return nil, err
	}
	p := &reviewPage{Form: form, S: s, Path: itemPath(a.PathValue("course"), s.Key), Number: s.version(), Steps: stepsOf(ctx, &s, n), Second: s.State == Second,
		Role: roleWords(lang, r.role), Lease: step{At: s.Lease, Zone: page.ViewerOf(ctx).Zone},
		Head: page.Head{Title: lang.Text("Review of %s", s.Title), NoIndex: true, Wrong: !form.OK(),
			Knows: f.c.Knows(lang) + " " + lang.Text("Your review is kept with the learner's project, with you named inside for the program alone unless you show yourself.")},
		Choices: []page.Option{
			{Value: string(Accept), Label: lang.Text("Accept it"), Hint: lang.Text("It does what was asked for.")},
			{Value: string(Change), Label: lang.Text("Ask for changes"), Hint: lang.Text("Say below what is missing; the learner can hand in again.")}}}
	p.L, _ = f.lesson(s.Lesson, lang)
	p.Due = standingOf(&s).Due
	v, err := f.version(ctx, f.DB.Read, r.who, rec, n)
	if err == nil {
		p.Version = f.show(ctx, v, p.Path)
	} else if fault.Of(err) != fault.KindNotFound {
		return nil, err
	}
	reviews, err := f.earlier(ctx, f.DB.Read, r, rec)
	if err != nil {
		return nil, err
	}
	for _, one := range reviews {
		one.Shown = false // reviewers need no names of each other
		view, err := f.said(ctx, f.DB.Read, lang, one)
		if err != nil {
			return nil, err
		}
		p.Said = append(p.Said, view)
	}
	p.Handle, err = f.c.Handle(ctx, f.DB.Read, a.me.Owner)
	return p, err
}

// act does something to the project that a page names. What is gone sends its
// reviewer back to the queue.
func (f *Feature) act(a asked, do func(tx *sql.Tx, r reviewer, key string) error) (gone bool, err error) {
	r, key, err := f.item(a)
	if err != nil {
		return false, err
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error { return do(tx, r, key) })
	if errors.Is(err, errGone) {
		return true, f.Site.Notify(a.w, a.Request, queuePath, "project.gone")
	}
	return false, err
}

func (f *Feature) postTake(a asked) error {
	gone, err := f.act(a, func(tx *sql.Tx, r reviewer, key string) error { return f.take(a.Context(), tx, r, key) })
	if err != nil || gone {
		return err
	}
	return f.Site.Notify(a.w, a.Request, itemPath(a.PathValue("course"), a.PathValue("key")), "project.taken")
}

func (f *Feature) postRelease(a asked) error {
	gone, err := f.act(a, func(tx *sql.Tx, r reviewer, key string) error { return f.release(a.Context(), tx, r, key) })
	if err != nil || gone {
		return err
	}
	return f.Site.Notify(a.w, a.Request, queuePath, "project.released")
}

// readReview reads a reviewer's form and notes what is wrong with it.
func readReview(lang *page.Language, form *page.Form) Review {
	version, _ := strconv.Atoi(form.Text("version"))
	r := Review{Version: version, Verdict: Verdict(form.Text("verdict")), Notes: form.Text("notes"), Second: form.Has("second"), Shown: form.Has("shown")}
	if r.Verdict != Accept && r.Verdict != Change {
		form.Wrong("verdict", lang.Text("Choose whether you accept it."))
	}
	switch {
	case !bounded(r.Notes, maxNotes):
		form.Wrong("notes", lang.Text("Write at most %d characters here.", maxNotes))
	case r.Notes == "" && r.Verdict == Change:
		form.Wrong("notes", lang.Text("Write what should change, so that the learner can go on."))
	}
	return r
}

func (f *Feature) postVerdict(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	review := readReview(lang, form)
	if !form.OK() {
		return f.renderReview(a, http.StatusUnprocessableEntity, form)
	}
	var second bool
	gone, err := f.act(a, func(tx *sql.Tx, r reviewer, key string) (err error) {
		second, err = f.decide(a.Context(), tx, r, key, review)
		return err
	})
	switch {
	case errors.Is(err, errNewer):
		form.Wrong("", lang.Text("A newer version was handed in while you read. Look at it, then send your notes again."))
		return f.renderReview(a, http.StatusConflict, form)
	case err != nil || gone:
		return err
	case second:
		return f.Site.Notify(a.w, a.Request, queuePath, "project.second")
	}
	f.Post.Wake()
	return f.Site.Notify(a.w, a.Request, queuePath, "project.reviewed")
}

func (f *Feature) serveFile(a asked) error {
	r, rec, err := f.taken(a)
	if err != nil {
		return err
	}
	n, err := numberOf(a.PathValue("version"), rec.Value.version())
	if err != nil {
		return err
	}
	v, err := f.version(a.Context(), f.DB.Read, r.who, rec, n)
	if err != nil {
		return err
	}
	return sendFile(a.w, v)
}
