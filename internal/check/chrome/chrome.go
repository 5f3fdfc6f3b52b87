// Package chrome checks answers to exercises with pages, React and Python in a
// headless Chromium, in the very frame in which a learner's browser runs them.
//
// It owns the browser: its flags, a pool of tabs, their renewal after a number
// of answers or after anything odd, the memory its processes may use, and its
// network, which is one listener that knows the frame and nothing else. It
// refuses every other request, an answer that takes longer than its limits, and
// an engine that package check's own one serves better (plain JavaScript),
// unless it is told to take that too.
//
// Chromium's own sandbox is on whenever the process is not root. Start at New.
package chrome

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"kept/internal/check"
	"kept/internal/check/frame"
	"kept/internal/course"
)

// Options say which browser runs, and within what. Zero values mean the
// defaults.
type Options struct {
	Path       string        // of the browser; see Find
	Frame      *frame.Frame  // that code runs in
	Pages      int           // tabs at work at once; 0: one for each processor
	PerTest    time.Duration // 0: 5 s
	Whole      time.Duration // of one answer; 0: 20 s. Plain JavaScript gets twice these times
	Memory     int64         // bytes of one renderer's memory; 0: 768 MiB
	Renew      int           // answers after which a tab is made anew; 0: 400
	JavaScript bool          // take exercises in plain JavaScript too
}

// ErrNone means that there is no browser.
var ErrNone = errors.New("chrome: there is no Chromium here")

// Find resolves the setting [check] chromium: "auto" looks in PATH, "off" finds
// none, anything else is a path.
func Find(setting string) (string, error) {
	switch setting {
	case "off":
		return "", ErrNone
	case "", "auto":
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome-headless-shell"} {
			if p, err := exec.LookPath(name); err == nil {
				return p, nil
			}
		}
		return "", ErrNone
	}
	p, err := exec.LookPath(setting)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, err)
	}
	return p, nil
}

// Sandboxed tells whether Chromium can use its own sandbox: it cannot as root.
func Sandboxed() bool { return os.Geteuid() != 0 }

// Engine checks with Chromium.
type Engine struct {
	opts Options
	wire *wire
	tabs chan *tab // one for each page; nil where none is open yet

	mu      sync.Mutex
	browser *browser
	closed  bool
}

// New makes the engine. The browser starts with the first check.
func New(o Options) (*Engine, error) {
	if o.Path == "" {
		return nil, ErrNone
	}
	o = withDefaults(o)
	w, err := newWire(o.Frame)
	if err != nil {
		return nil, fmt.Errorf("chrome: open the listener: %w", err)
	}
	e := &Engine{opts: o, wire: w, tabs: make(chan *tab, o.Pages)}
	for range o.Pages {
		e.tabs <- nil
	}
	return e, nil
}

func withDefaults(o Options) Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&o.PerTest, 5*time.Second)
	set(&o.Whole, 20*time.Second)
	if o.Pages == 0 {
		o.Pages = runtime.NumCPU()
	}
	if o.Memory == 0 {
		o.Memory = 768 << 20
	}
	if o.Renew == 0 {
		o.Renew = 400
	}
	return o
}

// Name is "chromium".
func (e *Engine) Name() string { return "chromium" }

// Can tells whether the exercise is one for a browser.
func (e *Engine) Can(x check.Exercise) bool {
	switch x.Engine {
	case course.Page, course.React, course.Python:
		return true
	case course.JavaScript:
		return e.opts.JavaScript
	}
	return false
}

// Check runs one answer. A tab that died or fell silent is tried once more with
// a new one, unless the answer itself brought that about twice.
func (e *Engine) Check(ctx context.Context, x check.Exercise, a check.Answer) (check.Verdict, error) {
	files, err := x.Complete(a)
	if err != nil {
		return check.Verdict{}, err
	}
	call, err := e.call(x, files)
	if err != nil {
		return check.Verdict{}, err
	}
	began := time.Now()
	got, err := e.try(ctx, call)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errLate) && !errors.Is(err, errMemory) {
		got, err = e.try(ctx, call)
	}
	v := e.verdict(x, got)
	v.Took = time.Since(began)
	switch {
	case err == nil:
		return v, nil
	case ctx.Err() != nil:
		return check.Verdict{}, ctx.Err()
	case errors.Is(err, errMemory):
		v.Why = check.Memory
	case errors.Is(err, errLate):
		v.Why = check.Timeout
	case errors.Is(err, errStart):
		return check.Verdict{}, err
	default:
		v.Why = check.Crash
	}
	v.Passed = false
	return v, nil
}

