package certificate

import (
	"net/http"
	"net/url"

	"kept/internal/fault"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
)

// setsPage lists what can be claimed by those who have no account.
type setsPage struct {
	page.Head
	Sets []setRow
}

func (f *Feature) showSets(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	sets, err := f.openSets(r.Context(), f.DB.Read)
	if err != nil {
		return err
	}
	return f.Site.Render(w, r, http.StatusOK, "certificate/sets.html", &setsPage{Sets: sets,
		Head: page.Head{Title: lang.Text("Claim a certificate later"), Canonical: "/claim", Knows: f.knows(r.Context(), lang)}})
}

// setPage asks for an address.
type setPage struct {
	page.Head
	Set  setRow
	Form *page.Form
}

func (f *Feature) setPage(r *http.Request, set setRow, form *page.Form) *setPage {
	lang := f.Site.Printer(r.Context())
	return &setPage{Set: set, Form: form, Head: page.Head{Title: lang.Text("Certificate of %s", set.Title), NoIndex: true, Wrong: !form.OK(),
		Knows: f.knows(r.Context(), lang) + " " + lang.Text("The address you write is kept for the mail alone, for a day at most.")}}
}

func (f *Feature) showSet(w http.ResponseWriter, r *http.Request) error {
	set, err := f.set(r.Context(), f.DB.Read, r.PathValue("set"))
	if err != nil {
		return err
	}
	return f.Site.Render(w, r, http.StatusOK, "certificate/set.html", f.setPage(r, set, page.FormOf(nil)))
}

func (f *Feature) askProof(w http.ResponseWriter, r *http.Request) error {
	set, err := f.set(r.Context(), f.DB.Read, r.PathValue("set"))
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	to, err := mail.ParseAddress(form.Text("email"))
	if err != nil {
		form.Wrong("email", lang.Text("Write the address with an @, as in name@example.org."))
		return f.Site.Render(w, r, http.StatusUnprocessableEntity, "certificate/set.html", f.setPage(r, set, form))
	}
	if wait, ok := f.limits.take(f.Now(), "network", page.Network(f.Site.ClientAddress(r)).String(), mailsFromNetwork); !ok {
		return fault.TooMany{After: wait}
	}
	if wait, ok := f.limits.take(f.Now(), "address", to.Key(), mailsToAddress); !ok {
		return fault.TooMany{After: wait}
	}
	if err := f.askLate(r.Context(), set, to, lang.Tag); err != nil {
		return err
	}
	http.Redirect(w, r, "/claim/"+set.ID+"/sent", http.StatusSeeOther)
	return nil
}

func (f *Feature) showSent(w http.ResponseWriter, r *http.Request) error {
	set, err := f.set(r.Context(), f.DB.Read, r.PathValue("set"))
	if err != nil {
		return err
	}
	v := f.setPage(r, set, page.FormOf(nil))
	return f.Site.Render(w, r, http.StatusOK, "certificate/sent.html", v)
}

// linkPage is what the reader of a mail sees.
type linkPage struct {
	page.Head
	Form  *page.Form
	Path  string
	Title string
	Until vault.Day
	Roles []page.Option
	Found bool
	Sheet *sheet
	Taken bool
	Print printing
	// Member tells that the reader is signed in, and may keep it there.
	Member bool
	Seen   []page.Option
}

// watch keeps links from being tried out, and slow hashes from being piled up.
func (f *Feature) watch(r *http.Request) error {
	if wait, ok := f.limits.take(f.Now(), "looks", page.Network(f.Site.ClientAddress(r)).String(), looksFromNetwork); !ok {
		return fault.TooMany{After: wait}
	}
	return nil
}

func (f *Feature) showLink(w http.ResponseWriter, r *http.Request) error {
	if err := f.watch(r); err != nil {
		return err
	}
	rec, err := f.errand(r.Context(), f.DB.Read, r.PathValue("token"))
	if err != nil {
		return err
	}
	form := page.FormOf(url.Values{"name": {rec.Value.Name}, "role": {rec.Value.Role}, "hashed": {"yes"}, "seen": {"you"}})
	return f.renderLink(w, r, rec, form, http.StatusOK)
}

