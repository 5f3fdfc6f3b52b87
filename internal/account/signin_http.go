package account

import (
	"errors"
	"net/http"

	"kept/internal/fault"
	"kept/internal/mail"
	"kept/internal/page"
)

type signInPage struct {
	page.Head
	Form      *page.Form
	Next      string
	Providers []Provider
}

type sentPage struct {
	page.Head
	Form    *page.Form
	Address string
}

type linkPage struct {
	page.Head
	Address string // only for the browser that asked
}

// overPage says that a link or a code is over, and shows the way on.
type overPage struct {
	page.Head
	Heading, Text string
	Path, Way     string
}

func (a *Account) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if err := errorOf(r.Context()); err != nil {
		return err
	}
	next := ours(r.URL.Query().Get("next"))
	if MemberOf(r.Context()) != nil {
		http.Redirect(w, r, or(next, pathYou), http.StatusSeeOther)
		return nil
	}
	return a.renderSignIn(w, r, http.StatusOK, nil, next)
}

func (a *Account) renderSignIn(w http.ResponseWriter, r *http.Request, status int, form *page.Form, next string) error {
	lang := a.site.Printer(r.Context())
	return a.site.Render(w, r, status, "account/sign-in.html", &signInPage{
		Head: page.Head{Title: lang.Text("Sign in"), Current: pathSignIn, NoIndex: next != "", Wrong: !form.OK(),
			Knows: a.site.KnowsNothing(lang) + " " + lang.Text("If you ask for a link, your address stays for 15 minutes, and a cookie for as long; how often it and your network asked is counted in memory until the end of the day.")},
		Form: form, Next: next, Providers: a.cfg.Providers,
	})
}

func (a *Account) askForLink(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if err := a.mayAsk(r); err != nil {
		return err
	}
	lang, next := a.site.Printer(r.Context()), ours(form.Text("next"))
	address, err := mail.ParseAddress(form.Text("email"))
	if wrong, ok := errors.AsType[*mail.AddressError](err); ok {
		form.Wrong("email", lang.Text(wrong.Message))
	}
	if !form.OK() {
		return a.renderSignIn(w, r, http.StatusUnprocessableEntity, form, next)
	}
	device, err := a.ask(r.Context(), wish{address: address, next: next, lang: lang.Tag, mute: !a.mayMail(address)})
	if err != nil {
		return err
	}
	http.SetCookie(w, a.cookie(askCookie, device, linkLife))
	http.Redirect(w, r, pathSent+a.betrayal(r, address), http.StatusSeeOther)
	return nil
}

// mayAsk bounds how often links are asked for from one place, whatever the
// address.
func (a *Account) mayAsk(r *http.Request) error {
	home, network := a.client(r)
	if wait, ok := a.limits.take(a.now(), asksFromNet, network); !ok {
		return fault.TooMany{After: wait}
	}
	if wait, ok := a.limits.take(a.now(), asksFromHome, home); !ok {
		return fault.TooMany{After: wait}
	}
	return nil
}

// mayMail bounds how many mails an address gets, whoever asks for them.
func (a *Account) mayMail(address mail.Address) bool {
	_, hour := a.limits.take(a.now(), mailsAnHour, address.Key())
	_, day := a.limits.take(a.now(), mailsADay, address.Key())
	return hour && day
}

func (a *Account) showSent(w http.ResponseWriter, r *http.Request) error {
	return a.renderSent(w, r, http.StatusOK, nil)
}

func (a *Account) renderSent(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	device := a.cookieOf(r, askCookie)
	rec, verdict, err := a.wishOf(r.Context(), a.db.Read, byCode(device, ""))
	if err != nil {
		return err
	}
	if verdict != welcome {
		if m := MemberOf(r.Context()); m != nil {
			http.Redirect(w, r, pathYou, http.StatusSeeOther)
			return nil
		}
		return a.renderOver(w, r, verdict)
	}
	lang := a.site.Printer(r.Context())
	return a.site.Render(w, r, status, "account/sent.html", &sentPage{
		Head: page.Head{Title: lang.Text("Look into your mail"), Current: pathSignIn, NoIndex: true, Wrong: !form.OK(),
			Knows: lang.Text("the address that you wrote, for 15 minutes, and for as long a cookie that lets this browser use the code.")},
		Form: form, Address: rec.Value.Address,
	})
}

