package account

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"

	"kept/internal/page"
	"kept/vault"
)

type welcomePage struct {
	page.Head
	Form      *page.Form
	Next      string
	Languages []page.Option // nil where there is one
	Zones     []page.Option
	Language  string
	Zone      string
	Age       int // 0 if it is not asked
	Ages      []page.Option
	Forgotten vault.Day
	New       bool // nothing was kept before
}

type settingsPage struct {
	page.Head
	Form                  *page.Form
	Handle                string
	Languages, Zones      []page.Option
	Themes                []page.Option
	Language, Zone, Theme string
	Words                 string // of the yes to announcements
	Announced             bool
	Links                 []page.Link
}

// wordsOfYes is what a member says yes to. It is stored with the yes.
func wordsOfYes(lang *page.Language) string {
	return lang.Text("Write to me when the community has news: courses, workshops, changes. A few mails a year.")
}

func (a *Account) showWelcome(w http.ResponseWriter, r *http.Request) error {
	next := ours(r.URL.Query().Get("next"))
	if MemberOf(r.Context()).Handle != "" {
		http.Redirect(w, r, or(next, pathYou), http.StatusSeeOther)
		return nil
	}
	return a.renderWelcome(w, r, http.StatusOK, nil, next)
}

func (a *Account) renderWelcome(w http.ResponseWriter, r *http.Request, status int, form *page.Form, next string) error {
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	owner, err := a.vault.Owner(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	p := &welcomePage{
		Head: page.Head{Title: lang.Text("Welcome"), NoIndex: true, Wrong: !form.OK(), Knows: lang.Text("your address, which you proved with the link, and this sign-in: the kind of browser and the day.")},
		Form: form, Next: next, Languages: a.languages(), Zones: zoneOptions(), Language: lang.Tag,
		Zone: guessZone(r.Header.Get("Accept-Language")), Forgotten: owner.Expires, New: owner.Expires < vault.Never,
	}
	if p.New {
		p.Age = a.cfg.Age
		p.Ages = []page.Option{{Value: "yes", Label: lang.Text("Yes")}, {Value: "no", Label: lang.Text("No")}}
	}
	return a.site.Render(w, r, status, "account/welcome.html", p)
}

func (a *Account) saveWelcome(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	m, t, next := MemberOf(r.Context()), a.site.Printer(r.Context()).Text, ours(form.Text("next"))
	owner, err := a.vault.Owner(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	isNew := owner.Expires < vault.Never
	if say := wrongHandle(readHandle(form.Text("handle"))); say != "" {
		form.Wrong("handle", t(say))
	}
	age := form.Text("age")
	if isNew && a.cfg.Age > 0 && age != "yes" && age != "no" {
		form.Wrong("age", t("Say whether you are at least %d: it decides who sees what you do here at first.", a.cfg.Age))
	}
	if form.OK() {
		err := a.join(r, m.Owner, form, isNew && age == "no")
		if err == nil {
			http.Redirect(w, r, or(next, pathYou), http.StatusSeeOther)
			return nil
		}
		if !a.takes(r, form, err) {
			return err
		}
	}
	return a.renderWelcome(w, r, http.StatusUnprocessableEntity, form, next)
}

// join makes a person who proved an address a member: from now on the account
// stays until it is erased.
func (a *Account) join(r *http.Request, owner vault.OwnerID, form *page.Form, young bool) error {
	if err := a.tryHandle(owner); err != nil {
		return err
	}
	return a.transact(r.Context(), func(tx *sql.Tx) error {
		ctx := r.Context()
		if young {
			if err := a.vault.SetPrivate(ctx, tx, owner, true); err != nil {
				return err
			}
		}
		if err := a.vault.SetExpires(ctx, tx, owner, vault.Never); err != nil {
			return err
		}
		if err := a.chooseHandle(ctx, tx, owner, readHandle(form.Text("handle"))); err != nil {
			return err
		}
		return a.saveChosen(ctx, tx, owner, form)
	})
}

// takes notes in a form, in the reader's language, what an error says about it.
func (a *Account) takes(r *http.Request, form *page.Form, err error) bool {
	return form.Take(translated(err, a.site.Printer(r.Context())))
}

// saveChosen writes the settings that a form carries; what it does not carry
// stays.
func (a *Account) saveChosen(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, form *page.Form) error {
	rec, err := a.kinds.settings.Get(ctx, tx, vault.Self(owner), owner, vault.SingleID)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	rec.Owner = owner
	take := func(name string, to *string, options []page.Option) {
		value := form.Text(name)
		if form.Has(name) && slices.ContainsFunc(options, func(o page.Option) bool { return o.Value == value }) {
			*to = value
		}
	}
	take("language", &rec.Value.Language, a.languages())
	take("zone", &rec.Value.Zone, zoneOptions())
	take("theme", &rec.Value.Theme, themes(a.site.Catalogue().Default()))
	_, err = a.kinds.settings.Put(ctx, tx, vault.Self(owner), rec)
	return err
}

// languages are those offered, or nil where there is nothing to choose.
func (a *Account) languages() []page.Option {
	all := a.site.Catalogue().All()
	if len(all) < 2 {
		return nil
	}
	options := make([]page.Option, len(all))
	for i, lang := range all {
		options[i] = page.Option{Value: lang.Tag, Label: lang.Name}
	}
	return options
}

func zoneOptions() []page.Option {
	names := zones()
	options := make([]page.Option, len(names))
	for i, name := range names {
		options[i] = page.Option{Value: name, Label: name}
	}
	return options
}

func themes(lang *page.Language) []page.Option {
	return []page.Option{
		{Value: "", Label: lang.Text("As your system says")},
		{Value: "light", Label: lang.Text("Light")},
		{Value: "dark", Label: lang.Text("Dark")},
	}
}

// leave erases somebody who signed in and does not want an account after all.
func (a *Account) leave(w http.ResponseWriter, r *http.Request) error {
	m := MemberOf(r.Context())
	owner, err := a.vault.Owner(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	if m.Handle != "" || owner.Expires == vault.Never { // there is an account: leaving it is another page's matter
		http.Redirect(w, r, pathYou, http.StatusSeeOther)
		return nil
	}
	if _, err := a.vault.EraseOwner(r.Context(), m.Owner); err != nil {
		return err
	}
	a.SignedOff(w)
	return a.site.Notify(w, r, pathSignIn, saidLeft)
}

func (a *Account) showSettings(w http.ResponseWriter, r *http.Request) error {
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	chosen, err := a.settingsOf(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	announced, err := a.Announced(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	return a.site.Render(w, r, http.StatusOK, "account/you.html", &settingsPage{
		Head:   page.Head{Title: lang.Text("Your account"), Current: pathYou, NoIndex: true, Knows: Knows(a.site, lang)},
		Handle: m.Handle, Languages: a.languages(), Zones: zoneOptions(), Themes: themes(lang),
		Language: or(chosen.Language, lang.Tag), Zone: or(chosen.Zone, utc), Theme: chosen.Theme,
		Words: wordsOfYes(lang), Announced: announced, Links: a.linksFor(m),
	})
}

// linksFor are the pages of other features that a member may want from here.
func (a *Account) linksFor(m *Member) []page.Link {
	if !m.Has(Operator, "") {
		return a.cfg.Links
	}
	return slices.Concat(a.cfg.Links, a.cfg.Operating)
}

// saveSettings serves two forms: settings, and the yes to announcements, which
// is a consent of its own and never comes along with anything else.
func (a *Account) saveSettings(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	m := MemberOf(r.Context())
	err = a.transact(r.Context(), func(tx *sql.Tx) error {
		if form.Text("what") == "announcements" {
			words := wordsOfYes(a.site.Printer(r.Context()))
			return a.announce(r.Context(), tx, m.Owner, form.Has("yes"), words)
		}
		return a.saveChosen(r.Context(), tx, m.Owner, form)
	})
	if err != nil {
		return err
	}
	return a.site.Notify(w, r, pathYou, saidSaved)
}