// answered is what the page says of a run.
type answered struct {
	Passed  bool   `json:"passed"`
	Why     string `json:"why"`
	Console string `json:"console"`
	Tests   []struct {
		Passed  bool   `json:"passed"`
		Message string `json:"message"`
	} `json:"tests"`
}

// verdict checks the page's answer against what it can be: a passed exercise
// has an outcome for each test, all of them met.
func (e *Engine) verdict(x check.Exercise, got answered) check.Verdict {
	v := check.Verdict{Engine: e.Name(), Console: cut(got.Console, check.MaxConsole), Why: check.Reason(got.Why)}
	v.Passed = got.Passed && len(got.Tests) == len(x.Tests) && v.Why == check.Ran
	for i, t := range x.Tests {
		o := check.Outcome{Says: t.Says}
		if i < len(got.Tests) {
			o.Passed, o.Message = got.Tests[i].Passed, cut(got.Tests[i].Message, check.MaxMessage)
		}
		v.Passed = v.Passed && o.Passed
		v.Tests = append(v.Tests, o)
	}
	return v
}

func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// given is an exercise in the frame's words.
type given struct {
	Engine     course.Engine `json:"engine"`
	Files      []givenFile   `json:"files"`
	Tests      []givenTest   `json:"tests"`
	Before     string        `json:"before"`
	BeforeEach string        `json:"beforeEach"`
	AfterEach  string        `json:"afterEach"`
	AfterAll   string        `json:"afterAll"`
	Tools      []string      `json:"tools"`
}

type givenFile struct {
	Name   string  `json:"name"`
	Lang   string  `json:"lang"`
	Before string  `json:"before"`
	Text   string  `json:"text"`
	After  string  `json:"after"`
	Region *string `json:"region"` // nil: there is none
}

type givenTest struct {
	Says string `json:"says"`
	Code string `json:"code"`
	Lang string `json:"lang"`
}

func (e *Engine) call(x check.Exercise, files []course.File) (string, error) {
	g := given{Engine: x.Engine, Before: x.Before, BeforeEach: x.BeforeEach, AfterEach: x.AfterEach, AfterAll: x.AfterAll, Tools: append([]string{}, x.Tools...)}
	for i, f := range files {
		one := givenFile{Name: f.Name, Lang: f.Lang, Before: f.Before, Text: f.Text, After: f.After}
		if i < len(x.Files) {
			one.Region = region(x.Files[i], f.Text)
		}
		g.Files = append(g.Files, one)
	}
	for _, t := range x.Tests {
		g.Tests = append(g.Tests, givenTest{Says: t.Says, Code: t.Code, Lang: t.Lang})
	}
	data, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("chrome: write the exercise: %w", err)
	}
	whole, each := e.opts.Whole, e.opts.PerTest
	if x.Engine == course.JavaScript { // what comes here is what another engine gave up
		whole, each = 2*whole, 2*each
	}
	limits := fmt.Sprintf(`{"ms":%d,"perTestMs":%d}`, whole.Milliseconds(), each.Milliseconds())
	return "check(" + string(data) + "," + limits + ")", nil
}

// region is what stands in an answer where the author's file has its editable
// part: what is left between the lines above and below it.
func region(author course.File, text string) *string {
	if len(author.Editable) == 0 {
		return nil
	}
	r := author.Editable[0]
	lines, below := strings.Split(text, "\n"), strings.Count(author.Text, "\n")+1-r.To
	from, to := min(r.From-1, len(lines)), len(lines)-below
	part := strings.Join(lines[from:max(from, to)], "\n")
	return &part
}

// Close ends the browser. Checks that run end with an error.
func (e *Engine) Close() error {
	e.mu.Lock()
	b := e.browser
	e.browser, e.closed = nil, true
	e.mu.Unlock()
	if b != nil {
		b.close()
	}
	e.wire.close()
	return nil
}
