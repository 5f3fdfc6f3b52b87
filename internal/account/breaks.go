package account

import (
	"net/http"

	"kept/internal/mail"
	"kept/internal/prove"
	"kept/vault"
	"kept/vault/sabotage"
)

// The ways to break the promises on purpose; see package sabotage.
const (
	breakVisitorCookie = "account-visitor-cookie"
	breakRolesNeverEnd = "account-roles-never-end"
	breakAnnounceAll   = "account-announce-all"
	breakTellsAccounts = "account-tells-accounts"
	breakAnyCode       = "account-any-code"
	breakOpenDoor      = "account-open-door"
)

// Breaks are the ways to break what this package promises.
func (a *Account) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakVisitorCookie, What: "every visitor gets a cookie with a number", Breaks: []string{"F1", "F20"}},
		{Name: breakRolesNeverEnd, What: "a role opens doors after its last day", Breaks: []string{"C10", "C22"}},
		{Name: breakAnnounceAll, What: "announcements go to everybody", Breaks: []string{"F5"}},
		{Name: breakTellsAccounts, What: "the answer tells whether an address has an account", Breaks: []string{"F18"}},
		{Name: breakAnyCode, What: "any code signs in", Breaks: []string{"F18"}},
		{Name: breakOpenDoor, What: "pages of an account open without one", Breaks: []string{"F4"}},
	}
}

// leaveCookie does nothing in any program that is used.
func (a *Account) leaveCookie(w http.ResponseWriter, r *http.Request) {
	if sabotage.Is(breakVisitorCookie) && len(r.Header["Cookie"]) == 0 {
		http.SetCookie(w, a.cookie("visitor", newToken(), sessionLife))
	}
}

// betrayal is what a broken program adds to the answer for a known address.
func (a *Account) betrayal(r *http.Request, address mail.Address) string {
	if !sabotage.Is(breakTellsAccounts) {
		return ""
	}
	_, err := a.kinds.addresses.OwnerOf(r.Context(), a.db.Read, vault.Work(toSignIn), byAddress, address.Key())
	if err != nil {
		return ""
	}
	return "?again"
}

// lastDay is until when a role is kept.
func (r role) lastDay() vault.Day {
	if rolesNeverEnd() {
		return vault.Never
	}
	return r.Until
}

func rolesNeverEnd() bool      { return sabotage.Is(breakRolesNeverEnd) }
func everybodyAnnounced() bool { return sabotage.Is(breakAnnounceAll) }
func anyCode() bool            { return sabotage.Is(breakAnyCode) }
func openDoor() bool           { return sabotage.Is(breakOpenDoor) }
