package app

import (
	"context"
	"database/sql"

	"kept/internal/mail"
	"kept/internal/prove"
	"kept/vault"
)

// plants are those of the features and of the kinds that lie below them.
func (a *App) plants() []prove.Plant {
	return append(a.features.plants(),
		prove.Plant{Kind: "mail", Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := a.letters.Put(ctx, tx, vault.Work("mail"), vault.Record[mail.Letter]{Owner: owner,
				Value: mail.Letter{To: marker + "@example.org", Template: "planted", Subject: "planted", Body: "planted", Why: "planted"}})
			return r.ID, err
		}},
		prove.Plant{Kind: "grant", Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := a.Vault.Grants().Put(ctx, tx, vault.Self(owner), vault.Record[vault.Grant]{Owner: owner,
				Value: vault.Grant{Staff: owner, Name: "planted", Kinds: []string{"address"}, Reason: marker, Until: a.Vault.Today() + 1}})
			return r.ID, err
		}},
		prove.Plant{Kind: "look", Put: a.plantLook})
}

// plantLook leaves a look the only way there is: somebody of the staff looks.
// The marker is the reason that the member was asked with.
func (a *App) plantLook(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	grants := a.Vault.Grants()
	grant, err := grants.Put(ctx, tx, vault.Self(owner), vault.Record[vault.Grant]{Owner: owner,
		Value: vault.Grant{Staff: owner, Name: "planted", Kinds: []string{"mail"}, Reason: marker, Until: a.Vault.Today() + 1}})
	if err != nil {
		return "", err
	}
	if _, err := a.letters.All(ctx, tx, vault.Staff(owner, grant.ID), owner); err != nil {
		return "", err
	}
	if err := grants.Delete(ctx, tx, vault.Self(owner), owner, grant.ID); err != nil {
		return "", err
	}
	looks, err := a.Vault.Looks().All(ctx, tx, vault.Self(owner), owner)
	for _, l := range looks {
		if l.Value.Reason == marker {
			return l.ID, err
		}
	}
	return "", err
}
