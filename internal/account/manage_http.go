package account

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"kept/internal/fault"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
)

type sessionsPage struct {
	page.Head
	Sessions []shownSession
	Days     int
}

type shownSession struct {
	ID, Browser, System string
	Used, Ends          vault.Day
	Here                bool
}

type handlePage struct {
	page.Head
	Form   *page.Form
	Handle string
	Former []handle
}

type addressPage struct {
	page.Head
	Form    *page.Form
	Address string
	Change  *addressChange
}

type answerPage struct {
	page.Head
	Old bool
	New string // only for the member, signed in
}

type firstRunPage struct {
	page.Head
	SignedIn bool
	SignIn   string
}

func (a *Account) showSessions(w http.ResponseWriter, r *http.Request) error {
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	all, err := a.sessionsOf(r.Context(), m)
	if err != nil {
		return err
	}
	p := &sessionsPage{Days: int(sessionDays),
		Head: page.Head{Title: lang.Text("Where you are signed in"), Current: pathYou, NoIndex: true, Knows: Knows(a.site, lang)}}
	for _, rec := range all {
		p.Sessions = append(p.Sessions, shownSession{ID: rec.ID, Browser: lang.Text(rec.Value.Browser), System: lang.Text(rec.Value.System),
			Used: rec.Value.Used, Ends: rec.Expires, Here: rec.ID == m.Session})
	}
	return a.site.Render(w, r, http.StatusOK, "account/sessions.html", p)
}

func (a *Account) endSessions(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	m, id := MemberOf(r.Context()), form.Text("session")
	err = a.transact(r.Context(), func(tx *sql.Tx) error {
		if id == "" {
			return a.endOthers(r.Context(), tx, m.Owner, m.Session)
		}
		return a.end(r.Context(), tx, m.Owner, id)
	})
	if err != nil {
		return err
	}
	if id == m.Session {
		a.SignedOff(w)
		return a.site.Notify(w, r, pathSignIn, saidSignedOut)
	}
	return a.site.Notify(w, r, pathSessions, saidEnded)
}

// signOut ends the session. What was synchronised with the account is wiped
// from the browser by the script that put it there, on the next page, which it
// sees to be a visitor's. On a computer that others use, the member may ask for
// more: then the browser is told to drop all that this site stored in it. That
// would also take the progress of somebody who learns there without an account,
// so it is never done unasked.
func (a *Account) signOut(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if m := MemberOf(r.Context()); m != nil {
		err := a.db.Transact(r.Context(), func(tx *sql.Tx) error { return a.end(r.Context(), tx, m.Owner, m.Session) })
		if err != nil {
			return err
		}
	}
	a.SignedOff(w)
	if form.Has("everything") {
		w.Header().Set("Clear-Site-Data", `"storage"`)
	}
	return a.site.Notify(w, r, "/", saidSignedOut)
}

func (a *Account) showHandle(w http.ResponseWriter, r *http.Request) error {
	return a.renderHandle(w, r, http.StatusOK, nil)
}

func (a *Account) renderHandle(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	all, err := a.kinds.handles.All(r.Context(), a.db.Read, vault.Self(m.Owner), m.Owner)
	if err != nil {
		return err
	}
	p := &handlePage{Form: form, Handle: m.Handle,
		Head: page.Head{Title: lang.Text("Your handle"), Current: pathYou, NoIndex: true, Wrong: !form.OK(), Knows: Knows(a.site, lang)}}
	for _, rec := range all {
		if rec.Value.Former {
			p.Former = append(p.Former, rec.Value)
		}
	}
	return a.site.Render(w, r, status, "account/handle.html", p)
}

