package chrome

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kept/internal/check"
	"kept/internal/course"
)

func page(html string, tests ...string) (check.Exercise, check.Answer) {
	x := check.Exercise{ID: "page", Engine: course.Page, Files: []course.File{{Name: "index.html", Lang: "html"}}}
	for _, code := range tests {
		x.Tests = append(x.Tests, course.Test{Says: "says " + code, Code: code, Lang: "js"})
	}
	return x, check.Answer{Files: []check.File{{Name: "index.html", Text: html}}}
}

func python(text string, tests ...course.Test) (check.Exercise, check.Answer) {
	x := check.Exercise{ID: "python", Engine: course.Python, Files: []course.File{{Name: "main.py", Lang: "py"}}, Tests: tests}
	return x, check.Answer{Files: []check.File{{Name: "main.py", Text: text}}}
}

func must(t *testing.T, e *Engine, x check.Exercise, a check.Answer) check.Verdict {
	t.Helper()
	v, err := e.Check(t.Context(), x, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Whatever an answer does to the frame, it ends, it is said why, and the next
// check is as if nothing had been.
func TestBrowserBombsEnd(t *testing.T) {
	e := testEngine(t, Options{Pages: 1, PerTest: 2 * time.Second, Whole: 10 * time.Second, Memory: 400 << 20, JavaScript: true})
	js := func(text string) (check.Exercise, check.Answer) {
		return check.Exercise{ID: "js", Engine: course.JavaScript, Files: []course.File{{Name: "script.js", Lang: "js"}}, Tests: []course.Test{{Says: "ends", Code: "assert.isTrue(go())"}}},
			check.Answer{Files: []check.File{{Name: "script.js", Text: text}}}
	}
	for _, c := range []struct {
		name, html, script string
		why                []check.Reason
	}{
		{"loop while it loads", "<script>for (;;) {}</script>", "", []check.Reason{check.Timeout, check.Ran}},
		{"loop in a test", "<script>function go() { for (;;) {} }</script>", "", []check.Reason{check.Timeout, check.Ran}},
		{"recursion", "<script>function go() { const f = (n) => n > 70 ? 1 : f(n + 1) + f(n + 1); return f(0); }</script>", "", []check.Reason{check.Timeout}},
		{"regular expression", "<script>function go() { return /^(a+)+$/.test('a'.repeat(60) + '!'); }</script>", "", []check.Reason{check.Timeout}},
		{"memory", "<script>window.all = []; function go() { for (let i = 0; i < 4000; i++) all.push(new Uint8Array(1 << 20).fill(i)); return all.length === 4000; }</script>", "", []check.Reason{check.Memory, check.Timeout, check.Crash, check.Ran}},
		{"elements", "<script>function go() { const f = () => { document.body.append(...Array.from({length: 20000}, () => document.createElement('p'))); setTimeout(f, 0); }; f(); return new Promise(() => {}); }</script>", "", []check.Reason{check.Memory, check.Timeout, check.Crash}},
		{"boxes", "<script>setInterval(() => { alert(1); confirm(2); prompt(3); print(); open('/'); }, 0); function go() { return 'no'; }</script>", "", []check.Reason{check.Ran, check.Output}},
		{"printing", "<script>function go() { const f = () => { for (let i = 0; i < 1000; i++) console.log('a'.repeat(1000)); setTimeout(f, 0); }; f(); return new Promise(() => {}); }</script>", "", []check.Reason{check.Output, check.Timeout}},
		{"loop in a worker", "", "const go = () => { for (;;) {} };", []check.Reason{check.Timeout, check.Ran}},
		{"regular expression in a worker", "", "const go = () => /^(a+)+$/.test('a'.repeat(60) + '!');", []check.Reason{check.Timeout}},
		{"end of the worker", "", "self.close(); const go = () => true;", []check.Reason{check.Timeout, check.Ran}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, a := page(c.html, "assert.isTrue(await go())")
			if c.script != "" {
				x, a = js(c.script)
			}
			began := time.Now()
			v := must(t, e, x, a)
			if v.Passed && c.name != "end of the worker" || !slices.Contains(c.why, v.Why) {
				t.Errorf("%+v, want one of %q", v, c.why)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %s", took)
			}
			x, a = page("<p>calm</p>", `assert.strictEqual(document.querySelector("p").textContent, "calm")`)
			if v := must(t, e, x, a); !v.Passed {
				t.Errorf("the next answer: %+v", v)
			}
		})
	}
}

// An answer leaves nothing for the next in the same tab, not even in Python,
// whose interpreter is kept.
func TestBrowserNothingOfAnAnswerRemains(t *testing.T) {
	e := testEngine(t, Options{Pages: 1})
	pass := course.Test{Says: "runs", Lang: "py", Code: "pass"}
	x, a := python(`
import builtins, sys, json, os
builtins.remains = 1
sys.remains = 1
json.remains = 1
json.loads = None
int_max = sys.set_int_max_str_digits(5000)
os.environ["REMAINS"] = "1"
open("/tmp/remains", "w").write("1")
open("/home/pyodide/json.py", "w").write("remains = 2")
open("/home/pyodide/ast_helpers.py", "w").write("remains = 2")
os.chdir("/tmp")
sys.path.insert(0, "/tmp")
`, pass)
	if v := must(t, e, x, a); !v.Passed && v.Why != check.Cheat {
		t.Fatalf("%+v", v)
	}
	x, a = python(`
import builtins, sys, json, os, ast_helpers
found = [n for n, m in (("builtins", builtins), ("sys", sys), ("json", json), ("ast_helpers", ast_helpers)) if hasattr(m, "remains")]
found += [p for p in ("/tmp/remains", "/home/pyodide/json.py") if os.path.exists(p)]
if os.environ.get("REMAINS"): found.append("environ")
if os.getcwd() != "/home/pyodide": found.append(os.getcwd())
if "/tmp" in sys.path: found.append("path")
if json.loads("[1]") != [1]: found.append("loads")
if sys.get_int_max_str_digits() != 4300: found.append("digits")
`, course.Test{Says: "finds nothing", Lang: "py", Code: "assert found == [], found"}, pass)
	if v := must(t, e, x, a); !v.Passed {
		t.Errorf("%+v", v)
	}
	x, a = page(`<script>localStorage.setItem("remains", "1"); window.remains = 1; name = "remains"; history.replaceState({remains: 1}, "")</script>`, "assert(true)")
	must(t, e, x, a)
	x, a = page(`<p>`, `assert.isNull(localStorage.getItem("remains")); assert.notProperty(window, "remains"); assert.strictEqual(name, ""); assert.notDeepEqual(history.state, {remains: 1})`)
	if v := must(t, e, x, a); !v.Passed {
		t.Errorf("%+v", v)
	}
}

func TestBrowserTellsWhyInWords(t *testing.T) {
	e := testEngine(t, Options{Pages: 1})
	x, a := page(`<h1>One</h1><script>console.log("printed", {a: [1]}); throw new Error("broken")</script>`,
		`assert.strictEqual(document.querySelector("h1").textContent, "Two", "The heading is wrong")`, `assert.lengthOf(document.querySelectorAll("h1"), 1)`)
	v := must(t, e, x, a)
	if v.Passed || len(v.Tests) != 2 || !strings.Contains(v.Tests[0].Message, "The heading is wrong") || !v.Tests[1].Passed {
		t.Errorf("%+v", v)
	}
	if !strings.Contains(v.Console, `printed {"a":[1]}`) || !strings.Contains(v.Console, "broken") {
		t.Errorf("console: %q", v.Console)
	}
	x, a = python("def f(:\n    pass", course.Test{Says: "runs", Lang: "py", Code: "assert f() is None"})
	if v := must(t, e, x, a); v.Passed || !strings.Contains(v.Tests[0].Message, "SyntaxError") {
		t.Errorf("%+v", v)
	}
}

// Learners' checks run beside each other, and each gets its own verdict.
func TestBrowserManyAtOnce(t *testing.T) {
	e := testEngine(t, Options{Pages: 2, Renew: 5})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			right := i%2 == 0
			html := "<h1>no</h1>"
			if right {
				html = "<h1>yes</h1>"
			}
			x, a := page(html, `assert.strictEqual(document.querySelector("h1").textContent, "yes")`)
			v, err := e.Check(t.Context(), x, a)
			if err != nil || v.Passed != right {
				t.Errorf("%d: %+v %v", i, v, err)
			}
		})
	}
	wg.Wait()
}

