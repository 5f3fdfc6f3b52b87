package certificate

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kept/internal/credential"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// honesty is the version of the statement that a claim agrees to. Its text is in
// claim.html; a change of it is a new version.
const honesty = 1

// minePage is what a member holds and could claim.
type minePage struct {
	page.Head
	Held  []heldView
	Paths []pathView
}

type heldView struct {
	ID, Path, Title, Name string
	At                    time.Time
	Public, Withdrawn     bool
	Void                  bool // it does not hold any more, for another reason
}

// pathView is a certification with what is still missing.
type pathView struct {
	Slug, Title, Summary string
	Done, Of             int
	Have                 bool
	Missing              []missingView
}

type missingView struct {
	Title, Path string
	Refused     bool
}

func sortHeld(all []vault.Record[Held]) {
	slices.SortFunc(all, func(a, b vault.Record[Held]) int { return b.Value.At.Compare(a.Value.At) })
}

func (f *Feature) showMine(a asked) error {
	lang := f.Site.Printer(a.Context())
	held, err := f.mine(a.Context(), f.DB.Read, vault.Self(a.me.Owner), a.me.Owner)
	if err != nil {
		return err
	}
	v := &minePage{Head: page.Head{Title: lang.Text("Your certificates"), NoIndex: true,
		Knows: f.c.Knows(lang) + " " + lang.Text("A certificate that you claim is kept with your data until you erase it.")}}
	check, err := f.verifier(a.Context())
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, r := range held {
		verdict := check.Verify([]byte(r.Value.JWT)).Verdict()
		v.Held = append(v.Held, heldView{r.ID, "/c/" + r.Value.Number, r.Value.Title, r.Value.Name, r.Value.At, r.Audience == vault.AnyoneMaySee,
			verdict == credential.Withdrawn, verdict != credential.Fine})
		have[r.Value.Certification] = have[r.Value.Certification] || verdict == credential.Fine
	}
	for _, c := range f.certifications(lang) {
		p, err := f.pathOf(a.Context(), a.me.Owner, c, lang)
		if err != nil {
			return err
		}
		p.Have = have[c.ID]
		v.Paths = append(v.Paths, p)
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "certificate/mine.html", v)
}

// pathOf asks what is missing.
func (f *Feature) pathOf(ctx context.Context, owner vault.OwnerID, c certification, lang *page.Language) (pathView, error) {
	missing, err := f.c.Earned(ctx, f.DB.Read, owner, c.Lessons)
	p := pathView{Slug: c.Slug, Title: c.Title, Summary: c.Summary, Of: len(c.Lessons), Done: len(c.Lessons) - len(missing)}
	for _, m := range missing {
		one := missingView{Title: m.Lesson, Refused: m.Refused}
		if place, ok := f.c.Catalogue().LessonByID(m.Lesson); ok {
			one.Title, one.Path = place.Lesson.In(lang.Tag).Title, "/courses/"+place.Course.Slug+"/"+place.Slug
		}
		p.Missing = append(p.Missing, one)
	}
	return p, err
}

// claimPage is the form, with a preview once there is something to see.
type claimPage struct {
	page.Head
	Form    *page.Form
	Path    string
	What    certification
	Missing []missingView
	Sheet   *sheet
	Signed  bool // pictured with a signature that is none
	Whom    []page.Option
	Seen    []page.Option
	Honesty int
}

func (f *Feature) claimPage(a asked, c certification, form *page.Form) *claimPage {
	lang := f.Site.Printer(a.Context())
	return &claimPage{Form: form, Path: "/you/certificates/claim/" + c.Slug, What: c, Honesty: honesty,
		Head: page.Head{Title: lang.Text("Claim: %s", c.Title), NoIndex: true, Wrong: !form.OK(),
			Knows: f.c.Knows(lang) + " " + lang.Text("What you type here is kept when you sign, not before.")},
		Whom: []page.Option{
			{Value: "address", Label: lang.Text("your name, and a hash of your address"), Hint: lang.Text("Whoever knows the address can confirm that it is yours. Nobody can read it out of the file.")},
			{Value: "name", Label: lang.Text("your name alone")},
			{Value: "key", Label: lang.Text("your name, and a key of yours"), Hint: lang.Text("For those who have a wallet: write its did:key below.")},
		},
		Seen: audiences(lang)}
}

// audiences are those that a certificate can have.
func audiences(lang *page.Language) []page.Option {
	return []page.Option{
		{Value: "anyone", Label: lang.Text("anyone who has its address, once your page is public")},
		{Value: "you", Label: lang.Text("only you")},
	}
}

