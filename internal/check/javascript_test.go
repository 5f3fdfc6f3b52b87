package check

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/check/quickjs"
	"kept/internal/course"
)

// engine is one engine for a whole test, with compiled code shared by all.
func engine(t *testing.T) *JavaScript {
	t.Helper()
	j := NewJavaScript(filepath.Join(os.TempDir(), "kept-check-tests"))
	j.times = quickjs.Times{Step: time.Second / 4, Test: time.Second, Check: 2 * time.Second}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func simple(tests ...string) Exercise {
	e := Exercise{ID: "x", Engine: course.JavaScript, Files: []course.File{{Name: "script.js", Lang: "js"}}}
	for _, code := range tests {
		e.Tests = append(e.Tests, course.Test{Says: code, Lang: "js", Code: code})
	}
	return e
}

func answered(text string) Answer { return Answer{Files: []File{{Name: "script.js", Text: text}}} }

func mustCheck(t *testing.T, j Engine, e Exercise, text string) Verdict {
	t.Helper()
	v, err := j.Check(t.Context(), e, answered(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnswerPassesAndFails(t *testing.T) {
	j := engine(t)
	e := simple("assert.strictEqual(add(2, 3), 5)", "assert.match(code, /return/)")
	if v := mustCheck(t, j, e, "const add = (a, b) => { return a + b }"); !v.Passed || v.Why != Ran {
		t.Errorf("%+v", v)
	}
	v := mustCheck(t, j, e, "const add = (a, b) => a - b")
	if v.Passed || v.Tests[0].Passed || v.Tests[0].Message != "expected -1 to equal 5" || v.Tests[1].Passed {
		t.Errorf("%+v", v)
	}
	walls, err := j.Walls()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", walls)
}

// Each of these ends within its limits, by itself or by force, and what comes
// next is not slower than before.
func TestBombsEndAndTheNextCheckIsNotSlower(t *testing.T) {
	j := engine(t)
	e, honest := simple("assert.strictEqual(f(), 1)"), "const f = () => 1"
	for _, bomb := range []struct{ name, text string }{
		{"loop", "const f = () => { for (;;); }"},
		{"loop at the top", "for (;;); const f = () => 2"},
		{"promises", "const f = () => { const again = () => Promise.resolve().then(again); again(); return 2 }"},
		{"promises that are waited for", "const f = async () => { for (;;) await null; }; const g = f();"},
		{"timers", "const f = () => new Promise(() => { setInterval(() => {}, 1) })"},
		{"regular expression", "const f = () => /^(a+)+$/.test('a'.repeat(40) + 'b')"},
		{"regular expression with memory", "const f = () => /(.*)*(.*)*x\\1/.test('y'.repeat(5000))"},
		{"recursion", "const f = () => f()"},
		{"recursion by getters", "const o = { get a() { return this.a } }; const f = () => o.a"},
		{"recursion by JSON", "let o = {}; for (let i = 0; i < 2e4; i++) o = { o }; const f = () => JSON.stringify(o).length"},
		{"arrays", "const f = () => { const all = []; for (;;) all.push(new Array(1e6).fill(1)) }"},
		{"one array", "const f = () => new Array(2 ** 31).fill(1).length"},
		{"one string", "const f = () => 'x'.repeat(2 ** 29).length"},
		{"strings", "const f = () => { let s = 'x'; for (;;) s += s }"},
		{"buffers", "const f = () => { const all = []; for (;;) all.push(new ArrayBuffer(1 << 26)) }"},
		{"big numbers", "const f = () => String(7n ** 5000000n).length"},
		{"sorting", "const f = () => Array.from({ length: 3e6 }, (_, i) => -i).sort().length"},
		{"output", "for (;;) console.log('x'.repeat(1000)); const f = () => 2"},
		{"one line", "console.log('x'.repeat(1 << 26)); const f = () => 2"},
		{"names", "for (let i = 0; ; i++) globalThis['n' + i] = i; const f = () => 2"},
		{"code", "const f = () => { for (let s = '1'; ; s = s + '+' + s) eval(s) }"},
		{"generators", "function* g() { yield* g() } const f = () => [...g()]"},
		{"fork", "const f = () => { for (;;) new Function('return 1')() }"},
	} {
		v := mustCheck(t, j, e, bomb.text)
		if v.Passed {
			t.Errorf("%s passes", bomb.name)
		}
		t.Logf("%s: %s %q in %s", bomb.name, v.Why, v.Tests[0].Message, v.Took.Round(time.Millisecond))
		if next := mustCheck(t, j, e, honest); !next.Passed {
			t.Errorf("after %s an honest answer fails: %+v", bomb.name, next)
		}
	}
	// Other work on the machine slows down both: they take turns, and the fastest
	// of many counts.
	untouched, after, before := engine(t), time.Hour, time.Hour
	for range 30 {
		after = min(after, mustCheck(t, j, e, honest).Took)
		before = min(before, mustCheck(t, untouched, e, honest).Took)
	}
	if after > 2*before+3*time.Millisecond {
		t.Errorf("a check takes %s after the bombs, and %s in a child that saw none", after, before)
	}
}

// What one check leaves, the next does not find.
func TestNothingStaysFromOneCheckToTheNext(t *testing.T) {
	j := engine(t)
	e := simple("assert.isUndefined(globalThis.left)", "assert.isUndefined([].left)", "globalThis.left = 1; assert.strictEqual(left, 1)",
		"assert.isUndefined(globalThis.left)")
	leave := "try { globalThis.left = 1; Array.prototype.left = 1; Object.prototype.left = 1 } catch {}"
	for range 3 {
		if v := mustCheck(t, j, e, leave); v.Passed {
			t.Errorf("%+v", v)
		}
		if v := mustCheck(t, j, e, ""); !v.Passed {
			t.Errorf("%+v", v)
		}
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	j := engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Check(ctx, simple("assert(true)"), answered("for (;;);")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if v := mustCheck(t, j, simple("assert(true)"), ""); !v.Passed {
		t.Errorf("the engine is of no use any more: %+v", v)
	}
}

func TestClosedEngineRefuses(t *testing.T) {
	j := NewJavaScript("")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Check(t.Context(), simple("assert(true)"), Answer{}); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Lessons do these things to built-ins, and honest code may go on doing so.
func TestHonestCodeMayUseBuiltinsAsItAlwaysDid(t *testing.T) {
	j := engine(t)
	for name, code := range map[string]string{
		"own toString":        "class A { toString() { return 'a' } } const f = () => `${new A()}`; assert.strictEqual(f(), 'a')",
		"assigned toString":   "const a = {}; a.toString = () => 'a'; assert.strictEqual(String(a), 'a')",
		"constructor":         "function Bird() {} Bird.prototype = { fly() {} }; Bird.prototype.constructor = Bird; assert.strictEqual(new Bird().constructor, Bird)",
		"inherits":            "function A() {} function B() {} B.prototype = Object.create(A.prototype); B.prototype.constructor = B; assert.instanceOf(new B(), A)",
		"own error":           "class E extends Error { constructor(m) { super(m); this.name = 'E' } } assert.throws(() => { throw new E('x') }, E, 'x')",
		"error by prototype":  "function E(m) { this.message = m } E.prototype = new Error(); E.prototype.name = 'E'; assert.strictEqual(new E('x').name, 'E')",
		"subclass of Array":   "class Stack extends Array { peek() { return this.at(-1) } } const s = new Stack(); s.push(1, 2); assert.strictEqual(s.peek(), 2); assert.deepEqual([...s.map((n) => n * 2)], [2, 4])",
		"new Array method":    "Array.prototype.last = function () { return this.at(-1) }; assert.strictEqual([1, 2].last(), 2)",
		"a class named Map":   "class Map { get() { return 7 } } assert.strictEqual(new Map().get(), 7)",
		"mocked Math.random":  "Math.random = () => 0.5; assert.strictEqual(Math.random(), 0.5)",
		"spied filter":        "const spy = __helpers.spyOn(Array.prototype, 'filter'); [1].filter(Boolean); spy.restore(); assert.lengthOf(spy.calls, 1)",
		"spied log":           "const spy = __helpers.spyOn(console, 'log'); console.log('a'); assert.deepEqual(spy.calls, [['a']])",
		"mocked Date.now":     "Date.now = () => 1; assert.strictEqual(Date.now(), 1)",
		"hasOwnProperty":      "const o = { hasOwnProperty: 1 }; o.valueOf = () => 3; assert.strictEqual(o + 1, 4)",
		"iterates":            "const o = { *[Symbol.iterator]() { yield 1; yield 2 } }; assert.deepEqual([...o], [1, 2])",
		"dates":               "assert.strictEqual(new Date(2020, 0, 5).toLocaleDateString('en-US'), '1/5/2020'); assert.strictEqual((1234567.5).toLocaleString(), '1,234,567.5')",
		"await at the top":    "assert.strictEqual(await Promise.resolve(4), 4)",
		"structuredClone":     "assert.deepEqual(structuredClone({ a: [1, new Date(0)] }).a[0], 1)",
		"name of a function":  "const o = {}; o.name = 'x'; o.message = 'y'; o.toJSON = () => 1; assert.strictEqual(JSON.stringify(o), '1')",
		"prototype of a list": "const L = function () {}; L.prototype = []; const l = new L(); l.push(1); assert.strictEqual(l.length, 1)",
	} {
		if v := mustCheck(t, j, simple(code), ""); !v.Passed {
			t.Errorf("%s, in a test: %s", name, v.Tests[0].Message)
		}
	}
}

// Strict mode, modules and code that throws behave as lessons expect.
func TestCodeThatDoesNotRunMayStillBeLookedAt(t *testing.T) {
	j := engine(t)
	look := simple("assert.match(code, /add/)")
	v := mustCheck(t, j, simple("assert.strictEqual(add(1), 2)"), "const add = = 1")
	if v.Passed || v.Why != Syntax || !strings.HasPrefix(v.Tests[0].Message, "SyntaxError") {
		t.Errorf("%+v", v)
	}
	for text, passes := range map[string]bool{
		"import { add } from './math.js'; add(1, 2)":  true,
		"export const add = 1":                        true,
		"add()":                                       true,
		"const add = await 5":                         true,
		"while (true) { add }":                        true,
		"const add = = 1":                             true,
		"'use strict'; const add = 1; undeclared = 2": true,
	} {
		if v := mustCheck(t, j, look, text); v.Passed != passes {
			t.Errorf("%s: passed is %v (%s)", text, v.Passed, v.Why)
		}
	}
}

// A child may be an attacker's. Whatever it says, the parent makes an error or
// a result of the right form out of it.
func FuzzReadResult(f *testing.F) {
	f.Add([]byte(`{"tests":[{"passed":true}],"why":""}`), 1)
	f.Add([]byte(`{"tests":[{"passed":true},{"passed":true}]}`), 1)
	f.Add([]byte(`{"tests":null,"why":"rich"}`), 0)
	f.Add([]byte(`[[[[`), 2)
	f.Fuzz(func(t *testing.T, text []byte, tests int) {
		r, err := readResult(text, tests)
		if err != nil {
			return
		}
		if len(r.Tests) != tests || !validReason(Reason(r.Why)) {
			t.Errorf("taken: %+v", r)
		}
		e := Exercise{Tests: make([]course.Test, tests)}
		v := verdict(e, r, 0)
		if len(v.Console) > MaxConsole || v.Passed && (tests == 0 || r.Why == string(Syntax)) {
			t.Errorf("%+v", v)
		}
	})
}
