package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"kept/internal/check"
	"kept/internal/check/chrome"
	"kept/internal/check/frame"
	"kept/internal/course"
)

// Check says what learners' code is checked with on the server.
type Check struct {
	// Chromium is "auto", "off" or the path of a browser.
	Chromium string `toml:"chromium"`
}

// openChecker puts the engines together. None of them starts a process before
// the first check.
func openChecker(setting, cache string, places int, runner *frame.Frame) (*check.Pool, error) {
	js := check.NewJavaScript(cache)
	engines := []check.Engine{js}
	path, err := chrome.Find(setting)
	switch {
	case err == nil:
		browser, err := chrome.New(chrome.Options{Path: path, Frame: runner, Pages: places, JavaScript: true})
		if err != nil {
			return nil, err
		}
		engines = []check.Engine{js.Brief(), browser}
	case setting != "" && setting != "auto" && setting != "off":
		return nil, hinted(err, `set check.chromium to the path of a browser, or to "auto" or "off"`)
	case !errors.Is(err, chrome.ErrNone):
		return nil, err
	}
	return check.NewPool(places, engines...), nil
}

// openChecking makes the frame that learners' code runs in, and the pool that it
// is checked in.
func (a *App) openChecking() (err error) {
	if a.runner, err = frame.New(); err != nil {
		return err
	}
	a.checker, err = openChecker(a.Config.Check.Chromium, cmp.Or(a.options.compiled, a.path("check-cache")), runtime.NumCPU(), a.runner)
	if err == nil {
		a.closers = append(a.closers, a.checker.Close)
	}
	return err
}

// tryout is an exercise that any engine for plain JavaScript can check.
var tryout = check.Exercise{ID: "doctor", Engine: course.JavaScript, Files: []course.File{{Name: "script.js", Lang: "js"}},
	Tests: []course.Test{{Says: "adds", Lang: "js", Code: "assert.strictEqual(add(2, 3), 5)"}}}

// examineChecking tries the engine for JavaScript and says which walls stand
// around learners' code.
func (a *App) examineChecking(ctx context.Context) []finding {
	runs, walls := finding{what: "checking of JavaScript"}, finding{what: "walls around learners' code"}
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	v, err := a.checker.Check(ctx, "doctor", tryout, check.Answer{Files: []check.File{{Name: "script.js", Text: "const add = (a, b) => a + b"}}})
	if err != nil || !v.Passed {
		runs.bad = fmt.Sprintf("a right answer did not pass (%s)", v.Why)
		runs.do = "see whether this user may start processes"
	}
	if engine, ok := a.checker.Engine(tryout).(*check.JavaScript); ok {
		report, err := engine.Walls()
		switch missing := report.Missing(); {
		case err != nil:
			walls.bad, walls.do = "the child process did not start", "see whether this user may start processes"
		case missing != "":
			walls.bad = "missing: " + missing
			walls.do = "see docs/checking.md, “Walls”; code runs inside WebAssembly all the same"
		}
	}
	pages := finding{what: "checking of pages, React and Python"}
	if path, err := chrome.Find(a.Config.Check.Chromium); err != nil {
		if a.Config.Check.Chromium != "off" {
			pages.bad, pages.do = "no Chromium was found", `install the package chromium, or set check.chromium to "off": such lessons then count as checked in the browser only`
		}
	} else {
		pages.what += " (" + path + ")"
		if !chrome.Sandboxed() {
			pages.bad, pages.do = "Chromium's own sandbox is off, because this runs as root", "run Kept as a user of its own"
		}
	}
	return []finding{runs, walls, pages}
}
