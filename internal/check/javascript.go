package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"kept/internal/check/quickjs"
	"kept/internal/check/sandbox"
	"kept/internal/course"
)

// JavaScript checks exercises in QuickJS, in child processes. None is started
// before the first check, and one that is idle is used again: every check gets
// fresh memory in it.
type JavaScript struct {
	cache    string
	times    quickjs.Times
	patience time.Duration // how long a check may take by the clock

	mu     sync.Mutex
	idle   []*worker
	closed bool
	walls  *sandbox.Report // of the last child that was started
}

// worker is a child that is ready.
type worker struct {
	child *sandbox.Child
	jobs  int
}

// times are generous: the slowest exercises known, searches for numbers with
// some property, take 20 to 40 s in QuickJS on a slow machine. Whoever uses them up
// keeps nobody waiting but those who come after the same learner; see Pool.
var times = quickjs.Times{Step: 2 * time.Second, Test: 30 * time.Second, Check: time.Minute}

// briefly is for where a browser stands ready: with its compiler it is done
// sooner with what takes QuickJS longer than these times.
var briefly = quickjs.Times{Step: 200 * time.Millisecond, Test: 200 * time.Millisecond, Check: 800 * time.Millisecond}

// Limits of a child by the clock, and in checks.
const (
	startPatience = 30 * time.Second
	jobsPerChild  = 2000
	grace         = 3 * time.Second // of processor time, to end by itself
	maxResult     = 1 << 20         // bytes of a child's answer
)

// NewJavaScript makes the engine. cache is a folder for compiled code, or "";
// without it each child needs most of a second to start.
func NewJavaScript(cache string) *JavaScript {
	return &JavaScript{cache: cache, times: times, patience: 10 * times.Check}
}

// Brief makes the engine give up early. It is for a pool with another engine
// that takes the same exercises; see Pool.Check.
func (j *JavaScript) Brief() *JavaScript {
	j.times = briefly
	return j
}

// Name is "quickjs".
func (j *JavaScript) Name() string { return "quickjs" }

// elsewhere finds tests that need what only a browser has.
var elsewhere = regexp.MustCompile(`__helpers\.Explorer|\bExplorer\(|\bdocument\.(?:query|getElement|body|create)`)

// Can tells whether an exercise is plain JavaScript with tests in JavaScript.
func (j *JavaScript) Can(e Exercise) bool {
	if e.Engine != course.JavaScript {
		return false
	}
	for _, f := range e.Files {
		if f.Lang != "js" {
			return false
		}
	}
	for _, t := range e.Tests {
		if t.Lang != "js" && t.Lang != "" || elsewhere.MatchString(t.Code) {
			return false
		}
	}
	return true
}

// Check runs one answer.
func (j *JavaScript) Check(ctx context.Context, e Exercise, a Answer) (Verdict, error) {
	files, err := e.Complete(a)
	if err != nil {
		return Verdict{}, err
	}
	composed := compose(e, files)
	composed.Times = j.times
	job, err := json.Marshal(composed)
	if err != nil {
		return Verdict{}, err
	}
	w, err := j.take()
	if err != nil {
		return Verdict{}, err
	}
	begin := time.Now()
	stop := context.AfterFunc(ctx, w.child.Kill)
	watch := w.child.Within(j.times.Check + grace)
	result, err := j.ask(w, job, len(e.Tests))
	if watch() {
		err = errTime
	}
	if !stop() || err != nil {
		w.child.Kill()
		if ctx.Err() != nil {
			return Verdict{}, ctx.Err()
		}
		return fatal(e, err, time.Since(begin)), nil
	}
	j.giveBack(w)
	return verdict(e, result, time.Since(begin)), nil
}

// errTime means that a child used more time than it was given, in a place where
// it cannot be interrupted.
var errTime = errors.New("check: the time is used up")

// errStrange means that a child said what no child of ours says.
var errStrange = errors.New("check: a child process answered something else")

