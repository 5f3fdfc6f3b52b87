package job

import (
	"context"
	"testing"
	"time"
)

func TestScheduleFindsTheNextTime(t *testing.T) {
	for _, c := range []struct {
		schedule  Schedule
		now, want string
	}{
		{Daily(3, 30), "2026-11-21T03:29:59Z", "2026-11-21T03:30:00Z"},
		{Daily(3, 30), "2026-11-21T03:30:00Z", "2026-11-22T03:30:00Z"},
		{Daily(0, 0), "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"},
		{Daily(23, 0), "2026-11-21T23:30:00+02:00", "2026-11-21T23:00:00Z"},
		{Every(time.Hour), "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"},
		{Every(15 * time.Minute), "2026-11-21T12:14:00Z", "2026-11-21T12:15:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.schedule.next(now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%v after %s: got %s, want %s", c.schedule, c.now, got, c.want)
		}
	}
}

func TestTimetableFiresOnceAcrossProcessesAndOnceAfterDowntime(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		fired := 0
		sweep := Kind{Name: "sweep", Do: func(context.Context, *Run) error { fired++; return nil }}
		q.Every(Every(time.Hour), sweep)
		other := newQueue(q.db, c)
		other.Every(Every(time.Hour), sweep)
		step := func(want int) {
			t.Helper()
			for _, q := range []*Queue{q, other, q} {
				if _, err := q.RunDue(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if fired != want {
				t.Errorf("%s: fired %d times, want %d", c.at.Format(time.TimeOnly), fired, want)
			}
		}
		step(0)
		c.add(59 * time.Minute)
		step(0)
		c.add(time.Minute)
		step(1)
		c.add(time.Hour)
		step(2)
		c.add(100 * time.Hour) // nobody ran
		step(3)
		c.add(time.Hour)
		step(4)
	})
}

func TestTimetableFiresOnceForManyWhoLookAtOnce(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		sweep := Kind{Name: "sweep", Do: func(context.Context, *Run) error { return nil }}
		q.Every(Every(time.Hour), sweep)
		if _, err := q.tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		from := c.at.Add(time.Hour)
		c.add(time.Hour)
		// Both read the old time before either moved it.
		for range 2 {
			if err := q.advance(t.Context(), "sweep", from, from.Add(time.Hour), true); err != nil {
				t.Fatal(err)
			}
			claimOne(t, q)
		}
		wantRows(t, q, waiting, 0)
		wantRows(t, q, running, 1)
	})
}

func TestTimetableFollowsANewSchedule(t *testing.T) {
	each(t, func(t *testing.T, q *Queue, c *clock) {
		fired := 0
		sweep := Kind{Name: "sweep", Do: func(context.Context, *Run) error { fired++; return nil }}
		q.Every(Daily(11, 0), sweep)
		runs(t, q, 0)
		again := newQueue(q.db, c)
		again.Every(Every(time.Hour), sweep)
		runs(t, again, 0)
		c.add(time.Hour)
		runs(t, again, 1)
		if fired != 1 {
			t.Errorf("fired %d times, want 1", fired)
		}
	})
}
