package check

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kept/internal/course"
)

// slow is an engine whose checks take as long as the answer says.
type slow struct {
	mu    sync.Mutex
	order []string
	most  int
	now   int
}

func (s *slow) Name() string      { return "slow" }
func (s *slow) Can(Exercise) bool { return true }
func (s *slow) Close() error      { return nil }

func (s *slow) Check(ctx context.Context, e Exercise, a Answer) (Verdict, error) {
	s.mu.Lock()
	s.order = append(s.order, a.Files[0].Name)
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	d, err := time.ParseDuration(a.Files[0].Text)
	if err != nil {
		return Verdict{}, err
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
	return Verdict{Passed: true}, err
}

var any1 = Exercise{Tests: []course.Test{{}}}

func takes(name, d string) Answer { return Answer{Files: []File{{Name: name, Text: d}}} }

// One learner's flood does not delay another: there is always a place left, and
// turns are taken.
func TestFloodOfOneDoesNotDelayOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &slow{}
		p := NewPool(2, engine)
		var all sync.WaitGroup
		for i := range maxWaitingOne {
			all.Go(func() {
				if _, err := p.Check(t.Context(), "flood", any1, takes(fmt.Sprint("flood", i), "1m")); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		for i := range 3 {
			begin := time.Now()
			if _, err := p.Check(t.Context(), fmt.Sprint("other", i), any1, takes("other", "1s")); err != nil {
				t.Error(err)
			}
			if waited := time.Since(begin) - time.Second; waited != 0 {
				t.Errorf("somebody else waited %s", waited)
			}
		}
		all.Wait()
		if running, waiting := p.Load(); running != 0 || waiting != 0 || len(p.queues) != 0 || len(p.circle) != 0 {
			t.Errorf("something is left: %d run, %d wait, %d queues", running, waiting, len(p.queues))
		}
		if engine.most > 2 {
			t.Errorf("%d ran at once in 2 places", engine.most)
		}
	})
}

// With a single place learners take turns.
func TestLearnersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &slow{}
		p := NewPool(1, engine)
		var all sync.WaitGroup
		for i, key := range []string{"a", "a", "a", "a", "b", "b", "c"} {
			all.Go(func() {
				if _, err := p.Check(t.Context(), key, any1, takes(fmt.Sprint(key), "1s")); err != nil {
					t.Error(i, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if got := fmt.Sprint(engine.order); got != "[a a b c a b a]" {
			t.Errorf("the order was %s", got)
		}
	})
}

func TestFullQueueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1, &slow{})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range maxWaitingOne + 1 { // one of them runs
			all.Go(func() {
				if _, err := p.Check(ctx, "a", any1, takes("a", "1h")); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		if _, err := p.Check(t.Context(), "a", any1, takes("a", "1s")); !errors.Is(err, ErrBusy) {
			t.Errorf("got %v, want busy", err)
		}
		cancel()
		all.Wait()
		if _, waiting := p.Load(); waiting != 0 || len(p.queues) != 0 || len(p.circle) != 0 {
			t.Errorf("%d still wait", waiting)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Check(t.Context(), "a", any1, takes("a", "1s")); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want closed", err)
		}
	})
}

func TestPoolWithoutAnEngineSaysSo(t *testing.T) {
	p := NewPool(1, NewJavaScript(""))
	e := Exercise{Engine: course.Python, Tests: []course.Test{{}}}
	if p.Can(e) {
		t.Error("it says that it can")
	}
	if _, err := p.Check(t.Context(), "a", e, Answer{}); !errors.Is(err, ErrNoEngine) {
		t.Errorf("got %v", err)
	}
	var none *Pool
	if none.Can(e) {
		t.Error("a pool that is not there can check")
	}
}

func TestAnswerThatCannotBeTaken(t *testing.T) {
	e := simple("assert(true)")
	for name, a := range map[string]Answer{
		"two of one name": {Files: []File{{Name: "a.js"}, {Name: "a.js"}}},
		"too large":       {Files: []File{{Name: "a.js", Text: string(make([]byte, MaxAnswer+1))}}},
		"too many":        {Files: make([]File, MaxFiles+1)},
	} {
		if _, err := e.Complete(a); !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOnlyWhatTheAuthorChangesStaysChangeable(t *testing.T) {
	e := exceptions("Array.prototype.mine = 1; Math.random = f; Bird.prototype.x = 1; JSON.x == 2; String.prototype.trim; Object.defineProperty(Map.prototype, 'x', y)")
	if got := fmt.Sprint(e.Soft, e.Added, e.Open); got != "[Array.prototype.mine Math.random] [Array.prototype.mine String.prototype.trim] [Map.prototype]" {
		t.Errorf("got %s", got)
	}
	if got := testFunction("new Map(); Array.isArray(Mapping)", "class Map {}"); got != "(async function (assert, code, editableContents, __helpers, __FakeTimers, {Array}) {{\nnew Map(); Array.isArray(Mapping)\n}})" {
		t.Errorf("got %s", got)
	}
}
