package certificate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"kept/internal/credential"
	"kept/internal/fault"
	"kept/internal/mail"
	"kept/vault"
	"kept/vault/sabotage"
)

// The cost of one guess at an address: about a tenth of a second of one core, and
// 64 MB of memory.
const (
	slowPasses = 3
	slowMemory = 64 << 10 // in kB
	slowLanes  = 1
	slowSize   = 32 // bytes
	saltSize   = 32 // bytes
)

// NewSet is a workshop or course of which certificates can be claimed later.
type NewSet struct {
	Title       string
	Description string
	Address     string // its page
	Template    string
	Day         time.Time
	Until       vault.Day // the last day to claim; then all of it is gone
}

// OpenSet makes a set. It belongs to a thing of its own, whose key ends with the
// last day.
func (f *Feature) OpenSet(ctx context.Context, tx *sql.Tx, n NewSet) (id string, err error) {
	owner, err := f.Vault.NewOwner(ctx, tx, vault.Thing, n.Until)
	if err != nil {
		return "", err
	}
	salt := make([]byte, saltSize)
	rand.Read(salt)
	value := Set{Salt: salt, Title: n.Title, Description: n.Description, Address: orElse(n.Address, f.c.Base), Template: n.Template, Day: n.Day.Format(time.DateOnly)}
	if _, err := f.kinds.sets.Put(ctx, tx, vault.Work(toCertify), vault.Record[Set]{Owner: owner, Value: value}); err != nil {
		return "", fmt.Errorf("keep a set: %w", err)
	}
	id = newNumber()
	_, err = tx.ExecContext(ctx, `INSERT INTO certificate_set (id, owner, title, until) VALUES ($1, $2, $3, $4)`, id, string(owner), n.Title, int64(n.Until))
	return id, err
}

