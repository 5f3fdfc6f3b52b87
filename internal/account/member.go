package account

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"
	_ "time/tzdata" // zones must be known where the system has none

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// Member is who is signed in.
type Member struct {
	Owner    vault.OwnerID
	Handle   string // empty until one is chosen
	Roles    []Role
	Language string         // chosen; empty follows the browser
	Zone     *time.Location // never nil
	Theme    string
	Session  string // id of the record
}

// Role is a task of a member that has not ended.
type Role struct {
	Role, Scope string // a scope of "" is the whole site
	Until       vault.Day
}

// Has reports whether the member has a role in a scope, or for the whole site.
func (m *Member) Has(role, scope string) bool {
	_, ok := m.find(role, scope)
	return ok
}

// As is the member as a reader in a role, for kinds that name the role; ok is
// false if the member does not have it in that scope.
func (m *Member) As(role, scope string) (who vault.Who, ok bool) {
	r, ok := m.find(role, scope)
	if !ok || scope == "" {
		return vault.Who{}, false
	}
	return vault.InRole(role, scope, r.Until), true
}

func (m *Member) find(role, scope string) (Role, bool) {
	if m == nil {
		return Role{}, false
	}
	i := slices.IndexFunc(m.Roles, func(r Role) bool { return r.Role == role && (r.Scope == scope || r.Scope == "") })
	if i < 0 {
		return Role{}, false
	}
	return m.Roles[i], true
}

type memberKey struct{}

// asking is what the middleware found out.
type asking struct {
	member *Member
	err    error // the session could not be read: neither member nor visitor
}

// MemberOf returns who is signed in, or nil for a visitor.
func MemberOf(ctx context.Context) *Member {
	a, _ := ctx.Value(memberKey{}).(asking)
	return a.member
}

func withAsking(ctx context.Context, a asking) context.Context {
	return context.WithValue(ctx, memberKey{}, a)
}

func errorOf(ctx context.Context) error {
	a, _ := ctx.Value(memberKey{}).(asking)
	return a.err
}

// Known lets only those in who are signed in, and sends others to sign in. It
// is for pages that must be open to somebody who has no handle yet, as one's
// own data.
func Known(h page.Handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := errorOf(r.Context()); err != nil {
			return err
		}
		if MemberOf(r.Context()) == nil && openDoor() {
			r = r.WithContext(withAsking(r.Context(), asking{member: &Member{Handle: "nobody", Zone: time.UTC}}))
		}
		if MemberOf(r.Context()) == nil {
			http.Redirect(w, r, withNext(pathSignIn, wanted(r)), http.StatusSeeOther)
			return nil
		}
		return h(w, r)
	}
}

// Required lets only members in who have a handle, and sends others to sign in
// or to choose one.
func Required(h page.Handler) page.Handler {
	return Known(func(w http.ResponseWriter, r *http.Request) error {
		if MemberOf(r.Context()).Handle == "" {
			http.Redirect(w, r, withNext(pathWelcome, wanted(r)), http.StatusSeeOther)
			return nil
		}
		return h(w, r)
	})
}

// NeedRole lets only members in who have the role in one of the scopes, or for
// the whole site. Without scopes, having the role anywhere is enough: then the
// handler must ask Member.Has about the scope in question.
func NeedRole(h page.Handler, role string, scopes ...string) page.Handler {
	return Required(func(w http.ResponseWriter, r *http.Request) error {
		if !MemberOf(r.Context()).hasOne(role, scopes) {
			return fault.Forbidden{What: "act as " + role}
		}
		return h(w, r)
	})
}

func (m *Member) hasOne(role string, scopes []string) bool {
	if len(scopes) == 0 {
		return slices.ContainsFunc(m.Roles, func(r Role) bool { return r.Role == role })
	}
	return slices.ContainsFunc(scopes, func(scope string) bool { return m.Has(role, scope) })
}

// wanted is the page to come back to: a form that was sent is not repeated.
func wanted(r *http.Request) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return ""
	}
	return r.URL.RequestURI()
}

// withNext adds the page to go on to, if it is one of ours.
func withNext(path, next string) string {
	if next = ours(next); next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

// longestNext bounds what is remembered of a wish.
const longestNext = 300

// ours returns the address of a page if it is one of this site, else nothing:
// a browser takes //host and /\host for another site.
func ours(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || len(next) > longestNext {
		return ""
	}
	if len(next) == 0 || next[0] != '/' || (len(next) > 1 && (next[1] == '/' || next[1] == '\\')) {
		return ""
	}
	return next
}

// member reads what every page wants to know of its member.
func (a *Account) member(ctx context.Context, q vault.Querier, s vault.Record[session]) (*Member, error) {
	m := &Member{Owner: s.Owner, Session: s.ID, Zone: time.UTC}
	var err error
	if m.Handle, err = a.handleOf(ctx, q, vault.Self(s.Owner), s.Owner); err != nil {
		return nil, err
	}
	chosen, err := a.settingsOf(ctx, q, s.Owner)
	if err != nil {
		return nil, err
	}
	m.Language, m.Theme, m.Zone = chosen.Language, chosen.Theme, zone(chosen.Zone)
	m.Roles, err = a.rolesOf(ctx, q, s.Owner)
	return m, err
}

func (a *Account) settingsOf(ctx context.Context, q vault.Querier, owner vault.OwnerID) (settings, error) {
	rec, err := a.kinds.settings.Get(ctx, q, vault.Self(owner), owner, vault.SingleID)
	if errors.Is(err, vault.ErrNotFound) {
		return settings{}, nil
	}
	return rec.Value, err
}

func (a *Account) rolesOf(ctx context.Context, q vault.Querier, owner vault.OwnerID) ([]Role, error) {
	records, err := a.kinds.roles.All(ctx, q, vault.Self(owner), owner)
	var roles []Role
	for _, rec := range records {
		if rec.Value.Until >= a.vault.Today() || rolesNeverEnd() {
			roles = append(roles, Role{Role: rec.Value.Role, Scope: rec.Value.Scope, Until: rec.Value.Until})
		}
	}
	return roles, err
}