// audienceOf is the one that was picked.
func audienceOf(form *page.Form) vault.Audience {
	if form.Text("seen") == "anyone" {
		return vault.AnyoneMaySee
	}
	return vault.OnlyMe
}

// claimable finds a certification and what is missing for it.
func (f *Feature) claimable(a asked) (certification, []missingView, error) {
	lang := f.Site.Printer(a.Context())
	c, ok := f.certification(lang, a.PathValue("certification"))
	if !ok {
		return c, nil, fault.NotFound{What: "certification"}
	}
	p, err := f.pathOf(a.Context(), a.me.Owner, c, lang)
	if sabotage.Is(breakUnearned) {
		p.Missing = nil
	}
	return c, p.Missing, err
}

func (f *Feature) showClaim(a asked) error {
	c, missing, err := f.claimable(a)
	if err != nil {
		return err
	}
	form := page.FormOf(url.Values{"whom": {"address"}, "seen": {"anyone"}})
	v := f.claimPage(a, c, form)
	v.Missing = missing
	return f.Site.Render(a.w, a.Request, http.StatusOK, "certificate/claim.html", v)
}

func (f *Feature) claim(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	c, missing, err := f.claimable(a)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		v := f.claimPage(a, c, form)
		v.Missing = missing
		return f.Site.Render(a.w, a.Request, http.StatusConflict, "certificate/claim.html", v)
	}
	order, err := f.orderOf(a, c, form)
	if err != nil {
		return err
	}
	if form.Text("do") == "sign" && form.Text("honest") == "" {
		form.Wrong("honest", f.Site.Printer(a.Context()).Text("Say that it is your own work, or leave it."))
	}
	if form.OK() && form.Text("do") == "sign" {
		number, err := f.keep(a, c, order, audienceOf(form))
		if err != nil {
			return err
		}
		return f.Site.Notify(a.w, a.Request, "/c/"+number, "certificate.issued")
	}
	return f.preview(a, c, order, form)
}

// orderOf reads the form. What is wrong is noted in it.
func (f *Feature) orderOf(a asked, c certification, form *page.Form) (Order, error) {
	lang := f.Site.Printer(a.Context())
	o := Order{Title: c.Title, Description: c.Summary, Criteria: strings.Join(c.AbleTo, "\n"), Page: f.c.Base + "/certifications/" + c.Slug, Template: c.Slug, Language: lang.Tag}
	name, err := cleanName(form.Text("name"))
	takeWrong(form, lang, err)
	o.Holder.Name = name
	switch form.Text("whom") {
	case "address":
		address, err := f.c.Address(a.Context(), f.DB.Read, a.me.Owner)
		if err != nil {
			return o, err
		}
		o.Holder.Address = credential.HashOf(strings.ToLower(address))
	case "key":
		if o.Holder.DID = form.Text("key"); !credential.IsDIDKey(o.Holder.DID) {
			form.Wrong("key", lang.Text("Write the key as your wallet shows it, as in did:key:z6Mk…"))
		}
	}
	if address := form.Text("evidence"); address != "" {
		o.Evidence = []credential.Evidence{{Address: address, Name: form.Text("evidence-name")}}
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || len(address) > 500 || strings.ContainsAny(address, " \"<>\\^`{|}") {
			form.Wrong("evidence", lang.Text("Write an address that begins with https://, as in https://tides.example.org."))
		}
	}
	return o, nil
}

// takeWrong notes a complaint in the reader's language.
func takeWrong(form *page.Form, lang *page.Language, err error) {
	if invalid, ok := errors.AsType[fault.Invalid](err); ok {
		for _, field := range invalid.Fields {
			form.Wrong(field.Name, lang.Text(field.Message))
		}
	}
}

func (f *Feature) preview(a asked, c certification, o Order, form *page.Form) error {
	v := f.claimPage(a, c, form)
	status := http.StatusOK
	if !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	if o.Holder.Name != "" {
		var err error
		if v.Sheet, err = f.sampleSheet(a.Context(), o); err != nil {
			return err
		}
	}
	return f.Site.Render(a.w, a.Request, status, "certificate/claim.html", v)
}

// sampleSheet draws what would be signed, without taking a place in a list.
func (f *Feature) sampleSheet(ctx context.Context, o Order) (*sheet, error) {
	signed, err := f.signAt(o, "preview", credential.Entry{})
	if err != nil {
		return nil, err
	}
	return f.drawn(ctx, signed.JWT, o.Template)
}

// drawn reads a signed file and makes it ready to be drawn.
func (f *Feature) drawn(ctx context.Context, jwt, template string) (*sheet, error) {
	v, err := f.verifier(ctx)
	if err != nil {
		return nil, err
	}
	r := v.Verify([]byte(jwt))
	lang := f.Site.Catalogue().Language(orElse(r.Badge.Achievement.Language, f.c.Language))
	return f.sheetOf(lang, f.templates.named(template), r, jwt)
}

