package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/emersion/go-smtp"
)

// Stage is how far a mail came.
type Stage string

const (
	StageConnect Stage = "connect"
	StageTLS     Stage = "tls"
	StageAuth    Stage = "auth"
	StageFrom    Stage = "from"
	StageTo      Stage = "to"
	StageData    Stage = "data"
)

// SendError says why a relay did not take a mail, in codes: the words of a
// relay quote addresses.
type SendError struct {
	Stage     Stage
	Code      int    // SMTP reply; 0 if there was none
	Enhanced  [3]int // RFC 3463, zero if there was none
	Word      string // what happened if there was no reply: timeout, dropped, …
	Permanent bool   // trying again is of no use

	// cause stands in errors of the stages before any address is named.
	cause error
}

// Words of a SendError without a reply.
const (
	wordTimeout    = "timeout"
	wordDropped    = "dropped"
	wordNoSTARTTLS = "no-starttls"
	wordNoUTF8     = "no-smtputf8"
	wordNoSecret   = "no-secret"
	wordStopped    = "stopped"
)

// Reason is the error in one word for counters, as "to-550-5.1.1".
func (e *SendError) Reason() string {
	if e.Code == 0 {
		return string(e.Stage) + "-" + e.Word
	}
	reason := fmt.Sprintf("%s-%d", e.Stage, e.Code)
	if e.Enhanced[0] > 0 {
		reason += fmt.Sprintf("-%d.%d.%d", e.Enhanced[0], e.Enhanced[1], e.Enhanced[2])
	}
	return reason
}

func (e *SendError) Error() string {
	if e.cause != nil {
		return "mail: " + e.Reason() + ": " + e.cause.Error()
	}
	return "mail: " + e.Reason()
}

func (e *SendError) Unwrap() error { return e.cause }

// sendError classifies what went wrong at a stage. A reply is about this mail
// only from the receiver's address on: before that it is about us, our
// password or the relay's state, and the operator can put it right while the
// mail waits.
func sendError(ctx context.Context, stage Stage, err error) *SendError {
	e := &SendError{Stage: stage, Word: wordDropped}
	if reply, ok := errors.AsType[*smtp.SMTPError](err); ok {
		e.Code, e.Word = reply.Code, ""
		if reply.EnhancedCode[0] > 0 {
			e.Enhanced = reply.EnhancedCode
		}
		e.Permanent = (stage == StageTo || stage == StageData) && reply.Code/100 == 5 && !aboutUs(reply.Code)
		return e
	}
	if stage == StageConnect || stage == StageTLS {
		e.cause = err
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Word = wordStopped
	case ctx.Err() != nil || timedOut(err):
		e.Word = wordTimeout
	}
	return e
}

// aboutUs are the replies that ask for encryption or another password.
func aboutUs(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538
}

func timedOut(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}
