package quickjs

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Flags of JS_Eval.
const (
	asScript = 0
	asModule = 1
	noRun    = 1 << 5
	asAsync  = 1 << 7
)

// Sources are the scripts that every realm begins with: vendor/assert.js and
// the two of package harness.
type Sources struct{ Assert, Realm, Harden string }

// Bench is a machine with two images of a realm: one with hardened built-ins,
// and one without, for exercises that need an exception.
type Bench struct {
	m          *machine
	harden     string
	soft, hard image
	learner    image // after the steps of the check that runs now
	kit        kit
	broken     bool   // what runs in the memory came to a bad end
	unread     string // why the learner's code of this check cannot be read
}

// kit are handles into the realm; they are the same number in every image.
type kit struct{ start, tick, harden, share, undefined uint64 }

// New makes a bench. Compiling takes most of a second, and a hundredth of it
// with a cache folder that has been used before.
func New(ctx context.Context, from Sources, cache string) (*Bench, error) {
	m, err := newMachine(ctx, cache)
	if err != nil {
		return nil, err
	}
	b := &Bench{m: m, harden: from.Harden}
	if err := errors.Join(m.begin(ctx), b.prepare(ctx, from)); err != nil {
		return nil, err
	}
	b.soft = m.save(nil)
	if err := b.hardenNow(ctx, Exceptions{}); err != nil {
		return nil, err
	}
	b.hard = m.save(nil)
	return b, nil
}

func (b *Bench) prepare(ctx context.Context, from Sources) error {
	if _, err := b.value(ctx, from.Assert, asScript); err != nil {
		return fmt.Errorf("assert.js: %w", err)
	}
	realm, err := b.value(ctx, from.Realm, asScript)
	if err != nil {
		return fmt.Errorf("realm.js: %w", err)
	}
	var host []uint64
	for _, name := range []string{"print", "fail", "skip"} {
		p, err := b.m.put(ctx, name)
		if err != nil {
			return err
		}
		f, err := b.m.call(ctx, "qjs_new_host_function", p, uint64(len(name)), 0)
		if err != nil {
			return err
		}
		host = append(host, f)
	}
	if b.kit.undefined, err = b.m.call(ctx, "qjs_get_undefined"); err != nil {
		return err
	}
	made, err := b.apply(ctx, realm, host...)
	if err != nil {
		return fmt.Errorf("realm.js: %w", err)
	}
	for name, to := range map[string]*uint64{"start": &b.kit.start, "tick": &b.kit.tick, "harden": &b.kit.harden, "share": &b.kit.share} {
		p, err := b.m.put(ctx, name)
		if err != nil {
			return err
		}
		if *to, err = b.m.call(ctx, "qjs_get_prop_string", made, p); err != nil {
			return err
		}
	}
	return nil
}

// hardenNow hardens the built-ins of the realm as it is.
func (b *Bench) hardenNow(ctx context.Context, e Exceptions) error {
	var args []uint64
	for _, text := range []string{b.harden, list(append([]string{"Math.random", "Date.now"}, e.Soft...)), list(e.Added), list(e.Open)} {
		arg, err := b.value(ctx, text, asScript)
		if err != nil {
			return fmt.Errorf("harden: %w", err)
		}
		args = append(args, arg)
	}
	_, err := b.apply(ctx, b.kit.harden, args...)
	if err != nil {
		return fmt.Errorf("harden: %w", err)
	}
	return nil
}

func list(names []string) string {
	text, err := json.Marshal(append([]string{}, names...))
	if err != nil { // strings are JSON
		panic(err)
	}
	return "(" + string(text) + ")"
}

// thrown is an exception of the program inside.
type thrown struct{ text string }

func (t *thrown) Error() string { return t.text }

// value evaluates a text. What it throws is a *thrown.
func (b *Bench) value(ctx context.Context, text string, flags uint64) (uint64, error) {
	p, err := b.m.put(ctx, text)
	if err != nil {
		return 0, err
	}
	name, err := b.m.put(ctx, "code")
	if err != nil {
		return 0, err
	}
	v, err := b.m.call(ctx, "qjs_eval", p, uint64(len(text)), name, flags)
	if err != nil {
		return 0, err
	}
	if _, err := b.m.call(ctx, "wasm_free", p); err != nil {
		return 0, err
	}
	return v, b.exception(ctx, v)
}

