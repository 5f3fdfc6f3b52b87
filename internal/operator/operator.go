// Package operator is the page of whoever runs the site: how many members there
// are, who has which role until when, what waits in the queue, what will be
// deleted next. It owns that page and refuses to show a member's data: members
// are numbers here, and whoever is named by a role is named only as far as they
// show themselves.
package operator

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"net/http"
	"strconv"
	"time"

	"kept/internal/account"
	"kept/internal/fault"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

//go:embed *.html
var files embed.FS

// Config is what app hands over.
type Config struct {
	Accounts *account.Account
	Requests func(ctx context.Context) (open, late int, err error) // of members, with their clock
	Policies func() []Policy
	// Written is what the last reading of the site's folders found.
	Written func(ctx context.Context) []Written
	// Unread counts the projects that wait for a reviewer.
	Unread func(ctx context.Context) (int, error)
}

// Written is what authors wrote into the folders of one kind, as it was read
// last.
type Written struct {
	Title    string // as "Courses"
	Count    int    // of what can be opened
	Warnings []string
	Stale    bool        // a folder could not be read and stays as it was
	Stops    []page.Link // where learners stop, by course
}

// Shown are the warnings that the page lists.
func (w Written) Shown() []string { return w.Warnings[:min(len(w.Warnings), listed)] }

// Policy is a version of the policy.
type Policy struct {
	Number  int
	InForce time.Time
	Summary string
}

// Feature serves the page.
type Feature struct {
	c Config
	feature.Services
}

// New makes the feature; it keeps nothing about anybody.
func New(c Config) *Feature { return &Feature{c: c} }

// Source hands over the templates.
func (f *Feature) Source() page.Source { return page.Source{Name: "operator", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	return nil
}

// Checks, Breaks and Plants: nothing is promised or kept here alone.
func (f *Feature) Checks() []prove.Check { return nil }

// Breaks lists none.
func (f *Feature) Breaks() []prove.Break { return nil }

// Plants lists none.
func (f *Feature) Plants() []prove.Plant { return nil }

// Notices are what the page says after a form was sent.
func (f *Feature) Notices() []page.Notice {
	return []page.Notice{
		{Key: "operator.given", State: "Given.", Text: "The role ends by itself on its day.", Done: true},
		{Key: "operator.ended", State: "Ended.", Text: "The role opens nothing any more.", Done: true},
		{Key: "operator.retried", State: "Noted.", Text: "The job will be tried again.", Done: true},
		{Key: "operator.dropped", State: "Dropped.", Text: "The job is gone.", Done: true},
	}
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	only := func(h page.Handler) page.Handler { return account.NeedRole(h, account.Operator) }
	return []page.Route{
		{Pattern: "GET /operator", Handler: only(f.show)},
		{Pattern: "POST /operator/role", Handler: only(f.give)},
		{Pattern: "POST /operator/role/end", Handler: only(f.end)},
		{Pattern: "POST /operator/job", Handler: only(f.job)},
	}
}

// operatorPage is /operator.
type operatorPage struct {
	page.Head
	Form       *page.Form
	Members    int
	Open, Late int
	Unread     int
	Written    []Written
	Roles      []account.Given
	RoleNames  []page.Option
	Stats      []job.Stat
	Dead       []job.DeadJob
	Policies   []Policy
	Next       []vault.Ending
	Refused    int
	Zone       *time.Location
}

func (f *Feature) show(w http.ResponseWriter, r *http.Request) error {
	return f.render(w, r, http.StatusOK, &page.Form{})
}

func (f *Feature) render(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	lang := f.Site.Printer(r.Context())
	p := &operatorPage{Form: form, Zone: page.ViewerOf(r.Context()).Zone, Head: page.Head{Title: lang.Text("Operator"), Current: "/operator", NoIndex: true, Wrong: !form.OK(),
		Knows: account.Knows(f.Site, lang)}}
	for _, fill := range []func(context.Context, *operatorPage) error{f.fillMembers, f.fillRoles, f.fillJobs, f.fillNext} {
		if err := fill(r.Context(), p); err != nil {
			return err
		}
	}
	for _, name := range account.RoleNames() {
		p.RoleNames = append(p.RoleNames, page.Option{Value: name, Label: lang.Text(name)})
	}
	return f.Site.Render(w, r, status, "operator/operator.html", p)
}

func (f *Feature) fillMembers(ctx context.Context, p *operatorPage) (err error) {
	if p.Members, err = f.Vault.CountOwners(ctx, f.DB.Read, vault.Person); err != nil {
		return err
	}
	if p.Open, p.Late, err = f.c.Requests(ctx); err != nil {
		return err
	}
	p.Written = f.c.Written(ctx)
	p.Unread, err = f.c.Unread(ctx)
	return err
}

func (f *Feature) fillRoles(ctx context.Context, p *operatorPage) (err error) {
	p.Roles, err = f.c.Accounts.Given(ctx)
	p.Policies = f.c.Policies()
	return err
}

// listed bounds lists on the page.
const listed = 50

func (f *Feature) fillJobs(ctx context.Context, p *operatorPage) (err error) {
	if p.Stats, err = f.Jobs.Stats(ctx); err != nil {
		return err
	}
	p.Refused = len(f.Gate.Refused())
	p.Dead, err = f.Jobs.Dead(ctx, listed)
	return err
}

func (f *Feature) fillNext(ctx context.Context, p *operatorPage) (err error) {
	p.Next, err = f.Vault.NextEndings(ctx, f.DB.Read, listed)
	return err
}

func (f *Feature) give(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(form.Text("days"))
	if err != nil || days < 1 || vault.Days(days) > account.MaxRole {
		form.Wrong("days", f.Site.Printer(r.Context()).Text("Write for how many days, from 1 to %d.", int(account.MaxRole)))
		return f.render(w, r, http.StatusUnprocessableEntity, form)
	}
	err = f.c.Accounts.GiveRole(r.Context(), form.Text("handle"), form.Text("role"), form.Text("scope"), f.Vault.Today()+vault.Day(days))
	if notFound, ok := errors.AsType[fault.NotFound](err); ok {
		form.Wrong("handle", f.Site.Printer(r.Context()).Text("Write the handle of a member: no %s was found.", notFound.What))
		return f.render(w, r, http.StatusUnprocessableEntity, form)
	}
	if form.Take(err) {
		return f.render(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return f.Site.Notify(w, r, "/operator", "operator.given")
}

func (f *Feature) end(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if err := f.c.Accounts.EndRole(r.Context(), form.Text("key")); err != nil {
		return err
	}
	return f.Site.Notify(w, r, "/operator", "operator.ended")
}

// job tries a dead job again or drops it.
func (f *Feature) job(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	do, word := f.Jobs.Retry, "operator.retried"
	if form.Has("drop") {
		do, word = f.Jobs.Drop, "operator.dropped"
	}
	if err := do(r.Context(), form.Text("id")); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return f.Site.Notify(w, r, "/operator", word)
}