func (a *Account) useCode(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	home, _ := a.client(r)
	if wait, ok := a.limits.take(a.now(), codesFromHome, home); !ok {
		return fault.TooMany{After: wait}
	}
	lang, code := a.site.Printer(r.Context()), figures(form.Text("code"))
	if len(code) != codeFigures {
		form.Wrong("code", lang.Text("Write the six figures of the code, as in 402 117."))
		return a.renderSent(w, r, http.StatusUnprocessableEntity, form)
	}
	e, err := a.enter(r.Context(), byCode(a.cookieOf(r, askCookie), code), r.UserAgent(), MemberOf(r.Context()))
	if err != nil {
		return err
	}
	if e.verdict == wrong {
		form.Wrong("code", lang.Text("Look at the mail again: this is not its code. You can try %d times more.", e.left))
		return a.renderSent(w, r, http.StatusUnprocessableEntity, form)
	}
	return a.arrive(w, r, e)
}

func (a *Account) showLink(w http.ResponseWriter, r *http.Request) error {
	rec, verdict, err := a.wishOf(r.Context(), a.db.Read, byLinkToken(r.PathValue("token")))
	if err != nil {
		return err
	}
	if verdict != welcome {
		return a.renderOver(w, r, verdict)
	}
	lang := a.site.Printer(r.Context())
	p := &linkPage{Head: page.Head{Title: lang.Text("Sign in"), Current: pathSignIn, NoIndex: true,
		Knows: lang.Text("nothing new until you press the button. Then one cookie keeps you signed in, and we keep the kind of browser and the last day of its use.")}}
	if device := a.cookieOf(r, askCookie); device != "" && same(rec.Value.Device, hash(device)) {
		p.Address = rec.Value.Address
	}
	return a.site.Render(w, r, http.StatusOK, "account/link.html", p)
}

func (a *Account) useLink(w http.ResponseWriter, r *http.Request) error {
	e, err := a.enter(r.Context(), byLinkToken(r.PathValue("token")), r.UserAgent(), MemberOf(r.Context()))
	if err != nil {
		return err
	}
	return a.arrive(w, r, e)
}

// arrive signs a browser in and sends it to where it wanted to go.
func (a *Account) arrive(w http.ResponseWriter, r *http.Request, e entry) error {
	if e.verdict != welcome {
		return a.renderOver(w, r, e.verdict)
	}
	http.SetCookie(w, a.cookie(sessionCookie, e.token, sessionLife))
	if a.cookieOf(r, askCookie) != "" {
		http.SetCookie(w, a.cookie(askCookie, "", 0))
	}
	next := or(ours(e.next), pathYou)
	if a.cfg.After != nil {
		next = a.cfg.After(next)
	}
	if e.fresh {
		next = withNext(pathWelcome, next)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (a *Account) renderOver(w http.ResponseWriter, r *http.Request, v verdict) error {
	t := a.site.Printer(r.Context()).Text
	p := &overPage{Path: pathSignIn, Way: t("Ask for a new link")}
	switch v {
	case used:
		p.Heading, p.Text = t("This link was used"), t("A link signs in once. If that was you, go on in the browser in which you used it; else ask for a new one.")
	case spent:
		p.Heading, p.Text = t("Five codes did not fit"), t("The code is no longer good. The link in the mail still is; or ask for a new mail.")
	default:
		p.Heading, p.Text = t("This link has ended"), t("Links work for 15 minutes. Nothing is lost: ask for a new one.")
	}
	return a.renderOverPage(w, r, p)
}

// renderOverPage answers 410: what was here is over, and not by mistake.
func (a *Account) renderOverPage(w http.ResponseWriter, r *http.Request, p *overPage) error {
	lang := a.site.Printer(r.Context())
	p.Head = page.Head{Title: p.Heading, NoIndex: true, Knows: a.site.KnowsNothing(lang)}
	if MemberOf(r.Context()) != nil {
		p.Knows = Knows(a.site, lang)
	}
	return a.site.Render(w, r, http.StatusGone, "account/over.html", p)
}
