package account

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// The roles that a member can have. What each opens is said by the kinds that
// name it, and by the pages that ask for it.
const (
	Operator   = "operator"   // runs the site: roles, queue, backups; no member's data
	Staff      = "staff"      // helps members, and sees what they allow
	Organiser  = "organiser"  // prepares workshops
	Instructor = "instructor" // teaches in workshops
	Helper     = "helper"     // helps in workshops
	TeamMember = "member"     // belongs to the team
)

// RoleNames lists the roles.
func RoleNames() []string {
	return []string{Operator, Staff, Organiser, Instructor, Helper, TeamMember}
}

// MaxRole is how long a role lasts at most; who goes on has it renewed by hand.
const MaxRole = roleDays

// GiveRole gives a role to the member with a handle, or renews it. It ends with
// the day until. A fault.Invalid names the fields handle, role, scope or until.
func (a *Account) GiveRole(ctx context.Context, name, what, scope string, until vault.Day) error {
	if err := a.checkRole(what, scope, until); err != nil {
		return err
	}
	return a.transact(ctx, func(tx *sql.Tx) error {
		owner, err := a.kinds.handles.OwnerOf(ctx, tx, vault.Work(toGiveRole), byHandle, readHandle(name))
		if errors.Is(err, vault.ErrNotFound) {
			return invalidHandle(page.Key("Write the handle of a member, for example noorh."))
		}
		if err != nil {
			return err
		}
		return a.putRole(ctx, tx, owner, role{Role: what, Scope: scope, Until: until})
	})
}

func (a *Account) checkRole(what, scope string, until vault.Day) error {
	today := a.vault.Today()
	var wrong []fault.Field
	if !slices.Contains(RoleNames(), what) {
		wrong = append(wrong, fault.Field{Name: "role", Message: page.Key("Choose one of the roles.")})
	}
	if len(scope) > 100 {
		wrong = append(wrong, fault.Field{Name: "scope", Message: page.Key("Write a shorter scope.")})
	}
	if until < today || until > today+vault.Day(MaxRole) {
		wrong = append(wrong, fault.Field{Name: "until", Message: page.Key("Choose a last day from today on, at most a year ahead.")})
	}
	if wrong != nil {
		return fault.Invalid{Fields: wrong}
	}
	return nil
}

// putRole writes a role anew or moves the end of the same one. The record is
// kept until the role's last day, and no longer.
func (a *Account) putRole(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, value role) error {
	records, err := a.kinds.roles.All(ctx, tx, vault.Self(owner), owner)
	if err != nil {
		return err
	}
	rec := vault.Record[role]{Owner: owner}
	for _, have := range records {
		if have.Value.Role == value.Role && have.Value.Scope == value.Scope {
			rec, value.Key = have, have.Value.Key
		}
	}
	value.Key = or(value.Key, newToken())
	rec.Value = value
	_, err = a.kinds.roles.Put(ctx, tx, vault.Self(owner), rec)
	return err
}

// Given is a role as the operator's page shows it: whose it is stands there
// only if that member has a public page.
type Given struct {
	Key         string // for EndRole
	Handle      string // or empty
	Role, Scope string
	Until       vault.Day
}

// Given lists all roles that have not ended, the next to end first.
func (a *Account) Given(ctx context.Context) ([]Given, error) {
	records, err := a.kinds.roles.Find(ctx, a.db.Read, vault.Work(toGiveRole), vault.Query{Name: byRole, Value: everyone})
	if err != nil {
		return nil, err
	}
	given := make([]Given, len(records))
	for i, rec := range records {
		name, err := a.PublicHandle(ctx, a.db.Read, rec.Owner)
		if err != nil {
			return nil, err
		}
		given[i] = Given{Key: rec.Value.Key, Handle: name, Role: rec.Value.Role, Scope: rec.Value.Scope, Until: rec.Value.Until}
	}
	return given, nil
}