// EndSet erases a set with all its claims.
func (f *Feature) EndSet(ctx context.Context, id string) error {
	row, err := f.set(ctx, f.DB.Read, id)
	if err != nil {
		return err
	}
	err = f.DB.Transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM certificate_set WHERE id = $1`, id)
		return err
	})
	if err != nil {
		return err
	}
	_, err = f.Vault.EraseOwner(ctx, row.owner)
	return err
}

// Qualified is somebody who may claim a certificate of a set.
type Qualified struct {
	Address mail.Address
	Role    string
}

// AddClaims keeps that these people qualified, and nothing by which they could be
// named. Each costs a slow hash, so many of them belong into jobs.
func (f *Feature) AddClaims(ctx context.Context, set string, all ...Qualified) error {
	row, err := f.set(ctx, f.DB.Read, set)
	if err != nil {
		return err
	}
	records := make([]vault.Record[Claim], len(all))
	for i, one := range all {
		hash, err := f.slowHash(ctx, f.DB.Read, row, one.Address)
		if err != nil {
			return err
		}
		records[i] = vault.Record[Claim]{Owner: row.owner, Value: Claim{Hash: hash, Role: one.Role}}
	}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, r := range records {
			if err := f.addClaim(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// addClaim keeps a claim once.
func (f *Feature) addClaim(ctx context.Context, tx *sql.Tx, r vault.Record[Claim]) error {
	have, err := f.claimsOf(ctx, tx, r.Owner, r.Value.Hash)
	if err != nil {
		return err
	}
	for _, one := range have {
		if one.Value.Role == r.Value.Role {
			return nil
		}
	}
	_, err = f.kinds.claims.Put(ctx, tx, vault.Work(toCertify), r)
	return err
}

func (f *Feature) claimsOf(ctx context.Context, q vault.Querier, owner vault.OwnerID, hash string) ([]vault.Record[Claim], error) {
	return f.kinds.claims.Find(ctx, q, vault.Work(toCertify), vault.Query{Name: byClaim, Value: hash, Owner: owner})
}

// slowHash is what is kept of an address: Argon2id under the set's salt. One at a
// time, since each takes 64 MB.
func (f *Feature) slowHash(ctx context.Context, q vault.Querier, row setRow, address mail.Address) (string, error) {
	set, err := f.kinds.sets.Get(ctx, q, vault.Work(toCertify), row.owner, vault.SingleID)
	if err != nil {
		return "", fmt.Errorf("set of late claims: %w", err)
	}
	if sabotage.Is(breakPlainClaims) {
		return address.Key(), nil
	}
	f.limits.slow.Lock()
	defer f.limits.slow.Unlock()
	return hex.EncodeToString(argon2.IDKey([]byte(address.Key()), set.Value.Salt, slowPasses, slowMemory, slowLanes, slowSize)), nil
}

// linkLife is how long the link in a mail that was asked for works, and handLife
// how long the certificate waits behind it once it is signed.
const (
	linkLife = time.Hour
	handLife = 24 * time.Hour
	bulkLife = 29 * 24 * time.Hour
)

func newToken() (token string, hash []byte) {
	token = vault.NewID()
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// linkKey finds an errand by its link.
func linkKey(e Errand) []vault.Key {
	if len(e.Link) == 0 {
		return nil
	}
	return []vault.Key{{Value: hex.EncodeToString(e.Link)}}
}

// askLate sends a link to an address, whether it qualified or not: only who reads
// the mail learns that.
func (f *Feature) askLate(ctx context.Context, set setRow, to mail.Address, lang string) error {
	token, hash := newToken()
	ends := f.Now().UTC().Add(linkLife)
	err := f.DB.Transact(ctx, func(tx *sql.Tx) error {
		owner, err := f.Vault.NewOwner(ctx, tx, vault.Errand, vault.DayOf(ends)+1)
		if err != nil {
			return err
		}
		e := Errand{Address: to.String(), Set: set.ID, Link: hash, Ends: ends, Title: set.Title}
		if _, err := f.kinds.errands.Put(ctx, tx, vault.Work(toCertify), vault.Record[Errand]{Owner: owner, Value: e}); err != nil {
			return err
		}
		return f.sendLink(ctx, tx, "late", lang, mail.Receiver{Owner: owner, Address: to}, set, token)
	})
	if err == nil {
		f.Post.Wake()
	}
	return err
}

func (f *Feature) sendLink(ctx context.Context, tx *sql.Tx, name, lang string, to mail.Receiver, set setRow, token string) error {
	draft, err := f.mails.Write(name, lang, map[string]string{"Site": f.c.Community, "Title": set.Title, "Until": set.Until.String(),
		"Link": f.c.Base + "/claimed/" + token})
	if err != nil {
		return err
	}
	draft.Bulk = name == "bulk"
	return f.Post.Queue(ctx, tx, to, draft)
}

// errand finds what a link leads to.
func (f *Feature) errand(ctx context.Context, q vault.Querier, token string) (vault.Record[Errand], error) {
	rec, err := f.kinds.errands.FindOne(ctx, q, vault.Work(toCertify), byLink, hex.EncodeToString(hashToken(token)))
	if errors.Is(err, vault.ErrNotFound) || err == nil && !f.Now().Before(rec.Value.Ends) {
		return rec, fault.NotFound{What: "link"}
	}
	return rec, err
}

// lateRoles are what the reader of a mail qualified as.
func (f *Feature) lateRoles(ctx context.Context, e Errand) (setRow, []vault.Record[Claim], error) {
	row, err := f.set(ctx, f.DB.Read, e.Set)
	if err != nil {
		return row, nil, err
	}
	address, err := mail.ParseAddress(e.Address)
	if err != nil {
		return row, nil, err
	}
	hash, err := f.slowHash(ctx, f.DB.Read, row, address)
	if err != nil {
		return row, nil, err
	}
	claims, err := f.claimsOf(ctx, f.DB.Read, row.owner, hash)
	return row, claims, err
}

// signLate signs the certificate of somebody who proved their address.
func (f *Feature) signLate(ctx context.Context, rec vault.Record[Errand], row setRow, name, role string, hashed bool) error {
	return f.transact(ctx, func(tx *sql.Tx) error {
		set, err := f.kinds.sets.Get(ctx, tx, vault.Work(toCertify), row.owner, vault.SingleID)
		if err != nil {
			return err
		}
		day, err := time.Parse(time.DateOnly, set.Value.Day)
		if err != nil {
			return fmt.Errorf("day of a set: %w", err)
		}
		o := Order{Title: set.Value.Title, Description: set.Value.Description, Page: set.Value.Address, Role: role, Template: set.Value.Template,
			Holder: credential.Holder{Name: name}, Day: day}
		if hashed {
			o.Holder.Address = credential.HashOf(strings.ToLower(rec.Value.Address))
		}
		signed, err := f.sign(ctx, tx, o)
		if err != nil {
			return err
		}
		now, err := f.kinds.errands.Get(ctx, tx, vault.Work(toCertify), rec.Owner, rec.ID)
		if err != nil {
			return err
		}
		now.Value.Name, now.Value.Role, now.Value.Template = name, role, set.Value.Template
		now.Value.JWT, now.Value.Embedded = signed.JWT, signed.Embedded
		if ends := f.Now().UTC().Add(handLife); ends.After(now.Value.Ends) {
			now.Value.Ends = ends
		}
		_, err = f.kinds.errands.Put(ctx, tx, vault.Work(toCertify), now)
		return err
	})
}

// keepLate puts a certificate that was claimed late with the records of a member,
// who chose so. Once it is there, it stays as it is.
func (f *Feature) keepLate(ctx context.Context, owner vault.OwnerID, e Errand, seen vault.Audience) (as string, err error) {
	v, err := f.verifier(ctx)
	if err != nil {
		return "", err
	}
	badge := v.Verify([]byte(e.JWT)).Badge
	h := Held{Number: number(badge.ID), Title: badge.Achievement.Name, Name: badge.Holder.Name, Template: e.Template, At: f.Now().UTC().Truncate(time.Second), JWT: e.JWT, Embedded: e.Embedded}
	err = f.DB.Transact(ctx, func(tx *sql.Tx) error {
		have, err := f.kinds.held.Find(ctx, tx, vault.Self(owner), vault.Query{Name: byNumber, Value: h.Number, Owner: owner, Limit: 1})
		if err != nil || len(have) > 0 {
			return err
		}
		_, err = f.kinds.held.Put(ctx, tx, vault.Self(owner), vault.Record[Held]{Owner: owner, Audience: seen, Value: h})
		return err
	})
	if _, taken := errors.AsType[*vault.TakenError](err); taken {
		err = fault.Conflict{What: "certificate"} // it is with another account
	}
	return h.Number, err
}

// forgetLate erases that somebody qualified, and the errand by which they said so.
func (f *Feature) forgetLate(ctx context.Context, rec vault.Record[Errand]) error {
	row, claims, err := f.lateRoles(ctx, rec.Value)
	if err != nil {
		return err
	}
	err = f.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, c := range claims {
			if err := f.kinds.claims.Delete(ctx, tx, vault.Work(toCertify), row.owner, c.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = f.Vault.EraseOwner(ctx, rec.Owner)
	return err
}
