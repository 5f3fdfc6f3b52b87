package check

import (
	"context"
	"testing"
	"time"

	"kept/internal/course"
)

// says is an engine that always says the same.
type says struct {
	name    string
	verdict Verdict
	asked   int
}

func (s *says) Name() string      { return s.name }
func (s *says) Can(Exercise) bool { return true }
func (s *says) Close() error      { return nil }

func (s *says) Check(context.Context, Exercise, Answer) (Verdict, error) {
	s.asked++
	return s.verdict, nil
}

func unmet(messages ...string) []Outcome {
	var all []Outcome
	for _, m := range messages {
		all = append(all, Outcome{Message: m, Passed: m == ""})
	}
	return all
}

// What the first engine gives up, and only that, the second takes over.
func TestWhatOneEngineGivesUpTheNextTakesOver(t *testing.T) {
	for name, c := range map[string]struct {
		tests []string
		text  string
		first Verdict
		takes bool
	}{
		"met":                     {tests: []string{"assert(f(new Date()))"}, first: Verdict{Passed: true, Tests: unmet("")}},
		"not met":                 {tests: []string{"assert(f())"}, first: Verdict{Tests: unmet("no")}},
		"late":                    {tests: []string{"assert(f())"}, first: Verdict{Why: Timeout, late: true, Tests: unmet("late")}, takes: true},
		"a step was late":         {tests: []string{"assert(f())"}, first: Verdict{Why: Timeout, Tests: unmet("no")}},
		"too deep":                {tests: []string{"assert(f())"}, first: Verdict{Tests: unmet("RangeError: Maximum call stack size exceeded")}, takes: true},
		"too large":               {tests: []string{"assert(f())"}, first: Verdict{Why: Memory, Tests: unmet("memory")}, takes: true},
		"cannot be read":          {tests: []string{"assert(f())"}, first: Verdict{Why: Syntax, Tests: unmet("SyntaxError")}, takes: true},
		"printed too much":        {tests: []string{"assert(f(new Date()))"}, first: Verdict{Why: Output, Tests: unmet("output")}},
		"dates in a test":         {tests: []string{"assert(f(new Date()))"}, first: Verdict{Tests: unmet("no")}, takes: true},
		"dates in the answer":     {tests: []string{"assert(f())"}, text: "const f = () => new Intl.NumberFormat('de')", first: Verdict{Tests: unmet("no")}, takes: true},
		"dates in a word":         {tests: []string{"assert(f())"}, text: "const f = (updateDates) => 1", first: Verdict{Tests: unmet("no")}},
		"the text of a function":  {tests: []string{"assert.match(f.toString(), /var/)", "assert(f())"}, first: Verdict{Tests: unmet("no", "")}, takes: true},
		"its text and its result": {tests: []string{"assert.match(f.toString(), /var/)", "assert(f())"}, first: Verdict{Tests: unmet("no", "no")}},
	} {
		t.Run(name, func(t *testing.T) {
			c.first.Took = time.Second
			first, second := &says{name: "first", verdict: c.first}, &says{name: "second", verdict: Verdict{Passed: true, Took: time.Second}}
			v, err := NewPool(1, first, second).Check(t.Context(), "k", simple(c.tests...), answered(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if (second.asked == 1) != c.takes || v.Passed != (c.takes || c.first.Passed) {
				t.Errorf("the second was asked %d times: %+v", second.asked, v)
			}
			if c.takes && v.Took != 2*time.Second {
				t.Errorf("both took %s", v.Took)
			}
			if v, err = NewPool(1, first).Check(t.Context(), "k", simple(c.tests...), answered(c.text)); err != nil || v.Passed != c.first.Passed {
				t.Errorf("without a second: %+v %v", v, err)
			}
		})
	}
}

// An engine that gives up early says of a long test that it was late.
func TestBriefEngineGivesUpEarly(t *testing.T) {
	j := engine(t).Brief()
	v := mustCheck(t, j, Exercise{ID: "x", Engine: course.JavaScript, Files: []course.File{{Name: "script.js", Lang: "js"}},
		Tests: []course.Test{{Lang: "js", Code: "assert(true)"}, {Lang: "js", Code: "f()"}}}, "const f = () => { for (;;); }")
	if v.Passed || !v.late || !v.Tests[0].Passed || v.Took > time.Minute {
		t.Errorf("%+v", v)
	}
	if v := mustCheck(t, j, simple("assert.fail()"), "for (;;);"); v.late || v.Why != Timeout {
		t.Errorf("only its top level was late: %+v", v)
	}
}