func (f *Feature) renderLink(w http.ResponseWriter, r *http.Request, rec vault.Record[Errand], form *page.Form, status int) error {
	lang := f.Site.Printer(r.Context())
	v := &linkPage{Form: form, Path: "/claimed/" + r.PathValue("token"), Title: rec.Value.Title,
		Head: page.Head{Title: lang.Text("Certificate of %s", rec.Value.Title), NoIndex: true, Wrong: !form.OK(),
			Knows: f.knows(r.Context(), lang) + " " + lang.Text("Your address and what you write here are kept until you have the certificate, and then for a day; those of a mail from organisers for four weeks.")}}
	if rec.Value.JWT != "" {
		var err error
		v.Taken = true
		if v.Sheet, err = f.drawn(r.Context(), rec.Value.JWT, rec.Value.Template); err != nil {
			return err
		}
		v.Print = f.printing(v.Sheet)
		_, v.Member = f.c.Who(r.Context())
		v.Seen = audiences(lang)
	}
	row, claims, err := f.lateRoles(r.Context(), rec.Value)
	if err != nil && fault.Of(err) != fault.KindNotFound {
		return err
	}
	v.Until, v.Found = row.Until, len(claims) > 0
	for _, c := range claims {
		v.Roles = append(v.Roles, page.Option{Value: c.Value.Role, Label: orElse(c.Value.Role, lang.Text("participant"))})
	}
	return f.Site.Render(w, r, status, "certificate/link.html", v)
}

func (f *Feature) takeLate(w http.ResponseWriter, r *http.Request) error {
	if err := f.watch(r); err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	rec, err := f.errand(r.Context(), f.DB.Read, r.PathValue("token"))
	if err != nil {
		return err
	}
	row, claims, err := f.lateRoles(r.Context(), rec.Value)
	if err != nil {
		return err
	}
	role, ok := roleOf(claims, form.Text("role"))
	if !ok {
		return fault.NotFound{What: "certificate"}
	}
	name, err := cleanName(form.Text("name"))
	takeWrong(form, f.Site.Printer(r.Context()), err)
	if !form.OK() {
		return f.renderLink(w, r, rec, form, http.StatusUnprocessableEntity)
	}
	if err := f.signLate(r.Context(), rec, row, name, role, form.Has("hashed")); err != nil {
		return err
	}
	http.Redirect(w, r, "/claimed/"+r.PathValue("token"), http.StatusSeeOther)
	return nil
}

// keepMine keeps a late certificate with the account of the member who has its link.
func (f *Feature) keepMine(a asked) error {
	if err := f.watch(a.Request); err != nil {
		return err
	}
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	rec, err := f.errand(a.Context(), f.DB.Read, a.PathValue("token"))
	if err != nil {
		return err
	}
	if rec.Value.JWT == "" {
		return fault.NotFound{What: "certificate"}
	}
	number, err := f.keepLate(a.Context(), a.me.Owner, rec.Value, audienceOf(form))
	if err != nil {
		return err
	}
	return f.Site.Notify(a.w, a.Request, "/c/"+number, "certificate.kept")
}

func roleOf(claims []vault.Record[Claim], asked string) (string, bool) {
	for _, c := range claims {
		if c.Value.Role == asked {
			return asked, true
		}
	}
	if len(claims) == 1 {
		return claims[0].Value.Role, true
	}
	return "", false
}

func (f *Feature) eraseLate(w http.ResponseWriter, r *http.Request) error {
	rec, err := f.errand(r.Context(), f.DB.Read, r.PathValue("token"))
	if err != nil {
		return err
	}
	if err := f.forgetLate(r.Context(), rec); err != nil {
		return err
	}
	return f.Site.Notify(w, r, "/claim", "certificate.erased")
}

func (f *Feature) serveLateForm(w http.ResponseWriter, r *http.Request) error {
	rec, err := f.errand(r.Context(), f.DB.Read, r.PathValue("token"))
	if err != nil {
		return err
	}
	if rec.Value.JWT == "" {
		return fault.NotFound{What: "certificate"}
	}
	s := Signed{JWT: rec.Value.JWT, Embedded: rec.Value.Embedded}
	check, err := f.verifier(r.Context())
	if err != nil {
		return err
	}
	check.List = nil
	s.Number = number(check.Verify([]byte(s.JWT)).Badge.ID)
	return f.send(w, r, s, rec.Value.Template, r.PathValue("form"))
}
