package job

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/fault"
)

// clock is a time that tests move by hand.
type clock struct{ at time.Time }

func newClock() *clock               { return &clock{time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time      { return c.at }
func (c *clock) add(d time.Duration) { c.at = c.at.Add(d) }

var quiet = slog.New(slog.DiscardHandler)

func newQueue(d *db.DB, c *clock) *Queue {
	return New(Config{DB: d, Now: c.now, Log: quiet})
}

// each runs test on each engine with a queue and its clock.
func each(t *testing.T, test func(t *testing.T, q *Queue, c *clock)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		test(t, newQueue(d, c), c)
	})
}

func add(t testing.TB, q *Queue, jobs ...Job) {
	t.Helper()
	err := q.db.Transact(t.Context(), func(tx *sql.Tx) error {
		for _, j := range jobs {
			if err := q.Add(t.Context(), tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runs works off what is due and wants that many attempts.
func runs(t *testing.T, q *Queue, want int) {
	t.Helper()
	got, err := q.RunDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%d attempts, want %d", got, want)
	}
}

// rows counts the rows of job in a state.
func rows(t *testing.T, q *Queue, state string) (n int) {
	t.Helper()
	if err := q.db.Read.QueryRow(`SELECT COUNT(*) FROM job WHERE state = $1`, state).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantRows(t *testing.T, q *Queue, state string, want int) {
	t.Helper()
	if got := rows(t, q, state); got != want {
		t.Errorf("%d jobs are %s, want %d", got, state, want)
	}
}

func claimOne(t *testing.T, q *Queue) *Run {
	t.Helper()
	r, err := q.claimFirst(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAddRefusesWhatCouldBePersonal(t *testing.T) {
	q := New(Config{Log: quiet})
	q.Handle(Kind{Name: "mail", Do: func(context.Context, *Run) error { return nil }})
	long := strings.Repeat("a", 65)
	for _, c := range []struct {
		job  Job
		part string
	}{
		{Job{Kind: "mail", Args: map[string]string{"to": "ada@example.org"}}, "argument to"},
		{Job{Kind: "mail", Args: map[string]string{"name": "ada lovelace"}}, "argument name"},
		{Job{Kind: "mail", Args: map[string]string{"name": "Ada"}}, "argument name"},
		{Job{Kind: "mail", Args: map[string]string{"name": "adå"}}, "argument name"},
		{Job{Kind: "mail", Args: map[string]string{"empty": ""}}, "argument empty"},
		{Job{Kind: "mail", Args: map[string]string{"long": long}}, "argument long"},
		{Job{Kind: "mail", Args: map[string]string{"line": "a\n"}}, "argument line"},
		{Job{Kind: "mail", Args: map[string]string{"ada@example.org": "a"}}, "an argument's name"},
		{Job{Kind: "mail", Unique: "ada@example.org"}, "its unique key"},
		{Job{Kind: "mail", Request: "ada@example.org"}, "its request"},
		{Job{Kind: "ada@example.org"}, "its kind"},
		{Job{Kind: "mail", Lane: "ada@example.org"}, "its lane"},
	} {
		err := q.Add(t.Context(), nil, c.job)
		refused, ok := errors.AsType[*Refused](err)
		if !ok || refused.Part != c.part {
			t.Errorf("%v: got %v, want %s refused", c.job, err, c.part)
			continue
		}
		for _, value := range []string{"ada", "Ada", "adå", long} {
			if strings.Contains(err.Error(), value) {
				t.Errorf("the refusal repeats the value: %v", err)
			}
		}
	}
}

func TestAJobRunsOnceItsTransactionCommits(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		var got []string
		q.Handle(Kind{Name: "mail", Do: func(_ context.Context, r *Run) error {
			got = append(got, r.Args["owner"])
			return nil
		}})
		regret := errors.New("regret")
		err := q.db.Transact(t.Context(), func(tx *sql.Tx) error {
			return errors.Join(q.Add(t.Context(), tx, Job{Kind: "mail", Args: map[string]string{"owner": "never"}}), regret)
		})
		if !errors.Is(err, regret) {
			t.Fatal(err)
		}
		add(t, q, Job{Kind: "mail", Args: map[string]string{"owner": "now"}},
			Job{Kind: "mail", Args: map[string]string{"owner": "later"}, At: c.at.Add(time.Hour)})
		runs(t, q, 1)
		c.add(59 * time.Minute)
		runs(t, q, 0)
		c.add(time.Minute)
		runs(t, q, 1)
		runs(t, q, 0)
		if want := "now later"; strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
		for _, state := range []string{waiting, running, dead} {
			wantRows(t, q, state, 0)
		}
	})
}

func TestUrgentLanesFirst(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		var got []string
		q.Handle(Kind{Name: "mail", Do: func(_ context.Context, r *Run) error {
			got = append(got, r.Args["id"])
			return nil
		}})
		for _, lane := range []string{Bulk, Normal, Fast} {
			add(t, q, Job{Kind: "mail", Lane: lane, Args: map[string]string{"id": lane}})
			c.add(time.Second)
		}
		runs(t, q, 3)
		if want := "fast normal bulk"; strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}

func TestUniqueWaitsOnceButNotBehindARunningOne(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		digest := Job{Kind: "digest", Unique: "digest:1"}
		again := true
		q.Handle(Kind{Name: "digest", Do: func(ctx context.Context, _ *Run) error {
			if again { // something changed after this one had begun
				again = false
				add(t, q, digest, digest)
			}
			return nil
		}})
		add(t, q, digest, digest)
		add(t, q, digest, Job{Kind: "digest", Unique: "digest:2"}, Job{Kind: "digest"}, Job{Kind: "digest"})
		wantRows(t, q, waiting, 4)
		runs(t, q, 5)
	})
}

func TestAFailedUniqueJobGivesWayToTheOneThatWaits(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		digest := Job{Kind: "digest", Unique: "digest:1"}
		q.Handle(Kind{Name: "digest", Do: func(context.Context, *Run) error {
			add(t, q, digest)
			return errors.New("broken")
		}})
		add(t, q, digest)
		r := claimOne(t, q)
		if err := q.attempt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		wantRows(t, q, waiting, 1)
		if next := claimOne(t, q); next == nil || next.ID == r.ID {
			t.Error("the one that waited is gone")
		}
	})
}

// An Add that finds its unique job waiting must keep it from starting before
// the transaction commits: it would not see what the transaction changed.
// SQLite's one writer cannot get into this.
func TestAUniqueJobDoesNotStartUnderAnOpenAdd(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		if q.db.Engine != db.PostgreSQL {
			return
		}
		q.Handle(Kind{Name: "digest", Do: func(context.Context, *Run) error { return nil }})
		digest := Job{Kind: "digest", Unique: "digest:1"}
		add(t, q, digest)
		err := q.db.Transact(t.Context(), func(tx *sql.Tx) error {
			if err := q.Add(t.Context(), tx, digest); err != nil {
				return err
			}
			runs(t, q, 0)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		runs(t, q, 1)
	})
}

func TestAJobIsTriedAgainThenDiesAndCanBeRevived(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		broken := true
		q.Handle(Kind{Name: "mail", Attempts: 3, Do: func(_ context.Context, r *Run) error {
			if broken {
				return fmt.Errorf("send: %w", fault.Conflict{What: "address"})
			}
			return nil
		}})
		add(t, q, Job{Kind: "mail", Args: map[string]string{"owner": "o1"}, Request: "r1"})
		for range 3 {
			runs(t, q, 1)
			runs(t, q, 0) // it pauses
			c.add(time.Hour)
		}
		runs(t, q, 0)
		list, err := q.Dead(t.Context(), 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("dead: %v, %v", list, err)
		}
		j := list[0]
		if j.Kind != "mail" || j.Args["owner"] != "o1" || j.Attempts != 3 || j.Code != "conflict" || j.Request != "r1" || !j.At.Equal(c.at.Add(-time.Hour)) {
			t.Errorf("dead: %+v", j)
		}
		if err := q.Retry(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
		if err := q.Retry(t.Context(), j.ID); fault.Of(err) != fault.KindNotFound {
			t.Errorf("revived twice: %v", err)
		}
		broken = false
		runs(t, q, 1)
		wantRows(t, q, waiting, 0)
	})
}