// ask believes of an answer no more than its form.
func (j *JavaScript) ask(w *worker, job []byte, tests int) (quickjs.Result, error) {
	var r quickjs.Result
	text, err := w.child.Ask(job, maxResult, j.patience)
	if err != nil {
		return r, err
	}
	return readResult(text, tests)
}

func readResult(text []byte, tests int) (quickjs.Result, error) {
	var r quickjs.Result
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil || len(r.Tests) != tests || dec.More() {
		return quickjs.Result{}, errStrange
	}
	if !validReason(Reason(r.Why)) {
		return quickjs.Result{}, errStrange
	}
	return r, nil
}

func validReason(r Reason) bool {
	switch r {
	case Ran, Syntax, Timeout, Memory, Output, Cheat, Crash:
		return true
	}
	return false
}

// verdict draws the conclusion, here and not in the child.
func verdict(e Exercise, r quickjs.Result, took time.Duration) Verdict {
	v := Verdict{Passed: len(e.Tests) > 0 && r.Why != string(Syntax), Why: Reason(r.Why), Took: took, Engine: "quickjs",
		Console: clip(r.Printed, MaxConsole), late: r.Late}
	for i, t := range e.Tests {
		out := r.Tests[i]
		v.Passed = v.Passed && out.Passed
		v.Tests = append(v.Tests, Outcome{Says: t.Says, Passed: out.Passed, Message: clip(out.Message, MaxMessage)})
	}
	return v
}

// fatal is the verdict when the child ended in the middle.
func fatal(e Exercise, err error, took time.Duration) Verdict {
	v := Verdict{Why: Crash, Took: took, Engine: "quickjs"}
	message := "the check broke off"
	if errors.Is(err, errTime) || isTimeout(err) {
		v.Why, v.late, message = Timeout, true, "it did not come to an end"
	}
	for _, t := range e.Tests {
		v.Tests = append(v.Tests, Outcome{Says: t.Says, Message: message})
	}
	return v
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// clip cuts a text of a child and makes it valid.
func clip(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// ErrClosed means that the engine was put away.
var ErrClosed = errors.New("check: closed")

// take gives a child that is ready, a new one if none is idle.
func (j *JavaScript) take() (*worker, error) {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(j.idle); n > 0 {
		w := j.idle[n-1]
		j.idle = j.idle[:n-1]
		j.mu.Unlock()
		return w, nil
	}
	j.mu.Unlock()
	return j.start()
}

func (j *JavaScript) start() (*worker, error) {
	child, err := sandbox.Start(ChildArgument)
	if err != nil {
		return nil, err
	}
	greeting, err := json.Marshal(hello{Cache: j.cache})
	if err != nil {
		return nil, err
	}
	var r ready
	text, err := child.Ask(greeting, 1<<10, startPatience)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		child.Kill()
		return nil, fmt.Errorf("check: a child process did not get ready: %w", err)
	}
	r.Walls.Namespaces = child.Apart()
	j.mu.Lock()
	j.walls = &r.Walls
	j.mu.Unlock()
	return &worker{child: child}, nil
}

func (j *JavaScript) giveBack(w *worker) {
	w.jobs++
	j.mu.Lock()
	keep := !j.closed && w.jobs < jobsPerChild
	if keep {
		j.idle = append(j.idle, w)
	}
	j.mu.Unlock()
	if !keep {
		w.child.Kill()
	}
}

// Walls starts a child if none has been, and says which walls stand around it.
func (j *JavaScript) Walls() (sandbox.Report, error) {
	w, err := j.take()
	if err != nil {
		return sandbox.Report{}, err
	}
	j.giveBack(w)
	j.mu.Lock()
	defer j.mu.Unlock()
	return *j.walls, nil
}

// Close ends all children that are idle; the others end with their checks.
func (j *JavaScript) Close() error {
	j.mu.Lock()
	idle := j.idle
	j.idle, j.closed = nil, true
	j.mu.Unlock()
	for _, w := range idle {
		w.child.Kill()
	}
	return nil
}
