package app

import (
	"context"
	"errors"

	"kept/internal/account"
	"kept/internal/mail"
	"kept/internal/project"
	"kept/vault"
)

// openProjects makes the feature and hands it what it needs of others.
func (a *App) openProjects() (err error) {
	a.features.project, err = project.New(a.Registry, project.Config{
		Catalogue: a.library.Catalogue,
		Who: func(ctx context.Context) (project.Member, bool) {
			m, ok := whoOf(ctx)
			return project.Member(m), ok
		},
		As: func(ctx context.Context, role, scope string) (vault.Who, bool) {
			return account.MemberOf(ctx).As(role, scope)
		},
		Required: account.Required,
		Knows:    a.knows,
		Handle:   a.features.account.PublicHandle,
		Letter:   a.letterTo,
		GiveRole: a.features.account.GiveRole,
	})
	return err
}

// letterTo says where a letter about the service goes, and in which language.
func (a *App) letterTo(ctx context.Context, q vault.Querier, owner vault.OwnerID) (to mail.Receiver, lang string, ok bool, err error) {
	to, err = a.features.account.Receiver(ctx, q, owner, "service mail")
	if errors.Is(err, account.ErrNoMail) {
		return to, "", false, nil
	}
	if err != nil {
		return to, "", false, err
	}
	_, lang, err = a.features.account.ZoneAndLanguage(ctx, q, owner)
	return to, lang, err == nil, err
}
