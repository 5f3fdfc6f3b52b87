package right

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/internal/receipt"
	"kept/vault"
)

func (f *Feature) eraseRecord(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	if f.c.GoesAlong(form.Text("kind")) {
		return errAlong
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.subject(a).Delete(a.Context(), tx, form.Text("kind"), form.Text("id"))
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, back(form), "right.erased")
}

// errAlong refuses to take away what the account cannot be without.
var errAlong = fault.Forbidden{What: "erase alone what the account stands on"}

// kindPage asks before a whole kind is erased.
type kindPage struct {
	page.Head
	Info  vault.Info
	Count int
	Along bool
}

func (f *Feature) showKind(a asked) error {
	groups, err := f.subject(a).Groups(a.Context(), f.DB.Read)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(a.Context())
	p := &kindPage{Along: f.c.GoesAlong(a.FormValue("kind"))}
	for _, g := range groups {
		if g.Info.Name == a.FormValue("kind") {
			p.Info, p.Count = g.Info, p.Count+g.Count
		}
	}
	if p.Count == 0 {
		return told(vault.ErrNotFound)
	}
	p.Head = page.Head{Title: lang.Text("Erase a kind"), Current: "/you/data", NoIndex: true,
		Knows: f.c.Knows(lang)}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "right/kind.html", p)
}

func (f *Feature) eraseKind(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	if f.c.GoesAlong(form.Text("kind")) {
		return errAlong
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		_, err := f.subject(a).DeleteAll(a.Context(), tx, form.Text("kind"))
		return err
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, "/you/data", "right.erased")
}

// receiptKey publishes the key that receipts are checked with.
func (f *Feature) receiptKey(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{"format": receipt.Format, "algorithm": "Ed25519",
		"key": base64.StdEncoding.EncodeToString(f.key.Public().(ed25519.PublicKey))})
}

// goodbyePage is the last page a member sees.
type goodbyePage struct {
	page.Head
	Receipt string
	Erased  int
	Held    []vault.Held
}

// File is the receipt as a file that needs no further request.
func (p *goodbyePage) File() template.URL {
	return template.URL("data:application/json;base64," + base64.StdEncoding.EncodeToString([]byte(p.Receipt)))
}

func (f *Feature) eraseEverything(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(a.Context())
	if typed := strings.TrimPrefix(form.Text("handle"), "@"); !strings.EqualFold(typed, a.me.word()) {
		form.Wrong("handle", lang.Text("Type it as it stands here: %s.", a.me.word()))
		return f.askAgain(a, form)
	}
	r, err := f.Vault.EraseOwner(a.Context(), a.me.Owner)
	f.c.Erased(a.me.Owner)
	if err != nil {
		return err
	}
	return f.goodbye(a, r)
}

// word is what a member types to erase everything: the handle, or a plain word
// while there is none.
func (m Member) word() string {
	if m.Handle == "" {
		return "erase"
	}
	return m.Handle
}

func (f *Feature) askAgain(a asked, form *page.Form) error {
	p, err := f.dataPage(a)
	if err != nil {
		return err
	}
	p.Form, p.Wrong = form, true
	return f.Site.Render(a.w, a.Request, http.StatusUnprocessableEntity, "right/data.html", p)
}

// receipt is what the erased keep. Its entry in the public log waits from now on
// without saying whose it is; if it cannot be noted, the receipt holds all the
// same, and can be handed in later.
func (f *Feature) receipt(ctx context.Context, r vault.Receipt) (string, error) {
	out := receipt.New(f.c.Base, r)
	out.RingCopiesGone, out.BackupsGone = f.c.Forgotten(r.Day)
	document, body, err := out.Sign(f.key)
	if err != nil {
		return "", err
	}
	if err := f.c.Note(ctx, body); err != nil {
		f.Log.Error("a receipt could not be noted for the public log", "error", err)
	}
	return string(document), nil
}

func (f *Feature) goodbye(a asked, r vault.Receipt) error {
	signed, err := f.receipt(a.Context(), r)
	if err != nil {
		return err
	}
	f.c.SignOut(a.w)
	lang := f.Site.Printer(a.Context())
	p := &goodbyePage{Receipt: signed, Held: r.Held, Head: page.Head{Title: lang.Text("Erased"), NoIndex: true,
		Knows: f.Site.KnowsNothing(lang) + " " + lang.Text("The page was made from the receipt that it shows, and is not kept.")}}
	for _, n := range r.Erased {
		p.Erased += n
	}
	slices.SortFunc(p.Held, func(x, y vault.Held) int { return strings.Compare(x.Kind, y.Kind) })
	visitor := a.Request.WithContext(page.WithViewer(a.Context(), page.Viewer{Lang: page.ViewerOf(a.Context()).Lang}))
	a.w.Header().Set("Cache-Control", "no-store")
	return f.Site.Render(a.w, visitor, http.StatusOK, "right/goodbye.html", p)
}