// A browser that died is started again.
func TestBrowserDiesAndComesBack(t *testing.T) {
	e := testEngine(t, Options{Pages: 1})
	x, a := page("<p>here</p>", `assert.strictEqual(document.querySelector("p").textContent, "here")`)
	if v := must(t, e, x, a); !v.Passed {
		t.Fatalf("%+v", v)
	}
	e.mu.Lock()
	dying := e.browser
	e.mu.Unlock()
	_ = chromedp.Cancel(dying.ctx)
	if v := must(t, e, x, a); !v.Passed {
		t.Errorf("%+v", v)
	}
}

func TestChecksEndWithTheirContext(t *testing.T) {
	e := testEngine(t, Options{Pages: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x, a := page("<p>", "assert(true)")
	if _, err := e.Check(ctx, x, a); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestFindFollowsTheSetting(t *testing.T) {
	for _, setting := range []string{"off", "/nowhere/chromium"} {
		if p, err := Find(setting); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %q %v", setting, p, err)
		}
	}
	if _, err := New(Options{}); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
}

func TestRegionIsWhatStandsBetween(t *testing.T) {
	author := course.File{Text: "a\nb\n\nc\nd", Editable: []course.Region{{From: 3, To: 3}}}
	for text, want := range map[string]string{"a\nb\n\nc\nd": "", "a\nb\nx\ny\nc\nd": "x\ny", "a": "", "": ""} {
		if got := region(author, text); got == nil || *got != want {
			t.Errorf("%q: %v, want %q", text, got, want)
		}
	}
	if region(course.File{Text: "a"}, "b") != nil {
		t.Error("a file without an editable part has one")
	}
}
