package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// TestAtLeastOnceWithCrashingWorkers lets two processes work on one queue in any
// order: transactions that add jobs commit or not, workers crash before or after
// they did a job, fail, are interrupted, finish late; the clock moves. In the end
// each committed job was done, at least once; one that is finished in its own
// transaction counted exactly once; nothing that was rolled back was done; and
// nothing is left.
func TestAtLeastOnceWithCrashingWorkers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Write.Exec(`CREATE TABLE counted (id TEXT NOT NULL)`); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) { newWorld(rt, t.Context(), d).live() })
	})
}

// world is one run of the property: what was promised, and what was done.
type world struct {
	*rapid.T
	ctx        context.Context
	d          *db.DB
	clock      *clock
	queues     []*Queue
	promised   []string
	done       map[string]int
	unfinished []*Run // claimed by workers that hang
}

func newWorld(rt *rapid.T, ctx context.Context, d *db.DB) *world {
	w := &world{T: rt, ctx: ctx, d: d, clock: newClock(), done: map[string]int{}}
	for range 2 {
		q := newQueue(d, w.clock)
		q.Handle(Kind{Name: "any", Attempts: 1000, Do: w.do})
		w.queues = append(w.queues, q)
	}
	w.must(d.Write.Exec(`DELETE FROM job`))
	w.must(d.Write.Exec(`DELETE FROM counted`))
	return w
}

func (w *world) must(_ any, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) live() {
	w.Repeat(map[string]func(*rapid.T){
		"add":     func(rt *rapid.T) { w.add(rt) },
		"claim":   func(rt *rapid.T) { w.claim(rt) },
		"resume":  func(rt *rapid.T) { w.resume(rt) },
		"run due": func(rt *rapid.T) { w.runDue(w.queue(rt)) },
		"time":    func(rt *rapid.T) { w.clock.add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "s")) * time.Second) },
		"fail":    func(rt *rapid.T) { w.end(rt, errors.New("broken")) },
		"give up": func(rt *rapid.T) { w.giveBack(rt) },
	})
	w.settle()
}

func (w *world) queue(rt *rapid.T) *Queue { return rapid.SampledFrom(w.queues).Draw(rt, "queue") }

// add promises a job if its transaction commits.
func (w *world) add(rt *rapid.T) {
	id := fmt.Sprintf("j%d", len(w.promised))
	regret := errors.New("regret")
	commits := rapid.Bool().Draw(rt, "commits")
	err := w.d.Transact(w.ctx, func(tx *sql.Tx) error {
		err := w.queues[0].Add(w.ctx, tx, Job{Kind: "any", Args: map[string]string{"id": id, "commits": fmt.Sprint(commits)}})
		if err == nil && !commits {
			err = regret
		}
		return err
	})
	if commits {
		w.must(nil, err)
		w.promised = append(w.promised, id)
	}
}

// do is the handler: it counts in the transaction that finishes the job.
func (w *world) do(ctx context.Context, r *Run) error {
	if r.Args["commits"] != "true" {
		w.Errorf("a job ran that was never committed")
	}
	w.done[r.Args["id"]]++
	return w.d.Transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO counted VALUES ($1)`, r.Args["id"]); err != nil {
			return err
		}
		return r.Finish(ctx, tx)
	})
}

// claim takes jobs and does nothing: a worker that crashed, or will be late.
func (w *world) claim(rt *rapid.T) {
	runs, err := w.queue(rt).claim(w.ctx, Normal, rapid.IntRange(1, 3).Draw(rt, "n"))
	w.must(nil, err)
	w.unfinished = append(w.unfinished, runs...)
}

// take picks one of the workers that hang.
func (w *world) take(rt *rapid.T) *Run {
	if len(w.unfinished) == 0 {
		rt.Skip("nobody hangs")
	}
	i := rapid.IntRange(0, len(w.unfinished)-1).Draw(rt, "who")
	r := w.unfinished[i]
	w.unfinished = slices.Delete(w.unfinished, i, i+1)
	return r
}

// resume lets a worker that hung do its job after all, in time or too late.
func (w *world) resume(rt *rapid.T) {
	w.must(nil, w.queue(rt).attempt(w.ctx, w.take(rt)))
}

func (w *world) end(rt *rapid.T, failure error) {
	q := w.queue(rt)
	w.must(nil, q.failed(w.ctx, q.kind("any"), w.take(rt), failure))
}

func (w *world) giveBack(rt *rapid.T) {
	q := w.queue(rt)
	w.must(nil, q.giveBack(w.ctx, q.kind("any"), w.take(rt)))
}

func (w *world) runDue(q *Queue) {
	_, err := q.RunDue(w.ctx)
	w.must(nil, err)
}

// settle lets everything come due and compares what was done with what was promised.
func (w *world) settle() {
	for range 3 {
		w.clock.add(mostPause * 2)
		w.runDue(w.queues[1])
	}
	for _, id := range w.promised {
		var counted int
		w.must(nil, w.d.Read.QueryRow(`SELECT COUNT(*) FROM counted WHERE id = $1`, id).Scan(&counted))
		if counted != 1 || w.done[id] < 1 {
			w.Errorf("%s was begun %d times and counted %d times", id, w.done[id], counted)
		}
	}
	var left int
	w.must(nil, w.d.Read.QueryRow(`SELECT COUNT(*) FROM job`).Scan(&left))
	if left != 0 || len(w.done) != len(w.promised) {
		w.Errorf("%d jobs are left; %d of %d were done", left, len(w.done), len(w.promised))
	}
}
