package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"

	"kept/internal/account"
	"kept/internal/feature"
	"kept/internal/mail"
	"kept/internal/operator"
	"kept/internal/page"
	"kept/internal/promise"
	"kept/internal/prove"
	"kept/internal/right"
)

// features is the product: everything it can do stands in this list.
type features struct {
	account *account.Account
	right   *right.Feature
	policy  *promise.Feature

	all []named
}

// named is a feature under its folder's name.
type named struct {
	name string
	feature.Feature
}

// openFeatures makes the features, which declare what they keep, and hands them
// what they need of each other.
func (a *App) openFeatures(context.Context) (err error) {
	f := &a.features
	a.letters = mail.Declare(a.Registry, a.relayName())
	if f.account, err = account.New(a.Registry, account.Config{Community: a.Config.Community, Age: a.Config.Policy.Age,
		Client: func(r *http.Request) netip.Addr { return a.Site.ClientAddress(r) }}); err != nil {
		return err
	}
	f.right = right.New(a.Registry, right.Config{Who: whoOf, SignOut: f.account.SignedOff, GoesAlong: account.GoesWithAccount, Seed: a.secrets.receipt,
		Base: a.Config.Base, BackupDays: a.Config.Policy.BackupDays})
	if err := a.openPolicy(); err != nil {
		return err
	}
	f.all = []named{
		{"account", f.account},
		{"right", f.right},
		{"promise", f.policy},
		{"operator", operator.New(operator.Config{Accounts: f.account, Requests: f.right.OpenRequests, Policies: a.policyStates})},
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

var nav = []page.Link{{Path: "/", Text: page.Key("Courses")}}

var foot = []page.Link{{Path: "/privacy", Text: page.Key("Privacy")}}

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
