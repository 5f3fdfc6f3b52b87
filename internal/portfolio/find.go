package portfolio

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"kept/internal/fault"
	"kept/vault"
	"kept/vault/sabotage"
)

// address is whose page a handle is.
type address struct {
	owner   vault.OwnerID
	current string // the present handle
	noIndex bool   // search engines are asked to leave it out
}

// found is a page that strangers may see.
type found struct {
	address
	version string // of all that stands on the page
}

// find looks a handle up. The owner is read at every request, so that nothing
// is shown of an older version; the look-up behind the handle only when that
// moved, since a changed handle moves it too.
func (f *Feature) find(ctx context.Context, handle string) (found, error) {
	known, then, ok := f.names.last(handle)
	if !ok {
		return f.search(ctx, handle)
	}
	now, err := f.versionOf(ctx, known.owner)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		f.Forget(known.owner)
	case err != nil:
		return found{}, err
	case now == then:
		return found{known, now}, nil
	}
	return f.search(ctx, handle) // somebody else may have the handle now
}

// search asks who has the handle, reads the version, and asks again: what is
// remembered was then true at that version or after it, never only before.
func (f *Feature) search(ctx context.Context, handle string) (found, error) {
	owner, _, err := f.c.OwnerOf(ctx, f.DB.Read, f.stranger(), handle)
	if err != nil {
		return found{}, notFound(err)
	}
	version, err := f.versionOf(ctx, owner)
	if err != nil {
		return found{}, notFound(err)
	}
	again, current, err := f.c.OwnerOf(ctx, f.DB.Read, f.stranger(), handle)
	if err == nil && again != owner {
		err = vault.ErrNotFound
	}
	if err != nil {
		return found{}, notFound(err)
	}
	settings, err := f.readSettings(ctx, f.DB.Read, f.stranger(), owner)
	if err != nil {
		return found{}, err
	}
	a := address{owner, current, settings.Value.noIndex()}
	f.names.put(handle, version, a)
	return found{a, version}, nil
}

func notFound(err error) error {
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrErased) {
		return fault.NotFound{What: "page"}
	}
	return err
}

// stranger is who looks a handle up.
func (f *Feature) stranger() vault.Who {
	if sabotage.Is(breakOpenAtOnce) {
		return vault.Work(toShow)
	}
	return vault.Anyone()
}

// versionOf names the state of an owner who has a page, and vault.ErrNotFound of
// one who has none. The day belongs to it, because records end with their day.
func (f *Feature) versionOf(ctx context.Context, owner vault.OwnerID) (string, error) {
	o, err := f.Vault.Owner(ctx, f.owner, owner)
	if err != nil {
		return "", err
	}
	if o.State != "live" || !f.shows(o) {
		return "", vault.ErrNotFound
	}
	if sabotage.Is(breakStaleCache) {
		return "1", nil
	}
	return strconv.FormatInt(o.Version, 36) + "." + strconv.Itoa(int(f.Vault.Today())), nil
}

// shows reports whether an owner has a page for strangers at all.
func (f *Feature) shows(o vault.Owner) bool {
	if o.Restricted || slices.Contains(o.Objects, toShow) {
		return false
	}
	return o.Open || sabotage.Is(breakOpenAtOnce)
}