func TestDropRemovesADeadJobOnly(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		q.Handle(Kind{Name: "mail", Do: func(context.Context, *Run) error { return &Failure{Code: "smtp-550", Final: true} }})
		add(t, q, Job{Kind: "mail", Unique: "u1"})
		r := claimOne(t, q)
		if err := q.Drop(t.Context(), r.ID); fault.Of(err) != fault.KindNotFound {
			t.Errorf("dropped a running job: %v", err)
		}
		if err := q.attempt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		list, _ := q.Dead(t.Context(), 10)
		if len(list) != 1 || list[0].Code != "smtp-550" {
			t.Fatalf("dead: %+v", list)
		}
		add(t, q, Job{Kind: "mail", Unique: "u1"}) // the dead one does not stand in the way
		if err := q.Retry(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		wantRows(t, q, waiting, 1)
		wantRows(t, q, dead, 0)
		runs(t, q, 1)
		list, _ = q.Dead(t.Context(), 10)
		if err := q.Drop(t.Context(), list[0].ID); err != nil {
			t.Fatal(err)
		}
		wantRows(t, q, dead, 0)
	})
}

func TestAHandlerSaysWhenToTryAgain(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		q.Handle(Kind{Name: "mail", Do: func(_ context.Context, r *Run) error {
			if r.Attempt > 1 {
				return nil
			}
			return fmt.Errorf("relay: %w", &Failure{Code: "smtp-451", After: 7 * time.Minute})
		}})
		add(t, q, Job{Kind: "mail"})
		runs(t, q, 1)
		c.add(7*time.Minute - time.Millisecond)
		runs(t, q, 0)
		c.add(time.Millisecond)
		runs(t, q, 1)
	})
}