// keep signs the order and puts it with the member's records.
func (f *Feature) keep(a asked, c certification, o Order, audience vault.Audience) (number string, err error) {
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		missing, err := f.c.Earned(a.Context(), tx, a.me.Owner, c.Lessons)
		if err != nil {
			return err
		}
		if len(missing) > 0 && !sabotage.Is(breakUnearned) {
			return errNotEarned
		}
		signed, err := f.sign(a.Context(), tx, o)
		if err != nil {
			return err
		}
		number = signed.Number
		_, err = f.kinds.held.Put(a.Context(), tx, vault.Self(a.me.Owner), vault.Record[Held]{Owner: a.me.Owner, Audience: audience,
			Value: Held{Number: number, Title: c.Title, Certification: c.ID, Name: o.Holder.Name, Template: o.Template, At: f.Now().UTC().Truncate(time.Second),
				Honesty: honesty, JWT: signed.JWT, Embedded: signed.Embedded}})
		return err
	})
	return number, err
}

// certificationPage says what it takes.
type certificationPage struct {
	page.Head
	What    certification
	Lessons []missingView
	Member  bool
}

func (f *Feature) showCertification(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	c, ok := f.certification(lang, r.PathValue("certification"))
	if !ok {
		return fault.NotFound{What: "certification"}
	}
	_, member := f.c.Who(r.Context())
	v := &certificationPage{What: c, Member: member, Head: page.Head{Title: c.Title, Description: c.Summary, Canonical: "/certifications/" + c.Slug, Knows: f.knows(r.Context(), lang)}}
	for _, id := range c.Lessons {
		if place, ok := f.c.Catalogue().LessonByID(id); ok {
			v.Lessons = append(v.Lessons, missingView{Title: place.Lesson.In(lang.Tag).Title, Path: "/courses/" + place.Course.Slug + "/" + place.Slug})
		}
	}
	return f.Site.Render(w, r, http.StatusOK, "certificate/certification.html", v)
}

// knows is what a page that keeps nothing remembers of its reader.
func (f *Feature) knows(ctx context.Context, lang *page.Language) string {
	if _, ok := f.c.Who(ctx); ok {
		return f.c.Knows(lang)
	}
	return f.Site.KnowsNothing(lang)
}

// change finds the member's certificate that a form is about.
func (f *Feature) change(a asked, do func(tx *sql.Tx, form *page.Form, r vault.Record[Held]) error, to, notice string) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	back := to
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		r, err := f.kinds.held.Get(a.Context(), tx, vault.Self(a.me.Owner), a.me.Owner, form.Text("id"))
		if errors.Is(err, vault.ErrNotFound) {
			return fault.NotFound{What: "certificate"}
		}
		if err != nil {
			return err
		}
		if back = to; back == "" {
			back = "/c/" + r.Value.Number
		}
		return do(tx, form, r)
	})
	if err != nil {
		return err
	}
	return f.Site.Notify(a.w, a.Request, back, notice)
}

func (f *Feature) setAudience(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	seen, notice := audienceOf(form), "certificate.hidden"
	if seen == vault.AnyoneMaySee {
		notice = "certificate.shown"
	}
	return f.change(a, func(tx *sql.Tx, _ *page.Form, r vault.Record[Held]) error {
		return f.kinds.held.SetAudience(a.Context(), tx, vault.Self(a.me.Owner), a.me.Owner, r.ID, seen)
	}, "", notice)
}

// withdrawMine withdraws a certificate that its holder presents by having it.
func (f *Feature) withdrawMine(a asked) error {
	return f.change(a, func(tx *sql.Tx, _ *page.Form, r vault.Record[Held]) error {
		v, err := f.verifier(a.Context())
		if err != nil {
			return err
		}
		v.List = nil
		if err := f.withdraw(a.Context(), tx, v.Verify([]byte(r.Value.JWT)).Badge.Status); err != nil {
			return err
		}
		r.Value.Withdrawn = true
		_, err = f.kinds.held.Put(a.Context(), tx, vault.Self(a.me.Owner), r)
		return err
	}, "", "certificate.withdrawn")
}

func (f *Feature) eraseMine(a asked) error {
	return f.change(a, func(tx *sql.Tx, _ *page.Form, r vault.Record[Held]) error {
		return f.kinds.held.Delete(a.Context(), tx, vault.Self(a.me.Owner), a.me.Owner, r.ID)
	}, "/you/certificates", "certificate.erased")
}
