package app

import (
	"context"
	"errors"

	"kept/internal/account"
	"kept/internal/mail"
	"kept/internal/operator"
	"kept/internal/promise"
	"kept/internal/prove"
	"kept/policy"
	"kept/vault"
)

// openPolicy makes the pages of the policy from its text, the configuration and
// the kinds.
func (a *App) openPolicy() (err error) {
	versions, err := promise.Load(policy.Files)
	if err != nil {
		return err
	}
	if a.options.Rehearse {
		versions = promise.Rehearse(versions, vault.DayOf(a.options.Now()))
	}
	p := a.Config.Policy
	expires, err := p.securityExpires()
	if err != nil {
		return err
	}
	a.features.policy, err = promise.New(a.Registry, promise.Config{
		Now: a.options.Now, Versions: versions, Community: a.Config.Community, Relay: a.relayName(), SecurityExpires: expires,
		Operator: promise.Operator{Controller: p.Controller, Address: p.Address, Contact: p.Contact, Storage: p.Storage,
			Authority: p.Authority, Age: p.Age, LogHours: a.Config.LogHours, BackupDays: p.BackupDays},
		Members:  a.membersAfter,
		Receiver: a.serviceMail,
		Knows:    a.knows,
		Checks:   func() []prove.Check { return a.checks() },
	})
	return err
}

func (a *App) membersAfter(ctx context.Context, q vault.Querier, after vault.OwnerID, limit int) ([]vault.OwnerID, error) {
	return a.Vault.ListOwners(ctx, q, vault.Person, after, limit)
}

// serviceMail says where a mail that a member's account needs goes; nowhere for
// somebody without a proven address.
func (a *App) serviceMail(ctx context.Context, q vault.Querier, owner vault.OwnerID) (mail.Receiver, string, error) {
	to, err := a.features.account.Receiver(ctx, q, owner, "service mail")
	if errors.Is(err, account.ErrNoMail) {
		return mail.Receiver{}, "", nil
	}
	if err != nil {
		return mail.Receiver{}, "", err
	}
	_, lang, err := a.features.account.ZoneAndLanguage(ctx, q, owner)
	return to, lang, err
}

// policyStates are the versions for the operator's page.
func (a *App) policyStates() []operator.Policy {
	var all []operator.Policy
	for _, v := range a.features.policy.States() {
		all = append(all, operator.Policy{Number: v.Number, InForce: v.InForce.Time(), Summary: v.Summary})
	}
	return all
}
