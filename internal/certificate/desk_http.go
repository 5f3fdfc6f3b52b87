package certificate

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kept/internal/credential"
	"kept/internal/fault"
	"kept/internal/page"
)

// deskPage is the operator's: bulk issue, what is withdrawn, templates.
type deskPage struct {
	page.Head
	Form      *page.Form
	Batches   []batchView
	Templates []page.Option
	Wrong     []string // lines of a list that was not taken
	Key       string
	Verdict   Verdict // of a file that was to be withdrawn
}

// batchView is a bulk issue with the lines that failed.
type batchView struct {
	Batch
	Lines []string
	Again bool // some of them can be tried again
}

// shownBatches is how many bulk issues are listed.
const shownBatches = 20

func (f *Feature) deskPage(r *http.Request, form *page.Form) (*deskPage, error) {
	lang := f.Site.Printer(r.Context())
	_, key, err := f.issuer.current()
	if err != nil {
		return nil, err
	}
	v := &deskPage{Form: form, Key: key.ID, Head: page.Head{Title: lang.Text("Certificates"), NoIndex: true, Knows: f.c.Knows(lang)}}
	for _, t := range f.templates.all {
		v.Templates = append(v.Templates, page.Option{Value: t.Name, Label: t.Name})
	}
	v.Batches, err = f.batchViews(r.Context(), lang)
	return v, err
}

func (f *Feature) batchViews(ctx context.Context, lang *page.Language) (all []batchView, err error) {
	if err := f.settleRows(ctx); err != nil {
		return nil, err
	}
	batches, err := f.batches(ctx, f.DB.Read, shownBatches)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		v := batchView{Batch: b}
		failed, err := f.FailedRows(ctx, b.ID, mostLines)
		if err != nil {
			return nil, err
		}
		for _, one := range failed {
			v.Lines = append(v.Lines, lang.Text("Line %d: %s", one.Line, lang.Text(one.Why())))
			v.Again = v.Again || one.Again
		}
		all = append(all, v)
	}
	return all, nil
}

// retryByForm tries the failed lines of a bulk issue again.
func (f *Feature) retryByForm(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if _, err := f.Retry(r.Context(), form.Text("batch")); err != nil {
		return err
	}
	http.Redirect(w, r, "/operator/certificates", http.StatusSeeOther)
	return nil
}

func (f *Feature) showDesk(w http.ResponseWriter, r *http.Request) error {
	v, err := f.deskPage(r, page.FormOf(url.Values{"day": {f.Now().UTC().Format(time.DateOnly)}}))
	if err != nil {
		return err
	}
	return f.Site.Render(w, r, http.StatusOK, "certificate/desk.html", v)
}

func (f *Feature) issueByForm(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	set := NewSet{Title: form.Text("title"), Description: form.Text("description"), Template: form.Text("template"), Until: UntilLate(f.Now())}
	if set.Title == "" || len([]rune(set.Title)) > maxTitle {
		form.Wrong("title", lang.Text("Write what the certificate is for, as in Research Software Engineering, spring 2027."))
	}
	if set.Day, err = time.Parse(time.DateOnly, form.Text("day")); err != nil {
		form.Wrong("day", lang.Text("Write a day, as in 2027-03-14."))
	}
	rows, err := ReadRows(bytes.NewReader(form.File("list")))
	if err == nil && form.OK() {
		if _, err := f.IssueAll(r.Context(), set, rows); err != nil {
			return err
		}
		http.Redirect(w, r, "/operator/certificates", http.StatusSeeOther)
		return nil
	}
	v, deskErr := f.deskPage(r, form)
	if deskErr != nil {
		return deskErr
	}
	v.Head.Wrong = true
	v.Wrong = linesOf(lang, err)
	if len(v.Wrong) > 0 {
		form.Wrong("list", lang.Text("Put the lines right that are named below, and send the list again. Nothing was issued."))
	}
	return f.Site.Render(w, r, http.StatusUnprocessableEntity, "certificate/desk.html", v)
}

// mostLines is how many wrong lines are named.
const mostLines = 50