func TestACrashedWorkersJobIsTakenAgainAndCannotBeFinishedTwice(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		q.Handle(Kind{Name: "mail", Attempts: 2, Do: func(context.Context, *Run) error { return nil }})
		add(t, q, Job{Kind: "mail"})
		first := claimOne(t, q)
		if again := claimOne(t, q); again != nil {
			t.Fatal("a leased job was taken")
		}
		c.add(q.lease)
		second := claimOne(t, q)
		if second == nil || second.ID != first.ID || second.Attempt != 2 {
			t.Fatalf("taken again: %+v", second)
		}
		err := q.db.Transact(t.Context(), func(tx *sql.Tx) error { return first.Finish(t.Context(), tx) })
		if !errors.Is(err, ErrLost) {
			t.Errorf("the first finished it: %v", err)
		}
		for what, call := range map[string]func(context.Context, *Run) (bool, error){
			"finish": q.finish, "renew": q.renew,
			"bury":    func(ctx context.Context, r *Run) (bool, error) { return q.bury(ctx, r, "x") },
			"requeue": func(ctx context.Context, r *Run) (bool, error) { return q.requeue(ctx, r, c.at, "x", false) },
		} {
			if ours, err := call(t.Context(), first); err != nil || ours {
				t.Errorf("%s by the first: %v, %v", what, ours, err)
			}
		}
		c.add(q.lease)
		runs(t, q, 1) // the third start of two: the job kills its process
		list, err := q.Dead(t.Context(), 10)
		if err != nil || len(list) != 1 || list[0].Code != codeCrashed {
			t.Errorf("dead: %+v, %v", list, err)
		}
	})
}

func TestFinishIsOneWithTheHandlersTransaction(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		if _, err := q.db.Write.Exec(`CREATE TABLE sent (n BIGINT NOT NULL)`); err != nil {
			t.Fatal(err)
		}
		regret := errors.New("regret")
		q.Handle(Kind{Name: "mail", Do: func(ctx context.Context, r *Run) error {
			err := q.db.Transact(ctx, func(tx *sql.Tx) error {
				if _, err := tx.Exec(`INSERT INTO sent VALUES ($1)`, r.Attempt); err != nil {
					return err
				}
				if err := r.Finish(ctx, tx); err != nil || r.Attempt > 1 {
					return err
				}
				return regret
			})
			if err == nil {
				return errors.New("too late to matter")
			}
			return err
		}})
		add(t, q, Job{Kind: "mail"})
		runs(t, q, 1)
		c.add(time.Hour)
		runs(t, q, 1)
		c.add(time.Hour)
		runs(t, q, 0)
		var n, sum int
		if err := q.db.Read.QueryRow(`SELECT COUNT(*), CAST(SUM(n) AS BIGINT) FROM sent`).Scan(&n, &sum); err != nil || n != 1 || sum != 2 {
			t.Errorf("%d rows that add up to %d, %v", n, sum, err)
		}
	})
}

func TestAnUnknownKindWaitsForAProgramThatKnowsIt(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		newer := newQueue(q.db, c)
		newer.Handle(Kind{Name: "new", Do: func(context.Context, *Run) error { return nil }})
		add(t, newer, Job{Kind: "new"})
		runs(t, q, 1)
		c.add(time.Minute)
		runs(t, newer, 1)
		wantRows(t, q, waiting, 0)
	})
}

