// Package quickjs runs JavaScript that nobody trusts: QuickJS as WebAssembly,
// in memory that is thrown away after each check.
//
// It owns the machine (machine.go), what little the program inside may ask of
// the outside (host.go) and the course of a check (run.go). It refuses files,
// the network, modules and waiting: none of them exists in there. It is meant to
// be used in a child process, see check/sandbox; what it does not defend against
// is a mistake in the compiler of the WebAssembly runtime.
//
// Start at New and Bench.Run.
package quickjs

import "time"

// Step is a script that runs before the tests.
type Step struct {
	Text    string `json:"text"`
	Learner bool   `json:"learner,omitempty"` // written by the learner; built-ins are hardened before the first of these
}

// Exceptions from hardening; see harness/harden.js.
type Exceptions struct {
	Soft  []string `json:"soft,omitempty"`
	Added []string `json:"added,omitempty"`
	Open  []string `json:"open,omitempty"`
}

func (e Exceptions) none() bool { return len(e.Soft)+len(e.Added)+len(e.Open) == 0 }

// Test is the text of a function expression, called with what harness/realm.js
// says. It is met when the promise that it answers is kept.
type Test struct {
	Text string `json:"text"`
	// Catches tells that the test itself catches errors, so that an assertion
	// that was not met does not decide by itself.
	Catches bool `json:"catches,omitempty"`
}

// Job is one check.
type Job struct {
	Steps []Step `json:"steps"`
	Tests []Test `json:"tests"`
	// Code and Editable are texts that tests may look at.
	Code     string `json:"code"`
	Editable string `json:"editable"`
	// Globals are names that the author's steps use: of "assert", "code" and
	// "__helpers". The learner's code sees them too, and cannot change them.
	Globals []string `json:"globals,omitempty"`
	Times   Times    `json:"times"`
	Exceptions
}

// Out is what one test said.
type Out struct {
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty"`
}

// Result is what a check said. Why is one of check's reasons.
type Result struct {
	Tests   []Out  `json:"tests"`
	Printed string `json:"printed,omitempty"`
	Why     string `json:"why,omitempty"`
	Late    bool   `json:"late,omitempty"` // a test, not only a step, used up its time
}

// Times is the processor time that things may take. Loops that never end are
// among what lessons show, so a step that runs out of its time does not end the
// check; a test that does is the last one.
type Times struct {
	Step  time.Duration `json:"step"`
	Test  time.Duration `json:"test"`
	Check time.Duration `json:"check"`
}
