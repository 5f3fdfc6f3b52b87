package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"kept/internal/account"
	"kept/internal/backup"
	"kept/internal/certificate"
	"kept/internal/feature"
	"kept/internal/learn"
	"kept/internal/mail"
	"kept/internal/operator"
	"kept/internal/page"
	"kept/internal/portfolio"
	"kept/internal/project"
	"kept/internal/promise"
	"kept/internal/prove"
	"kept/internal/publish"
	"kept/internal/right"
	"kept/internal/search"
	"kept/internal/transparency"
	"kept/vault"
)

// features is the product: everything it can do stands in this list.
type features struct {
	account     *account.Account
	learn       *learn.Feature
	publish     *publish.Feature
	search      *search.Feature
	portfolio   *portfolio.Feature
	certificate *certificate.Feature
	project     *project.Feature
	right       *right.Feature
	log         *transparency.Feature
	policy      *promise.Feature
	backup      *backup.Feature

	all []named
}

// named is a feature under its folder's name.
type named struct {
	name string
	feature.Feature
}

// openFeatures makes the features, which declare what they keep, and hands them
// what they need of each other.
func (a *App) openFeatures(ctx context.Context) (err error) {
	f := &a.features
	a.letters = mail.Declare(a.Registry, a.relayName())
	if f.account, err = account.New(a.Registry, account.Config{Community: a.Config.Community, Age: a.Config.Policy.Age, After: learn.After,
		Links:     []page.Link{{Path: "/you/page", Text: page.Key("Your page")}, {Path: "/you/certificates", Text: page.Key("Your certificates")}, {Path: "/projects", Text: page.Key("Your projects")}, {Path: "/you/data", Text: page.Key("Your data")}},
		Operating: []page.Link{{Path: "/operator", Text: page.Key("The operator's page")}},
		Client:    func(r *http.Request) netip.Addr { return a.Site.ClientAddress(r) }}); err != nil {
		return err
	}
	if a.library, err = a.openLibrary(ctx); err != nil {
		return err
	}
	if err := a.openChecking(); err != nil {
		return err
	}
	f.learn = learn.New(a.Registry, learn.Config{Library: a.library, People: a.people(), Judge: a.checker, Runner: a.runner, Zone: a.zoneOf, Who: ownerOf, Knows: a.knows, Public: a.public, Search: search.Path})
	if a.published, err = a.openPublished(ctx); err != nil {
		return err
	}
	f.publish = publish.New(publish.Config{Community: a.Config.Community, Library: a.published, Knows: a.knows})
	f.search = a.openSearch()
	f.portfolio = portfolio.New(a.Registry, a.portfolioConfig())
	if err := a.openCertificates(ctx); err != nil {
		return err
	}
	if err := a.openProjects(); err != nil {
		return err
	}
	f.right = right.New(a.Registry, right.Config{Who: whoOf, SignOut: f.account.SignedOff, Erased: a.erased, Asks: func() ([]string, int) { return f.policy.Asks() }, GoesAlong: account.GoesWithAccount, Knows: a.knows, Seed: a.secrets.receipt, Owed: a.owedTo,
		Base: a.Config.Base, Forgotten: a.forgotten,
		Note: func(ctx context.Context, receipt []byte) error { return f.log.AddReceipt(ctx, receipt) }})
	if err := a.openPolicy(); err != nil {
		return err
	}
	if err := a.openBackup(); err != nil {
		return err
	}
	if err := a.openLog(); err != nil {
		return err
	}
	f.all = []named{
		{"account", f.account},
		{"learn", f.learn},
		{"publish", f.publish},
		{"search", f.search},
		{"portfolio", f.portfolio},
		{"certificate", f.certificate},
		{"project", f.project},
		{"right", f.right},
		{"transparency", f.log},
		{"promise", f.policy},
		{"backup", f.backup},
		{"operator", operator.New(operator.Config{Accounts: f.account, Requests: a.openRequests, Policies: a.policyStates, Written: a.written, Unread: f.project.Waiting})},
	}
	if g := a.options.guest; g.name != "" {
		f.all = append(f.all, named{g.name, g.open(a.Registry)})
	}
	return nil
}

// whoOf tells "your data" who asks.
func whoOf(ctx context.Context) (right.Member, bool) {
	m := account.MemberOf(ctx)
	if m == nil {
		return right.Member{}, false
	}
	return right.Member{Owner: m.Owner, Handle: m.Handle}, true
}

// ownerOf tells other features who asks.
func ownerOf(ctx context.Context) (vault.OwnerID, bool) {
	m, ok := whoOf(ctx)
	return m.Owner, ok
}

