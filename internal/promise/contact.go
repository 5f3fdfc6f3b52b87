package promise

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kept/internal/fault"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// mostText is how long a question may be, in characters.
const mostText = 4000

// addressKey is the one spelling of an address.
func addressKey(address string) string {
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return address // it was stored by an older rule, and is found as it stands
	}
	return parsed.Key()
}

type contactPage struct {
	page.Head
	Form     *page.Form
	SignedIn bool
	Open     bool // there is somebody whom a question would reach
	Days     int
	Kept     string // how long it is kept
	Contact  string
	Most     int
}

func (f *Feature) showContact(w http.ResponseWriter, r *http.Request) error {
	if page.ViewerOf(r.Context()).SignedIn {
		return f.renderContact(w, r, http.StatusOK, nil)
	}
	return f.Site.Shared(w, r, pathContact, "1", func() (page.Finished, error) {
		return page.Finished{Status: http.StatusOK, Name: "promise/contact.html", Page: f.contactPage(r, nil)}, nil
	})
}

func (f *Feature) renderContact(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	return f.Site.Render(w, r, status, "promise/contact.html", f.contactPage(r, form))
}

func (f *Feature) contactPage(r *http.Request, form *page.Form) *contactPage {
	lang := f.Site.Printer(r.Context())
	p := &contactPage{Head: f.head(r, lang.Text("Ask about privacy")), Form: form, Open: !f.contact.IsZero(),
		Days: int(answerDays), Kept: f.kinds.questions.Info().Retention.String(), Contact: f.contact.Shown(), Most: mostText}
	p.Wrong, p.SignedIn = form != nil, page.ViewerOf(r.Context()).SignedIn
	if p.Open && !p.SignedIn {
		p.Knows += " " + lang.Text("If you send a question: that and your address, until it is answered, for at most %d days.", int(questionDays))
	}
	return p
}

// ask takes a question. Whoever sends many gets one answer by mail a day.
func (f *Feature) ask(w http.ResponseWriter, r *http.Request) error {
	if f.contact.IsZero() {
		return fault.NotFound{What: "form"}
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	address := f.readQuestion(f.Site.Printer(r.Context()), form)
	if !form.OK() {
		return f.renderContact(w, r, http.StatusUnprocessableEntity, form)
	}
	if f.c.Limit != nil {
		if err := f.c.Limit(r, address); err != nil {
			return err
		}
	}
	if !sabotage.Is(breakQuestionLost) {
		lang := f.Site.Printer(r.Context()).Tag
		if err := f.keepQuestion(r.Context(), address, form.Text("text"), lang); err != nil {
			return err
		}
		f.Post.Wake()
	}
	http.Redirect(w, r, pathSent, http.StatusSeeOther)
	return nil
}

func (f *Feature) readQuestion(lang *page.Language, form *page.Form) mail.Address {
	address, err := mail.ParseAddress(form.Text("email"))
	if err != nil {
		message := "Write your email address with an @, as in name@example.org."
		if wrong, ok := errors.AsType[*mail.AddressError](err); ok {
			message = wrong.Message
		}
		form.Wrong("email", lang.Text(message))
	}
	switch text := form.Text("text"); {
	case text == "":
		form.Wrong("text", lang.Text("Write your question, for example what you would like to know or have erased."))
	case len([]rune(text)) > mostText:
		form.Wrong("text", lang.Text("Write a shorter text, of at most %d characters.", mostText))
	}
	return address
}

// keepQuestion stores a question with an errand, tells its sender until when it
// is answered, and hands it to the people who answer.
func (f *Feature) keepQuestion(ctx context.Context, from mail.Address, text, lang string) error {
	token := rand.Text()
	today := f.today()
	value := question{Address: from.String(), Text: text, Asked: f.c.Now().UTC(), Due: today + vault.Day(answerDays),
		Last: today + vault.Day(questionDays), Link: hashed(token)}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		again, err := f.askedToday(ctx, tx, value)
		if err != nil {
			return err
		}
		errand, err := f.Vault.NewOwner(ctx, tx, vault.Errand, value.Last)
		if err != nil {
			return err
		}
		_, err = f.kinds.questions.Put(ctx, tx, vault.Work(toAnswer), vault.Record[question]{Owner: errand, Value: value})
		if err != nil {
			return err
		}
		if !again {
			if err := f.confirm(ctx, tx, mail.Receiver{Owner: errand, Address: from}, value, lang); err != nil {
				return err
			}
		}
		return f.forward(ctx, tx, "privacy-question", errand, value, token)
	})
}

// askedToday reports whether an address has sent a question today. Nothing of
// the answer to the sender depends on it but a second mail.
func (f *Feature) askedToday(ctx context.Context, tx *sql.Tx, value question) (bool, error) {
	records, err := f.kinds.questions.Find(ctx, tx, vault.Work(toAnswer), vault.Query{Name: byAsker, Value: addressKey(value.Address)})
	for _, rec := range records {
		if rec.Made == f.today() {
			return true, nil
		}
	}
	return false, err
}

type questionLetter struct {
	Community, Day, Privacy, Kept string
	Address, Link                 string   // both are empty in
	Text                          []string // what goes to an address that nobody has proven
}

