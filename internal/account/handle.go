package account

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// Bounds of a handle. What is stored may be longer than what can be chosen now.
const (
	shortestHandle = 3
	longestHandle  = 30
	longestStored  = 40
	mostFormer     = 3 // that lead to the present one at a time
)

// reserved are words that would look like the site itself speaking, or like a
// part of it.
var reserved = []string{
	"about", "abuse", "account", "accounts", "address", "admin", "administrator", "announcements", "anonymous", "api", "app",
	"badge", "badges", "billing", "blog", "certificate", "certificates", "community", "contact", "courses", "data", "demo",
	"donate", "donation", "erased", "everyone", "export", "feed", "feeds", "handle", "health", "help", "helper", "home",
	"hostmaster", "import", "info", "instructor", "jobs", "kept", "learn", "legal", "lesson", "lessons", "login", "logout",
	"mail", "me", "member", "members", "moderator", "news", "newsletter", "nobody", "note", "notes", "notice", "official",
	"operator", "organiser", "organizer", "owner", "page", "policy", "portfolio", "postmaster", "privacy", "promises", "root",
	"rss", "schema", "search", "security", "session", "sessions", "settings", "sign-in", "sign-out", "sign-up", "signin",
	"signout", "signup", "site", "staff", "static", "status", "support", "sysadmin", "system", "team", "terms", "test",
	"undefined", "null", "user", "users", "vault", "webmaster", "welcome", "well-known", "workshop", "workshops", "www", "you",
}

var errForm = errors.New("a handle is made of small letters, digits and single dashes inside")

// checkForm is the rule for what is stored.
func checkForm(name string) error {
	if len(name) < shortestHandle || len(name) > longestStored || strings.Trim(name, "-") != name || strings.Contains(name, "--") {
		return errForm
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return errForm
		}
	}
	return nil
}

// readHandle reads a handle as people type it: with or without @, in capitals.
func readHandle(typed string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(typed), "@"))
}

// wrongHandle says what to do about a handle that cannot be chosen.
func wrongHandle(name string) string {
	switch {
	case name == "":
		return page.Key("Choose a handle, for example noorh.")
	case len(name) < shortestHandle || len(name) > longestHandle:
		return page.Key("Choose a handle of 3 to 30 characters, for example noorh.")
	case checkForm(name) != nil:
		return page.Key("Choose a handle of letters a to z, digits and single dashes inside, for example noor-h.")
	case slices.Contains(reserved, name):
		return page.Key("Choose another handle: this word stands for a part of the site.")
	}
	return ""
}

// handleOf returns the owner's present handle as the reader may see it, or "".
func (a *Account) handleOf(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) (string, error) {
	all, err := a.kinds.handles.All(ctx, q, who, owner)
	for _, rec := range all {
		if !rec.Value.Former {
			return rec.Value.Handle, err
		}
	}
	return "", err
}

// chooseHandle gives a member a handle, the first one or another one.
func (a *Account) chooseHandle(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, name string) error {
	if say := wrongHandle(name); say != "" {
		return invalidHandle(say)
	}
	all, err := a.kinds.handles.All(ctx, tx, vault.Self(owner), owner)
	if err != nil {
		return err
	}
	err = a.changeHandle(ctx, tx, owner, all, name)
	if isTaken(err) {
		return invalidHandle(page.Key("Choose another handle: this one is taken, or was until a short while ago."))
	}
	return err
}

func invalidHandle(say string) error {
	return fault.Invalid{Fields: []fault.Field{{Name: "handle", Message: say}}}
}

// changeHandle writes the present handle anew and keeps the one that it was as
// a former one. The new record comes before the old one of the same name goes,
// so that the name never leaves its owner.
func (a *Account) changeHandle(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, all []vault.Record[handle], name string) error {
	self := vault.Self(owner)
	now := vault.Record[handle]{Owner: owner}
	former := 0
	for _, rec := range all {
		if rec.Value.Former && rec.Value.Handle != name {
			former++
		}
		if !rec.Value.Former {
			now = rec
		}
	}
	was := now.Value.Handle
	if was == name {
		return nil
	}
	if was != "" && former >= mostFormer {
		return invalidHandle(page.Key("Wait until one of your former handles has ended: three lead to your page already."))
	}
	if was != "" {
		old := handle{Handle: was, Former: true, Until: a.vault.Today() + vault.Day(formerDays)}
		if _, err := a.kinds.handles.Put(ctx, tx, self, vault.Record[handle]{Owner: owner, Value: old}); err != nil {
			return err
		}
	}
	now.Value = handle{Handle: name, Until: vault.Never}
	if _, err := a.kinds.handles.Put(ctx, tx, self, now); err != nil {
		return err
	}
	return a.dropFormer(ctx, tx, owner, all, name)
}

// dropFormer removes the former handle that became the present one again.
func (a *Account) dropFormer(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, all []vault.Record[handle], name string) error {
	for _, rec := range all {
		if !rec.Value.Former || rec.Value.Handle != name {
			continue
		}
		if err := a.kinds.handles.Delete(ctx, tx, vault.Self(owner), owner, rec.ID); err != nil {
			return err
		}
	}
	return nil
}
