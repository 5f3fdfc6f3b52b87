package credential

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"time"
)

// Step is one thing that is looked at. They are taken in this order.
type Step string

// The steps.
const (
	StepForm      Step = "form"      // can it be read, and is it a certificate
	StepIssuer    Step = "issuer"    // is the issuer one that we know
	StepSignature Step = "signature" // is every byte as it was signed
	StepKey       Step = "key"       // was the key in use then
	StepDates     Step = "dates"     // does it hold today
	StepStatus    Step = "status"    // was it withdrawn
)

// Steps are all of them.
var steps = [...]Step{StepForm, StepIssuer, StepSignature, StepKey, StepDates, StepStatus}

// Finding is what a step found.
type Finding string

// The findings. Those of the first group let the next step be taken.
const (
	Fine      Finding = "fine"
	OldKey    Finding = "old key"    // an earlier key, in use when it signed
	NoEnd     Finding = "no end"     // it does not run out
	NoList    Finding = "no list"    // it cannot be withdrawn
	NotLooked Finding = "not looked" // the list of withdrawn ones was not at hand

	Unreadable     Finding = "unreadable"
	NoCertificate  Finding = "no certificate"
	UnknownIssuer  Finding = "unknown issuer"
	UnknownKey     Finding = "unknown key"
	Changed        Finding = "changed"
	UnknownTerms   Finding = "unknown terms" // it has parts that nobody signed
	KeyRevoked     Finding = "key revoked"
	KeyNotInUse    Finding = "key not in use"
	NotYet         Finding = "not yet"
	Expired        Finding = "expired"
	Withdrawn      Finding = "withdrawn"
	ListUnreadable Finding = "list unreadable"
)

// Seen is a step with what it found. Untried steps are left out of a Result.
type Seen struct {
	Step    Step
	Finding Finding
}

// OK tells whether the step lets the next one be taken.
func (s Seen) OK() bool {
	switch s.Finding {
	case Fine, OldKey, NoEnd, NoList, NotLooked:
		return true
	}
	return false
}

// Result is what became of a file.
type Result struct {
	Seen   []Seen
	Badge  Badge // what it says; to be believed only if Genuine
	Read   bool  // Badge was read
	JWT    bool  // else an embedded proof
	Key    string
	Signed time.Time
	Listed time.Time // of when the list of withdrawn ones is
	Digest []byte    // the signature's own bytes, of which the edge is drawn
}

// Genuine tells that every step went well.
func (r Result) Genuine() bool {
	return len(r.Seen) == len(steps) && r.Seen[len(r.Seen)-1].OK()
}

// Verdict is the finding that decided: that of the step that failed, or Fine.
func (r Result) Verdict() Finding {
	if len(r.Seen) == 0 || r.Genuine() {
		return Fine
	}
	return r.Seen[len(r.Seen)-1].Finding
}

// Has tells whether a step found that.
func (r Result) Has(f Finding) bool {
	for _, s := range r.Seen {
		if s.Finding == f {
			return true
		}
	}
	return false
}

// Verifier says whom to believe.
type Verifier struct {
	Issuer func(id string) (*Issuer, bool)
	// List answers with the list at an address; nil if there are none at hand.
	// ErrNoList says that just this one is not.
	List func(address string) (*List, error)
	Now  time.Time
}

// ErrNoList says that a list of withdrawn certificates is not at hand.
var ErrNoList = errors.New("credential: no such list at hand")

// trial is a verification under way.
type trial struct {
	Verifier
	Result
	doc    object
	jwt    *token
	issuer *Issuer
	key    PublicKey
}

// Verify takes the steps, up to the first that fails.
func (v Verifier) Verify(file []byte) Result {
	t := &trial{Verifier: v}
	for i, take := range []func() Finding{func() Finding { return t.read(file) }, t.known, t.signature, t.inUse, t.dates, t.status} {
		t.Seen = append(t.Seen, Seen{steps[i], take()})
		if !t.Seen[i].OK() {
			break
		}
	}
	return t.Result
}

func (t *trial) read(file []byte) Finding {
	file = bytes.TrimSpace(file)
	var err error
	if bytes.HasPrefix(file, []byte("{")) {
		err = t.readEmbedded(file)
	} else {
		err = t.readJWT(string(file))
	}
	if err != nil {
		return Unreadable
	}
	if t.Badge, t.Read = badgeOf(t.doc); !t.Read {
		return NoCertificate
	}
	return Fine
}

func (t *trial) readEmbedded(file []byte) (err error) {
	if t.doc, err = parse(file); err != nil {
		return err
	}
	proof, err := proofOf(t.doc)
	if err != nil {
		return err
	}
	t.Key, t.Signed = text(proof, "verificationMethod"), moment(proof, "created")
	t.Digest, err = decode58(text(proof, "proofValue"), ed25519.SignatureSize)
	if t.Signed.IsZero() {
		return errProof
	}
	return err
}

func (t *trial) readJWT(file string) (err error) {
	if t.jwt, err = parseJWT(file); err != nil {
		return err
	}
	t.JWT, t.doc, t.Key, t.Signed = true, t.jwt.payload, t.jwt.kid, t.jwt.at
	t.Digest = t.jwt.signature
	return nil
}

func (t *trial) known() Finding {
	var ok bool
	if t.issuer, ok = t.Verifier.Issuer(t.Badge.Issuer.ID); !ok {
		return UnknownIssuer
	}
	if t.key, ok = t.issuer.Key(t.Key); !ok {
		return UnknownKey
	}
	return Fine
}

func (t *trial) signature() Finding {
	var err error
	if t.jwt != nil {
		err = t.jwt.check(t.key.Key)
	} else {
		err = checkProof(t.doc, t.key.Key, contexts())
	}
	switch {
	case errors.Is(err, errTerm), errors.Is(err, errContext), errors.Is(err, errComplex):
		return UnknownTerms
	case err != nil:
		return Changed
	}
	return Fine
}

func (t *trial) inUse() Finding {
	switch {
	case !t.key.Revoked.IsZero():
		return KeyRevoked
	case !t.key.inUse(t.Signed):
		return KeyNotInUse
	case !t.key.Until.IsZero():
		return OldKey
	}
	return Fine
}

func (t *trial) dates() Finding {
	switch {
	case t.Now.Before(t.Badge.From):
		return NotYet
	case t.Badge.Until.IsZero():
		return NoEnd
	case t.Now.After(t.Badge.Until):
		return Expired
	}
	return Fine
}

func (t *trial) status() Finding {
	entry := t.Badge.Status
	if _, there := t.doc["credentialStatus"]; !there {
		return NoList
	}
	if entry.List == "" {
		return ListUnreadable
	}
	if t.List == nil {
		return NotLooked
	}
	list, err := t.List(entry.List)
	if errors.Is(err, ErrNoList) {
		return NotLooked
	}
	if err != nil || list.Address != entry.List {
		return ListUnreadable
	}
	t.Listed = list.At
	withdrawn, err := list.Bits.Get(entry.Index)
	if err != nil {
		return ListUnreadable
	}
	if withdrawn {
		return Withdrawn
	}
	return Fine
}
