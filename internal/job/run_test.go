package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// start lets a queue run until the returned function is called, which returns
// when it has stopped.
func start(q *Queue) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { q.Run(ctx) })
	return func() { cancel(); done.Wait() }
}

func TestTwoQueuesOnOneDatabaseDoEachJobOnce(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		const jobs = 200
		var done sync.WaitGroup
		done.Add(jobs)
		var calls atomic.Int64
		var queues []*Queue
		for range 2 {
			d := dbtest.Open(t, dsn)
			q := New(Config{DB: d, Log: quiet, Lanes: map[string]int{Normal: 3}})
			q.Handle(Kind{Name: "count", Do: func(ctx context.Context, r *Run) error {
				calls.Add(1)
				err := d.Transact(ctx, func(tx *sql.Tx) error {
					if _, err := tx.Exec(`UPDATE tally SET n = n + 1`); err != nil {
						return err
					}
					return r.Finish(ctx, tx)
				})
				if err == nil {
					done.Done()
				}
				return err
			}})
			queues = append(queues, q)
		}
		for _, query := range []string{`CREATE TABLE tally (n BIGINT NOT NULL)`, `INSERT INTO tally VALUES (0)`} {
			if _, err := queues[0].db.Write.Exec(query); err != nil {
				t.Fatal(err)
			}
		}
		for range jobs {
			add(t, queues[0], Job{Kind: "count"})
		}
		for _, q := range queues {
			defer start(q)()
		}
		done.Wait()
		var n int
		if err := queues[0].db.Read.QueryRow(`SELECT n FROM tally`).Scan(&n); err != nil || n != jobs || calls.Load() != jobs {
			t.Errorf("counted %d in %d calls, want %d, %v", n, calls.Load(), jobs, err)
		}
	})
}

func TestAFastJobIsNeverBehindACampaign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := New(Config{DB: d, Log: quiet})
		sent := make(chan struct{})
		q.Handle(Kind{Name: "campaign", Do: func(context.Context, *Run) error { <-sent; return nil }})
		q.Handle(Kind{Name: "sign-in", Do: func(context.Context, *Run) error { close(sent); return nil }})
		for range 20 {
			add(t, q, Job{Kind: "campaign", Lane: Bulk}, Job{Kind: "campaign"})
		}
		defer start(q)()
		add(t, q, Job{Kind: "sign-in", Lane: Fast})
		q.Wake()
		<-sent // with one lane for all this would never come
	})
}

func TestStopLetsRunningJobsFinish(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := New(Config{DB: d, Log: quiet, Lanes: map[string]int{Normal: 1}})
		begun, finish := make(chan struct{}), make(chan struct{})
		q.Handle(Kind{Name: "slow", Do: func(ctx context.Context, _ *Run) error {
			close(begun)
			<-finish
			return ctx.Err()
		}})
		add(t, q, Job{Kind: "slow"}, Job{Kind: "slow"})
		stop := start(q)
		<-begun
		go close(finish)
		stop()
		wantRows(t, q, running, 0)
		wantRows(t, q, waiting, 1)
	})
}

func TestStopGivesBackWhatDoesNotFinishInTime(t *testing.T) {
	for name, listens := range map[string]bool{"listening": true, "deaf": false} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				q := New(Config{DB: d, Log: quiet, Grace: time.Millisecond})
				begun, forever := make(chan struct{}), make(chan struct{})
				defer close(forever)
				q.Handle(Kind{Name: "slow", Do: func(ctx context.Context, _ *Run) error {
					close(begun)
					if !listens {
						<-forever
					}
					<-ctx.Done()
					return fmt.Errorf("mail: %w", ctx.Err())
				}})
				add(t, q, Job{Kind: "slow"})
				stop := start(q)
				<-begun
				stop()
				var attempts int
				var state string
				if err := d.Read.QueryRow(`SELECT state, attempts FROM job`).Scan(&state, &attempts); err != nil {
					t.Fatal(err)
				}
				if state != waiting || attempts != 0 {
					t.Errorf("it is %s after %d attempts, want it to wait as if untouched", state, attempts)
				}
			})
		})
	}
}

