package check

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Limits of a pool.
const (
	maxWaitingOne = 8    // checks of one learner that wait
	maxWaitingAll = 1000 // checks of all learners that wait
)

// The errors of a pool. Both are for the learner to try again: ErrBusy in a
// while, ErrNoEngine never on this server.
var (
	ErrBusy     = errors.New("check: too many checks wait already")
	ErrNoEngine = errors.New("check: nothing here can check this exercise")
)

// Pool hands checks to engines. Learners take turns: each has a queue of its
// own, the queues are served in a circle, and as long as there are two places
// nobody gets all of them. Who a learner is, it is not told: a key is any text
// that is the same for one learner, and it is forgotten with the last check
// under it.
type Pool struct {
	engines []Engine
	places  int // checks that run at once

	mu      sync.Mutex
	running int
	waiting int
	queues  map[string]*queue
	circle  []*queue // those with something to do, in the order of their turns
	closed  bool
}

// queue is what one learner waits for.
type queue struct {
	key     string
	waiting []chan struct{} // closed when it is that check's turn
	running int
}

// NewPool makes a pool over engines, the first that can check an exercise does.
// places is how many checks run at once, at least one.
func NewPool(places int, engines ...Engine) *Pool {
	return &Pool{engines: engines, places: max(places, 1), queues: map[string]*queue{}}
}

// Engine is the engine that would check an exercise; nil if none can, and a
// lesson then counts as checked in the browser only.
func (p *Pool) Engine(e Exercise) Engine {
	if p == nil || len(e.Tests) == 0 {
		return nil
	}
	for _, engine := range p.engines {
		if engine.Can(e) {
			return engine
		}
	}
	return nil
}

// Can tells whether an exercise can be checked here.
func (p *Pool) Can(e Exercise) bool { return p.Engine(e) != nil }

// Check waits for its turn and runs one answer. What the engine gives up, the
// next one that can check the exercise takes over, in the same place.
func (p *Pool) Check(ctx context.Context, key string, e Exercise, a Answer) (Verdict, error) {
	engine := p.Engine(e)
	if engine == nil {
		return Verdict{}, ErrNoEngine
	}
	done, err := p.enter(ctx, key)
	if err != nil {
		return Verdict{}, err
	}
	defer done()
	v, err := engine.Check(ctx, e, a)
	if second := p.after(engine, e); err == nil && second != nil && givenUp(e, a, v) {
		first := v.Took
		v, err = second.Check(ctx, e, a)
		v.Took += first
	}
	return v, err
}

// after is the next engine that can check an exercise.
func (p *Pool) after(first Engine, e Exercise) Engine {
	passed := false
	for _, engine := range p.engines {
		if passed && engine.Can(e) {
			return engine
		}
		passed = passed || engine == first
	}
	return nil
}

var (
	// readsFunctions finds tests that look at the text of a function. Some were
	// written for a translation to older JavaScript, which only the frame knows.
	readsFunctions = regexp.MustCompile(`\.toString\(\)`)
	// differs finds what engines have or not, or do each in its own way.
	differs = regexp.MustCompile(`\b(?:Date|Intl|toLocale\w+|localeCompare|normalize|URL|URLSearchParams|TextEncoder|TextDecoder|` +
		`crypto|performance|Event|EventTarget|AbortController|Blob|Atomics|WebAssembly)\b`)
)

// givenUp tells whether another engine may say more of an answer that did not
// pass: it used up the time, the stack or the memory of the first, or cannot be
// read there; the unmet tests all look at functions' text; or somebody names
// what engines differ in.
func givenUp(e Exercise, a Answer, v Verdict) bool {
	switch {
	case v.Passed, v.Why == Output, v.Why == Cheat, v.Why == Crash:
		return false
	case v.late, v.Why == Memory, v.Why == Syntax, differs.MatchString(e.ownText()):
		return true
	}
	unmet := 0
	for i, t := range v.Tests {
		switch {
		case t.Passed:
		case strings.Contains(t.Message, "call stack"):
			return true
		case !readsFunctions.MatchString(e.Tests[i].Code):
			unmet++
		}
	}
	return unmet == 0 || slices.ContainsFunc(a.Files, func(f File) bool { return differs.MatchString(f.Text) })
}

// enter waits for a place; done gives it back.
func (p *Pool) enter(ctx context.Context, key string) (done func(), err error) {
	q, place, err := p.wait(key)
	if err != nil {
		return nil, err
	}
	select {
	case <-place:
	case <-ctx.Done():
		if !p.leave(q, place) { // the turn came at the same moment
			p.done(q)
		}
		return nil, ctx.Err()
	}
	return func() { p.done(q) }, nil
}

func (p *Pool) wait(key string) (*queue, chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queues[key]
	switch {
	case p.closed:
		return nil, nil, ErrClosed
	case p.waiting >= maxWaitingAll, q != nil && len(q.waiting) >= maxWaitingOne:
		return nil, nil, ErrBusy
	case q == nil:
		q = &queue{key: key}
		p.queues[key] = q
	}
	place := make(chan struct{})
	if len(q.waiting) == 0 {
		p.circle = append(p.circle, q)
	}
	q.waiting = append(q.waiting, place)
	p.waiting++
	p.next()
	return q, place, nil
}

// next gives free places to those whose turn it is.
func (p *Pool) next() {
	for i := 0; i < len(p.circle) && p.running < p.places; {
		q := p.circle[i]
		if q.running >= p.share() {
			i++
			continue
		}
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		q.running++
		p.running++
		p.waiting--
		p.circle = append(p.circle[:i], p.circle[i+1:]...)
		if len(q.waiting) > 0 {
			p.circle = append(p.circle, q)
		}
	}
}

// share is how many places one learner may have.
func (p *Pool) share() int { return max(p.places-1, 1) }

// leave takes back a check that waits. It fails if its turn has come.
func (p *Pool) leave(q *queue, place chan struct{}) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, one := range q.waiting {
		if one != place {
			continue
		}
		q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
		p.waiting--
		if len(q.waiting) == 0 {
			p.without(q)
		}
		p.forget(q)
		return true
	}
	return false
}

func (p *Pool) without(q *queue) {
	for i, one := range p.circle {
		if one == q {
			p.circle = append(p.circle[:i], p.circle[i+1:]...)
			return
		}
	}
}

func (p *Pool) done(q *queue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	q.running--
	p.forget(q)
	p.next()
}

func (p *Pool) forget(q *queue) {
	if q.running == 0 && len(q.waiting) == 0 {
		delete(p.queues, q.key)
	}
}

// Load is how many checks run and how many wait.
func (p *Pool) Load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running, p.waiting
}

// Close refuses what comes now and puts the engines away. Checks that run end
// with their contexts.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	var errs []error
	for _, e := range p.engines {
		errs = append(errs, e.Close())
	}
	return errors.Join(errs...)
}
