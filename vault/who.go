package vault

import (
	"slices"

	"kept/vault/sabotage"
)

// Who says who reads or writes, and why. Every call names one; nothing is
// readable without.
type Who struct {
	mode    mode
	owner   OwnerID
	purpose string
	role    string
	scope   string
	until   Day
	grant   string
}

type mode int8

const (
	nobody mode = iota
	self
	anyone
	work
	inRole
	staff
)

// Self is the owner of the records.
func Self(owner OwnerID) Who { return Who{mode: self, owner: owner} }

// Anyone is a stranger: public records of open owners only.
func Anyone() Who { return Who{mode: anyone} }

// Work is the program at work for a purpose, which the kind must declare.
func Work(purpose string) Who { return Who{mode: work, purpose: purpose} }

// InRole is somebody who acts in a role, in one scope, until a day.
func InRole(role, scope string, until Day) Who {
	return Who{mode: inRole, role: role, scope: scope, until: until}
}

// Staff is somebody of the staff, under a grant that the member gave; each read
// leaves a look that the member sees, in the same transaction.
func Staff(staffMember OwnerID, grant string) Who {
	return Who{mode: staff, owner: staffMember, grant: grant}
}

// mayRead reports why a kind does not allow the reader, if so.
func (d *decl) mayRead(w Who, today Day) error {
	switch w.mode {
	case self, staff:
		return nil
	case anyone:
		if !slices.Contains(d.Audiences, AnyoneMaySee) {
			return refuse(d.Name, "it is never public")
		}
	case work:
		if !d.allows(w.purpose) {
			return refuse(d.Name, "the purpose "+w.purpose+" is not declared")
		}
	case inRole:
		return d.mayAct(w, today)
	default:
		return refuse(d.Name, "no reader is named")
	}
	return nil
}

func (d *decl) mayAct(w Who, today Day) error {
	if _, ok := d.role(w.role); !ok {
		return refuse(d.Name, "the role "+w.role+" is not declared")
	}
	if w.scope == "" {
		return refuse(d.Name, "a role needs a scope")
	}
	if w.until < today {
		return refuse(d.Name, "the role "+w.role+" has ended")
	}
	return nil
}

// mayWrite is mayRead for writers.
func (d *decl) mayWrite(w Who, owner OwnerID, scope string, today Day) error {
	if d.givenBySelf && w.mode != self {
		return refuse(d.Name, "only its owner gives it")
	}
	switch w.mode {
	case self:
		if w.owner != owner {
			return refuse(d.Name, "the record is another owner's")
		}
		return nil
	case work:
		return d.mayRead(w, today)
	case inRole:
		role, _ := d.role(w.role)
		if err := d.mayAct(w, today); err != nil {
			return err
		}
		if !role.Write || scope != w.scope {
			return refuse(d.Name, "the role "+w.role+" may not change it here")
		}
		return nil
	}
	return refuse(d.Name, "this reader may not write")
}

// mayUse reports whether the owner lets this writer work with the kind now.
func (d *decl) mayUse(w Who, o Owner) error {
	if w.mode == self || d.needed() {
		return nil
	}
	if o.Restricted || w.mode == work && slices.Contains(o.Objects, w.purpose) {
		return ErrRestricted
	}
	return nil
}

// needed says that neither restriction nor objection stops work with the kind.
func (d *decl) needed() bool { return d.Essential || d.Retention.law != "" }

// clause narrows a query to what the reader may see. table stands before the
// names of vault_record; the arguments it needs are appended to args. That self
// asks for no other owner was looked at before.
func (d *decl) clause(w Who, owner OwnerID, table string, args []any) (string, []any) {
	switch w.mode {
	case self:
		if owner != "" {
			return "", args
		}
		return " AND " + table + "owner = " + arg(&args, string(w.owner)), args
	case anyone:
		return strangers(table), args
	case work:
		if d.needed() {
			return "", args
		}
		return ` AND EXISTS (SELECT 1 FROM vault_owner o WHERE o.id = ` + table + `owner AND NOT o.restricted
			AND o.objects NOT LIKE ` + arg(&args, "%|"+w.purpose+"|%") + `)`, args
	case inRole:
		return " AND " + table + "seen >= 2 AND " + table + "scope = " + arg(&args, w.scope) +
			" AND EXISTS (SELECT 1 FROM vault_owner o WHERE o.id = " + table + "owner AND NOT o.restricted)", args
	}
	return "", args
}

func strangers(table string) string {
	public := " AND " + table + "seen = 3"
	live := ` AND EXISTS (SELECT 1 FROM vault_owner o WHERE o.id = ` + table + `owner AND o.state = 'live' AND NOT o.restricted`
	switch {
	case sabotage.Is(sabotage.PublicUnfiltered):
		return live + ` AND o.open)`
	case sabotage.Is(sabotage.ClosedShows):
		return public + live + `)`
	}
	return public + live + ` AND o.open)`
}
