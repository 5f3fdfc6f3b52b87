package check

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"kept/internal/check/quickjs"
	"kept/internal/course"
)

// compose makes the scripts of a check out of an exercise and a complete set of
// files. The learner's text is a script of its own, so that no bracket or
// comment in it can swallow what stands around it.
func compose(e Exercise, files []course.File) quickjs.Job {
	job := quickjs.Job{Steps: []quickjs.Step{{Text: e.Before}, {Text: e.BeforeEach}}}
	var code []string
	for _, f := range files {
		job.Steps = append(job.Steps, quickjs.Step{Text: f.Before}, quickjs.Step{Text: f.Text, Learner: true}, quickjs.Step{Text: f.After})
		code = append(code, f.Text)
	}
	job.Code = strings.Join(code, "\n")
	job.Editable = job.Code
	own := e.ownText()
	job.Exceptions = exceptions(own)
	for _, name := range []string{"assert", "__helpers", "code"} {
		if uses(e.stepText(), name) {
			job.Globals = append(job.Globals, name)
		}
	}
	for _, t := range e.Tests {
		job.Tests = append(job.Tests, quickjs.Test{Text: testFunction(t.Code, own), Catches: catches.MatchString(t.Code)})
	}
	return job
}

// ownText is all JavaScript that the author wrote, nothing of the learner's.
func (e Exercise) ownText() string {
	parts := []string{e.stepText()}
	for _, f := range e.Files {
		parts = append(parts, f.Text)
	}
	for _, t := range e.Tests {
		parts = append(parts, t.Code)
	}
	return strings.Join(parts, "\n")
}

// stepText is what the author has run around the learner's code.
func (e Exercise) stepText() string {
	parts := []string{e.Before, e.BeforeEach}
	for _, f := range e.Files {
		parts = append(parts, f.Before, f.After)
	}
	return strings.Join(parts, "\n")
}

var (
	catches  = regexp.MustCompile(`\b(?:catch\b|throws?\()`)
	member   = regexp.MustCompile(`\b([A-Z]\w*)\.prototype\.(\w+)`)
	assigned = regexp.MustCompile(`\b([A-Z]\w*(?:\.prototype)?\.\w+)\s*=[^=]`)
	spied    = regexp.MustCompile(`\bspyOn(?:Callbacks)?\(\s*([A-Z]\w*(?:\.prototype)?),\s*["'\x60](\w+)["'\x60]`)
	wholly   = regexp.MustCompile(`(?:\b(?:defineProperty|defineProperties|assign)\(\s*)([A-Z]\w*)\.prototype\b|\b([A-Z]\w*)\.prototype\[`)
)

// exceptions are what the author's own text wants to change of the built-ins.
// Everything else is hardened.
func exceptions(own string) quickjs.Exceptions {
	var e quickjs.Exceptions
	for _, m := range member.FindAllStringSubmatch(own, -1) {
		e.Added = with(e.Added, m[1], m[1]+".prototype."+m[2])
	}
	for _, m := range assigned.FindAllStringSubmatch(own, -1) {
		of, _, _ := strings.Cut(m[1], ".")
		e.Soft = with(e.Soft, of, m[1])
	}
	for _, m := range spied.FindAllStringSubmatch(own, -1) {
		of, _, _ := strings.Cut(m[1], ".")
		e.Soft = with(e.Soft, of, m[1]+"."+m[2])
	}
	for _, m := range wholly.FindAllStringSubmatch(own, -1) {
		of := cmp.Or(m[1], m[2])
		e.Open = with(e.Open, of, of+".prototype")
	}
	return e
}

// with adds a name once, if it belongs to a built-in.
func with(names []string, of, name string) []string {
	if slices.Contains(builtins, of) && !slices.Contains(names, name) {
		return append(names, name)
	}
	return names
}

// builtins are the names that a test gets as they were before the learner's code
// ran.
var builtins = strings.Fields(`Object Function Error EvalError RangeError ReferenceError SyntaxError TypeError URIError
	AggregateError Iterator Array parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI
	encodeURIComponent escape unescape Number Boolean String Math Reflect Symbol BigInt Date RegExp JSON Proxy Map Set
	WeakMap WeakSet ArrayBuffer SharedArrayBuffer Uint8ClampedArray Int8Array Uint8Array Int16Array Uint16Array Int32Array
	Uint32Array BigInt64Array BigUint64Array Float32Array Float64Array DataView Promise WeakRef FinalizationRegistry
	structuredClone setTimeout clearTimeout setInterval clearInterval queueMicrotask atob btoa`)

// testFunction puts a test into a function whose parameters cannot be shadowed
// by anything global. Built-ins that the author declares or replaces are left
// to mean what they then mean.
func testFunction(code, own string) string {
	var pinned []string
	for _, name := range builtins {
		if uses(code, name) && !redefines(own, name) {
			pinned = append(pinned, name)
		}
	}
	return "(async function (assert, code, editableContents, __helpers, __FakeTimers, {" + strings.Join(pinned, ", ") + "}) {{\n" +
		code + "\n}})"
}

func uses(code, name string) bool {
	for rest := code; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		before, after := i == 0 || !wordy(rest[i-1]), i+len(name) == len(rest) || !wordy(rest[i+len(name)])
		if before && after {
			return true
		}
		rest = rest[i+len(name):]
	}
}

func wordy(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

var (
	declared = regexp.MustCompile(`\b(?:var|let|const|function\*?|class)\s+(\w+)`)
	replaced = regexp.MustCompile(`(?:^|[^.\w])(?:(?:globalThis|self|window)\.)?(\w+)\s*=[^=>]`)
)

// redefines tells whether the author's text gives a built-in's name to
// something else.
func redefines(own, name string) bool {
	if !uses(own, name) {
		return false
	}
	named := func(m []string) bool { return m[1] == name }
	return slices.ContainsFunc(declared.FindAllStringSubmatch(own, -1), named) ||
		slices.ContainsFunc(replaced.FindAllStringSubmatch(own, -1), named)
}
