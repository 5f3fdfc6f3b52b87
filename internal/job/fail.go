package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"kept/internal/fault"
)

// Failure lets a handler say more about an error than that it happened. Code is
// what the operator sees ("smtp-550"), never a value.
type Failure struct {
	Code  string
	Final bool          // no use in trying again: the job dies now
	After time.Duration // when to try again, instead of the usual backoff
	Err   error
}

func (e *Failure) Error() string {
	if e.Err == nil {
		return e.Code
	}
	return e.Code + ": " + e.Err.Error()
}

func (e *Failure) Unwrap() error { return e.Err }

// The codes that the queue itself gives.
const (
	codePanic       = "panic"
	codeTimeout     = "timeout"
	codeCrashed     = "crashed"      // its lease ended as often as it may be tried
	codeUnknownKind = "unknown-kind" // this program has no handler for it
)

var codeForm = regexp.MustCompile(`^[A-Za-z0-9._*-]{1,64}$`)

// codeOf is what is kept of an error: the handler's own code, the kind of fault,
// or else the Go type at the bottom of its chain. Texts are never kept, since
// they may repeat what a person wrote or what another server answered.
func codeOf(err error) string {
	if f, ok := errors.AsType[*Failure](err); ok && codeForm.MatchString(f.Code) {
		return f.Code
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return codeTimeout
	}
	if k := fault.Of(err); k != fault.KindOther {
		return string(k)
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	if code := fmt.Sprintf("%T", err); codeForm.MatchString(code) {
		return code
	}
	return "error"
}

// Backoff: 10 s, doubled with each attempt, at most 6 h, give or take a tenth so
// that jobs that failed together do not come back together.
const (
	firstPause = 10 * time.Second
	mostPause  = 6 * time.Hour
)

func backoff(attempt int) time.Duration {
	pause := min(firstPause<<min(attempt-1, 20), mostPause)
	return pause - pause/10 + rand.N(pause/5)
}

// verdict is what becomes of a job that failed.
func verdict(err error, attempt, most int) (die bool, after time.Duration) {
	f, ok := errors.AsType[*Failure](err)
	if attempt >= most || ok && f.Final {
		return true, 0
	}
	if ok && f.After > 0 {
		return false, f.After
	}
	return false, backoff(attempt)
}
