package account

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kept/internal/mail"
	"kept/vault"
)

// changeLife is how long both addresses have to say yes.
const changeLife = 72 * time.Hour

// mainAddress returns the record that mail to a member goes by.
func (a *Account) mainAddress(ctx context.Context, q vault.Querier, owner vault.OwnerID) (vault.Record[address], error) {
	all, err := a.kinds.addresses.All(ctx, q, vault.Self(owner), owner)
	if err != nil {
		return vault.Record[address]{}, err
	}
	for _, rec := range all {
		if rec.Value.Main {
			return rec, nil
		}
	}
	if len(all) > 0 {
		return all[0], nil
	}
	return vault.Record[address]{}, vault.ErrNotFound
}

// changeOf returns the change of address that waits, if there is one.
func (a *Account) changeOf(ctx context.Context, q vault.Querier, owner vault.OwnerID) (*addressChange, error) {
	rec, err := a.kinds.changes.Get(ctx, q, vault.Self(owner), owner, vault.SingleID)
	if errors.Is(err, vault.ErrNotFound) || (err == nil && !a.now().Before(rec.Value.Ends)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &rec.Value, nil
}

// askChange writes to both addresses. Whether the new one belongs to an account
// already is not looked up: whoever reads its mail is told, nobody else.
func (a *Account) askChange(ctx context.Context, owner vault.OwnerID, to mail.Address, lang string, mute bool) error {
	newLink, oldLink := newToken(), newToken()
	change := addressChange{New: to.String(), Ends: a.now().UTC().Add(changeLife), NewLink: hash(newLink), OldLink: hash(oldLink)}
	err := a.transact(ctx, func(tx *sql.Tx) error {
		if err := a.withdraw(ctx, tx, owner); err != nil {
			return err
		}
		rec := vault.Record[addressChange]{Owner: owner, Value: change}
		if _, err := a.kinds.changes.Put(ctx, tx, vault.Self(owner), rec); err != nil || mute {
			return err
		}
		old, err := a.Receiver(ctx, tx, owner, toServe)
		if err != nil {
			return err
		}
		if err := a.sendChange(ctx, tx, "address-old", lang, old, oldLink); err != nil {
			return err
		}
		return a.sendChange(ctx, tx, "address-new", lang, mail.Receiver{Owner: owner, Address: to}, newLink)
	})
	if err == nil {
		a.post.Wake()
	}
	return err
}

func (a *Account) sendChange(ctx context.Context, tx *sql.Tx, name, lang string, to mail.Receiver, link string) error {
	draft, err := a.mails.Write(name, lang, map[string]string{"Site": a.cfg.Community, "Link": a.site.Absolute(pathAddress + "/" + link)})
	if err != nil {
		return err
	}
	return a.post.Queue(ctx, tx, to, draft)
}

// withdraw ends a change that waits.
func (a *Account) withdraw(ctx context.Context, tx *sql.Tx, owner vault.OwnerID) error {
	err := a.kinds.changes.Delete(ctx, tx, vault.Self(owner), owner, vault.SingleID)
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	return err
}

// changed is what became of a change of address.
type changed int

const (
	changeGone   changed = iota // ended, withdrawn or never was
	changeWaits                 // the other address has not said yes
	changeDone                  // both have
	changeTaken                 // the new address belongs to another account
	changeDenied                // one of them said no
)

// findChange finds a change by one of its links. old tells which one.
func (a *Account) findChange(ctx context.Context, q vault.Querier, token string) (rec vault.Record[addressChange], old bool, err error) {
	rec, err = a.kinds.changes.FindOne(ctx, q, vault.Work(toSignIn), byChange, lookup(token))
	if err == nil && !a.now().Before(rec.Value.Ends) {
		err = vault.ErrNotFound
	}
	return rec, same(rec.Value.OldLink, hash(token)), err
}

// answerChange takes a yes or a no from the reader of one of the two mails.
func (a *Account) answerChange(ctx context.Context, token string, yes bool) (result changed, err error) {
	err = a.transact(ctx, func(tx *sql.Tx) error {
		rec, old, err := a.findChange(ctx, tx, token)
		if errors.Is(err, vault.ErrNotFound) {
			result = changeGone
			return nil
		}
		if err != nil {
			return err
		}
		if !yes {
			result = changeDenied
			return a.withdraw(ctx, tx, rec.Owner)
		}
		result, err = a.agree(ctx, tx, rec, old)
		return err
	})
	return result, err
}

func (a *Account) agree(ctx context.Context, tx *sql.Tx, rec vault.Record[addressChange], old bool) (changed, error) {
	if old {
		rec.Value.OldYes = true
	} else {
		rec.Value.NewYes = true
	}
	free, err := a.kinds.addresses.Free(ctx, tx, byAddress, addressKey(rec.Value.New), rec.Owner)
	if err != nil {
		return changeGone, err
	}
	if !free && !old { // only who reads mail at the new address learns this
		return changeTaken, a.withdraw(ctx, tx, rec.Owner)
	}
	if !rec.Value.NewYes || !rec.Value.OldYes {
		_, err := a.kinds.changes.Put(ctx, tx, vault.Work(toSignIn), rec)
		return changeWaits, err
	}
	if !free { // taken between the two answers
		return changeGone, a.withdraw(ctx, tx, rec.Owner)
	}
	return changeDone, a.replace(ctx, tx, rec)
}

func (a *Account) replace(ctx context.Context, tx *sql.Tx, change vault.Record[addressChange]) error {
	now, err := a.mainAddress(ctx, tx, change.Owner)
	if err != nil {
		return err
	}
	now.Value.Address, now.Value.Proven = change.Value.New, a.vault.Today()
	if _, err := a.kinds.addresses.Put(ctx, tx, vault.Self(change.Owner), now); err != nil {
		return err
	}
	return a.withdraw(ctx, tx, change.Owner)
}
