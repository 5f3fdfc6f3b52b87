// Package certificate gives people what they came for in a form that they hold
// themselves: a page, a PDF and a signed Open Badge that anyone can check, here
// or anywhere, with the account or long after it.
//
// It owns the claim (which certifications there are, what is still missing, the
// name as the person writes it), the issuer's keys and their history, the lists
// of withdrawn certificates, the page /verify, late claims by those of whom
// nothing but a slow hash is kept, and bulk issue. The formats themselves are
// those of package credential.
//
// It refuses to keep anything of a certificate outside its holder's records: no
// map leads from a person to a place in a list, so whoever wants to withdraw one
// must present it. It asks no other host about anything.
//
// Start at New; issue.go signs, claim_http.go and page_http.go show, late.go
// keeps what can be claimed later, verify_http.go checks.
package certificate

import (
	"context"
	"embed"
	"net/http"
	"time"

	"kept/internal/course"
	"kept/internal/credential"
	"kept/internal/feature"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
)

//go:embed *.html *.go *.mail.txt
var files embed.FS

// Member is who asks.
type Member struct {
	Owner  vault.OwnerID
	Handle string
}

// Missing is a required lesson that is not checked yet.
type Missing struct {
	Lesson  string // id
	Refused bool   // it was handed in, and a machine found that it does not do yet
}

// Config is what app hands over.
type Config struct {
	Community string
	Base      string // the site's address, of which the issuer's id is made
	Hue       int    // 0 to 359, the community's colour
	Language  string // of certificates, where nothing else is chosen
	Keys      string // folder of the issuer's keys
	Fresh     bool   // nothing was issued yet, so a first key may be made
	Templates string // folder of the operator's templates; empty: the built-in one alone
	// Catalogue is what is taught at this moment.
	Catalogue func() *course.Catalogue
	// Earned tells which of the lessons are not yet checked by the server.
	Earned func(ctx context.Context, q vault.Querier, owner vault.OwnerID, lessons []string) ([]Missing, error)
	// Who says which member asks; ok is false for a visitor.
	Who func(ctx context.Context) (m Member, ok bool)
	// Required lets only members in; Operator only operators.
	Required, Operator func(page.Handler) page.Handler
	// Knows is what every page of a member remembers by itself.
	Knows func(*page.Language) string
	// Address is the proven address of a member, to be hashed if they want so.
	Address func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (string, error)
	// Print turns a page into a tagged PDF by the operator's browser; nil if
	// there is none.
	Print func(ctx context.Context, html []byte) ([]byte, error)
}

// Feature serves the pages.
type Feature struct {
	c         Config
	kinds     kinds
	issuer    *keyFile
	templates *templates
	lists     listCache
	limits    *limits
	mails     *mail.Templates
	feature.Services
}

var _ feature.Feature = (*Feature)(nil)

// New declares what is kept here and reads keys and templates.
func New(reg *vault.Registry, c Config) (*Feature, error) {
	id, err := credential.WebID(c.Base)
	if err != nil {
		return nil, err
	}
	f := &Feature{c: c, kinds: declare(reg), limits: newLimits()}
	if f.issuer, err = openKeys(c.Keys, id, c.Fresh, time.Now); err != nil {
		return nil, err
	}
	if f.templates, err = readTemplates(c.Templates); err != nil {
		return nil, err
	}
	f.mails, err = mail.Parse(files)
	return f, err
}

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "certificate", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	f.issuer.now = s.Now
	f.work()
	return nil
}

// Notices are what the next page says after a form was sent.
func (f *Feature) Notices() []page.Notice {
	return []page.Notice{
		{Key: "certificate.issued", State: "Yours.", Text: "Save the signed file: it stays valid whatever becomes of this site or your account.", Done: true},
		{Key: "certificate.kept", State: "Kept.", Text: "It is with your certificates. Save the signed file as well: it stays valid whatever becomes of your account.", Done: true},
		{Key: "certificate.shown", State: "Shown.", Text: "Whoever has the address can see it, once your page is public.", Done: true},
		{Key: "certificate.hidden", State: "Hidden.", Text: "Only you see it from now on.", Done: true},
		{Key: "certificate.withdrawn", State: "Withdrawn.", Text: "Whoever checks it from now on is told so.", Done: true},
		{Key: "certificate.erased", State: "Erased.", Text: "We hold nothing of it any more. A file that you saved stays valid.", Done: true},
	}
}

// asked is a request of a signed-in member.
type asked struct {
	*http.Request
	w  http.ResponseWriter
	me Member
}

// member lets members in.
func (f *Feature) member(do func(asked) error) page.Handler {
	return f.c.Required(func(w http.ResponseWriter, r *http.Request) error {
		me, ok := f.c.Who(r.Context())
		if !ok {
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			return nil
		}
		return do(asked{r, w, me})
	})
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /you/certificates", Handler: f.member(f.showMine)},
		{Pattern: "GET /you/certificates/claim/{certification}", Handler: f.member(f.showClaim)},
		{Pattern: "POST /you/certificates/claim/{certification}", Handler: f.member(f.claim)},
		{Pattern: "POST /you/certificates/audience", Handler: f.member(f.setAudience)},
		{Pattern: "POST /you/certificates/withdraw", Handler: f.member(f.withdrawMine)},
		{Pattern: "POST /you/certificates/erase", Handler: f.member(f.eraseMine)},
		{Pattern: "GET /certifications/{certification}", Handler: f.showCertification},
		{Pattern: "GET /c/{id}", Handler: f.showCertificate},
		{Pattern: "GET /c/{id}/{form}", Handler: f.serveForm},
		{Pattern: "GET /certificates/status/{list}", Handler: f.serveList},
		{Pattern: "GET /certificates/template/{template}/{picture}", Handler: f.servePicture},
		{Pattern: "GET /.well-known/did.json", Handler: f.serveIssuer},
		{Pattern: "GET /.well-known/jwks.json", Handler: f.serveKeys},
		{Pattern: "GET /verify", Handler: f.showVerify},
		{Pattern: "POST /verify", Handler: f.verify, MaxBody: maxFile},
		{Pattern: "GET /claim", Handler: f.showSets},
		{Pattern: "GET /claim/{set}", Handler: f.showSet},
		{Pattern: "POST /claim/{set}", Handler: f.askProof},
		{Pattern: "GET /claim/{set}/sent", Handler: f.showSent},
		{Pattern: "GET /claimed/{token}", Handler: f.showLink},
		{Pattern: "POST /claimed/{token}", Handler: f.takeLate},
		{Pattern: "POST /claimed/{token}/erase", Handler: f.eraseLate},
		{Pattern: "POST /claimed/{token}/keep", Handler: f.member(f.keepMine)},
		{Pattern: "GET /claimed/{token}/{form}", Handler: f.serveLateForm},
		{Pattern: "GET /operator/certificates", Handler: f.c.Operator(f.showDesk)},
		{Pattern: "POST /operator/certificates/issue", Handler: f.c.Operator(f.issueByForm), MaxBody: maxFile},
		{Pattern: "POST /operator/certificates/retry", Handler: f.c.Operator(f.retryByForm)},
		{Pattern: "POST /operator/certificates/withdraw", Handler: f.c.Operator(f.withdrawByFile), MaxBody: maxFile},
		{Pattern: "GET /operator/certificates/preview", Handler: f.c.Operator(f.showPreview)},
		{Pattern: "GET /operator/certificates/preview/{form}", Handler: f.c.Operator(f.servePreview)},
	}
}

// maxFile is the largest file that can be sent to be checked, in bytes.
const maxFile = 4 << 20
