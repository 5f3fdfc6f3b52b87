package job

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"kept/internal/fault"
)

// count adds to done if the job was still ours, else to lost, unless it is not
// known what became of it; it hands the error on.
func count(done, lost *atomic.Int64, ours bool, err error) error {
	switch {
	case err != nil:
	case ours:
		done.Add(1)
	default:
		lost.Add(1)
	}
	return err
}

// Count is what this process has done of one kind since it started.
type Count struct {
	Kind                string
	Done, Retried, Died int64
	Lost                int64 // ended after the lease did: done elsewhere, perhaps twice
	Returned            int64 // interrupted by a stop
}

// Counts returns the counters of all kinds, by name.
func (q *Queue) Counts() []Count {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]Count, 0, len(q.kinds))
	for name, k := range q.kinds {
		all = append(all, Count{name, k.done.Load(), k.retried.Load(), k.died.Load(), k.lost.Load(), k.returned.Load()})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Compare(a.Kind, b.Kind) })
	return all
}

// Stat is what the queue holds of one kind.
type Stat struct {
	Kind                   string
	Waiting, Running, Dead int
	Oldest                 time.Time // since when the oldest waiting job is, or will be, due; zero if none waits
}

// Stats returns what the queue holds, by kind.
func (q *Queue) Stats(ctx context.Context) ([]Stat, error) {
	rows, err := q.db.Read.QueryContext(ctx, `
		SELECT kind,
			COUNT(*) FILTER (WHERE state = 'waiting'),
			COUNT(*) FILTER (WHERE state = 'running'),
			COUNT(*) FILTER (WHERE state = 'dead'),
			COALESCE(MIN(due) FILTER (WHERE state = 'waiting'), 0)
		FROM job GROUP BY kind ORDER BY kind`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	var all []Stat
	for rows.Next() {
		var s Stat
		var oldest int64
		if err := rows.Scan(&s.Kind, &s.Waiting, &s.Running, &s.Dead, &oldest); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		if oldest != 0 {
			s.Oldest = time.UnixMilli(oldest)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// DeadJob is a job that nobody tries any more.
type DeadJob struct {
	ID, Kind string
	Args     map[string]string
	Attempts int
	Code     string // what it died of
	Request  string
	At       time.Time
}

// Dead returns dead jobs, the latest first, at most limit.
func (q *Queue) Dead(ctx context.Context, limit int) ([]DeadJob, error) {
	rows, err := q.db.Read.QueryContext(ctx, `
		SELECT id, kind, args, attempts, code, request, due FROM job WHERE state = 'dead' ORDER BY due DESC, id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list dead jobs: %w", err)
	}
	defer rows.Close()
	var all []DeadJob
	for rows.Next() {
		var j DeadJob
		var args string
		var at int64
		if err := rows.Scan(&j.ID, &j.Kind, &args, &j.Attempts, &j.Code, &j.Request, &at); err != nil {
			return nil, fmt.Errorf("list dead jobs: %w", err)
		}
		if err := json.Unmarshal([]byte(args), &j.Args); err != nil {
			return nil, fmt.Errorf("list dead jobs: %w", err)
		}
		j.At = time.UnixMilli(at)
		all = append(all, j)
	}
	return all, rows.Err()
}

// Retry lets a dead job wait again, with all its attempts; if a job with its
// unique key waits already, that one takes its place. fault.NotFound if it is
// not dead.
func (q *Queue) Retry(ctx context.Context, id string) error {
	n, err := q.waitAgain(ctx, row{id: id, state: dead}, q.now(), 0, "")
	return oneDead(n, err, "retry job")
}

// Drop removes a dead job. fault.NotFound if it is not dead.
func (q *Queue) Drop(ctx context.Context, id string) error {
	n, err := affected(q.db.Write.ExecContext(ctx, `DELETE FROM job WHERE id = $1 AND state = 'dead'`, id))
	return oneDead(n, err, "drop job")
}

func oneDead(n int64, err error, doing string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: %w", doing, fault.NotFound{What: "dead job"})
	}
	return nil
}
