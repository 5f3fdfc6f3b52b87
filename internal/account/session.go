package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// Names of the cookies.
const (
	sessionCookie = "kept"
	askCookie     = "kept-ask" // lets the browser that asked for a link use the code
)

// cookie makes a cookie that no script reads and no other site sends along with
// a form. Without TLS, in the demo, a browser takes neither the attribute
// Secure nor the name __Host- from every address, so both are left out there.
func (a *Account) cookie(name, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: a.cookieName(name), Value: value, Path: "/", MaxAge: int(age / time.Second),
		HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (a *Account) cookieName(name string) string {
	if a.secure {
		return "__Host-" + name
	}
	return name
}

func (a *Account) cookieOf(r *http.Request, name string) string {
	if len(r.Header["Cookie"]) == 0 {
		return ""
	}
	c, err := r.Cookie(a.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

const sessionLife = time.Duration(sessionDays) * 24 * time.Hour

// Middleware finds out who is asking, for MemberOf and for the layout. A
// visitor costs nothing. A member's session is written at most once a day, for
// its last-used day; that is the one thing that a GET changes, and every page
// says so.
func (a *Account) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.leaveCookie(w, r)
		token := a.cookieOf(r, sessionCookie)
		if token == "" || strings.HasPrefix(r.URL.Path, "/static/") {
			next.ServeHTTP(w, r)
			return
		}
		found := a.recognise(w, r, token)
		ctx := withAsking(r.Context(), found)
		if m := found.member; m != nil {
			ctx = page.WithViewer(ctx, page.Viewer{SignedIn: true, Handle: m.Handle, Lang: m.Language, Theme: m.Theme, Zone: m.Zone})
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (a *Account) recognise(w http.ResponseWriter, r *http.Request, token string) asking {
	ctx := r.Context()
	rec, err := a.kinds.sessions.FindOne(ctx, a.db.Read, vault.Work(toSignIn), bySession, lookup(token))
	if errors.Is(err, vault.ErrNotFound) || (err == nil && !same(rec.Value.Token, hash(token))) {
		http.SetCookie(w, a.cookie(sessionCookie, "", 0)) // it is over: a visitor carries no cookie
		return asking{}
	}
	if err != nil {
		return asking{err: fmt.Errorf("read session: %w", err)}
	}
	m, err := a.member(ctx, a.db.Read, rec)
	if err != nil {
		return asking{err: fmt.Errorf("read member: %w", err)}
	}
	if rec.Value.Used < a.vault.Today() {
		a.use(ctx, rec)
		http.SetCookie(w, a.cookie(sessionCookie, token, sessionLife))
	}
	return asking{member: m}
}

// use moves the last-used day. If that fails, or another request did it first,
// the member notices nothing; the next request tries again.
func (a *Account) use(ctx context.Context, rec vault.Record[session]) {
	rec.Value.Used = a.vault.Today()
	err := a.db.Transact(ctx, func(tx *sql.Tx) error {
		_, err := a.kinds.sessions.Put(ctx, tx, vault.Self(rec.Owner), rec)
		return err
	})
	if err != nil && !errors.Is(err, vault.ErrConflict) && !errors.Is(err, vault.ErrErased) && ctx.Err() == nil {
		a.log.Error("last-used day not written", "type", fmt.Sprintf("%T", err))
	}
}

// begin makes a session and returns its token.
func (a *Account) begin(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, userAgent string) (token string, err error) {
	token = newToken()
	s := session{Token: hash(token), Used: a.vault.Today()}
	s.Browser, s.System = deviceOf(userAgent)
	_, err = a.kinds.sessions.Put(ctx, tx, vault.Self(owner), vault.Record[session]{Owner: owner, Value: s})
	return token, err
}

// end ends one session. That it is over already is no error.
func (a *Account) end(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, id string) error {
	err := a.kinds.sessions.Delete(ctx, tx, vault.Self(owner), owner, id)
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrErased) {
		return nil
	}
	return err
}

// endOthers ends every session of a member but one.
func (a *Account) endOthers(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, keep string) error {
	all, err := a.kinds.sessions.All(ctx, tx, vault.Self(owner), owner)
	if err != nil {
		return err
	}
	for _, rec := range all {
		if rec.ID == keep {
			continue
		}
		if err := a.end(ctx, tx, owner, rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// sessionsOf lists the open sessions, the one that asks first, then by use.
func (a *Account) sessionsOf(ctx context.Context, m *Member) ([]vault.Record[session], error) {
	all, err := a.kinds.sessions.All(ctx, a.db.Read, vault.Self(m.Owner), m.Owner)
	slices.SortFunc(all, func(x, y vault.Record[session]) int {
		switch {
		case x.ID == m.Session:
			return -1
		case y.ID == m.Session:
			return 1
		case x.Value.Used != y.Value.Used:
			return int(y.Value.Used - x.Value.Used)
		}
		return strings.Compare(x.ID, y.ID)
	})
	return all, err
}

// SignedOff removes the session's cookie, after the session or its owner ended.
func (a *Account) SignedOff(w http.ResponseWriter) {
	http.SetCookie(w, a.cookie(sessionCookie, "", 0))
}
