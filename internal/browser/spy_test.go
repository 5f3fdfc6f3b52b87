package browser_test

import (
	"fmt"
	"testing"
	"time"

	"kept/internal/browser"
)

// spy is a test that takes down what would have failed it.
type spy struct {
	*testing.T
	errors string
}

func (s *spy) Errorf(format string, args ...any) { s.errors += fmt.Sprintf(format, args...) }

func (s *spy) Fatalf(format string, args ...any) { panic(stopped(fmt.Sprintf(format, args...))) }

// stopped carries the words of a Fatalf out of the step that called it.
type stopped string

// fatal runs a step that must fail and returns what it said, without waiting as long as a real test would.
func fatal(t *testing.T, p *browser.Page, step func(*browser.Page)) (said string) {
	t.Helper()
	defer func() {
		if words, ok := recover().(stopped); ok {
			said = string(words)
		}
	}()
	step(p.ForTest(&spy{T: t}, 300*time.Millisecond))
	return ""
}