// linesOf says what is wrong with a list, line by line.
func linesOf(lang *page.Language, err error) []string {
	var all []string
	var joined interface{ Unwrap() []error }
	errs := []error{err}
	if errors.As(err, &joined) {
		errs = joined.Unwrap()
	}
	for _, one := range errs {
		if row, ok := errors.AsType[*RowError](one); ok && len(all) < mostLines {
			all = append(all, lang.Text("Line %d: %s", row.Line, lang.Text(row.What)))
		}
	}
	return all
}

// withdrawByFile withdraws a certificate that is presented. Nothing else leads
// from a person to its place in a list.
func (f *Feature) withdrawByFile(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	file := form.File("file")
	if len(file) == 0 {
		file = []byte(form.Raw("text"))
	}
	result, err := f.Withdraw(r.Context(), file)
	if err != nil {
		return err
	}
	if result.Genuine() {
		return f.Site.Notify(w, r, "/operator/certificates", "certificate.withdrawn")
	}
	v, err := f.deskPage(r, form)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	v.Verdict = VerdictOf(lang, result, lang.Day)
	form.Wrong("file", v.Verdict.Short+" "+v.Verdict.Long)
	v.Head.Wrong = true
	return f.Site.Render(w, r, http.StatusUnprocessableEntity, "certificate/desk.html", v)
}

// Withdraw withdraws a certificate that is presented, if it is genuine.
func (f *Feature) Withdraw(ctx context.Context, file []byte) (credential.Result, error) {
	check, err := f.verifier(ctx)
	if err != nil {
		return credential.Result{}, err
	}
	result := check.Verify(credential.Find(file))
	if !result.Genuine() || result.Badge.Status.List == "" {
		return result, nil
	}
	return result, f.transact(ctx, func(tx *sql.Tx) error { return f.withdraw(ctx, tx, result.Badge.Status) })
}

// previewPage shows a template with names of many scripts and lengths.
type previewPage struct {
	page.Head
	Template string
	Names    []string
	Name     string
	Sheet    *sheet
	Print    printing
}

// sampleNames are names as people have them: short and long, in many scripts.
var sampleNames = []string{
	"Bo Li", "Noor Halvorsen", "Ελευθερία Παπαδοπούλου", "Светлана Александровна Преображенская",
	"María de los Ángeles Fernández-Villaverde y Álvarez de Toledo Rodríguez de la Fuente", "محمد عبد الرحمن الخوارزمي", "שירה בן־דוד", "王小明", "さくら 田中", "김민준", "अनुष्का श्रीवास्तव", "สมชาย ใจดี",
}

func (f *Feature) previewOrder(r *http.Request) Order {
	name, err := cleanName(r.URL.Query().Get("name"))
	if err != nil {
		name = sampleNames[1]
	}
	return Order{Title: "Programs", Description: "45 lessons and two projects in JavaScript, each solution checked by running it.", Page: f.c.Base,
		Template: r.URL.Query().Get("template"), Holder: credential.Holder{Name: name}}
}

func (f *Feature) showPreview(w http.ResponseWriter, r *http.Request) error {
	o := f.previewOrder(r)
	s, err := f.sampleSheet(r.Context(), o)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	v := &previewPage{Template: s.Name, Names: sampleNames, Name: o.Holder.Name, Sheet: s, Print: f.printing(s),
		Head: page.Head{Title: lang.Text("Preview of a template"), NoIndex: true, Knows: f.c.Knows(lang)}}
	return f.Site.Render(w, r, http.StatusOK, "certificate/preview.html", v)
}

func (f *Feature) servePreview(w http.ResponseWriter, r *http.Request) error {
	form := r.PathValue("form")
	if !strings.HasSuffix(form, ".pdf") && form != "card.png" {
		return fault.NotFound{What: "form of a certificate"}
	}
	o := f.previewOrder(r)
	signed, err := f.signAt(o, "preview", credential.Entry{})
	if err != nil {
		return err
	}
	return f.send(w, r, signed, o.Template, form)
}
