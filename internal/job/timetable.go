package job

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"time"
)

// Schedule says when something happens again and again: at offset after each
// whole period since 1970, in UTC.
type Schedule struct {
	period, offset time.Duration
}

// Every is a schedule with the given distance; whole divisors of a day fall on
// the same times each day.
func Every(period time.Duration) Schedule { return Schedule{period: period} }

// Daily is a schedule for one time of the day, in UTC.
func Daily(hour, minute int) Schedule {
	return Schedule{24 * time.Hour, time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute}
}

// next is the first time after now.
func (s Schedule) next(now time.Time) time.Time {
	period, offset := s.period.Milliseconds(), s.offset.Milliseconds()
	past := (now.UnixMilli() - offset) / period
	return time.UnixMilli((past+1)*period + offset)
}

// Every registers a kind that the clock adds, with no arguments. Of several
// processes one adds it; times that passed while none ran are made up for once,
// not each; while one such job waits, no second is added.
func (q *Queue) Every(s Schedule, k Kind) {
	if s.period < time.Second {
		panic(fmt.Sprintf("job: %s would run more than once a second", k.Name))
	}
	q.Handle(k)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.timetable[k.Name] = s
}

// tick adds what the timetable says is due, and returns when to look again.
func (q *Queue) tick(ctx context.Context) (again time.Time, err error) {
	stored, err := q.storedTimes(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read timetable: %w", err)
	}
	now := q.now()
	again = now.Add(time.Minute) // another process may have changed it
	for name, s := range q.schedules() {
		next, at := s.next(now), stored[name]
		// A stored time behind the next regular one is from another schedule.
		if at.IsZero() || at.After(next) || !at.After(now) {
			if err := q.advance(ctx, name, at, next, !at.IsZero() && !at.After(now)); err != nil {
				return time.Time{}, fmt.Errorf("timetable %s: %w", name, err)
			}
			at = next
		}
		if at.Before(again) {
			again = at
		}
	}
	return again, nil
}

func (q *Queue) schedules() map[string]Schedule {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.timetable)
}

func (q *Queue) storedTimes(ctx context.Context) (map[string]time.Time, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT name, next FROM timetable`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stored := map[string]time.Time{}
	for rows.Next() {
		var name string
		var ms int64
		if err := rows.Scan(&name, &ms); err != nil {
			return nil, err
		}
		stored[name] = time.UnixMilli(ms)
	}
	return stored, rows.Err()
}

// advance moves an entry from one time to the next and, if it is to fire, adds
// its job in the same transaction. Of several processes the first one moves it;
// the others find it moved and do nothing.
func (q *Queue) advance(ctx context.Context, name string, from, to time.Time, fire bool) error {
	return q.db.Transact(ctx, func(tx *sql.Tx) error {
		if from.IsZero() {
			_, err := tx.ExecContext(ctx, `INSERT INTO timetable (name, next) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
				name, to.UnixMilli())
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE timetable SET next = $1 WHERE name = $2 AND next = $3`,
			to.UnixMilli(), name, from.UnixMilli()))
		if err != nil || n == 0 || !fire {
			return err
		}
		return q.Add(ctx, tx, Job{Kind: name, Unique: "timetable:" + name})
	})
}
