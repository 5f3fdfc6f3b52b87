// Package mail writes mails, queues them as ids, and hands them to the one
// declared relay.
//
// It owns the kind "mail": a written letter lies sealed in the vault with its
// receiver's other records (or with an errand, if the receiver is nobody we
// know), at most three days, and is erased as soon as the relay has taken it or
// has refused it for good. The queue, logs and errors know owner, record and
// codes; no address, name or text.
//
// It refuses line breaks and invisible marks in anything that reaches a header,
// pictures and HTML in templates, links that are no web or mail address, and a
// relay on another machine that offers no TLS.
//
// A template is a text file NAME.mail.txt (and NAME.de.mail.txt for a language)
// in text/template's words:
//
//	Subject: Your seat in {{.Workshop}}
//	Why: You get this mail because you signed up for {{.Workshop}}.
//	Keep: We keep your sign-up until {{.Until}}.
//
//	Hello {{.Name}},
//
//	there is a seat for you.
//
//	[Say that you come]({{.Link}})
//
// The text is Markdown, from which the plain and the HTML form are made. A link
// alone in its paragraph becomes the mail's button. Keep may be left out. Values
// are escaped: they stay the characters they are; do not put them into
// backticks, where escapes would show. Readers' programs still make links of
// bare addresses in a text, so a mail to an address that nobody has proven yet
// must not repeat what its sender typed.
//
// Start at [Parse] and [Templates.Write], then [Post.Queue].
package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kept/internal/db"
	"kept/internal/job"
	"kept/internal/page"
	"kept/vault"
)

// purpose is the one for which letters may be read.
const purpose = "mail"

// keepDays is how long a letter waits for a relay that does not answer.
const keepDays = 3

// attempts and the queue's pauses fill about that time.
const attempts = 21

// Kind is the capability to write and read letters.
type Kind = vault.Kind[Letter]

// Declare tells the vault what this package keeps about people. The processor
// is the relay's name in the register of package outbound.
// It is empty where nothing leaves, as in the demo.
func Declare(reg *vault.Registry, processor string) Kind {
	var processors []string
	if processor != "" {
		processors = []string{processor}
	}
	return vault.Declare(reg, vault.Spec[Letter]{
		Name:          "mail",
		Title:         "Mail to you",
		Sentence:      "A mail that was written to you and waits to be sent.",
		Purposes:      []string{purpose},
		Basis:         vault.Contract,
		Retention:     vault.For(keepDays),
		Audience:      vault.OnlyMe,
		Processors:    processors,
		Essential:     true,
		ByProgram:     true,
		DropAtRestore: true, // what a backup holds was sent long ago
		Describe:      func(l Letter) string { return l.Template },
	})
}

// Sender takes a mail off our hands: [Relay], or [Outbox] in the demo and in
// tests. An error says that it did not.
type Sender interface {
	Send(ctx context.Context, p Parcel) error
}

// Config is what a post is made of; all but Text, Now and Log is needed.
type Config struct {
	DB     *db.DB
	Vault  *vault.Vault
	Kind   Kind
	Queue  *job.Queue
	Sender Sender
	Site   Site
	// Text says an English text in a language, as a catalogue does.
	Text func(lang, english string, args ...any) string
	Now  func() time.Time
	Log  *slog.Logger
}

// Post queues letters and sends them. It is safe for use by many goroutines.
type Post struct {
	c     Config
	codes counter
}