// EndRole ends a role now. The last operator's stays, with a fault.Conflict:
// without one nobody could give a role again.
func (a *Account) EndRole(ctx context.Context, key string) error {
	return a.db.Transact(ctx, func(tx *sql.Tx) error {
		rec, err := a.kinds.roles.FindOne(ctx, tx, vault.Work(toGiveRole), byRole, "key:"+key)
		if errors.Is(err, vault.ErrNotFound) {
			return fault.NotFound{What: "role"}
		}
		if err != nil {
			return err
		}
		if rec.Value.Role == Operator {
			operators, err := a.operators(ctx, tx)
			if err != nil {
				return err
			}
			if operators < 2 {
				return fault.Conflict{What: "last operator"}
			}
		}
		return a.kinds.roles.Delete(ctx, tx, vault.Work(toGiveRole), rec.Owner, rec.ID)
	})
}

func (a *Account) operators(ctx context.Context, q vault.Querier) (int, error) {
	records, err := a.kinds.roles.Find(ctx, q, vault.Work(toGiveRole), vault.Query{Name: byRole, Value: "role:" + Operator, Limit: 2})
	return len(records), err
}

// firstRunLife is how long a first-run link works.
const firstRunLife = 6 * 24 * time.Hour

// FirstRun returns the address that makes whoever opens it first the operator,
// or "" if there is one. An address that it returned before ends.
func (a *Account) FirstRun(ctx context.Context) (address string, err error) {
	token := newToken()
	err = a.transact(ctx, func(tx *sql.Tx) error {
		address = ""
		operators, err := a.operators(ctx, tx)
		if err != nil || operators > 0 {
			return err
		}
		if err := a.dropFirstRun(ctx, tx); err != nil {
			return err
		}
		ends := a.now().UTC().Add(firstRunLife)
		errand, err := a.vault.NewOwner(ctx, tx, vault.Errand, vault.DayOf(ends))
		if err != nil {
			return err
		}
		address = a.site.Absolute(pathFirst + "/" + token)
		value := roleLink{Role: Operator, Ends: ends, Link: hash(token)}
		_, err = a.kinds.roleLinks.Put(ctx, tx, vault.Work(toGiveRole), vault.Record[roleLink]{Owner: errand, Value: value})
		return err
	})
	return address, err
}

func (a *Account) dropFirstRun(ctx context.Context, tx *sql.Tx) error {
	records, err := a.kinds.roleLinks.Find(ctx, tx, vault.Work(toGiveRole), vault.Query{Name: byRoleLink, Value: everyone})
	for _, rec := range records {
		err := a.kinds.roleLinks.Delete(ctx, tx, vault.Work(toGiveRole), rec.Owner, rec.ID)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	return err
}

// firstRunStands reports whether a first-run link still gives its role.
func (a *Account) firstRunStands(ctx context.Context, q vault.Querier, token string) (bool, error) {
	rec, err := a.kinds.roleLinks.FindOne(ctx, q, vault.Work(toGiveRole), byRoleLink, lookup(token))
	if errors.Is(err, vault.ErrNotFound) {
		return false, nil
	}
	if err != nil || !same(rec.Value.Link, hash(token)) || !a.now().Before(rec.Value.Ends) {
		return false, err
	}
	operators, err := a.operators(ctx, q)
	return operators == 0, err
}

// becomeOperator uses up a first-run link. The link's record is written before
// it goes, so that of two at once the second one begins again and finds none.
func (a *Account) becomeOperator(ctx context.Context, owner vault.OwnerID, token string) (done bool, err error) {
	err = a.transact(ctx, func(tx *sql.Tx) (err error) {
		if done, err = a.firstRunStands(ctx, tx, token); err != nil || !done {
			return err
		}
		rec, err := a.kinds.roleLinks.FindOne(ctx, tx, vault.Work(toGiveRole), byRoleLink, lookup(token))
		if err != nil {
			return err
		}
		if _, err := a.kinds.roleLinks.Put(ctx, tx, vault.Work(toGiveRole), rec); err != nil {
			return err
		}
		if err := a.dropFirstRun(ctx, tx); err != nil {
			return err
		}
		return a.putRole(ctx, tx, owner, role{Role: Operator, Until: a.vault.Today() + vault.Day(MaxRole) - 1})
	})
	if errors.Is(err, vault.ErrNotFound) { // another one was faster
		return false, nil
	}
	return done, err
}
