package quickjs

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
)

// steps runs what stands before the tests, from the image that the job needs.
// What a step throws is printed, and the tests run all the same, even if it
// cannot be read: a lesson may be about code that does not work yet.
func (b *Bench) steps(ctx context.Context, job Job, end time.Duration) (why string, err error) {
	from, hard := b.hard, job.none()
	if !hard {
		from = b.soft
	}
	if err := b.restore(ctx, from); err != nil {
		return "", err
	}
	if err := b.share(ctx, job); err != nil {
		return "", err
	}
	for _, s := range job.Steps {
		if s.Learner && !hard {
			if err := b.hardenNow(ctx, job.Exceptions); err != nil {
				return "", err
			}
			hard = true
		}
		was := why
		if why, err = b.step(ctx, s, job.Times.Step, end); err != nil {
			return why, err
		}
		why = cmp.Or(was, why)
	}
	return why, nil
}

// share makes what the author's steps use known to the realm.
func (b *Bench) share(ctx context.Context, job Job) error {
	if len(job.Globals) == 0 {
		return nil
	}
	names, err := b.value(ctx, list(job.Globals), asScript)
	if err != nil {
		return err
	}
	code, err := b.string(ctx, job.Code)
	if err != nil {
		return err
	}
	_, err = b.apply(ctx, b.kit.share, names, code)
	return err
}

// step runs one script.
func (b *Bench) step(ctx context.Context, s Step, most, end time.Duration) (why string, err error) {
	if strings.TrimSpace(s.Text) == "" {
		return "", nil
	}
	b.m.host.until(most, end)
	defer b.m.host.until(0, 0)
	_, err = b.value(ctx, s.Text, asScript)
	if !isThrown(err) {
		return "", err
	}
	h := &b.m.host
	if why := h.why(err.Error(), false); why != "" {
		return why, nil
	}
	if s.Learner && isSyntax(err) {
		handled, again := b.otherSyntax(ctx, s.Text, err)
		if isThrown(again) {
			why, b.unread = "syntax", again.Error()
		} else if handled || again != nil {
			return "", again
		}
	}
	h.print("Uncaught " + err.Error() + "\n")
	return why, nil
}

// otherSyntax looks at a script that threw a SyntaxError: it may wait at its top
// level, or be a module, which lessons only look at. If it is none of them, the
// error comes back.
func (b *Bench) otherSyntax(ctx context.Context, text string, was error) (handled bool, err error) {
	if _, err := b.value(ctx, text, noRun); !isThrown(err) {
		return false, err // it can be read; the error came while it ran
	}
	if _, err := b.value(ctx, text, asAsync|noRun); !isThrown(err) {
		if err == nil {
			_, err = b.value(ctx, text, asAsync)
		}
		return true, ignoreThrown(err)
	}
	if _, err := b.value(ctx, text, asModule|noRun); !isSyntax(err) {
		return true, ignoreThrown(err) // what it imports cannot be found
	}
	return true, was
}

func isSyntax(err error) bool {
	return isThrown(err) && strings.HasPrefix(err.Error(), "SyntaxError")
}

func ignoreThrown(err error) error {
	if isThrown(err) {
		return nil
	}
	return err
}

// test runs one test in the memory as it is.
func (b *Bench) test(ctx context.Context, job Job, test Test, end time.Duration) (Out, error) {
	h := &b.m.host
	h.said, h.failed, h.lost = false, "", 0
	h.printed.Reset()
	h.until(job.Times.Test, end)
	defer func() { h.deadline = 0 }()
	err := b.settle(ctx, job, test)
	switch {
	case h.expired || h.lost > mostPrinted:
		return Out{Message: "it did not come to an end"}, ifBroken(err)
	case errors.Is(err, errBroken):
		return Out{Message: "it needs more memory than there is"}, err
	case isThrown(err):
		return Out{Message: cut(strings.TrimPrefix(err.Error(), "AssertionError: "))}, nil
	case err != nil:
		return Out{}, err
	case h.said && !test.Catches:
		return Out{Message: cut(h.failed)}, nil
	}
	return Out{Passed: true}, nil
}

func ifBroken(err error) error {
	if isThrown(err) {
		return nil
	}
	return err
}

// settle calls a test and runs what it leaves to be done until its promise is
// kept. A promise that nothing can keep any more is a *thrown.
func (b *Bench) settle(ctx context.Context, job Job, test Test) error {
	f, err := b.value(ctx, test.Text, asScript)
	if err != nil {
		return err
	}
	code, err := b.string(ctx, job.Code)
	if err != nil {
		return err
	}
	editable, err := b.string(ctx, job.Editable)
	if err != nil {
		return err
	}
	promise, err := b.apply(ctx, b.kit.start, f, code, editable)
	if err != nil {
		return err
	}
	for {
		switch state, err := b.m.call(ctx, "qjs_promise_state", promise); {
		case err != nil:
			return err
		case state == 1:
			return nil
		case state == 2:
			return b.rejected(ctx, promise)
		}
		if more, err := b.turn(ctx); err != nil {
			return err
		} else if !more {
			return &thrown{"the test waits for something that never comes"}
		}
	}
}

func (b *Bench) rejected(ctx context.Context, promise uint64) error {
	e, err := b.m.call(ctx, "qjs_promise_result", promise)
	if err != nil {
		return err
	}
	return b.thrownBy(ctx, e)
}

// turn does one thing that waits to be done, a job before a timer.
func (b *Bench) turn(ctx context.Context) (more bool, err error) {
	if b.m.host.over() {
		return false, nil
	}
	jobs, err := b.m.call(ctx, "qjs_is_job_pending")
	if err != nil {
		return false, err
	}
	if jobs != 0 {
		_, err := b.m.call(ctx, "qjs_execute_pending_job")
		return true, err
	}
	ran, err := b.apply(ctx, b.kit.tick)
	if err != nil {
		return false, err
	}
	is, err := b.m.call(ctx, "qjs_get_bool", ran)
	return is != 0, err
}

func (b *Bench) string(ctx context.Context, text string) (uint64, error) {
	p, err := b.m.put(ctx, text)
	if err != nil {
		return 0, err
	}
	return b.m.call(ctx, "qjs_new_string", p, uint64(len(text)))
}

// cut keeps a message to what a learner would read.
func cut(text string) string {
	const most = 1 << 10
	if len(text) > most {
		return strings.ToValidUTF8(text[:most-4], "") + "…"
	}
	return text
}
