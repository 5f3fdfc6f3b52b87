package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"kept/internal/check"
	"kept/internal/check/cheats"
)

// benchPool is a pool of two places over QuickJS, with a child started in each,
// and an exercise of four tests with its honest answer.
func benchPool(b *testing.B) (*check.Pool, *cheats.Lesson) {
	b.Helper()
	lessons, _, err := cheats.All()
	if err != nil {
		b.Fatal(err)
	}
	p := check.NewPool(2, check.NewJavaScript(filepath.Join(os.TempDir(), "kept-check-tests")))
	b.Cleanup(func() { _ = p.Close() })
	warm(b, p, lessons[0], 2)
	return p, lessons[0]
}

func warm(b *testing.B, p *check.Pool, l *cheats.Lesson, children int) {
	b.Helper()
	var all sync.WaitGroup
	for i := range children {
		all.Go(func() { one(b, p, fmt.Sprint("warm", i), l) })
	}
	all.Wait()
}

func one(b *testing.B, p *check.Pool, key string, l *cheats.Lesson) {
	if v, err := p.Check(b.Context(), key, l.Exercise, l.Honest); err != nil || !v.Passed {
		b.Errorf("%+v %v", v, err)
	}
}

// BenchmarkChecks is as many checks as two children can do.
func BenchmarkChecks(b *testing.B) {
	p, l := benchPool(b)
	work := make(chan int)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for i := range work {
				one(b, p, fmt.Sprint(i), l)
			}
		})
	}
	for i := 0; b.Loop(); i++ {
		work <- i
	}
	close(work)
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
}

// BenchmarkHalfLoad sends a check every 10 ms, each by another learner, and
// reports how long they took with their waiting.
func BenchmarkHalfLoad(b *testing.B) {
	p, l := benchPool(b)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		<-tick.C
		all.Go(func() {
			begin := time.Now()
			one(b, p, fmt.Sprint(i), l)
			mu.Lock()
			took = append(took, time.Since(begin))
			mu.Unlock()
		})
	}
	all.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