// portfolioConfig hands the members' pages what they show of other features.
func (a *App) portfolioConfig() portfolio.Config {
	return portfolio.Config{
		Community: a.Config.Community, Hue: a.Config.Hue,
		Who: func(ctx context.Context) (portfolio.Member, bool) {
			m, ok := whoOf(ctx)
			return portfolio.Member(m), ok
		},
		Required: account.Required,
		Knows:    a.knows,
		OwnerOf:  a.features.account.OwnerByHandle,
		Zone:     a.zoneOf,
		Deeds:    a.deeds,
	}
}

// zoneOf is the time zone in which a member's days begin.
func (a *App) zoneOf(ctx context.Context, q vault.Querier, owner vault.OwnerID) (*time.Location, error) {
	name, _, err := a.features.account.ZoneAndLanguage(ctx, q, owner)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil // a zone that the world has renamed since
	}
	return zone, nil
}

// deeds are the lessons that a member finished, as their page shows them.
func (a *App) deeds(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]portfolio.Deed, error) {
	done, err := a.features.learn.Deeds(ctx, q, who, owner)
	if err != nil {
		return nil, err
	}
	of := map[string]learn.CourseProgress{}
	for _, p := range a.features.learn.Progress(done, a.Config.Language) {
		of[p.Course] = p
	}
	deeds := make([]portfolio.Deed, 0, len(done))
	for _, d := range done {
		deed := portfolio.Deed{Kind: "lesson-done", ID: d.ID, Lesson: d.Title, Path: d.Path, At: d.At, Audience: d.Audience, Verified: d.Checked == learn.CheckedServer || d.Checked == learn.CheckedPerson,
			Course: portfolio.Course{Title: d.CourseTitle, Path: of[d.Course].Path, Lessons: of[d.Course].Of}}
		for _, file := range d.Files {
			deed.Sort = portfolio.Solved
			deed.Solution = append(deed.Solution, portfolio.File{Name: file.Name, Text: file.Text})
		}
		deeds = append(deeds, deed)
	}
	certificates, err := a.certificateDeeds(ctx, q, who, owner)
	return append(deeds, certificates...), err
}

// nav is what stands above every page.
func (a *App) nav() []page.Link {
	links := append([]page.Link{{Path: "/", Text: page.Key("Courses")}}, a.features.publish.Nav()...)
	return append(links, page.Link{Path: search.Path, Text: page.Key("Search")})
}

// foot is what stands below every page; the link to the policy says so while a
// change is ahead.
func (a *App) foot() []page.Link {
	return []page.Link{
		{Path: "/privacy", Text: page.Key("Privacy"), Live: a.features.policy.FootText},
		{Path: "/privacy/promises", Text: page.Key("Promises")},
		{Path: "/verify", Text: page.Key("Check a certificate")},
	}
}

// ahead tells members of a change of the policy before it takes effect.
func (a *App) ahead() page.Link {
	return page.Link{Path: "/privacy/compare", Live: func(lang *page.Language) string {
		says, _, _ := a.features.policy.Notice(lang)
		return says
	}}
}

var paths = page.Paths{SignIn: "/sign-in", YourPage: "/you/page", YourData: "/you/data", SignOut: "/sign-out"}

// sources are the templates of all features; under dev they are read from disk.
func (f features) sources(dev string) []page.Source {
	var all []page.Source
	for _, one := range f.all {
		source := one.Source()
		if source.Files == nil {
			continue
		}
		if dev != "" {
			source.Files = os.DirFS(filepath.Join(dev, "internal", one.name))
		}
		all = append(all, source)
	}
	return all
}

func (f features) notices() []page.Notice {
	var all []page.Notice
	for _, one := range f.all {
		if n, ok := one.Feature.(interface{ Notices() []page.Notice }); ok {
			all = append(all, n.Notices()...)
		}
	}
	return all
}

func (f features) checks() []prove.Check {
	var all []prove.Check
	for _, one := range f.all {
		for _, c := range one.Checks() {
			c.Feature = one.name
			all = append(all, c)
		}
	}
	return all
}

func (f features) plants() []prove.Plant {
	var all []prove.Plant
	for _, one := range f.all {
		all = append(all, one.Plants()...)
	}
	return all
}

// FirstRun returns a link that makes whoever opens it the first operator, or
// nothing if there is one.
func (a *App) FirstRun(ctx context.Context) (string, error) { return a.features.account.FirstRun(ctx) }

// announceFirstRun prints the link that makes the first operator, while there
// is none.
func (a *App) announceFirstRun(ctx context.Context, w io.Writer) error {
	link, err := a.FirstRun(ctx)
	if err != nil || link == "" {
		return err
	}
	_, err = fmt.Fprintf(w, "no operator yet: open %s to become it\n", link)
	return err
}

// knows is what a member's page remembers of its reader by itself.
func (a *App) knows(lang *page.Language) string { return account.Knows(a.Site, lang) }
