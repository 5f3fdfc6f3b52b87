// Package check runs a learner's answer against the tests of an exercise, on
// the server, and says what came of it.
//
// It owns the types that engines share, the fair queue between learners (Pool),
// and the JavaScript engine, which runs in child processes that are treated as
// if an attacker owned them (package check/sandbox starts them). The engine for
// pages, React and Python is check/chrome. It refuses to decide anything inside
// a realm that the learner's code could have changed, wherever the language
// allows that, and it keeps nothing: neither answers nor verdicts.
//
// Start at Of, which makes an Exercise out of a lesson, and at Pool.Check.
// docs/checking.md says what is checked, how, and what remains possible.
package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kept/internal/course"
)

// Exercise is what an answer is checked against.
type Exercise struct {
	ID         string        `json:"id"`
	Engine     course.Engine `json:"engine"`
	Files      []course.File `json:"files"` // as the author gives them, with what stands unseen before and after
	Tests      []course.Test `json:"tests"`
	Before     string        `json:"before,omitempty"`     // JavaScript, once, before the learner's code
	BeforeEach string        `json:"beforeEach,omitempty"` // JavaScript, before each test
	AfterEach  string        `json:"afterEach,omitempty"`  // JavaScript, after each test; only where tests share a page
	AfterAll   string        `json:"afterAll,omitempty"`
	Tools      []string      `json:"tools,omitempty"` // what a page must bring: "react", "babel"
}

// Of makes an exercise out of a lesson. It has no engine if there is nothing
// that could be checked.
func Of(id string, works *course.Exercising) Exercise {
	if works == nil || len(works.Tests) == 0 || len(works.Files) == 0 {
		return Exercise{ID: id}
	}
	return Exercise{ID: id, Engine: works.Engine, Files: works.Files, Tests: works.Tests,
		Before: works.Before, BeforeEach: works.BeforeEach, AfterEach: works.AfterEach, AfterAll: works.AfterAll, Tools: works.Tools}
}

// File is one file of an answer.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Answer is what a learner hands in. A file of the exercise that it leaves out
// stays as the author gave it.
type Answer struct {
	Files []File `json:"files"`
}

// AnswerOf makes an answer out of files as an author writes them: a reference
// solution, or the files to begin with.
func AnswerOf(files []course.File) Answer {
	var a Answer
	for _, f := range files {
		a.Files = append(a.Files, File{Name: f.Name, Text: f.Text})
	}
	return a
}

// Limits of one answer. No lesson needs a tenth of them.
const (
	MaxAnswer = 1 << 20 // bytes, all files together
	MaxFiles  = 20
)

// ErrAnswer means that the answer itself cannot be taken: too large, too many
// files, or two of one name.
var ErrAnswer = errors.New("check: the answer cannot be taken")

// Complete puts an answer into the exercise's files.
func (e Exercise) Complete(a Answer) ([]course.File, error) {
	files, size := slices.Clone(e.Files), 0
	if len(a.Files) > MaxFiles {
		return nil, fmt.Errorf("%w: more than %d files", ErrAnswer, MaxFiles)
	}
	var seen []string
	for _, f := range a.Files {
		size += len(f.Text)
		if slices.Contains(seen, f.Name) || size > MaxAnswer {
			return nil, fmt.Errorf("%w: two files of one name, or more than %d bytes", ErrAnswer, MaxAnswer)
		}
		seen = append(seen, f.Name)
		i := slices.IndexFunc(files, func(own course.File) bool { return own.Name == f.Name })
		if i < 0 {
			files = append(files, course.File{Name: f.Name, Lang: f.Name[strings.LastIndexByte(f.Name, '.')+1:]})
			i = len(files) - 1
		}
		files[i].Text = f.Text
	}
	return files, nil
}

// Reason says why a check ended before its tests could speak. It is empty when
// each test gave its outcome.
type Reason string

// The reasons.
const (
	Ran     Reason = ""        // all tests ran
	Syntax  Reason = "syntax"  // the learner's code cannot be read; Message of an unmet test says why
	Timeout Reason = "timeout" // it did not come to an end
	Memory  Reason = "memory"  // it wanted more memory than there is
	Output  Reason = "output"  // it printed without end
	Cheat   Reason = "cheat"   // built-ins that decide about tests were changed
	Crash   Reason = "crash"   // the engine died, or answered what no engine of ours answers
)

// Outcome is what one test said.
type Outcome struct {
	Says    string `json:"says"` // Test.Says
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty"` // at most MaxMessage bytes; made by learners' code, so never trusted
}

// Limits of what a verdict holds, in bytes.
const (
	MaxMessage = 1 << 10
	MaxConsole = 8 << 10
)

// Verdict is the result of one check. Passed means that every test ran and was
// met. Everything in it but Passed, Why and Took may have been written by the
// learner's code: show it as text.
type Verdict struct {
	Passed  bool          `json:"passed"`
	Tests   []Outcome     `json:"tests"` // one per test of the exercise, in their order
	Console string        `json:"console,omitempty"`
	Why     Reason        `json:"why,omitempty"`
	Took    time.Duration `json:"took"`
	Engine  string        `json:"engine"` // Engine.Name

	late bool // a test used up its time
}

// Engine runs exercises. Check returns an error only if the engine itself is
// broken or ctx ended; whatever an answer does is a verdict. It may be called
// from several goroutines at once.
type Engine interface {
	Name() string
	Can(Exercise) bool
	Check(ctx context.Context, e Exercise, a Answer) (Verdict, error)
	Close() error
}
