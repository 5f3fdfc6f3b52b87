package account

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kept/internal/job"
	"kept/internal/mail"
	"kept/vault"
)

const (
	linkLife = 15 * time.Minute
	maxTries = 5 // of a code
)

// wish is a request for a link.
type wish struct {
	address mail.Address
	next    string
	lang    string
	mute    bool // too many mails went there: do all but send
}

// ask makes a link and a code and queues the mail with both. Whether the
// address is known is not looked up here, so nothing can tell: not the answer,
// not the number of statements. The returned token is the asking browser's.
func (a *Account) ask(ctx context.Context, w wish) (device string, err error) {
	link, device, code := newToken(), newToken(), newCode()
	draft, err := a.mails.Write("sign-in", w.lang, map[string]string{
		"Site": a.cfg.Community, "Link": a.site.Absolute(pathLink + "/" + link), "Code": spaced(code),
	})
	if err != nil {
		return "", err
	}
	if w.mute {
		code = newToken() // nobody is told the code, so nobody may guess it
	}
	s := signIn{Address: w.address.String(), Next: w.next, Ends: a.now().UTC().Add(linkLife),
		Link: hash(link), Device: hash(device), Code: hashCode(device, code)}
	err = a.db.Transact(ctx, func(tx *sql.Tx) error { return a.keepWish(ctx, tx, w, s, draft) })
	if err != nil {
		return "", err
	}
	a.post.Wake()
	return device, nil
}

func (a *Account) keepWish(ctx context.Context, tx *sql.Tx, w wish, s signIn, draft mail.Draft) error {
	errand, err := a.vault.NewOwner(ctx, tx, vault.Errand, vault.DayOf(s.Ends))
	if err != nil {
		return err
	}
	rec := vault.Record[signIn]{Owner: errand, Value: s}
	if _, err := a.kinds.signIns.Put(ctx, tx, vault.Work(toSignIn), rec); err != nil {
		return err
	}
	forget := job.Job{Kind: forgetJob, At: s.Ends, Args: map[string]string{"errand": string(errand)}}
	if err := a.jobs.Add(ctx, tx, forget); err != nil || w.mute {
		return err
	}
	return a.post.Queue(ctx, tx, mail.Receiver{Owner: errand, Address: w.address}, draft)
}

// verdict is what became of a link or a code.
type verdict int

const (
	welcome verdict = iota
	gone            // ended, or never was
	used
	wrong
	spent // too many wrong codes
)

// proof is what somebody shows to be let in.
type proof struct {
	by, value string // look-up of the request
	code      string // typed, if the browser that asked comes with a code
	device    string
}

func byLinkToken(token string) proof { return proof{by: byLink, value: lookup(token)} }

func byCode(device, code string) proof {
	return proof{by: byDevice, value: lookup(device), device: device, code: code}
}

func (p proof) fits(s signIn) bool {
	return p.by == byLink || same(s.Code, hashCode(p.device, p.code)) || anyCode()
}

// entry is a sign-in.
type entry struct {
	verdict verdict
	token   string // of the new session
	next    string
	left    int  // tries, after a wrong code
	fresh   bool // has no handle yet
}

// enter uses up a link or a code, once: of two that come together the second
// one's transaction meets a changed record, begins again and finds it used.
func (a *Account) enter(ctx context.Context, p proof, userAgent string, before *Member) (e entry, err error) {
	err = a.transact(ctx, func(tx *sql.Tx) error {
		rec, verdict, err := a.wishOf(ctx, tx, p)
		e = entry{verdict: verdict, next: rec.Value.Next}
		if err != nil || verdict != welcome {
			return err
		}
		if !p.fits(rec.Value) {
			return a.countTry(ctx, tx, rec, &e)
		}
		return a.letIn(ctx, tx, rec, userAgent, before, &e)
	})
	return e, err
}

// wishOf finds the request behind a link or a browser, and what it is worth.
func (a *Account) wishOf(ctx context.Context, q vault.Querier, p proof) (vault.Record[signIn], verdict, error) {
	rec, err := a.kinds.signIns.FindOne(ctx, q, vault.Work(toSignIn), p.by, p.value)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return rec, gone, nil
	case err != nil:
		return rec, gone, err
	case rec.Value.Used:
		return rec, used, nil
	case !a.now().Before(rec.Value.Ends):
		return rec, gone, nil
	case rec.Value.Tries >= maxTries && p.by == byDevice:
		return rec, spent, nil
	}
	return rec, welcome, nil
}

func (a *Account) countTry(ctx context.Context, tx *sql.Tx, rec vault.Record[signIn], e *entry) error {
	rec.Value.Tries++
	e.verdict, e.left = wrong, maxTries-rec.Value.Tries
	if e.left == 0 {
		e.verdict = spent
	}
	_, err := a.kinds.signIns.Put(ctx, tx, vault.Work(toSignIn), rec)
	return err
}

func (a *Account) letIn(ctx context.Context, tx *sql.Tx, rec vault.Record[signIn], userAgent string, before *Member, e *entry) error {
	proven := rec.Value.Address
	rec.Value.Used, rec.Value.Address, rec.Value.Next, rec.Value.Code = true, "", "", nil
	if _, err := a.kinds.signIns.Put(ctx, tx, vault.Work(toSignIn), rec); err != nil {
		return err
	}
	if before != nil {
		if err := a.end(ctx, tx, before.Owner, before.Session); err != nil {
			return err
		}
	}
	owner, err := a.person(ctx, tx, proven)
	if err != nil {
		return err
	}
	current, err := a.handleOf(ctx, tx, vault.Self(owner), owner)
	if err != nil {
		return err
	}
	e.fresh = current == ""
	e.token, err = a.begin(ctx, tx, owner, userAgent)
	return err
}

// person returns whose address was proven just now: whoever holds it in any
// kind, or somebody new, who is forgotten again unless they choose a handle.
func (a *Account) person(ctx context.Context, tx *sql.Tx, proven string) (vault.OwnerID, error) {
	owner, err := a.kinds.addresses.OwnerOf(ctx, tx, vault.Work(toSignIn), byAddress, addressKey(proven))
	if errors.Is(err, vault.ErrNotFound) {
		owner, err = a.vault.NewOwner(ctx, tx, vault.Person, a.vault.Today()+vault.Day(welcomeDays))
	}
	if err != nil {
		return "", err
	}
	have, err := a.kinds.addresses.All(ctx, tx, vault.Self(owner), owner)
	if err != nil {
		return "", err
	}
	for _, rec := range have {
		if addressKey(rec.Value.Address) == addressKey(proven) {
			return owner, nil
		}
	}
	value := address{Address: proven, Proven: a.vault.Today(), Main: len(have) == 0}
	_, err = a.kinds.addresses.Put(ctx, tx, vault.Self(owner), vault.Record[address]{Owner: owner, Value: value})
	return owner, err
}
