package job

import (
	"context"
	"database/sql"
	"sync/atomic"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// BenchmarkTenThousand adds 10,000 jobs in one transaction, then works them off
// with the default workers. The jobs do nothing: it is the queue's own cost.
func BenchmarkTenThousand(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		if d.Engine == db.SQLite { // as in production
			if _, err := d.Write.Exec(`PRAGMA synchronous = FULL`); err != nil {
				b.Fatal(err)
			}
		}
		const jobs = 10_000
		for b.Loop() {
			q := New(Config{DB: d, Log: quiet})
			var left atomic.Int64
			left.Store(jobs)
			all := make(chan struct{})
			q.Handle(Kind{Name: "nothing", Do: func(context.Context, *Run) error {
				if left.Add(-1) == 0 {
					close(all)
				}
				return nil
			}})
			err := d.Transact(b.Context(), func(tx *sql.Tx) error {
				for range jobs {
					if err := q.Add(b.Context(), tx, Job{Kind: "nothing"}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			stop := start(q)
			<-all
			stop()
		}
		b.ReportMetric(float64(jobs)*float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	})
}