// confirm says nothing of what was typed: the address may be another person's.
func (f *Feature) confirm(ctx context.Context, tx *sql.Tx, to mail.Receiver, value question, tag string) error {
	day, err := f.Site.Catalogue().Language(tag).Day(value.Due)
	if err != nil {
		return err
	}
	draft, err := f.mails.Write("privacy-received", tag, questionLetter{Community: f.c.Community, Day: day,
		Privacy: f.Site.Absolute(pathPolicy), Kept: f.kinds.questions.Info().Retention.String()})
	if err != nil {
		return err
	}
	return f.Post.Queue(ctx, tx, to, draft)
}

// forward sends a question to the people who answer, with a link that closes it.
func (f *Feature) forward(ctx context.Context, tx *sql.Tx, template string, owner vault.OwnerID, value question, token string) error {
	lang := f.Site.Catalogue().Default()
	day, err := lang.Day(value.Due)
	if err != nil {
		return err
	}
	draft, err := f.mails.Write(template, lang.Tag, questionLetter{Community: f.c.Community, Day: day,
		Address: value.Address, Text: linesOf(value.Text), Link: f.Site.Absolute(pathAnswered + token),
		Kept: f.kinds.questions.Info().Retention.String()})
	if err != nil {
		return err
	}
	return f.Post.Queue(ctx, tx, mail.Receiver{Owner: owner, Address: f.contact}, draft)
}

// linesOf are the lines of a text that hold something.
func linesOf(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
}

func hashed(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// remindBefore is how long before its day an answer is called for.
const remindBefore = 7

// remind calls once for each answer that is due soon, with a new link: the
// first one is known as a hash alone.
func (f *Feature) remind(ctx context.Context, run *job.Run) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		open, err := f.kinds.questions.Find(ctx, tx, vault.Work(toAnswer), vault.Query{Name: byOpen, Value: everyone})
		if err != nil {
			return err
		}
		for _, rec := range open {
			if rec.Value.Reminded || rec.Value.Due > f.today()+remindBefore || f.contact.IsZero() {
				continue
			}
			token := rand.Text()
			rec.Value.Reminded, rec.Value.Link = true, hashed(token)
			if _, err := f.kinds.questions.Put(ctx, tx, vault.Work(toAnswer), rec); err != nil {
				return err
			}
			if err := f.forward(ctx, tx, "privacy-reminder", rec.Owner, rec.Value, token); err != nil {
				return err
			}
		}
		return run.Finish(ctx, tx)
	})
}

// Due counts the questions that wait for an answer and says until when the next
// one has to be given; 0 if none waits.
func (f *Feature) Due(ctx context.Context) (open int, next vault.Day, err error) {
	records, err := f.kinds.questions.Find(ctx, f.DB.Read, vault.Work(toAnswer), vault.Query{Name: byOpen, Value: everyone})
	if err != nil || len(records) == 0 {
		return 0, 0, err
	}
	return len(records), records[0].Value.Due, nil
}

type answeredPage struct {
	page.Head
	Action string
	Asked  vault.Day
	Due    vault.Day
}

func (f *Feature) find(r *http.Request) (vault.Record[question], error) {
	link := hex.EncodeToString(hashed(r.PathValue("token")))
	rec, err := f.kinds.questions.FindOne(r.Context(), f.DB.Read, vault.Work(toAnswer), byQuestionLink, link)
	if errors.Is(err, vault.ErrNotFound) {
		return rec, fault.NotFound{What: "question"}
	}
	return rec, err
}

// showAnswered asks before a question is closed: programs that scan mail follow
// links.
func (f *Feature) showAnswered(w http.ResponseWriter, r *http.Request) error {
	rec, err := f.find(r)
	if err != nil {
		return err
	}
	p := &answeredPage{Head: f.head(r, f.Site.Printer(r.Context()).Text("Answered?")), Action: pathAnswered + r.PathValue("token"),
		Asked: rec.Made, Due: rec.Value.Due}
	p.NoIndex = true
	return f.Site.Render(w, r, http.StatusOK, "promise/answered.html", p)
}

// answered erases a question with all that lies beside it.
func (f *Feature) answered(w http.ResponseWriter, r *http.Request) error {
	rec, err := f.find(r)
	if err != nil {
		return err
	}
	if _, err := f.Vault.EraseOwner(r.Context(), rec.Owner); err != nil && !errors.Is(err, vault.ErrErased) {
		return err
	}
	http.Redirect(w, r, pathClosed, http.StatusSeeOther)
	return nil
}

type donePage struct {
	page.Head
	Heading, Says string
}

func (f *Feature) showSent(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	return f.done(w, r, lang.Text("Your question is on its way"),
		lang.Text("If you sent a question: that and your address, until it is answered, for at most %d days.", int(questionDays)),
		lang.Text("We sent a mail to the address that you gave, and answer within %d days. If you asked more than once today, only the first question is confirmed.", int(answerDays)))
}

func (f *Feature) showClosed(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	return f.done(w, r, lang.Text("Closed"), "", lang.Text("The question is erased here. What lies in your mailbox is yours to delete."))
}

func (f *Feature) done(w http.ResponseWriter, r *http.Request, heading, also, says string) error {
	p := &donePage{Head: f.head(r, heading), Heading: heading, Says: says}
	p.NoIndex = true
	if also != "" {
		p.Knows += " " + also
	}
	return f.Site.Render(w, r, http.StatusOK, "promise/done.html", p)
}

// etag names the bytes of a document.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}
