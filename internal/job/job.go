// Package job is the durable queue and the timetable: work that must happen
// later, once more after a failure, or at a time of the day, and that survives
// the process.
//
// It promises at least once: a job added in a transaction that commits is run
// until its handler returns nil, or until it died of too many attempts and lies
// there for the operator. A handler that calls [Run.Finish] inside its own
// transaction gets exactly once for what that transaction changes.
//
// It refuses personal data: arguments are ids, checked by their form; what is
// kept of an error is a short code, never its text. A job that is done leaves no
// row behind.
//
// Start at [New], register with [Queue.Handle] and [Queue.Every], then
// [Queue.Run]; features call [Queue.Add]. Tests call [Queue.RunDue].
package job

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kept/internal/db"
)

// The lanes. Each has workers of its own, so that what waits in one is never
// behind what waits in another.
const (
	Fast   = "fast"   // a person is waiting: sign-in mail
	Normal = "normal" // the default
	Bulk   = "bulk"   // long campaigns
)

// Job is what to do. Args hold ids only; see [Queue.Add].
type Job struct {
	Kind    string
	Args    map[string]string
	Unique  string    // if set, at most one such job waits; one that runs does not count
	At      time.Time // not before; zero is now
	Lane    string    // zero is Normal
	Request string    // id of the request that caused it, to find it in the log
}

// Run is one attempt at a job, as its handler sees it.
type Run struct {
	ID      string
	Kind    string
	Args    map[string]string
	Attempt int // 1 is the first

	lane, unique, request string
	lease                 string
	done                  atomic.Bool // Finish was called
}

// Handler does a job. It may be called again for the same job, also while an
// earlier call still runs in a process that was cut off for longer than a
// lease, so what it does must bear that. Its ctx ends with the kind's timeout,
// with the lease, or when the process stops.
type Handler func(ctx context.Context, run *Run) error

// Kind is a sort of job and how it is done.
type Kind struct {
	Name     string
	Do       Handler
	Attempts int           // until it is dead; 0 is 12, over about half a day
	Timeout  time.Duration // of one attempt; 0 is 5 minutes
}

// Config is what a queue needs. Zero values are the defaults in brackets.
type Config struct {
	DB    *db.DB
	Now   func() time.Time // [time.Now]
	Log   *slog.Logger     // [slog.Default]; gets kinds and codes, no ids of people
	Lanes map[string]int   // workers for each lane, Normal among them [fast 2, normal 2, bulk 1]
	Lease time.Duration    // how long a crashed process's jobs rest [1 minute]
	Grace time.Duration    // how long Run lets jobs finish at the end [10 seconds]
}

// Queue hands out jobs. It is safe for concurrent use; several queues, in
// several processes, may work on one database.
type Queue struct {
	db    *db.DB
	now   func() time.Time
	log   *slog.Logger
	lanes map[string]int
	order []string // the lanes' names, Fast first
	lease time.Duration
	grace time.Duration

	wake chan struct{}

	mu        sync.Mutex
	kinds     map[string]*kind
	timetable map[string]Schedule
}

// New makes a queue on a migrated database. It panics without a Normal lane.
func New(c Config) *Queue {
	q := &Queue{
		db: c.DB, now: c.Now, log: c.Log, lanes: c.Lanes,
		lease: cmp.Or(c.Lease, time.Minute), grace: cmp.Or(c.Grace, 10*time.Second),
		wake: make(chan struct{}, 1), kinds: map[string]*kind{}, timetable: map[string]Schedule{},
	}
	if q.now == nil {
		q.now = time.Now
	}
	if q.log == nil {
		q.log = slog.Default()
	}
	if q.lanes == nil {
		q.lanes = map[string]int{Fast: 2, Normal: 2, Bulk: 1}
	}
	if q.lanes[Normal] < 1 {
		panic("job: nobody works on the normal lane")
	}
	q.order = slices.SortedFunc(maps.Keys(q.lanes), byUrgency)
	return q
}

// byUrgency puts the known lanes in their order, others behind them by name.
func byUrgency(a, b string) int {
	known := []string{Bulk, Normal, Fast}
	return cmp.Or(slices.Index(known, b)-slices.Index(known, a), cmp.Compare(a, b))
}

const defaultAttempts = 12

// kind is a registered Kind with its counters.
type kind struct {
	Kind
	done, retried, died, lost, returned atomic.Int64
}

// Handle registers a kind of job. Like http.ServeMux it panics if the name is
// taken or malformed: a mistake in the program's list, seen at its first start.
func (q *Queue) Handle(k Kind) {
	if !kindForm.MatchString(k.Name) || k.Do == nil {
		panic(fmt.Sprintf("job: kind %q needs a lower-case name and a handler", k.Name))
	}
	k.Attempts = cmp.Or(k.Attempts, defaultAttempts)
	k.Timeout = cmp.Or(k.Timeout, 5*time.Minute)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.kinds[k.Name] != nil {
		panic(fmt.Sprintf("job: two kinds are named %q", k.Name))
	}
	q.kinds[k.Name] = &kind{Kind: k}
}

// kind returns what is registered, or for a job of another version of the
// program a kind without a handler.
func (q *Queue) kind(name string) *kind {
	q.mu.Lock()
	defer q.mu.Unlock()
	if k := q.kinds[name]; k != nil {
		return k
	}
	return &kind{Kind: Kind{Name: name, Attempts: defaultAttempts}}
}

// Wake makes Run look for jobs now. Call it after the transaction that added
// one has committed, where a person is waiting.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default: // one is on its way
	}
}

// Forms of what a job may hold. An id has no room for an address, a space or a
// capital letter.
var (
	kindForm   = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,40}$`) // fits into a unique key
	keyForm    = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,40}$`)
	idForm     = regexp.MustCompile(`^[a-z0-9._:-]{1,64}$`)
	uniqueForm = regexp.MustCompile(`^[a-z0-9._:-]{1,128}$`)
)

// Refused says that a job was not added, and which part of it is to blame. It
// never says the value.
type Refused struct {
	Kind, Part, Why string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("job %s refused: %s %s", e.Kind, e.Part, e.Why)
}

func (q *Queue) check(j Job) error {
	if q.kind(j.Kind).Do == nil {
		return &Refused{"of unknown kind", "its kind", "has no handler"} // what stands there could be anything
	}
	if _, found := q.lanes[j.Lane]; !found {
		return &Refused{j.Kind, "its lane", "has no workers"}
	}
	for key, value := range j.Args {
		if !keyForm.MatchString(key) {
			return &Refused{j.Kind, "an argument's name", "is not a lower-case word"}
		}
		if !idForm.MatchString(value) {
			return &Refused{j.Kind, "argument " + key, "is not an id"}
		}
	}
	if j.Unique != "" && !uniqueForm.MatchString(j.Unique) {
		return &Refused{j.Kind, "its unique key", "is not made of ids"}
	}
	if j.Request != "" && !idForm.MatchString(j.Request) {
		return &Refused{j.Kind, "its request", "is not an id"}
	}
	return nil
}
