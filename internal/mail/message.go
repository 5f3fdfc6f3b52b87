package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Site is who the mails come from.
type Site struct {
	Name    string
	URL     string // front page
	From    Address
	ReplyTo Address // may be zero
	Lang    string  // of templates that carry no language in their name
}

// Letter is a mail as the vault keeps it: written and addressed, not yet sent.
// Its text may hold a link that signs in, so exports leave the body out.
type Letter struct {
	To          string `json:"to"`
	Name        string `json:"name,omitempty"`
	Template    string `json:"template"`
	Lang        string `json:"lang,omitempty"`
	Subject     string `json:"subject" vault:"secret"`
	Body        string `json:"body" vault:"secret"`
	Why         string `json:"why"`
	Keep        string `json:"keep"`
	Unsubscribe string `json:"unsubscribe,omitempty" vault:"secret"`
	Bulk        bool   `json:"bulk,omitempty"`
}

// Parcel is a mail ready to hand over. Data is the whole message as it is
// sent, to which a signature may be added in front.
type Parcel struct {
	From, To Address
	Subject  string
	Text     string
	HTML     string
	Data     []byte
	Bulk     bool // a campaign, which waits behind everything else
}

// maxName is in runes: longer names are cut, since they are only a courtesy.
const maxName = 80

// dateGrain is how exactly a message says when it was sent. A whole day would
// hide more, but filters distrust a Date that is some hours old, and inboxes
// would sort a sign-in link below the mail of the morning.
const dateGrain = time.Hour

// pack makes the message of a letter. The id is its record's: the same letter
// always has the same Message-ID, so that a mail sent twice after a crash
// shows once.
func (s Site) pack(l Letter, id string, now time.Time) (Parcel, error) {
	to, err := ParseAddress(l.To)
	if err != nil {
		return Parcel{}, err
	}
	p := Parcel{From: s.From, To: to, Subject: oneLine(l.Subject), Text: s.text(l), Bulk: l.Bulk}
	if p.HTML, err = s.html(l); err != nil {
		return Parcel{}, err
	}
	p.Data, err = s.compose(p, l, id, now)
	return p, err
}

func (s Site) text(l Letter) string {
	var b strings.Builder
	b.WriteString(plainText(l.Body))
	// The mark of RFC 3676: readers fold what follows, and leave it out of answers.
	b.WriteString("\n-- \n")
	b.WriteString(plainText(l.Why))
	b.WriteString(plainText(l.Keep))
	fmt.Fprintf(&b, "\n%s\n%s\n", s.Name, s.URL)
	return b.String()
}

func (s Site) html(l Letter) (string, error) {
	lang := l.Lang
	if lang == "" {
		lang = s.Lang
	}
	page := sheet{Lang: lang, Dir: direction(lang), Subject: oneLine(l.Subject), Site: s.Name, URL: s.URL}
	for _, part := range []struct {
		to   *template.HTML
		from string
	}{{&page.Body, l.Body}, {&page.Why, l.Why}, {&page.Keep, l.Keep}} {
		text, err := htmlText(part.from)
		if err != nil {
			return "", err
		}
		*part.to = text
	}
	return renderSheet(page)
}

func (s Site) compose(p Parcel, l Letter, id string, now time.Time) ([]byte, error) {
	sum := sha256.Sum256([]byte("message-id " + id))
	token := hex.EncodeToString(sum[:16])
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("part-"+token))
	m.FromMailAddress(s.From.header(headerText(s.Name, maxName)))
	m.ToMailAddress(p.To.header(headerText(l.Name, maxName)))
	if !s.ReplyTo.IsZero() {
		m.ReplyToMailAddress(s.ReplyTo.header(""))
	}
	m.Subject(headerText(l.Subject, maxSubject))
	m.SetMessageIDWithValue(token + "@" + s.From.domain)
	m.SetDateWithValue(now.UTC().Truncate(dateGrain))
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	if l.Unsubscribe != "" {
		if err := checkUnsubscribe(l.Unsubscribe); err != nil {
			return nil, err
		}
		if m.SetListUnsubscribeOneClick(l.Unsubscribe) != nil {
			return nil, errUnsubscribe // the module's text would quote the address
		}
	}
	m.SetBodyString(gomail.TypeTextPlain, p.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, p.HTML)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("compose mail: %w", err)
	}
	return b.Bytes(), nil
}

// headerText makes a value fit for a header: one line, single blanks, no
// control characters, not longer than asked. Runs of blanks go because folding
// does not keep them, and could leave a line of nothing else. What looks like an
// encoded word is taken apart: readers' programs would decode it to something
// that nobody wrote, or choke on it.
func headerText(s string, most int) string {
	runes := []rune(strings.ReplaceAll(oneLine(s), "=?", "= ?"))
	if len(runes) > most {
		runes = runes[:most]
	}
	return strings.TrimSpace(string(runes))
}

// maxURL keeps a header line below the 998 bytes that SMTP carries.
const maxURL = 900

var errUnsubscribe = errors.New("the address to unsubscribe at must be https and short")

func checkUnsubscribe(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(u.String()) > maxURL || strings.ContainsAny(u.String(), "<>, ") {
		return errUnsubscribe
	}
	return nil
}

func (s Site) check() error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "":
		return errors.New("mail: the site has no address")
	case s.Name == "" || s.Name != headerText(s.Name, maxName):
		return fmt.Errorf("mail: the site's name must be one line of at most %d characters", maxName)
	case s.From.IsZero():
		return errors.New("mail: there is no address to send from")
	case s.From.needsUTF8() || s.ReplyTo.needsUTF8():
		return errors.New("mail: the sender's address must be plain letters before the @, or not everybody can answer")
	case s.Lang == "":
		return errors.New("mail: the site has no language")
	}
	return nil
}

func newLetter(to Address, name string, d Draft) Letter {
	return Letter{To: to.String(), Name: name, Template: d.Template, Lang: d.Lang, Subject: d.Subject,
		Body: d.Body, Why: d.Why, Keep: d.Keep, Unsubscribe: d.Unsubscribe, Bulk: d.Bulk}
}
