package mail

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// session is one connection to the relay.
type session struct {
	client *smtp.Client
	conn   *boundConn
	timer  *time.Timer // closes it when idle

	startedTLS bool
}

// quitWithin bounds a goodbye, which nobody waits for.
const quitWithin = 5 * time.Second

// bind ends whatever the session does at the context's deadline or at its
// cancellation. What it returns lets go, and reports whether the connection is
// still whole.
func (s *session) bind(ctx context.Context) (release func() bool) {
	until, _ := ctx.Deadline()
	s.conn.bound(until)
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	return func() bool {
		alive := stop()
		s.conn.bound(time.Time{})
		return alive
	}
}

func (s *session) deliver(ctx context.Context, p Parcel) *SendError {
	options := &smtp.MailOptions{UTF8: p.To.needsUTF8()}
	if ok, _ := s.client.Extension("SMTPUTF8"); options.UTF8 && !ok {
		return &SendError{Stage: StageFrom, Word: wordNoUTF8, Permanent: true}
	}
	if err := s.client.Mail(p.From.String(), options); err != nil {
		return sendError(ctx, StageFrom, err)
	}
	if err := s.client.Rcpt(p.To.String(), nil); err != nil {
		return sendError(ctx, StageTo, err)
	}
	w, err := s.client.Data()
	if err != nil {
		return sendError(ctx, StageData, err)
	}
	if _, err := w.Write(p.Data); err != nil {
		return sendError(ctx, StageData, err)
	}
	if err := w.Close(); err != nil {
		return sendError(ctx, StageData, err)
	}
	return nil
}

func (s *session) quit() {
	s.conn.bound(time.Now().Add(quitWithin))
	if err := s.client.Quit(); err != nil {
		s.client.Close()
	}
}

// boundConn lets nobody move its deadline past a bound: the SMTP client sets
// its own, minutes long, before each command.
type boundConn struct {
	net.Conn

	mu    sync.Mutex
	until time.Time
}

func (c *boundConn) bound(until time.Time) {
	c.mu.Lock()
	c.until = until
	c.mu.Unlock()
	_ = c.Conn.SetDeadline(until) // on a closed connection there is nothing to bound
}

func (c *boundConn) nearer(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.until.IsZero() && (t.IsZero() || t.After(c.until)) {
		return c.until
	}
	return t
}

func (c *boundConn) SetDeadline(t time.Time) error      { return c.Conn.SetDeadline(c.nearer(t)) }
func (c *boundConn) SetReadDeadline(t time.Time) error  { return c.Conn.SetReadDeadline(c.nearer(t)) }
func (c *boundConn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.nearer(t)) }