// apply calls a function.
func (b *Bench) apply(ctx context.Context, f uint64, args ...uint64) (uint64, error) {
	at, err := b.m.call(ctx, "wasm_malloc", uint64(4*len(args)+4))
	if err != nil {
		return 0, err
	}
	raw := make([]byte, 0, 4*len(args))
	for _, a := range args {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(a))
	}
	if at == 0 || !b.m.module.Memory().Write(uint32(at), raw) {
		return 0, fmt.Errorf("%w: no memory", errBroken)
	}
	v, err := b.m.call(ctx, "qjs_call", f, b.kit.undefined, uint64(len(args)), at)
	if err != nil {
		return 0, err
	}
	return v, b.exception(ctx, v)
}

// exception turns a value that stands for an exception into a *thrown.
func (b *Bench) exception(ctx context.Context, v uint64) error {
	is, err := b.m.call(ctx, "qjs_is_exception", v)
	if err != nil || is == 0 {
		return err
	}
	e, err := b.m.call(ctx, "qjs_get_exception")
	if err != nil {
		return err
	}
	return b.thrownBy(ctx, e)
}

// thrownBy describes what was thrown. Describing it may run the program's code.
func (b *Bench) thrownBy(ctx context.Context, e uint64) error {
	text, err := b.m.text(ctx, e)
	if err != nil {
		return err
	}
	if text == "" {
		text = "an error without a text"
	}
	return &thrown{text}
}

func isThrown(err error) bool {
	var t *thrown
	return errors.As(err, &t)
}

// Run does one check. An error means that the bench itself is broken.
func (b *Bench) Run(ctx context.Context, job Job) (Result, error) {
	b.m.host, b.unread = host{}, ""
	end := worked() + job.Times.Check
	r := Result{Tests: make([]Out, len(job.Tests))}
	why, err := b.steps(ctx, job, end)
	b.broken = errors.Is(err, errBroken)
	r.Printed, r.Why = b.m.host.take(), why
	if err != nil {
		return ended(r, err)
	}
	b.learner = b.m.save(b.learner)
	for i, test := range job.Tests {
		if i > 0 {
			if err := b.restore(ctx, b.learner); err != nil {
				return r, err
			}
		}
		r.Tests[i], err = b.test(ctx, job, test, end)
		if b.broken = errors.Is(err, errBroken); err != nil && !b.broken {
			return r, err
		}
		if why := b.m.host.why(r.Tests[i].Message, b.broken); why != "" {
			r.Why, r.Late = why, why == "timeout"
			return r, nil // the rest would only take as long
		}
	}
	if !slices.ContainsFunc(r.Tests, func(o Out) bool { return !o.Passed }) {
		r.Why = "" // a step broke off, and nothing misses what it did not do
	}
	for i := range r.Tests {
		if !r.Tests[i].Passed && b.unread != "" {
			r.Tests[i].Message = cut(b.unread)
		}
	}
	return r, nil
}

// restore puts an image in place of all memory.
func (b *Bench) restore(ctx context.Context, from image) error {
	broken := b.broken
	b.broken = false
	return b.m.restore(ctx, from, broken)
}

// ended is the result of a check whose tests did not run.
func ended(r Result, err error) (Result, error) {
	if !errors.Is(err, errBroken) {
		return r, err
	}
	r.Why = "memory"
	for i := range r.Tests {
		r.Tests[i].Message = "it needs more memory than there is"
	}
	return r, nil
}

// why names the reason of a failure that is not an assertion's.
func (h *host) why(message string, broken bool) string {
	switch {
	case h.lost > mostPrinted:
		return "output"
	case h.expired:
		return "timeout"
	case broken || strings.Contains(message, "out of memory"):
		return "memory"
	}
	return ""
}

// take gives what was printed.
func (h *host) take() string {
	text := h.printed.String()
	if h.lost > 0 {
		text += "…\n"
	}
	return text
}
