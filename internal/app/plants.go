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
		prove.Plant{Kind: "look", Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := a.Vault.Looks().Put(ctx, tx, vault.Work("accountability"), vault.Record[vault.Look]{Owner: owner,
				Value: vault.Look{Staff: owner, Name: "planted", Kind: "mail", Reason: marker, At: a.options.Now().UTC()}})
			return r.ID, err
		}})
}