func (a *Account) saveHandle(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	m := MemberOf(r.Context())
	if err = a.tryHandle(m.Owner); err == nil {
		err = a.transact(r.Context(), func(tx *sql.Tx) error {
			return a.chooseHandle(r.Context(), tx, m.Owner, readHandle(form.Text("handle")))
		})
	}
	if a.takes(r, form, err) {
		return a.renderHandle(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return a.site.Notify(w, r, pathHandle, saidHandle)
}

// tryHandle bounds how often a member asks whether handles are free. It stands
// outside of the transaction, which may run several times.
func (a *Account) tryHandle(owner vault.OwnerID) error {
	if wait, ok := a.limits.take(a.now(), handleTries, string(owner)); !ok {
		return fault.TooMany{After: wait}
	}
	return nil
}

// translated is an error whose messages to the person are in their language.
func translated(err error, lang *page.Language) error {
	invalid, ok := errors.AsType[fault.Invalid](err)
	if !ok {
		return err
	}
	said := fault.Invalid{}
	for _, field := range invalid.Fields {
		said.Fields = append(said.Fields, fault.Field{Name: field.Name, Message: lang.Text(field.Message)})
	}
	return said
}

func (a *Account) showAddress(w http.ResponseWriter, r *http.Request) error {
	return a.renderAddress(w, r, http.StatusOK, nil)
}

func (a *Account) renderAddress(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	now, err := a.mainAddress(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return fmt.Errorf("address of a member: %w", err)
	}
	change, err := a.changeOf(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	return a.site.Render(w, r, status, "account/address.html", &addressPage{
		Head: page.Head{Title: lang.Text("Your email address"), Current: pathYou, NoIndex: true, Wrong: !form.OK(), Knows: Knows(a.site, lang)},
		Form: form, Address: now.Value.Address, Change: change,
	})
}

func (a *Account) saveAddress(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	to, err := mail.ParseAddress(form.Text("email"))
	if wrong, ok := errors.AsType[*mail.AddressError](err); ok {
		form.Wrong("email", lang.Text(wrong.Message))
		return a.renderAddress(w, r, http.StatusUnprocessableEntity, form)
	}
	now, err := a.mainAddress(r.Context(), a.db.Read, m.Owner)
	if err != nil {
		return err
	}
	if addressKey(now.Value.Address) == to.Key() {
		form.Wrong("email", lang.Text("Write another address than the one that you have."))
		return a.renderAddress(w, r, http.StatusUnprocessableEntity, form)
	}
	if wait, ok := a.limits.take(a.now(), changeTries, string(m.Owner)); !ok {
		return fault.TooMany{After: wait}
	}
	if err := a.askChange(r.Context(), m.Owner, to, lang.Tag, !a.mayMail(to)); err != nil {
		return err
	}
	return a.site.Notify(w, r, pathAddress, saidAsked)
}

func (a *Account) withdrawAddress(w http.ResponseWriter, r *http.Request) error {
	m := MemberOf(r.Context())
	err := a.transact(r.Context(), func(tx *sql.Tx) error { return a.withdraw(r.Context(), tx, m.Owner) })
	if err != nil {
		return err
	}
	return a.site.Notify(w, r, pathAddress, saidWithdrawn)
}

func (a *Account) showAnswer(w http.ResponseWriter, r *http.Request) error {
	rec, old, err := a.findChange(r.Context(), a.db.Read, r.PathValue("token"))
	if errors.Is(err, vault.ErrNotFound) {
		return a.renderChanged(w, r, changeGone)
	}
	if err != nil {
		return err
	}
	lang := a.site.Printer(r.Context())
	p := &answerPage{Old: old, Head: page.Head{Title: lang.Text("Change of address"), NoIndex: true,
		Knows: lang.Text("nothing new until you press a button. Then we keep the answer until both addresses have given theirs, at most to the end of the third day after they were asked.")}}
	if m := MemberOf(r.Context()); m != nil && m.Owner == rec.Owner {
		p.New = rec.Value.New
	}
	return a.site.Render(w, r, http.StatusOK, "account/answer.html", p)
}

func (a *Account) answer(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	result, err := a.answerChange(r.Context(), r.PathValue("token"), form.Text("answer") == "yes")
	if err != nil {
		return err
	}
	return a.renderChanged(w, r, result)
}

// renderChanged says what became of a change of address. The answer to the form
// is a page, since who answers may be signed in nowhere; sent again, the form
// finds that nothing waits any more.
func (a *Account) renderChanged(w http.ResponseWriter, r *http.Request, result changed) error {
	t := a.site.Printer(r.Context()).Text
	p := &overPage{Path: "/", Way: t("Go to the first page")}
	switch result {
	case changeWaits:
		p.Heading, p.Text = t("Thank you. One yes is still missing"), t("The other address was asked too. Nothing changes until it has said yes.")
	case changeDone:
		p.Heading, p.Text = t("The address is changed"), t("Links to sign in go to the new address from now on. The old one is forgotten.")
	case changeTaken:
		p.Heading, p.Text = t("This address has an account of its own"), t("Nothing was changed. Sign in with this address and erase that account, or give it another address; then ask for the change again.")
	case changeDenied:
		p.Heading, p.Text = t("Nothing was changed"), t("The address stays as it was. If you did not ask for the change, sign in, look where you are signed in, and end what you do not know.")
	default:
		p.Heading, p.Text = t("This link has ended"), t("Links for a change of address work for 72 hours, and once. If the address is not changed yet, ask for the change again.")
	}
	if result != changeGone {
		return a.renderDone(w, r, p)
	}
	return a.renderOverPage(w, r, p)
}

func (a *Account) renderDone(w http.ResponseWriter, r *http.Request, p *overPage) error {
	lang := a.site.Printer(r.Context())
	p.Head = page.Head{Title: p.Heading, NoIndex: true,
		Knows: lang.Text("the answer that you gave just now, until both addresses have given theirs; nothing else of who reads it.")}
	return a.site.Render(w, r, http.StatusOK, "account/over.html", p)
}

func (a *Account) showFirstRun(w http.ResponseWriter, r *http.Request) error {
	stands, err := a.firstRunStands(r.Context(), a.db.Read, r.PathValue("token"))
	if err != nil {
		return err
	}
	if !stands {
		return a.firstRunOver(w, r)
	}
	m, lang := MemberOf(r.Context()), a.site.Printer(r.Context())
	if m != nil && m.Handle == "" {
		http.Redirect(w, r, withNext(pathWelcome, r.URL.Path), http.StatusSeeOther)
		return nil
	}
	p := &firstRunPage{SignedIn: m != nil, SignIn: withNext(pathSignIn, r.URL.Path),
		Head: page.Head{Title: lang.Text("The first operator"), NoIndex: true, Knows: a.site.KnowsNothing(lang)}}
	if m != nil {
		p.Knows = Knows(a.site, lang)
	}
	return a.site.Render(w, r, http.StatusOK, "account/first-run.html", p)
}

func (a *Account) firstRunOver(w http.ResponseWriter, r *http.Request) error {
	t := a.site.Printer(r.Context()).Text
	return a.renderOverPage(w, r, &overPage{Path: "/", Way: t("Go to the first page"),
		Heading: t("This link has ended"), Text: t("It was used, or a newer one was printed when the program started, or there is an operator already.")})
}

func (a *Account) useFirstRun(w http.ResponseWriter, r *http.Request) error {
	done, err := a.becomeOperator(r.Context(), MemberOf(r.Context()).Owner, r.PathValue("token"))
	if err != nil {
		return err
	}
	if !done {
		return a.firstRunOver(w, r)
	}
	return a.site.Notify(w, r, pathYou, saidOperator)
}
