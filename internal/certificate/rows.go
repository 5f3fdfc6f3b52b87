package certificate

import (
	"context"
	"database/sql"
	"errors"

	"kept/internal/fault"
	"kept/internal/job"
	"kept/internal/page"
	"kept/vault"
)

// argErrand is the argument of a row's job: the owner of its errand.
const argErrand = "errand"

// Why a line could not be done, and never will.
const (
	codeAddress = "address" // no mail can be sent there
	codeOver    = "over"    // the set was ended
	codeEnded   = "ended"   // what stood in the line is forgotten by now
)

// Batch is how far a bulk issue is.
type Batch struct {
	ID, Title           string
	Total, Done, Failed int
	Next                int // line of the list from which on nothing is taken in yet; 0: all is
	Made                vault.Day
}

// Reached is how many lines were dealt with, one way or another.
func (b Batch) Reached() int { return b.Done + b.Failed }

// Over tells that nothing of it waits any more.
func (b Batch) Over() bool { return b.Reached() >= b.Total }

// FailedRow is a line that could not be done.
type FailedRow struct {
	Line  int
	Code  string
	Again bool // it can be tried again
}

// Why says it in words.
func (r FailedRow) Why() string {
	switch r.Code {
	case codeAddress:
		return page.Key("No mail can be sent to this address.")
	case codeOver:
		return page.Key("The certificates of this list were ended.")
	case codeEnded:
		return page.Key("What stood in the line was forgotten after 30 days. Send the line again in a new list.")
	case "crashed":
		return page.Key("The program stopped each time it came to this line.")
	case "timeout":
		return page.Key("It took too long each time.")
	}
	return page.Key("It went wrong each time it was tried; the log says more.")
}

// batchColumns reads a batch with what failed of it.
const batchColumns = `id, title, total, done, next, made, (SELECT COUNT(*) FROM certificate_row r WHERE r.batch = certificate_batch.id AND r.code <> '')`

func scanBatch(row interface{ Scan(...any) error }) (b Batch, err error) {
	err = row.Scan(&b.ID, &b.Title, &b.Total, &b.Done, &b.Next, &b.Made, &b.Failed)
	return b, err
}

func (f *Feature) batches(ctx context.Context, q vault.Querier, limit int) (all []Batch, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+batchColumns+` FROM certificate_batch ORDER BY made DESC, id LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		b, err := scanBatch(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, rows.Err()
}

// BatchOf says how far a bulk issue is.
func (f *Feature) BatchOf(ctx context.Context, id string) (Batch, error) {
	if err := f.settleRows(ctx); err != nil {
		return Batch{}, err
	}
	b, err := scanBatch(f.DB.Read.QueryRowContext(ctx, `SELECT `+batchColumns+` FROM certificate_batch WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.NotFound{What: "bulk issue"}
	}
	return b, err
}

// FailedRows lists lines of a bulk issue that could not be done.
func (f *Feature) FailedRows(ctx context.Context, batch string, limit int) (all []FailedRow, err error) {
	rows, err := f.DB.Read.QueryContext(ctx, `SELECT line, code, errand <> '' FROM certificate_row WHERE batch = $1 AND code <> '' ORDER BY line LIMIT $2`, batch, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r FailedRow
		if err := rows.Scan(&r.Line, &r.Code, &r.Again); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// countRow counts a line as done, and says whether it was not before.
func countRow(ctx context.Context, tx *sql.Tx, batch, errand string) (first bool, err error) {
	gone, err := tx.ExecContext(ctx, `DELETE FROM certificate_row WHERE errand = $1`, errand)
	if err != nil {
		return false, err
	}
	if n, err := gone.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE certificate_batch SET done = done + 1 WHERE id = $1`, batch)
	return true, err
}

// giveUp notes that a line cannot be done, whatever is tried.
func (f *Feature) giveUp(ctx context.Context, run *job.Run, code string) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE certificate_row SET code = $1, errand = '' WHERE errand = $2`, code, run.Args[argErrand]); err != nil {
			return err
		}
		return run.Finish(ctx, tx)
	})
}

// mostDead is how many dead jobs are looked at: those of one list, at most.
const mostDead = mostRows

// settleRows notes which lines' jobs have died: of a last error, or because the
// program stopped each time.
func (f *Feature) settleRows(ctx context.Context) error {
	dead, err := f.deadRows(ctx)
	if err != nil || len(dead) == 0 {
		return err
	}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		for errand, d := range dead {
			if _, err := tx.ExecContext(ctx, `UPDATE certificate_row SET code = $1 WHERE errand = $2 AND code = ''`, d.Code, errand); err != nil {
				return err
			}
		}
		return nil
	})
}

// deadRows are the dead jobs of lines, by their errands.
func (f *Feature) deadRows(ctx context.Context) (map[string]job.DeadJob, error) {
	all, err := f.Jobs.Dead(ctx, mostDead)
	dead := map[string]job.DeadJob{}
	for _, d := range all {
		if d.Kind == rowJob {
			dead[d.Args[argErrand]] = d
		}
	}
	return dead, err
}

// Retry tries the failed lines of a bulk issue again, and says how many these are.
func (f *Feature) Retry(ctx context.Context, batch string) (n int, err error) {
	dead, err := f.deadRows(ctx)
	if err != nil {
		return 0, err
	}
	errands, err := f.failedErrands(ctx, batch)
	if err != nil {
		return 0, err
	}
	for _, errand := range errands {
		// Without its dead job a line is not called failed again. A crash in
		// between leaves it failed, and it can be tried once more.
		if d, ok := dead[errand]; ok {
			if err := f.Jobs.Drop(ctx, d.ID); err != nil && fault.Of(err) != fault.KindNotFound {
				return 0, err
			}
		}
	}
	err = f.DB.Transact(ctx, func(tx *sql.Tx) error {
		n = 0
		for _, errand := range errands {
			done, err := tx.ExecContext(ctx, `UPDATE certificate_row SET code = '' WHERE errand = $1 AND code <> ''`, errand)
			if err != nil {
				return err
			}
			changed, err := done.RowsAffected()
			if err != nil {
				return err
			}
			if changed == 0 {
				continue
			}
			if err := f.addRowJob(ctx, tx, errand); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	f.Jobs.Wake()
	return n, err
}

func (f *Feature) failedErrands(ctx context.Context, batch string) (all []string, err error) {
	rows, err := f.DB.Read.QueryContext(ctx, `SELECT errand FROM certificate_row WHERE batch = $1 AND code <> '' AND errand <> '' ORDER BY line`, batch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var errand string
		if err := rows.Scan(&errand); err != nil {
			return nil, err
		}
		all = append(all, errand)
	}
	return all, rows.Err()
}

// endRows notes which lines were never done before their errands ended.
func (f *Feature) endRows(ctx context.Context) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE certificate_row SET errand = '', code = $1 WHERE errand <> '' AND batch IN (SELECT id FROM certificate_batch WHERE made < $2)`,
			codeEnded, int64(vault.DayOf(f.Now()))-int64(vault.ErrandDays))
		return err
	})
}
