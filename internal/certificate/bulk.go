package certificate

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"kept/internal/fault"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// Row is somebody in a bulk issue.
type Row struct {
	Line    int // of the list, from 1, the head included
	Address mail.Address
	Name    string // as the organiser knows it; the person can write it differently
	Role    string
}

// mostRows is the largest bulk issue.
const mostRows = 20_000

// RowError says what to do about a line of a list.
type RowError struct {
	Line int // from 1, the head included
	What string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// ReadRows reads a list: a head that names the columns address, name and role, in
// any order, of which address is needed. All that is wrong is said at once.
func ReadRows(from io.Reader) ([]Row, error) {
	r := csv.NewReader(from)
	r.TrimLeadingSpace, r.FieldsPerRecord = true, -1
	head, err := r.Read()
	if err != nil {
		return nil, &RowError{1, page.Key("Write a head that names the columns: address, name, role.")}
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	if _, ok := column["address"]; !ok {
		return nil, &RowError{1, page.Key("Name the column with the mail addresses “address”.")}
	}
	var rows []Row
	var wrong []error
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		row, rowErr := rowOf(fields, column, err)
		if rowErr != nil {
			wrong = append(wrong, &RowError{lineOf(r, err), rowErr.Error()})
			continue
		}
		row.Line = lineOf(r, nil)
		rows = append(rows, row)
	}
	if len(rows) > mostRows {
		wrong = append(wrong, &RowError{mostRows, page.Key("Send at most 20,000 lines at once.")})
	}
	if len(rows) == 0 && len(wrong) == 0 {
		wrong = append(wrong, &RowError{2, page.Key("Write one line for each person.")})
	}
	return rows, errors.Join(wrong...)
}

// lineOf is the line on which the last row began.
func lineOf(r *csv.Reader, err error) int {
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return broken.StartLine
	}
	line, _ := r.FieldPos(0)
	return line
}

