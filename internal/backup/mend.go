package backup

import (
	"context"
	"errors"
	"path/filepath"

	"filippo.io/age"

	"kept/internal/db"
	"kept/vault"
	"kept/vault/keyring"
)

// MendKeys writes the damaged slots of a site's key ring anew from its copy.
// Whoever was erased gets no key back, however old the copy is. Nothing may serve
// the site meanwhile but what has it open already.
func MendKeys(ctx context.Context, at Place, ring Store, identities []age.Identity) (done keyring.Mended, err error) {
	d, err := db.Open(ctx, at.Database)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	keep := func(ref keyring.Ref) (bool, error) { return vault.KeepsKey(ctx, d.Read, ref) }
	return keyring.Mend(ctx, filepath.Join(at.Data, "ring"), at.Keys, ringSink{ring}, identities, keep)
}
