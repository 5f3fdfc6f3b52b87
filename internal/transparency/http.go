package transparency

import (
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/internal/receipt"
	"kept/vault"
)

// logPage is /log.
type logPage struct {
	page.Head
	Form       *page.Form
	Has        bool
	Day        time.Time
	Size       int64
	Root       string
	Key        string
	Statements []statement
	Result     *result
}

type statement struct {
	Day  time.Time
	Text string
}

// mostStatements are shown on the page; the file has all.
const mostStatements = 50

func (f *Feature) show(w http.ResponseWriter, r *http.Request) error {
	return f.render(w, r, http.StatusOK, &page.Form{}, nil)
}

func (f *Feature) render(w http.ResponseWriter, r *http.Request, status int, form *page.Form, found *result) error {
	lang := f.Site.Printer(r.Context())
	p := &logPage{Form: form, Result: found, Head: page.Head{Title: lang.Text("Public log"), Current: "/log", Wrong: !form.OK(), Knows: f.knows(r, lang)}}
	_, c, ok, err := f.log.newest(r.Context(), f.DB.Read)
	if err != nil {
		return err
	}
	if p.Has = ok; ok {
		p.Day, p.Size, p.Root = c.Day.Time(), c.Size, c.Root.String()
	}
	if p.Key, err = f.log.Verifier(); err != nil {
		return err
	}
	if p.Statements, err = f.log.statements(r, f.DB.Read); err != nil {
		return err
	}
	return f.Site.Render(w, r, status, "transparency/log.html", p)
}

func (f *Feature) knows(r *http.Request, lang *page.Language) string {
	knows := f.Site.KnowsNothing(lang)
	if page.ViewerOf(r.Context()).SignedIn && f.c.Knows != nil {
		knows = f.c.Knows(lang)
	}
	return knows + " " + lang.Text("A receipt that you check here is not kept.")
}

func (l *Log) statements(r *http.Request, q vault.Querier) ([]statement, error) {
	rows, err := q.QueryContext(r.Context(), `SELECT day, statement FROM log_statement ORDER BY day DESC, commitment LIMIT $1`, mostStatements)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []statement
	for rows.Next() {
		var day vault.Day
		var s statement
		if err := rows.Scan(&day, &s.Text); err != nil {
			return nil, err
		}
		s.Day = day.Time()
		all = append(all, s)
	}
	return all, rows.Err()
}

func (f *Feature) checkpoint(w http.ResponseWriter, r *http.Request) error {
	signed, _, ok, err := f.log.newest(r.Context(), f.DB.Read)
	if err != nil {
		return err
	}
	if !ok {
		return fault.NotFound{What: "the log entry"}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = io.WriteString(w, signed)
	return err
}

func (f *Feature) export(w http.ResponseWriter, r *http.Request) error {
	var d *Document
	err := f.DB.Snapshot(r.Context(), func(tx *sql.Tx) (err error) {
		d, err = f.log.document(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="log.json"`)
	return writeJSON(w, d)
}

func (f *Feature) proof(w http.ResponseWriter, r *http.Request) error {
	c := Commitment(r.URL.Query().Get("commitment"))
	if !c.valid() {
		return fault.Invalid{Fields: []fault.Field{{Name: "commitment", Message: "Write the 64 hexadecimal digits of a commitment."}}}
	}
	in, ok, err := f.log.Prove(r.Context(), f.DB.Read, c)
	if err != nil {
		return err
	}
	if !ok {
		return fault.NotFound{What: "the log entry"}
	}
	return writeJSON(w, in)
}

// Consistency is the proof that the newest checkpoint goes on from an older size.
type Consistency struct {
	From       int64          `json:"from"`
	Checkpoint string         `json:"checkpoint"`
	Proof      tlog.TreeProof `json:"proof"`
}

func (f *Feature) consistency(w http.ResponseWriter, r *http.Request) error {
	signed, c, ok, err := f.log.newest(r.Context(), f.DB.Read)
	if err != nil {
		return err
	}
	if !ok {
		return fault.NotFound{What: "the log entry"}
	}
	from, err := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	if err != nil || from < 1 || from > c.Size {
		return fault.Invalid{Fields: []fault.Field{{Name: "from", Message: "Write a size of the log, from 1 to that of the newest checkpoint."}}}
	}
	proof, err := tlog.ProveTree(c.Size, from, reader{r.Context(), f.DB.Read})
	if err != nil {
		return err
	}
	return writeJSON(w, Consistency{from, signed, proof})
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

// result is what the check of a receipt found, step by step.
type result struct {
	Receipt receipt.Receipt
	Signed  bool
	Wrong   string // why it is not believed
	Logged  bool
	Index   int64
	Day     time.Time // of the checkpoint that it was proven against
}

const largestReceipt = 64 << 10

// check looks at a receipt. What is signed by this site and missing in the log
// is noted for the next batch: a restore may have lost its entry.
func (f *Feature) check(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	document := []byte(form.Text("receipt"))
	if len(document) == 0 || len(document) > largestReceipt {
		form.Wrong("receipt", lang.Text("Paste the whole receipt, as it stood on the last page."))
		return f.render(w, r, http.StatusUnprocessableEntity, form, nil)
	}
	found, body, err := receipt.Open(document, f.c.Receipt)
	switch {
	case errors.Is(err, receipt.ErrSignature):
		return f.render(w, r, http.StatusOK, form, &result{Wrong: lang.Text("The signature does not fit: this receipt is not from here, or something in it was changed.")})
	case err != nil:
		form.Wrong("receipt", lang.Text("This is not a receipt. Paste all of it, from the first bracket to the last."))
		return f.render(w, r, http.StatusUnprocessableEntity, form, nil)
	}
	shown := &result{Signed: true, Receipt: found}
	in, ok, err := f.log.Prove(r.Context(), f.DB.Read, Commit(body))
	if err != nil {
		return err
	}
	if !ok {
		if err := f.AddReceipt(r.Context(), body); err != nil {
			return err
		}
		return f.render(w, r, http.StatusOK, form, shown)
	}
	key, err := f.log.Verifier()
	if err != nil {
		return err
	}
	c, err := in.Check(key)
	if err != nil {
		return err
	}
	shown.Logged, shown.Index, shown.Day = true, in.Index, c.Day.Time()
	return f.render(w, r, http.StatusOK, form, shown)
}
