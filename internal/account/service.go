package account

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
)

// OwnerByHandle finds whose page a handle is, as the reader may see it: for
// strangers vault.Anyone, who find public pages only. current is the present
// handle; if it is not the one asked for, redirect to it. Without such a page
// the error is vault.ErrNotFound.
func (a *Account) OwnerByHandle(ctx context.Context, q vault.Querier, who vault.Who, name string) (owner vault.OwnerID, current string, err error) {
	if checkForm(name) != nil {
		return "", "", vault.ErrNotFound
	}
	rec, err := a.kinds.handles.FindOne(ctx, q, who, byHandle, name)
	if err != nil {
		return "", "", err
	}
	if !rec.Value.Former {
		return rec.Owner, rec.Value.Handle, nil
	}
	current, err = a.handleOf(ctx, q, who, rec.Owner)
	if err == nil && current == "" {
		err = vault.ErrNotFound
	}
	return rec.Owner, current, err
}

// PublicHandle returns the owner's handle if strangers may see it, else "".
func (a *Account) PublicHandle(ctx context.Context, q vault.Querier, owner vault.OwnerID) (string, error) {
	return a.handleOf(ctx, q, vault.Anyone(), owner)
}

// ErrNoMail says that the owner has no address for a purpose, or has not said
// yes to it.
var ErrNoMail = errors.New("account: no mail may be sent")

// Receiver returns where a mail to the owner goes, for mail.Post and nothing
// else. The purpose is "sign-in", "service mail" or "announcements", and the
// last needs the owner's yes.
func (a *Account) Receiver(ctx context.Context, q vault.Querier, owner vault.OwnerID, purpose string) (mail.Receiver, error) {
	switch purpose {
	case toSignIn, toServe:
	case toAnnounce:
		yes, err := a.Announced(ctx, q, owner)
		if err != nil {
			return mail.Receiver{}, err
		}
		if !yes {
			return mail.Receiver{}, ErrNoMail
		}
	default:
		return mail.Receiver{}, ErrNoMail
	}
	rec, err := a.mainAddress(ctx, q, owner)
	if errors.Is(err, vault.ErrNotFound) {
		return mail.Receiver{}, ErrNoMail
	}
	if err != nil {
		return mail.Receiver{}, err
	}
	to, err := mail.ParseAddress(rec.Value.Address)
	return mail.Receiver{Owner: owner, Address: to}, err
}

// Announced reports whether the owner said yes to announcements.
func (a *Account) Announced(ctx context.Context, q vault.Querier, owner vault.OwnerID) (bool, error) {
	_, err := a.kinds.announcements.Get(ctx, q, vault.Work(toAnnounce), owner, vault.SingleID)
	if errors.Is(err, vault.ErrNotFound) {
		return everybodyAnnounced(), nil
	}
	return err == nil, err
}

// EachAnnounced calls fn for those who said yes to announcements, a few hundred
// at a time.
func (a *Account) EachAnnounced(ctx context.Context, q vault.Querier, fn func(owners []vault.OwnerID) error) error {
	const batch = 500
	ask := vault.Query{Name: byAnnounced, Value: everyone, Limit: batch}
	for {
		records, err := a.kinds.announcements.Find(ctx, q, vault.Work(toAnnounce), ask)
		if err != nil || len(records) == 0 {
			return err
		}
		owners := make([]vault.OwnerID, len(records))
		for i, rec := range records {
			owners[i] = rec.Owner
		}
		if err := fn(owners); err != nil {
			return err
		}
		ask.After = a.kinds.announcements.Cursor(ask, records[len(records)-1])
	}
}

// announce records a yes or a no to announcements, with the words that were
// shown.
func (a *Account) announce(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, yes bool, words string) error {
	_, err := a.kinds.announcements.Get(ctx, tx, vault.Self(owner), owner, vault.SingleID)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	had := err == nil
	switch {
	case yes && !had:
		rec := vault.Record[announcements]{Owner: owner, Value: announcements{Since: a.vault.Today(), Words: words}}
		_, err := a.kinds.announcements.Put(ctx, tx, vault.Self(owner), rec)
		return err
	case !yes && had:
		return a.kinds.announcements.Delete(ctx, tx, vault.Self(owner), owner, vault.SingleID)
	}
	return nil
}

// ZoneAndLanguage returns how to write days and words to an owner who is not
// asking now, as in a mail.
func (a *Account) ZoneAndLanguage(ctx context.Context, q vault.Querier, owner vault.OwnerID) (zoneName, language string, err error) {
	chosen, err := a.settingsOf(ctx, q, owner)
	return or(chosen.Zone, utc), chosen.Language, err
}

// GoesWithAccount reports whether records of a kind can be erased with the
// account alone: one by one they would lock their owner out.
func GoesWithAccount(kind string) bool { return slices.Contains([]string{"address"}, kind) }

// Knows is what a page of a member remembers by itself, as page.Head wants it:
// for pages that remember nothing else.
func Knows(site *page.Site, lang *page.Language) string {
	return lang.Text("that you opened it today, as the last-used day of this sign-in. Apart from that:") + " " + site.KnowsNothing(lang)
}
