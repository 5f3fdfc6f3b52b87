package promise

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

//go:embed *.html *.go
var files embed.FS

//go:embed *.mail.txt
var letters embed.FS

// Operator is what the configuration says of the people who run the site. What
// is empty is shown as not stated.
type Operator struct {
	Controller, Address, Contact, Storage, Authority string

	Age        int // under which everything starts private; 0 asks nobody
	LogHours   int
	BackupDays int
}

// Config is what app hands over. Functions are needed where no note says what
// nil means.
type Config struct {
	Now       func() time.Time
	Versions  []Version // from Load; Rehearse adds one for a scratch site
	Community string
	Operator  Operator
	// Relay is the mail relay's name in the register of processors; empty where
	// nothing leaves.
	Relay string
	// SecurityExpires is the day on which somebody has to look again whether
	// security.txt still holds; 0 is half a year after the current month began.
	SecurityExpires vault.Day

	// Members lists owners with a proven address, in the order of their ids,
	// those after the given one and at most limit.
	Members func(ctx context.Context, q vault.Querier, after vault.OwnerID, limit int) ([]vault.OwnerID, error)
	// Receiver says where a service mail to a member goes and in which language.
	// A zero address means that none goes.
	Receiver func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (to mail.Receiver, lang string, err error)
	// Knows is what a page remembers of a member who opens it, nil as of a visitor.
	Knows func(*page.Language) string
	// Limit says whether a form may be sent to an address now; nil is always.
	Limit func(r *http.Request, address mail.Address) error
	// Checks are those of all features; called when the first page needs them.
	Checks func() []prove.Check
}

// Feature shows the policy and what follows from it.
type Feature struct {
	c        Config
	versions versions
	kinds    kinds
	mails    *mail.Templates
	contact  mail.Address // zero if none is configured

	feature.Services
	documents []document // by number, from 0; made by Start and not changed since
}

var _ feature.Feature = (*Feature)(nil)

// New declares what is kept here.
func New(reg *vault.Registry, c Config) (*Feature, error) {
	f := &Feature{c: c, versions: c.Versions, kinds: declare(reg, c.Relay)}
	if len(c.Versions) == 0 || c.Now == nil || c.Members == nil || c.Receiver == nil {
		return nil, errors.New("promise: Versions, Now, Members and Receiver are needed")
	}
	var err error
	if f.mails, err = mail.Parse(letters); err != nil {
		return nil, fmt.Errorf("promise: %w", err)
	}
	if c.Operator.Contact != "" {
		if f.contact, err = mail.ParseAddress(c.Operator.Contact); err != nil {
			return nil, fmt.Errorf("promise: policy.contact: %w", err)
		}
	}
	return f, nil
}

// Start fills in the versions' figures, so that a mistake in one ends the
// start-up, and registers jobs.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	facts := f.facts()
	f.documents = nil
	for _, v := range f.versions {
		d, err := write(v, facts)
		if err != nil {
			return err
		}
		f.documents = append(f.documents, d)
	}
	s.Jobs.Handle(job.Kind{Name: tellJob, Do: f.tell})
	s.Jobs.Every(job.Daily(7, 0), job.Kind{Name: announceJob, Do: f.announce})
	s.Jobs.Every(job.Daily(7, 30), job.Kind{Name: remindJob, Do: f.remind})
	return nil
}

// Source is the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "promise", Files: files} }

func (f *Feature) today() vault.Day { return vault.DayOf(f.c.Now()) }

// PolicyVersion is the number of the version in force, for vault.Options. It
// can be called as soon as New has returned.
func (f *Feature) PolicyVersion() int { return f.versions.inForce(f.today()).Number }

// Notice is what every page should say while a version is posted and does not
// hold yet; ok is false at other times.
func (f *Feature) Notice(lang *page.Language) (says, path string, ok bool) {
	pending := f.versions.pending(f.today())
	if len(pending) == 0 {
		return "", "", false
	}
	day, err := lang.Day(pending[0].InForce)
	if err != nil {
		return "", "", false
	}
	return lang.Text("The privacy policy changes on %s. See what is different.", day), pathCompare, true
}

// FootText is the text of the link to the policy at the foot of every page,
// for page.Link.Live: while a change is ahead, it says when.
func (f *Feature) FootText(lang *page.Language) string {
	if pending := f.versions.pending(f.today()); len(pending) > 0 {
		if day, err := lang.Day(pending[0].InForce); err == nil {
			return lang.Text("Privacy (changes on %s)", day)
		}
	}
	return lang.Text("Privacy")
}

// VersionState is a version as the operator's page lists it.
type VersionState struct {
	Version
	Now bool // in force
}

// Asks names the kinds for whose older records the version in force asks each
// member's yes, and that version's number.
func (f *Feature) Asks() (kinds []string, version int) {
	for _, v := range f.States() {
		if v.Now {
			return v.Ask, v.Number
		}
	}
	return nil, 0
}

// States lists the versions that are posted, the latest first.
func (f *Feature) States() []VersionState {
	now := f.PolicyVersion()
	var all []VersionState
	posted := f.versions.posted(f.today())
	for i := len(posted) - 1; i >= 0; i-- {
		all = append(all, VersionState{posted[i], posted[i].Number == now})
	}
	return all
}
