package right

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// schema publishes what an export looks like.
func (f *Feature) schema(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, err := w.Write(f.Vault.ExportSchema(f.c.Base + "/schema/export.json"))
	return err
}

// export streams everything, from one moment in time.
func (f *Feature) export(a asked) error {
	tx, err := f.DB.Read.BeginTx(a.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	h := a.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="your-data.json"`)
	h.Set("Cache-Control", "no-store")
	return f.Vault.Export(a.Context(), tx, a.me.Owner, a.w)
}

// take gives one record as JSON.
func (f *Feature) take(a asked) error {
	item, err := f.subject(a).Get(a.Context(), f.DB.Read, a.FormValue("kind"), a.FormValue("id"))
	if err != nil {
		return told(err)
	}
	h := a.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="`+item.Info.Name+`.json"`)
	h.Set("Cache-Control", "no-store")
	_, err = a.w.Write([]byte(pretty(item.Value) + "\n"))
	return err
}

// readPage is the export for reading: every record in words.
type readPage struct {
	page.Head
	Rows []row
	Next string
}

// readSize is how many records one page of the readable form has.
const readSize = 200

func (f *Feature) read(a asked) error {
	lang := f.Site.Printer(a.Context())
	items, err := f.subject(a).Page(a.Context(), f.DB.Read, "", a.FormValue("kind"), a.FormValue("id"), readSize+1)
	if err != nil {
		return err
	}
	p := &readPage{Head: page.Head{Title: lang.Text("Your data, to read"), Current: "/you/data", NoIndex: true,
		Knows: f.c.Knows(lang)}}
	if len(items) > readSize {
		items = items[:readSize]
		last := items[readSize-1]
		p.Next = "/you/data/read?" + url.Values{"kind": {last.Info.Name}, "id": {last.ID}}.Encode()
	}
	for _, item := range items {
		p.Rows = append(p.Rows, f.row(a, item))
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "right/read.html", p)
}

// importPage brings an export along from another site.
type importPage struct {
	page.Head
	Form    *page.Form
	Size    int
	Results []vault.Imported
	Taken   int

	titles map[string]string // of kinds, as the reader's language has them
}

// Title is what a kind is called here; one that this site does not know keeps
// the name that the file has for it.
func (p *importPage) Title(kind string) string { return cmp.Or(p.titles[kind], kind) }

func (f *Feature) importPage(a asked) *importPage {
	lang := f.Site.Printer(a.Context())
	titles := map[string]string{}
	for _, k := range f.Vault.Kinds() {
		titles[k.Name] = lang.Text(k.Title)
	}
	return &importPage{titles: titles, Form: &page.Form{}, Head: page.Head{Title: lang.Text("Bring your data along"), Current: "/you/data", NoIndex: true,
		Knows: f.c.Knows(lang) + " " + lang.Text("A file that you bring is kept for a day, sealed, until you say whether to take it over.")}}
}

func (f *Feature) showImport(a asked) error {
	p := f.importPage(a)
	waiting, err := f.imports.Get(a.Context(), f.DB.Read, vault.Self(a.me.Owner), a.me.Owner, vault.SingleID)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	if err == nil {
		if err := f.preview(a, p, waiting.Value); err != nil && !errors.Is(err, vault.ErrImport) {
			return err
		}
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "right/import.html", p)
}

// errPreview rolls a trial import back.
var errPreview = errors.New("only a preview")

// preview tries the import and takes it back.
func (f *Feature) preview(a asked, p *importPage, u Upload) error {
	err := f.DB.Transact(a.Context(), func(tx *sql.Tx) (err error) {
		if p.Results, err = f.Vault.Import(a.Context(), tx, a.me.Owner, strings.NewReader(u.Document)); err != nil {
			return err
		}
		return errPreview
	})
	if !errors.Is(err, errPreview) {
		return err
	}
	p.Size = u.Size
	for _, r := range p.Results {
		p.Taken += r.Taken
	}
	return nil
}

func (f *Feature) upload(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(a.Context())
	document := form.File("document")
	if len(document) == 0 {
		form.Wrong("document", lang.Text("Choose the file that the other site gave you, as in your-data.json."))
	} else if err := f.preview(a, f.importPage(a), Upload{Document: string(document)}); err != nil {
		if !errors.Is(err, vault.ErrImport) {
			return err
		}
		form.Wrong("document", lang.Text("Choose the whole file as the other site gave it: this one is no complete export."))
	}
	if !form.OK() {
		p := f.importPage(a)
		p.Form, p.Wrong = form, true
		return f.Site.Render(a.w, a.Request, http.StatusUnprocessableEntity, "right/import.html", p)
	}
	if err := f.keepUpload(a, document); err != nil {
		return told(err)
	}
	http.Redirect(a.w, a.Request, "/you/data/import", http.StatusSeeOther)
	return nil
}

// keepUpload replaces whatever waited before.
func (f *Feature) keepUpload(a asked, document []byte) error {
	return f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		who := vault.Self(a.me.Owner)
		old, err := f.imports.Get(a.Context(), tx, who, a.me.Owner, vault.SingleID)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
		_, err = f.imports.Put(a.Context(), tx, who, vault.Record[Upload]{Owner: a.me.Owner, Rev: old.Rev,
			Value: Upload{Document: string(document), Size: len(document)}})
		return err
	})
}

func (f *Feature) takeOver(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	word := "right.imported"
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		who := vault.Self(a.me.Owner)
		waiting, err := f.imports.Get(a.Context(), tx, who, a.me.Owner, vault.SingleID)
		if err != nil {
			return err
		}
		if form.Has("no") {
			word = "right.erased"
		} else if _, err := f.Vault.Import(a.Context(), tx, a.me.Owner, strings.NewReader(waiting.Value.Document)); err != nil {
			return err
		}
		return f.imports.Delete(a.Context(), tx, who, a.me.Owner, vault.SingleID)
	})
	if errors.Is(err, vault.ErrNotFound) {
		return fault.NotFound{What: "file"}
	}
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, "/you/data", word)
}

// request writes down what a member asks for, with its date, and does at once
// what a program can do.
func (f *Feature) request(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	r := Request{About: form.Text("about"), What: form.Text("what"), Text: form.Text("text"), Asked: f.Now().UTC(), Due: AnswerBy(f.Now())}
	on := form.Text("on") != "no"
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		switch r.About {
		case "restriction":
			if !sabotage.Is(breakRestriction) {
				err = f.Vault.Restrict(a.Context(), tx, a.me.Owner, on)
			}
		case "objection":
			err = f.Vault.Object(a.Context(), tx, a.me.Owner, r.What, on)
		case "review", "question":
			err = nil
		default:
			return fault.Invalid{Fields: []fault.Field{{Name: "about", Message: "Choose what you ask for."}}}
		}
		if err != nil || !on {
			return err
		}
		_, err := f.requests.Put(a.Context(), tx, vault.Self(a.me.Owner), vault.Record[Request]{Owner: a.me.Owner, Value: r})
		return err
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, "/you/data#requests", "right.asked")
}

// OpenRequests counts the requests that wait for an answer, and how many of
// them are past their day. It opens none of them.
func (f *Feature) OpenRequests(ctx context.Context) (open, late int, err error) {
	all, err := f.requests.Find(ctx, f.DB.Read, vault.Work(purposeRequests), vault.Query{Name: "request", Value: "open"})
	for _, q := range all {
		if q.Value.Due < f.Vault.Today() {
			late++
		}
	}
	return len(all), late, err
}