func rowOf(fields []string, column map[string]int, err error) (Row, error) {
	if err != nil {
		return Row{}, errors.New(page.Key("Close every quotation mark."))
	}
	field := func(name string) string {
		if i, ok := column[name]; ok && i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	row := Row{Role: field("role")}
	if row.Address, err = mail.ParseAddress(field("address")); err != nil {
		return row, err
	}
	if name := field("name"); name != "" {
		if row.Name, err = cleanName(name); err != nil {
			return row, errors.New(messageOf(err))
		}
	}
	if utf8.RuneCountInString(row.Role) > 40 {
		return row, errors.New(page.Key("Write the role in at most 40 characters."))
	}
	return row, nil
}

func messageOf(err error) string {
	if invalid, ok := errors.AsType[fault.Invalid](err); ok && len(invalid.Fields) > 0 {
		return invalid.Fields[0].Message
	}
	return err.Error()
}

// rowJob does one line of a bulk issue.
const rowJob = "certificate-row"

// endJob forgets sets whose date is over.
const endJob = "certificate-sets"

// work registers what happens later.
func (f *Feature) work() {
	f.Jobs.Handle(job.Kind{Name: rowJob, Do: f.doRow})
	f.Jobs.Every(job.Daily(0, 40), job.Kind{Name: endJob, Do: func(ctx context.Context, _ *job.Run) error {
		return errors.Join(f.endSets(ctx), f.endRows(ctx))
	}})
}

// rowsAtOnce is how many lines go into one transaction.
const rowsAtOnce = 250

// IssueAll begins a bulk issue: a set that outlives the mails, and a job for each
// line. What the lines hold lies sealed in errands, which end within 30 days.
func (f *Feature) IssueAll(ctx context.Context, set NewSet, rows []Row) (batch string, err error) {
	batch = newNumber()
	var id string
	err = f.DB.Transact(ctx, func(tx *sql.Tx) (err error) {
		if id, err = f.OpenSet(ctx, tx, set); err != nil {
			return err
		}
		if sabotage.Is(breakKeepsErrand) {
			set.Title += " " + rows[0].Address.String()
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO certificate_batch (id, title, total, done, next, made) VALUES ($1, $2, $3, 0, $4, $5)`,
			batch, set.Title, len(rows), rows[0].Line, int64(vault.DayOf(f.Now())))
		return err
	})
	if err != nil {
		return "", err
	}
	for taken := 0; taken < len(rows); {
		some, next := rows[taken:min(taken+rowsAtOnce, len(rows))], 0
		if taken += len(some); taken < len(rows) {
			next = rows[taken].Line
		}
		err := f.DB.Transact(ctx, func(tx *sql.Tx) error {
			if err := f.addRows(ctx, tx, id, batch, set.Title, some); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `UPDATE certificate_batch SET next = $1 WHERE id = $2`, next, batch)
			return err
		})
		if err != nil {
			return batch, err
		}
	}
	f.Jobs.Wake()
	return batch, nil
}

func (f *Feature) addRows(ctx context.Context, tx *sql.Tx, set, batch, title string, rows []Row) error {
	ends := f.Now().UTC().Add(bulkLife)
	owners, err := f.Vault.NewOwners(ctx, tx, vault.Errand, vault.DayOf(ends), len(rows))
	if err != nil {
		return err
	}
	records := make([]vault.Record[Errand], len(rows))
	for i, row := range rows {
		records[i] = vault.Record[Errand]{Owner: owners[i], Value: Errand{Address: row.Address.String(), Set: set, Ends: ends, Name: row.Name, Role: row.Role, Title: title, Batch: batch}}
	}
	if err := f.kinds.errands.PutAll(ctx, tx, vault.Work(toCertify), records); err != nil {
		return err
	}
	for i, owner := range owners {
		if _, err := tx.ExecContext(ctx, `INSERT INTO certificate_row (batch, line, errand, code) VALUES ($1, $2, $3, '')`, batch, rows[i].Line, string(owner)); err != nil {
			return err
		}
		if err := f.addRowJob(ctx, tx, string(owner)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Feature) addRowJob(ctx context.Context, tx *sql.Tx, errand string) error {
	return f.Jobs.Add(ctx, tx, job.Job{Kind: rowJob, Lane: job.Bulk, Args: map[string]string{argErrand: errand}})
}

// doRow keeps that somebody qualified and sends them their link.
func (f *Feature) doRow(ctx context.Context, run *job.Run) error {
	owner := vault.OwnerID(run.Args[argErrand])
	all, err := f.kinds.errands.All(ctx, f.DB.Read, vault.Work(toCertify), owner)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return f.giveUp(ctx, run, codeEnded)
	}
	rec := all[0]
	row, err := f.set(ctx, f.DB.Read, rec.Value.Set)
	if fault.Of(err) == fault.KindNotFound {
		return f.giveUp(ctx, run, codeOver)
	}
	if err != nil {
		return err
	}
	address, err := mail.ParseAddress(rec.Value.Address)
	if err != nil {
		return f.giveUp(ctx, run, codeAddress)
	}
	hash, err := f.slowHash(ctx, f.DB.Read, row, address)
	if err != nil {
		return err
	}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.finishRow(ctx, tx, run, rec, row, address, hash) })
}

func (f *Feature) finishRow(ctx context.Context, tx *sql.Tx, run *job.Run, rec vault.Record[Errand], row setRow, address mail.Address, hash string) error {
	first, err := countRow(ctx, tx, rec.Value.Batch, run.Args[argErrand])
	if err != nil {
		return err
	}
	if !first {
		return run.Finish(ctx, tx) // two jobs were added for one line
	}
	claim := vault.Record[Claim]{Owner: row.owner, Value: Claim{Hash: hash, Role: rec.Value.Role}}
	if err := f.addClaim(ctx, tx, claim); err != nil {
		return err
	}
	token, link := newToken()
	rec.Value.Link = link
	if _, err := f.kinds.errands.Put(ctx, tx, vault.Work(toCertify), rec); err != nil {
		return err
	}
	to := mail.Receiver{Owner: rec.Owner, Address: address, Name: rec.Value.Name}
	if err := f.sendLink(ctx, tx, "bulk", f.c.Language, to, row, token); err != nil {
		return err
	}
	return run.Finish(ctx, tx)
}

// lateYears is how long certificates of a bulk issue can be claimed.
const lateYears = 10

// UntilLate is the last day to claim, counted from a day.
func UntilLate(from time.Time) vault.Day { return vault.DayOf(from.AddDate(lateYears, 0, 0)) }
