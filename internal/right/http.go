package right

import (
	"errors"
	"net/http"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// maxUpload is the largest export that can be brought along, in bytes.
const maxUpload = 32 << 20

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /you/data", Handler: f.member(f.showData)},
		{Pattern: "GET /you/data/record", Handler: f.member(f.showRecord)},
		{Pattern: "GET /you/data/take", Handler: f.member(f.take)},
		{Pattern: "POST /you/data/change", Handler: f.member(f.change)},
		{Pattern: "POST /you/data/audience", Handler: f.member(f.setAudience)},
		{Pattern: "POST /you/data/erase", Handler: f.member(f.eraseRecord)},
		{Pattern: "GET /you/data/kind", Handler: f.member(f.showKind)},
		{Pattern: "POST /you/data/kind", Handler: f.member(f.eraseKind)},
		{Pattern: "POST /you/data/everything", Handler: f.member(f.eraseEverything)},
		{Pattern: "GET /you/data/export", Handler: f.member(f.export)},
		{Pattern: "GET /you/data/read", Handler: f.member(f.read)},
		{Pattern: "GET /you/data/import", Handler: f.member(f.showImport)},
		{Pattern: "POST /you/data/import", Handler: f.member(f.upload), MaxBody: maxUpload},
		{Pattern: "POST /you/data/import/take", Handler: f.member(f.takeOver)},
		{Pattern: "POST /you/data/renew", Handler: f.member(f.renew)},
		{Pattern: "POST /you/data/request", Handler: f.member(f.request)},
		{Pattern: "GET /schema/export.json", Handler: f.schema},
		{Pattern: "GET /.well-known/kept-receipts.json", Handler: f.receiptKey},
	}
}

// asked is a request of a signed-in member.
type asked struct {
	*http.Request
	w  http.ResponseWriter
	me Member
}

// member sends visitors to sign in.
func (f *Feature) member(do func(asked) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		me, ok := f.c.Who(r.Context())
		if !ok || me.Handle == "" && sabotage.Is(breakNoHandle) {
			http.Redirect(w, r, "/sign-in?next=/you/data", http.StatusSeeOther)
			return nil
		}
		return do(asked{r, w, me})
	}
}

func (f *Feature) subject(a asked) vault.Subject { return f.Vault.Subject(a.me.Owner) }

// told turns the vault's errors into what a person may be told.
func told(err error) error {
	var held *vault.HeldError
	var value *vault.ValueError
	var refused *vault.RefusedError
	var taken *vault.TakenError
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return fault.NotFound{What: "record"}
	case errors.Is(err, vault.ErrConflict):
		return fault.Conflict{What: "record"}
	case errors.As(err, &held):
		return fault.Forbidden{What: "erase what a law holds"}
	case errors.As(err, &refused):
		return fault.Forbidden{What: "change this"}
	case errors.As(err, &taken):
		return fault.Conflict{What: taken.Name}
	case errors.As(err, &value):
		return fault.Invalid{Fields: []fault.Field{{Message: value.Err.Error()}}}
	}
	return err
}
