// Package promise holds the register of promises and tries them.
//
// It owns the list of what is promised, in words, and the runner that puts the
// features' checks to a scratch site. It refuses to call a promise kept that
// nobody tried: without a check it is "not yet".
//
// Start at All and Run.
package promise

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"kept/internal/prove"
)

//go:embed promises.txt
var text string

// Promise is one line of the register.
type Promise struct {
	ID    string
	Title string
	Text  string
}

// All lists the promises in their order.
func All() []Promise {
	var all []Promise
	for line := range strings.Lines(text) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		title, words, _ := strings.Cut(rest, "\t")
		all = append(all, Promise{id, title, words})
	}
	return all
}

// Validate finds checks of promises that are not in the register.
func Validate(checks []prove.Check) error {
	all := All()
	for _, c := range checks {
		if !slices.ContainsFunc(all, func(p Promise) bool { return p.ID == c.Promise }) {
			return fmt.Errorf("promise: %s tries %q, which is not in the register", c.Feature, c.Promise)
		}
	}
	return nil
}

// State is what became of a promise.
type State string

// The states.
const (
	Kept   State = "kept"
	Broken State = "failed"
	NotYet State = "not yet"
)

// Result is a promise after it was tried.
type Result struct {
	ID    string `json:"id"`
	State State  `json:"state"`
	Tried []Try  `json:"tried"`
}

// Try is one check of a promise.
type Try struct {
	Feature string `json:"feature"`
	How     string `json:"how"`
	Seen    string `json:"seen"`
	Kept    bool   `json:"kept"`
}

// Open starts a scratch site. Its checks are its own: what a feature tries
// belongs to the instance that it is part of.
type Open func(context.Context) (site *prove.Site, end func(), err error)

// Run tries every promise, each check on a site of its own and as many at a
// time as there are processors, and calls done after each promise, in order.
func Run(ctx context.Context, open Open, done func(Result)) ([]Result, error) {
	checks, err := list(ctx, open)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	tries, ended := tryAll(ctx, open, checks)
	defer ended()
	defer stop()
	var results []Result
	for _, p := range All() {
		r := Result{ID: p.ID, State: NotYet, Tried: []Try{}}
		for _, i := range of(checks, p.ID) {
			select {
			case t := <-tries[i]:
				if t.err != nil {
					return results, t.err
				}
				r.add(t.Try)
			case <-ctx.Done():
				return results, ctx.Err()
			}
		}
		results = append(results, r)
		done(r)
	}
	return results, nil
}

// of are the numbers of the checks of one promise.
func of(checks []prove.Check, promise string) (numbers []int) {
	for i, c := range checks {
		if c.Promise == promise {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// tried is how one try ended; err says that there was no site to try it on.
type tried struct {
	Try
	err error
}

// tryAll tries the checks in the order of their promises. Each try comes out
// of the channel of its number; ended waits for those under way.
func tryAll(ctx context.Context, open Open, checks []prove.Check) (tries []chan tried, ended func()) {
	todo := make(chan int, len(checks))
	tries = make([]chan tried, len(checks))
	for _, p := range All() {
		for _, i := range of(checks, p.ID) {
			tries[i] = make(chan tried, 1)
			todo <- i
		}
	}
	close(todo)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range todo {
				if ctx.Err() != nil {
					return
				}
				t, err := fresh(ctx, open, i)
				tries[i] <- tried{t, err}
			}
		})
	}
	return tries, workers.Wait
}

func list(ctx context.Context, open Open) ([]prove.Check, error) {
	site, end, err := open(ctx)
	if err != nil {
		return nil, fmt.Errorf("promise: scratch site: %w", err)
	}
	defer end()
	return site.Checks, Validate(site.Checks)
}

// fresh tries the check of the given number on a new site.
func fresh(ctx context.Context, open Open, number int) (Try, error) {
	site, end, err := open(ctx)
	if err != nil {
		return Try{}, fmt.Errorf("promise: scratch site: %w", err)
	}
	defer end()
	return one(ctx, site.Checks[number], site), nil
}

// add counts one try: a promise is kept if every check says so.
func (r *Result) add(t Try) {
	r.Tried = append(r.Tried, t)
	switch {
	case !t.Kept:
		r.State = Broken
	case r.State == NotYet:
		r.State = Kept
	}
}

func one(ctx context.Context, c prove.Check, site *prove.Site) (t Try) {
	t = Try{Feature: c.Feature, How: c.How}
	defer func() {
		if what := recover(); what != nil {
			t.Seen, t.Kept = fmt.Sprintf("it could not be tried: %v", what), false
		}
	}()
	seen, err := c.Try(ctx, site)
	var broken *prove.BrokenError
	switch {
	case err == nil:
		t.Seen, t.Kept = seen, true
	case errors.As(err, &broken):
		t.Seen = broken.Seen
	default:
		t.Seen = "it could not be tried: " + err.Error()
	}
	return t
}
