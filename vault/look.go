package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"kept/vault/sabotage"
)

// Grant is a member's permission that one person of the staff may see some of
// their records. It lies with the member.
type Grant struct {
	Staff  OwnerID  `json:"staff" doc:"who may look"`
	Name   string   `json:"name" doc:"the name that the member was shown"`
	Kinds  []string `json:"kinds" doc:"what may be seen"`
	Reason string   `json:"reason" doc:"why the member was asked"`
	Until  Day      `json:"until" doc:"last day, in days since 1970-01-01"`
}

// Look is one look of staff at a member's record. It lies with the member.
type Look struct {
	Staff  OwnerID   `json:"staff" doc:"who looked"`
	Name   string    `json:"name" doc:"their name as the member was shown it"`
	Kind   string    `json:"kind" doc:"what was looked at"`
	Record string    `json:"record" doc:"which one; empty for all of the kind"`
	Reason string    `json:"reason" doc:"why"`
	At     time.Time `json:"at" doc:"when"`
	Grant  string    `json:"grant" doc:"the permission it was done under"`
}

const lookDays Days = 365

func declareGrant(r *Registry) Kind[Grant] {
	k := Declare(r, Spec[Grant]{
		Name: "grant", Title: "Permission to look",
		Sentence:  "You allow one named person of the team to see some of your data, for a reason and until a day.",
		Purposes:  []string{"support"},
		Basis:     Consent,
		Retention: OnDay("until the day you set", func(g Grant) Day { return g.Until }),
		Audience:  OnlyMe,
		Describe: func(g Grant) string {
			return fmt.Sprintf("%s may see %v until %s: %s", g.Name, g.Kinds, g.Until, g.Reason)
		},
	})
	k.d.givenBySelf = true
	return k
}

func declareLook(r *Registry) Kind[Look] {
	return Declare(r, Spec[Look]{
		Name: "look", Title: "Somebody looked",
		Sentence:  "Each time a person of the team looks at your data under your permission, this is written for you: who, when, what and why.",
		Purposes:  []string{"support", "accountability"},
		Basis:     LegalObligation,
		Retention: For(lookDays),
		Audience:  OnlyMe,
		Essential: true,
		ByProgram: true,
		Describe: func(l Look) string {
			return fmt.Sprintf("%s looked at %s on %s: %s", l.Name, l.Kind, l.At.UTC().Format("2006-01-02 15:04 MST"), l.Reason)
		},
	})
}

// Grants is the capability to give and withdraw permissions.
func (v *Vault) Grants() Kind[Grant] { return v.reg.grant }

// Looks is the capability to read who looked.
func (v *Vault) Looks() Kind[Look] { return v.reg.looks }

// look runs a staff read: the grant must stand, and the member sees the look.
func (v *Vault) look(ctx context.Context, q Querier, d *decl, who Who, ask query, text string, args []any) ([]stored, error) {
	tx, ok := q.(*sql.Tx)
	if !ok {
		return nil, refuse(d.Name, "a staff read needs a transaction")
	}
	if ask.owner == "" {
		return nil, refuse(d.Name, "staff read one member at a time")
	}
	grant, err := v.granted(ctx, tx, d, who, ask.owner)
	if err != nil {
		return nil, err
	}
	found, err := tx.QueryContext(ctx, text, args...)
	rows, err := d.scan(ask, found, err)
	if err != nil || len(rows) == 0 || sabotage.Is(sabotage.LookUnseen) {
		return rows, err
	}
	s := stored{owner: ask.owner, kind: "look", schema: 1, seen: OnlyMe}
	_, err = v.insert(ctx, tx, v.reg.looks.d, Owner{}, s, Look{Staff: who.owner, Name: grant.Name, Kind: d.Name,
		Record: ask.id, Reason: grant.Reason, At: v.now().UTC(), Grant: who.grant})
	if err != nil {
		return nil, err
	}
	_, err = v.touch(ctx, tx, ask.owner)
	return rows, err
}

func (v *Vault) granted(ctx context.Context, tx *sql.Tx, d *decl, who Who, owner OwnerID) (Grant, error) {
	rec, err := v.reg.grant.Get(ctx, tx, Self(owner), owner, who.grant)
	switch {
	case sabotage.Is(sabotage.GrantUnchecked):
		return rec.Value, nil
	case errors.Is(err, ErrNotFound):
		return Grant{}, refuse(d.Name, "no such grant")
	case err != nil:
		return Grant{}, err
	case rec.Value.Staff != who.owner:
		return Grant{}, refuse(d.Name, "the grant is for somebody else")
	case !slices.Contains(rec.Value.Kinds, d.Name):
		return Grant{}, refuse(d.Name, "the grant does not name this kind")
	}
	return rec.Value, nil
}
