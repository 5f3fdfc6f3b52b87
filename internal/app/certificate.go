package app

import (
	"context"
	"errors"
	"os"
	"time"

	"kept/internal/account"
	"kept/internal/certificate"
	"kept/internal/check/chrome"
	"kept/internal/page"
	"kept/internal/portfolio"
	"kept/vault"
)

// Certificate says how certificates look.
type Certificate struct {
	// Templates is a folder with templates, NAME.toml and pictures; see
	// docs/certificates.md.
	Templates string `toml:"templates"`
}

// openCertificates makes the feature and hands it what it needs of others.
func (a *App) openCertificates(ctx context.Context) (err error) {
	var issued bool
	if err := a.DB.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM certificate_list)`).Scan(&issued); err != nil {
		return err
	}
	a.features.certificate, err = certificate.New(a.Registry, certificate.Config{
		Community: a.Config.Community, Base: a.Config.Base, Hue: a.Config.Hue, Language: a.Config.Language,
		Keys: a.Config.Keys, Fresh: !issued, Templates: a.Config.Certificate.Templates,
		Catalogue: a.library.Catalogue, Earned: a.earned,
		Who: func(ctx context.Context) (certificate.Member, bool) {
			m, ok := whoOf(ctx)
			return certificate.Member(m), ok
		},
		Required: account.Required,
		Operator: func(h page.Handler) page.Handler { return account.NeedRole(h, account.Operator) },
		Knows:    a.knows,
		Address:  a.addressOf,
		Print:    a.printer(),
	})
	if errors.Is(err, os.ErrNotExist) {
		return hinted(err, "bring issuer.json back into the keys folder from where the keys are kept: certificates that were issued need it")
	}
	return err
}

// earned tells which lessons neither the server has checked nor a person has
// accepted. One with tests that its learner says is done, and that is not
// counted, was refused by a machine or seen by none.
func (a *App) earned(ctx context.Context, q vault.Querier, owner vault.OwnerID, lessons []string) ([]certificate.Missing, error) {
	checked, err := a.features.learn.Checked(ctx, q, vault.Self(owner), owner, lessons)
	if err != nil {
		return nil, err
	}
	deeds, err := a.features.learn.Deeds(ctx, q, vault.Self(owner), owner)
	if err != nil {
		return nil, err
	}
	handedIn := map[string]bool{}
	for _, d := range deeds {
		handedIn[d.Lesson] = true
	}
	accepted, err := a.features.project.Accepted(ctx, q, vault.Self(owner), owner, lessons)
	if err != nil {
		return nil, err
	}
	var missing []certificate.Missing
	for _, lesson := range lessons {
		if !checked[lesson] && !accepted[lesson] {
			missing = append(missing, certificate.Missing{Lesson: lesson, Refused: handedIn[lesson] && a.features.learn.Refuses(lesson)})
		}
	}
	return missing, nil
}

func (a *App) addressOf(ctx context.Context, q vault.Querier, owner vault.OwnerID) (string, error) {
	to, err := a.features.account.Receiver(ctx, q, owner, "account")
	return to.Address.String(), err
}

// certificateDeeds are certificates as a member's page shows them.
func (a *App) certificateDeeds(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]portfolio.Deed, error) {
	all, err := a.features.certificate.Of(ctx, q, who, owner)
	var deeds []portfolio.Deed
	for _, c := range all {
		deeds = append(deeds, portfolio.Deed{Kind: "certificate", ID: c.ID, Sort: portfolio.Certificate, Lesson: c.Title, Path: "/c/" + c.Number,
			At: c.Record.Value.At, Verified: c.Valid, Audience: c.Record.Audience})
	}
	return deeds, err
}

// printTime is the longest that a browser may take to print a page.
const printTime = 30 * time.Second

// printer prints pages to PDF with the operator's Chromium, for scripts that our
// own typeface lacks. It is nil if there is none.
func (a *App) printer() func(context.Context, []byte) ([]byte, error) {
	program, err := chrome.Find(a.Config.Check.Chromium)
	if err != nil {
		return nil
	}
	one := make(chan struct{}, 1) // a browser takes hundreds of megabytes
	return func(ctx context.Context, html []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, printTime)
		defer cancel()
		select {
		case one <- struct{}{}:
			defer func() { <-one }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return chrome.Print(ctx, program, html)
	}
}
