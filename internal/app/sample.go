package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kept/internal/account"
	"kept/internal/course"
	"kept/internal/outbound"
	"kept/internal/project"
	"kept/internal/prove"
)

// sampleDays is how many days ago the sample member finished each lesson.
var sampleDays = []int{88, 87, 80, 61, 60, 52, 45, 33, 32, 20, 19, 12, 9, 6, 3}

// roleDays is how long the sample reviewer has the role.
const roleDays = 180

// sampleData makes a member whose page looks alive, and one who reviews, by the
// real pages: nothing stands in a demo that a person could not have done. All
// lessons of the first course are done but its project, which waits to be read:
// once kim accepts it, noor can claim the certificate.
func (a *App) sampleData(ctx context.Context) error {
	noor := &prove.Member{Address: "noor@example.org", Handle: "noor", Browser: a.Browser()}
	kim := &prove.Member{Address: "kim@example.org", Handle: "kim", Browser: a.Browser()}
	for _, m := range []*prove.Member{noor, kim} {
		if err := a.enter(ctx, m); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context, *prove.Member) error{a.sampleLessons, a.sampleSolutions, a.samplePage, a.sampleProject} {
		if err := step(ctx, noor); err != nil {
			return err
		}
	}
	first := a.library.Catalogue().Courses[0]
	return a.features.account.GiveRole(ctx, kim.Handle, account.Helper, project.ScopeOf(first.ID), a.Vault.Today()+roleDays)
}

// sampleLessons brings lessons along as a browser does that learned without an
// account.
func (a *App) sampleLessons(ctx context.Context, m *prove.Member) error {
	type done struct {
		Done    string            `json:"done"`
		Changed string            `json:"changed,omitempty"`
		Work    map[string]string `json:"work,omitempty"`
	}
	lessons := map[string]done{}
	for i, p := range a.firstLessons(len(sampleDays)) {
		lesson := p.Lesson
		at := a.options.Now().UTC().AddDate(0, 0, -sampleDays[i]).Format(time.RFC3339)
		d := done{Done: at}
		if e := lesson.Versions[0].Exercise; e != nil && len(e.Solutions) > 0 {
			d.Changed, d.Work = at, map[string]string{}
			for _, file := range e.Solutions[0] {
				d.Work[file.Name] = file.Text
			}
		}
		lessons[lesson.ID] = d
	}
	progress, err := json.Marshal(map[string]any{"version": 1, "lessons": lessons})
	if err != nil {
		return err
	}
	_, err = prove.Post(ctx, m.Browser, a.Config.Base+"/you/merge", url.Values{"progress": {string(progress)}})
	return err
}

// firstLessons are the first lessons of the first course that nobody else
// judges.
func (a *App) firstLessons(most int) []*course.Place {
	var all []*course.Place
	p, _ := a.library.Catalogue().First(a.library.Catalogue().Courses[0])
	for ; p != nil && len(all) < most; p = p.Next {
		if p.Lesson.Kind != course.Project {
			all = append(all, p)
		}
	}
	return all
}

// sampleSolutions hands the solutions in, so that they are checked.
func (a *App) sampleSolutions(ctx context.Context, m *prove.Member) error {
	for _, p := range a.firstLessons(len(sampleDays)) {
		e := p.Lesson.Versions[0].Exercise
		if e == nil || len(e.Solutions) == 0 {
			continue
		}
		form := url.Values{}
		for _, file := range e.Solutions[0] {
			form.Set("file:"+file.Name, file.Text)
		}
		if err := a.sendCode(ctx, m, "/courses/"+p.Course.Slug+"/"+p.Slug+"/hand-in", form); err != nil {
			return err
		}
	}
	return a.Work(ctx)
}

// sendCode hands code in as a lesson's script does, which does not wait for the
// check.
func (a *App) sendCode(ctx context.Context, m *prove.Member, path string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Config.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", "application/json")
	w, err := m.Browser.Do(r)
	if err != nil {
		return err
	}
	if w.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d", path, w.StatusCode)
	}
	return errors.Join(err, w.Body.Close())
}

// sampleProject hands in the project of the first course.
func (a *App) sampleProject(ctx context.Context, m *prove.Member) error {
	for _, l := range a.library.Catalogue().Courses[0].Lessons {
		e := l.Versions[0].Exercise
		if l.Kind != course.Project || e == nil || len(e.Solutions) == 0 {
			continue
		}
		form := url.Values{"note": {"The hours are rounded to halves. Is it clear which night was the longest?"}}
		for i, file := range e.Solutions[0] {
			form.Set(fmt.Sprint("name-", i+1), file.Name)
			form.Set(fmt.Sprint("text-", i+1), file.Text)
		}
		_, err := prove.Post(ctx, m.Browser, a.Config.Base+project.HandInPath(l.ID), form)
		return err
	}
	return nil
}

func (a *App) samplePage(ctx context.Context, m *prove.Member) error {
	base := a.Config.Base
	for _, form := range []struct {
		page, action string
		values       url.Values
	}{
		{"/you/page", "/you/page/details", url.Values{"name": {"Noor Halvorsen"}, "location": {"Tromsø"},
			"about": {"I mend boats, and now I write the small programs that tell me when the tide is right."}}},
		{"/you/page/project", "/you/page/project", url.Values{"title": {"Tide board"},
			"what": {"Shows when the harbour can be left, for a year ahead."}, "address": {"https://tides.example.org"}}},
		{"/you/page/stranger", "/you/page/open", nil},
	} {
		if _, err := prove.Submit(ctx, m.Browser, base+form.page, form.action, form.values); err != nil {
			return fmt.Errorf("%s: %w", form.action, err)
		}
	}
	return nil
}

// enter makes a new member by the real pages: address, mail, link, handle.
func (a *App) enter(ctx context.Context, m *prove.Member) error {
	for _, step := range []func(context.Context, *prove.Member) error{a.askForLink, a.followLink, a.chooseHandle} {
		if err := step(ctx, m); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
	}
	return nil
}

func (a *App) askForLink(ctx context.Context, m *prove.Member) error {
	if _, err := prove.Submit(ctx, m.Browser, a.Config.Base+"/sign-in", "/sign-in", url.Values{"email": {m.Address}}); err != nil {
		return err
	}
	return a.Work(ctx)
}

var errNoMail = errors.New("no mail came")

func (a *App) followLink(ctx context.Context, m *prove.Member) error {
	parcel, ok := a.options.Outbox.Last(m.Address)
	if !ok {
		return errNoMail
	}
	links := parcel.Links()
	if len(links) == 0 {
		return errors.New("the mail has no link")
	}
	_, err := prove.Submit(ctx, m.Browser, links[0], "", nil)
	return err
}

func (a *App) chooseHandle(ctx context.Context, m *prove.Member) error {
	_, err := prove.Submit(ctx, m.Browser, a.Config.Base+"/you/welcome", "/you/welcome", url.Values{"handle": {m.Handle}, "age": {"yes"}})
	return err
}

// Work does the jobs that are due, and those that they cause.
func (a *App) Work(ctx context.Context) error {
	for range 100 {
		n, err := a.Jobs.RunDue(ctx)
		if err != nil || n == 0 {
			return errors.Join(err, a.Vault.Flush(ctx))
		}
	}
	return errors.New("the jobs do not come to an end")
}

// Browser is a new stranger: a client without cookies that follows redirects
// and reaches this instance alone, by its handler.
func (a *App) Browser() *http.Client { return outbound.Inside(a.Handler) }
