package job

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kept/internal/db"
)

// States of a row. A job that is done has none.
const (
	waiting = "waiting"
	running = "running"
	dead    = "dead"
)

// ErrLost says that the lease ended and the job may be in other hands: the
// transaction that wanted to finish it must be rolled back.
var ErrLost = errors.New("the lease of the job ended")

func newID() string { return strings.ToLower(rand.Text()) }

// Add puts a job into the queue, in the caller's transaction: it exists if that
// commits. With Unique set it does nothing while such a job waits. It refuses,
// with a [*Refused], a kind or lane that nobody works on, arguments whose values
// are not ids of [a-z0-9._:-]{1,64}, and the like in Unique and Request.
func (q *Queue) Add(ctx context.Context, tx *sql.Tx, j Job) error {
	if j.Lane == "" {
		j.Lane = Normal
	}
	if err := q.check(j); err != nil {
		return err
	}
	args, err := json.Marshal(j.Args)
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Kind, err)
	}
	due := q.now()
	if j.At.After(due) {
		due = j.At
	}
	// The update of nothing keeps the waiting job from being taken before this
	// transaction commits: else it could run too early to see what changed.
	_, err = tx.ExecContext(ctx, `
		INSERT INTO job (id, kind, lane, args, uniq, state, due, lease, attempts, code, request)
		VALUES ($1, $2, $3, $4, $5, 'waiting', $6, '', 0, '', $7)
		ON CONFLICT (uniq) WHERE state = 'waiting' AND uniq <> '' DO UPDATE SET uniq = excluded.uniq`,
		newID(), j.Kind, j.Lane, string(args), j.Unique, due.UnixMilli(), j.Request)
	if err != nil {
		return fmt.Errorf("add job %s: %w", j.Kind, err)
	}
	return nil
}

// nextDue is when the lane's next job wants attention, found without writing.
func (q *Queue) nextDue(ctx context.Context, lane string) (due time.Time, found bool, err error) {
	var ms sql.NullInt64
	err = q.db.Read.QueryRowContext(ctx, `SELECT MIN(due) FROM job WHERE lane = $1 AND state <> 'dead'`, lane).Scan(&ms)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for jobs: %w", err)
	}
	return time.UnixMilli(ms.Int64), ms.Valid, nil
}

// claim takes up to n due jobs of a lane, oldest first, and leases them. Jobs of
// a process that crashed are due again when their lease has ended.
func (q *Queue) claim(ctx context.Context, lane string, n int) (runs []*Run, err error) {
	lease := newID()
	now := q.now()
	err = q.db.Transact(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			WITH next AS MATERIALIZED (
				SELECT id AS next_id FROM job WHERE lane = $1 AND due <= $2 AND state <> 'dead'
				ORDER BY due LIMIT $3`+q.db.Engine.ForUpdateSkipLocked()+`)
			UPDATE job SET state = 'running', lease = $4, due = $5, attempts = attempts + 1
			FROM next WHERE id = next_id
			RETURNING id, kind, args, attempts, uniq, request`,
			lane, now.UnixMilli(), n, lease, now.Add(q.lease).UnixMilli())
		if err != nil {
			return err
		}
		runs, err = scanRuns(rows, lane, lease)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	return runs, nil
}

func scanRuns(rows *sql.Rows, lane, lease string) (runs []*Run, err error) {
	defer rows.Close()
	for rows.Next() {
		r := &Run{lane: lane, lease: lease}
		var args string
		if err := rows.Scan(&r.ID, &r.Kind, &args, &r.Attempt, &r.unique, &r.request); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(args), &r.Args); err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

// Finish marks the job as done in the handler's own transaction, together with
// what that transaction changes. With [ErrLost] the transaction must not commit.
func (r *Run) Finish(ctx context.Context, tx *sql.Tx) error {
	n, err := affected(tx.ExecContext(ctx, `DELETE FROM job WHERE id = $1 AND lease = $2`, r.ID, r.lease))
	if err != nil {
		return fmt.Errorf("finish job %s: %w", r.Kind, err)
	}
	if n == 0 {
		return fmt.Errorf("finish job %s: %w", r.Kind, ErrLost)
	}
	r.done.Store(true)
	return nil
}

// finish removes a job whose handler returned nil; false if the lease was lost.
func (q *Queue) finish(ctx context.Context, r *Run) (ours bool, err error) {
	n, err := affected(q.db.Write.ExecContext(ctx, `DELETE FROM job WHERE id = $1 AND lease = $2`, r.ID, r.lease))
	if err != nil {
		return false, fmt.Errorf("finish job %s: %w", r.Kind, err)
	}
	return n == 1 || r.done.Load(), nil
}

// renew moves the end of the lease; false if it was lost.
func (q *Queue) renew(ctx context.Context, r *Run) (ours bool, err error) {
	n, err := affected(q.db.Write.ExecContext(ctx, `UPDATE job SET due = $1 WHERE id = $2 AND lease = $3`,
		q.now().Add(q.lease).UnixMilli(), r.ID, r.lease))
	if err != nil {
		return false, fmt.Errorf("renew job %s: %w", r.Kind, err)
	}
	return n == 1, nil
}

// bury keeps a job as dead.
func (q *Queue) bury(ctx context.Context, r *Run, code string) (ours bool, err error) {
	n, err := affected(q.db.Write.ExecContext(ctx, `
		UPDATE job SET state = 'dead', due = $1, code = $2, lease = '' WHERE id = $3 AND lease = $4`,
		q.now().UnixMilli(), code, r.ID, r.lease))
	if err != nil {
		return false, fmt.Errorf("bury job %s: %w", r.Kind, err)
	}
	return n == 1, nil
}

// requeue lets a job wait again. refund takes back the attempt, for a job that
// was only interrupted.
func (q *Queue) requeue(ctx context.Context, r *Run, due time.Time, code string, refund bool) (ours bool, err error) {
	attempts := r.Attempt
	if refund {
		attempts--
	}
	n, err := q.waitAgain(ctx, row{r.ID, running, r.lease, r.unique}, due, attempts, code)
	if err != nil {
		return false, fmt.Errorf("requeue job %s: %w", r.Kind, err)
	}
	return n == 1, nil
}

// row names a row of job in the state it is expected in.
type row struct {
	id, state, lease, unique string
}

// waitAgain sets a row to waiting, unless one with the same unique key waits
// already: then that one will do, and the row goes. It says how many rows it met.
func (q *Queue) waitAgain(ctx context.Context, r row, due time.Time, attempts int, code string) (met int64, err error) {
	err = q.db.Transact(ctx, func(tx *sql.Tx) error {
		met, err = affected(tx.ExecContext(ctx, `
			DELETE FROM job WHERE id = $1 AND state = $2 AND lease = $3 AND uniq <> ''
			AND EXISTS (SELECT 1 FROM job other WHERE other.uniq = job.uniq AND other.state = 'waiting')`,
			r.id, r.state, r.lease))
		if err != nil || met == 1 {
			return err
		}
		met, err = affected(tx.ExecContext(ctx, `
			UPDATE job SET state = 'waiting', due = $1, attempts = $2, code = $3, lease = ''
			WHERE id = $4 AND state = $5 AND lease = $6`,
			due.UnixMilli(), attempts, code, r.id, r.state, r.lease))
		return err
	})
	if db.IsUnique(err) { // one came between the two statements; it waits now
		return q.waitAgain(ctx, r, due, attempts, code)
	}
	return met, err
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
