// Package feature says what a feature of the program is: a folder that declares
// its kinds, shows its pages, tries its promises. app holds the one list of
// them; nothing registers itself.
package feature

import (
	"log/slog"
	"time"

	"kept/internal/db"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/outbound"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

// Feature is a part of the program. It is made by its package's New, which
// declares kinds in the registry; then the vault is opened; then Start is
// called, once, before the first request.
type Feature interface {
	Source() page.Source // templates; the zero value if it has no pages
	Start(Services) error
	Routes() []page.Route
	Checks() []prove.Check
	Breaks() []prove.Break
	Plants() []prove.Plant
}

// Services are what a feature stands on once the program is open.
type Services struct {
	DB    *db.DB
	Vault *vault.Vault
	Jobs  *job.Queue
	Post  *mail.Post
	Site  *page.Site
	Gate  *outbound.Gate
	Now   func() time.Time
	Log   *slog.Logger
}