// bubble runs test in simulated time, where each call of queue is a process of
// its own on one SQLite file. (A server would not live in the bubble's time.)
func bubble(t *testing.T, test func(t *testing.T, queue func() *Queue)) {
	t.Helper()
	dsn := dbtest.Fresh(t, db.SQLite)
	synctest.Test(t, func(t *testing.T) {
		test(t, func() *Queue {
			d := dbtest.Open(t, dsn)
			return New(Config{DB: d, Log: quiet, Lanes: map[string]int{Normal: 1}})
		})
	})
}

func TestALongJobKeepsItsLease(t *testing.T) {
	bubble(t, func(t *testing.T, queue func() *Queue) {
		calls := 0
		ended := make(chan error, 1)
		long := Kind{Name: "long", Timeout: time.Hour, Do: func(ctx context.Context, _ *Run) error {
			calls++
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Minute):
			}
			ended <- ctx.Err()
			return nil
		}}
		a, b := queue(), queue()
		a.Handle(long)
		b.Handle(long)
		add(t, a, Job{Kind: "long"})
		defer start(a)()
		defer start(b)()
		if err := <-ended; err != nil {
			t.Errorf("it was stopped: %v", err)
		}
		synctest.Wait()
		if calls != 1 {
			t.Errorf("begun %d times, want 1", calls)
		}
	})
}

func TestAHandlerIsStoppedWhenItsLeaseIsLost(t *testing.T) {
	bubble(t, func(t *testing.T, queue func() *Queue) {
		q := queue()
		ended := make(chan error, 1)
		q.Handle(Kind{Name: "long", Do: func(ctx context.Context, r *Run) error {
			if r.Attempt > 1 {
				return nil
			}
			if _, err := q.db.Write.Exec(`UPDATE job SET lease = 'another', due = due + 600000`); err != nil {
				return err
			}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}})
		add(t, q, Job{Kind: "long"})
		defer start(q)()
		begun := time.Now()
		if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(begun) > q.lease {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		synctest.Wait()
		wantRows(t, q, running, 1) // it is the other's, and was left alone
	})
}

func TestALoneQueueMeetsTimesAndNewJobsSoon(t *testing.T) {
	bubble(t, func(t *testing.T, queue func() *Queue) {
		q := queue()
		ran := make(chan time.Time, 1)
		q.Handle(Kind{Name: "once", Do: func(context.Context, *Run) error { ran <- time.Now(); return nil }})
		q.Every(Every(time.Hour), Kind{Name: "hourly", Do: func(context.Context, *Run) error { ran <- time.Now(); return nil }})
		defer start(q)()

		at := time.Now().Add(1234567 * time.Millisecond)
		add(t, q, Job{Kind: "once", At: at})
		late := func(want time.Time, most time.Duration) {
			t.Helper()
			if got := <-ran; got.Before(want) || got.Sub(want) > most {
				t.Errorf("ran %v after its time, want at most %v", got.Sub(want), most)
			}
		}
		late(at, 10*time.Millisecond) // a known time is met
		now := time.Now()
		add(t, q, Job{Kind: "once"})
		late(now, longRest) // a new job is found
		now = time.Now()
		add(t, q, Job{Kind: "once"})
		q.Wake()
		late(now, 0)
		late(Every(time.Hour).next(now), 10*time.Millisecond)
	})
}

func TestTheQueueOutlivesAnAbsentDatabase(t *testing.T) {
	bubble(t, func(t *testing.T, queue func() *Queue) {
		q := queue()
		ran := make(chan struct{})
		q.Handle(Kind{Name: "once", Do: func(context.Context, *Run) error { close(ran); return nil }})
		rename := func(from, to string) {
			if _, err := q.db.Write.Exec(`ALTER TABLE ` + from + ` RENAME TO ` + to); err != nil {
				t.Fatal(err)
			}
		}
		add(t, q, Job{Kind: "once"})
		rename("job", "away")
		defer start(q)()
		<-time.After(time.Minute)
		rename("away", "job")
		<-ran
	})
}