func TestNothingOfAnErrorsTextIsKeptOrLogged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var log bytes.Buffer
		c := newClock()
		q := New(Config{DB: d, Now: c.now, Log: slog.New(slog.NewTextHandler(&log, nil))})
		const marker = "ada@example.org"
		wrong := []error{errors.New(marker), fmt.Errorf("send to %s: %w", marker, &Failure{Code: marker}), fault.NotFound{What: marker}}
		q.Handle(Kind{Name: "mail", Attempts: 4, Do: func(_ context.Context, r *Run) error {
			if r.Attempt == 4 {
				panic(marker)
			}
			return wrong[r.Attempt-1]
		}})
		add(t, q, Job{Kind: "mail"})
		for range 4 {
			runs(t, q, 1)
			var code string
			if err := d.Read.QueryRow(`SELECT code FROM job`).Scan(&code); err != nil {
				t.Fatal(err)
			}
			if code == "" || strings.Contains(code, "ada") {
				t.Errorf("code %q", code)
			}
			c.add(time.Hour)
		}
		if strings.Contains(log.String(), "ada") || strings.Count(log.String(), "job failed") != 4 {
			t.Errorf("the log:\n%s", log.String())
		}
	})
}

func TestCodesAreShortAndTelling(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&Failure{Code: "smtp-550", Err: errors.New("no such user ada")}, "smtp-550"},
		{fmt.Errorf("a: %w", context.DeadlineExceeded), "timeout"},
		{fmt.Errorf("a: %w", fault.Forbidden{What: "b"}), "forbidden"},
		{fmt.Errorf("a: %w", fmt.Errorf("b: %w", &Refused{})), "*job.Refused"},
		{errors.New("ada"), "*errors.errorString"},
	} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
}

func TestAnAttemptEndsWithItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{Log: quiet})
		start := time.Now()
		err := q.call(t.Context(), &kind{Kind: Kind{Timeout: time.Minute, Do: func(ctx context.Context, _ *Run) error {
			<-ctx.Done()
			return errors.New("interrupted (9)")
		}}}, &Run{})
		if got := codeOf(err); got != codeTimeout || time.Since(start) != time.Minute {
			t.Errorf("%q after %v", got, time.Since(start))
		}
	})
}

func TestBackoffGrowsToItsBoundAndNeverPassesIt(t *testing.T) {
	for attempt := 1; attempt < 100; attempt++ {
		low, high := firstPause*9/10, mostPause*11/10
		if got := backoff(attempt); got < low || got > high {
			t.Errorf("attempt %d pauses %v", attempt, got)
		}
	}
	if first, fifth := backoff(1), backoff(5); fifth < 8*first {
		t.Errorf("the first pause is %v, the fifth %v", first, fifth)
	}
}

func TestStatsAndCounts(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		q.Handle(Kind{Name: "bad", Attempts: 1, Do: func(context.Context, *Run) error { return errors.New("broken") }})
		q.Handle(Kind{Name: "good", Do: func(context.Context, *Run) error { return nil }})
		q.Handle(Kind{Name: "slow", Do: func(context.Context, *Run) error { return &Failure{Code: "busy", After: time.Hour} }})
		add(t, q, Job{Kind: "bad"}, Job{Kind: "good"}, Job{Kind: "good"}, Job{Kind: "slow"})
		runs(t, q, 4)
		add(t, q, Job{Kind: "good"})
		claimOne(t, q)
		add(t, q, Job{Kind: "good", At: c.at.Add(time.Minute)}, Job{Kind: "good", At: c.at.Add(time.Hour)})
		stats, err := q.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint([]Stat{
			{Kind: "bad", Dead: 1},
			{Kind: "good", Waiting: 2, Running: 1, Oldest: time.UnixMilli(c.at.Add(time.Minute).UnixMilli())},
			{Kind: "slow", Waiting: 1, Oldest: time.UnixMilli(c.at.Add(time.Hour).UnixMilli())},
		})
		if got := fmt.Sprint(stats); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		counts := fmt.Sprint([]Count{{Kind: "bad", Died: 1}, {Kind: "good", Done: 2}, {Kind: "slow", Retried: 1}})
		if got := fmt.Sprint(q.Counts()); got != counts {
			t.Errorf("got  %s\nwant %s", got, counts)
		}
	})
}

func TestHandleRefusesMistakesAtStartUp(t *testing.T) {
	do := func(context.Context, *Run) error { return nil }
	for name, wrong := range map[string]func(q *Queue){
		"two of one name":      func(q *Queue) { q.Handle(Kind{Name: "a", Do: do}); q.Handle(Kind{Name: "a", Do: do}) },
		"no name":              func(q *Queue) { q.Handle(Kind{Do: do}) },
		"a name that is no id": func(q *Queue) { q.Handle(Kind{Name: "a_b", Do: do}) },
		"no handler":           func(q *Queue) { q.Handle(Kind{Name: "a"}) },
		"no period":            func(q *Queue) { q.Every(Schedule{}, Kind{Name: "a", Do: do}) },
		"no normal lane":       func(q *Queue) { New(Config{Lanes: map[string]int{Fast: 1}}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken", name)
				}
			}()
			wrong(New(Config{}))
		}()
	}
}