// New checks the configuration and registers the job that sends.
func New(c Config) (*Post, error) {
	if err := c.Site.check(); err != nil {
		return nil, err
	}
	if c.Text == nil {
		c.Text = func(_, english string, args ...any) string { return fmt.Sprintf(english, args...) }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Post{c: c}
	c.Queue.Handle(job.Kind{Name: "mail", Do: p.deliver, Attempts: attempts, Timeout: 3 * time.Minute})
	return p, nil
}

// Receiver is whom a letter goes to. Owner is whose record it becomes: the
// person's own, or an errand's. Name may be empty.
type Receiver struct {
	Owner   vault.OwnerID
	Address Address
	Name    string
}

// Queue puts a letter into the vault and a job into the queue, both in the
// caller's transaction: the mail goes if that commits, and only then. Call
// [Post.Wake] after the commit where a person waits.
func (p *Post) Queue(ctx context.Context, tx *sql.Tx, to Receiver, d Draft) error {
	l, err := p.letter(to, d)
	if err != nil {
		return err
	}
	rec, err := p.c.Kind.Put(ctx, tx, vault.Work(purpose), vault.Record[Letter]{Owner: to.Owner, Value: l})
	if err != nil {
		return fmt.Errorf("keep mail %s: %w", d.Template, err)
	}
	lane := job.Fast
	if d.Bulk {
		lane = job.Bulk
	}
	args := map[string]string{"owner": string(rec.Owner), "record": rec.ID}
	if err := p.c.Queue.Add(ctx, tx, job.Job{Kind: "mail", Lane: lane, Args: args, Unique: "mail:" + rec.ID}); err != nil {
		return fmt.Errorf("queue mail %s: %w", d.Template, err)
	}
	return nil
}

func (p *Post) letter(to Receiver, d Draft) (Letter, error) {
	if to.Address.IsZero() {
		return Letter{}, fmt.Errorf("mail %s has no receiver", d.Template)
	}
	if err := d.check(); err != nil {
		return Letter{}, err
	}
	if d.Unsubscribe != "" {
		if err := checkUnsubscribe(d.Unsubscribe); err != nil {
			return Letter{}, fmt.Errorf("mail %s: %w", d.Template, err)
		}
	}
	if d.Keep == "" {
		d.Keep = p.c.Text(d.Lang, page.Key("We keep this mail until it is sent, for at most %d days."), keepDays)
	}
	return newLetter(to.Address, headerText(to.Name, maxName), d), nil
}

// Wake sends what was queued now instead of soon.
func (p *Post) Wake() { p.c.Queue.Wake() }

// Outcomes of letters that were not handed over, beside those of SendError.
const (
	codeSent      = "sent"
	codeGone      = "gone"      // erased or expired before it was sent
	codeUnsealed  = "unsealed"  // could not be read
	codeMalformed = "malformed" // no message could be made of it
	codeRefused   = "refused"   // by a sender that gives no codes
)

// deliver sends one letter. Letter and job go in one transaction; if that is
// lost after the relay took the mail, it is sent again under the same
// Message-ID, which receivers show once.
func (p *Post) deliver(ctx context.Context, run *job.Run) error {
	rec, err := p.find(ctx, run)
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrErased) {
		p.codes.add(codeGone)
		return nil
	}
	if err != nil {
		return &job.Failure{Code: codeUnsealed, Err: err}
	}
	parcel, err := p.c.Site.pack(rec.Value, rec.ID, p.c.Now())
	if err != nil {
		return p.giveUp(ctx, rec, codeMalformed, err)
	}
	if err := p.c.Sender.Send(ctx, parcel); err != nil {
		return p.failed(ctx, run, rec, err)
	}
	p.codes.add(codeSent)
	return p.erase(ctx, rec, run)
}

func (p *Post) find(ctx context.Context, run *job.Run) (vault.Record[Letter], error) {
	owner, err := p.c.Vault.Resolve(ctx, p.c.DB.Read, vault.OwnerID(run.Args["owner"]))
	if err != nil {
		return vault.Record[Letter]{}, err
	}
	return p.c.Kind.Get(ctx, p.c.DB.Read, vault.Work(purpose), owner, run.Args["record"])
}

// failed lets the queue try again, unless that is of no use or was the last try.
func (p *Post) failed(ctx context.Context, run *job.Run, rec vault.Record[Letter], err error) error {
	code, final := codeRefused, false
	if e, ok := errors.AsType[*SendError](err); ok {
		code, final = e.Reason(), e.Permanent
	} else {
		err = nil // the words of a sender that we do not know
	}
	if final || run.Attempt >= attempts {
		return p.giveUp(ctx, rec, code, err)
	}
	p.codes.add(code)
	return &job.Failure{Code: code, Err: err}
}

// giveUp erases the letter and leaves the job dead, with its code.
func (p *Post) giveUp(ctx context.Context, rec vault.Record[Letter], code string, err error) error {
	p.codes.add(code)
	p.c.Log.Warn("mail could not be delivered", "code", code, "template", rec.Value.Template)
	if lost := p.erase(ctx, rec, nil); lost != nil {
		return lost
	}
	return &job.Failure{Code: code, Final: true, Err: err}
}

// erase removes the letter, and with it the job that is done.
func (p *Post) erase(ctx context.Context, rec vault.Record[Letter], done *job.Run) error {
	err := p.c.DB.Transact(ctx, func(tx *sql.Tx) error {
		err := p.c.Kind.Delete(ctx, tx, vault.Work(purpose), rec.Owner, rec.ID)
		if err != nil && !errors.Is(err, vault.ErrNotFound) && !errors.Is(err, vault.ErrErased) {
			return err
		}
		if done == nil {
			return nil
		}
		// Another worker may have the job by now; it will find no letter.
		if err := done.Finish(ctx, tx); !errors.Is(err, job.ErrLost) {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erase a mail: %w", err)
	}
	return nil
}

// Outcomes counts since the start what became of mails, by code: "sent", or why
// not, as "to-550-5.1.1".
func (p *Post) Outcomes() map[string]int { return p.codes.all() }
