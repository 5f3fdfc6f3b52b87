package backup

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"kept/vault"
)

// state is what this machine remembers of its backups: for the doctor, and for
// receipts while a store does not answer.
type state struct {
	Snapshot string    `json:"snapshot"` // the newest
	Taken    time.Time `json:"taken"`
	Stored   int64     `json:"stored"`
	Rows     int64     `json:"rows"`

	RingSequence uint64    `json:"ring_sequence"`
	RingMade     time.Time `json:"ring_made"`   // all of it
	RingFailed   time.Time `json:"ring_failed"` // since when the copy cannot be made; zero if it can
}

const stateName = "state.json"

func (f *Feature) loadState() (s state, err error) {
	b, err := Folder(f.c.Folder).Get(context.Background(), stateName)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// change alters the state and stores it.
func (f *Feature) change(alter func(*state)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.loadState()
	if err != nil {
		return err
	}
	was := s
	if alter(&s); s == was {
		return nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return Folder(f.c.Folder).Put(context.Background(), stateName, b)
}

// RingCopyDays is how old a copy of the key ring becomes at most.
const RingCopyDays vault.Days = 3

// RingCopiesDeadBy is the day by whose end no copy of the key ring holds the
// key of somebody who is erased now: today where the copy can be made anew at
// once. Where it cannot be reached, it is the last day of the copy that is
// there.
func (f *Feature) RingCopiesDeadBy() vault.Day {
	today := f.today()
	s, err := f.loadState()
	if err != nil || f.c.Keys == nil || s.RingFailed.IsZero() || s.RingMade.IsZero() {
		return today
	}
	return max(today, vault.DayOf(s.RingMade)+vault.Day(RingCopyDays))
}

// BackupsGoneBy is the day by whose end no backup holds what is erased now.
func (f *Feature) BackupsGoneBy() vault.Day {
	if f.c.To == nil {
		return f.today()
	}
	return f.today() + vault.Day(f.c.Days)
}
