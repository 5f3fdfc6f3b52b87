package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kept/internal/outbound"
)

// RelayConfig says which relay takes our mail and how it is reached.
type RelayConfig struct {
	Gate      *outbound.Gate
	Processor string // name under which the relay is declared
	Addr      string // host:port; 465 speaks TLS at once, others STARTTLS
	Hello     string // our own host name

	User         string // empty for a relay that knows us by address
	PasswordFile string

	// AlwaysTLS asks a relay on this machine for TLS, too.
	AlwaysTLS bool
	Roots     *x509.CertPool // instead of the system's certificates

	Timeout     time.Duration // for one mail with everything; 0 is a minute
	Connections int           // at once; 0 is 3
}

// idleFor is how long a connection waits for the next mail.
const idleFor = 30 * time.Second

// Relay hands mails to the one declared relay, over few connections that are
// used again. It is safe for use by many goroutines.
type Relay struct {
	config   RelayConfig
	host     string
	implicit bool
	dial     func(ctx context.Context) (net.Conn, error)
	slots    chan struct{} // one for each connection in use
	bulk     chan struct{} // one less, so that campaigns never hold them all

	mu   sync.Mutex
	idle []*session
}

// NewRelay checks the configuration; it does not connect.
func NewRelay(c RelayConfig) (*Relay, error) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("mail: relay %q is not host:port", c.Addr)
	}
	if c.User != "" && c.PasswordFile == "" {
		return nil, errors.New("mail: the relay has a user name but no password file")
	}
	if c.Hello == "" || strings.ContainsFunc(c.Hello, odd) {
		return nil, errors.New("mail: our own host name is missing")
	}
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	if c.Connections == 0 {
		c.Connections = 3
	}
	r := &Relay{config: c, host: host, implicit: port == "465",
		slots: make(chan struct{}, c.Connections), bulk: make(chan struct{}, max(1, c.Connections-1))}
	r.dial = func(ctx context.Context) (net.Conn, error) {
		return c.Gate.Dial(ctx, c.Processor, "tcp", c.Addr)
	}
	return r, nil
}

// Send hands over one mail. Its error is a *SendError.
func (r *Relay) Send(ctx context.Context, p Parcel) error {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	release, err := r.slot(ctx, p.Bulk)
	if err != nil {
		return sendError(ctx, StageConnect, err)
	}
	defer release()
	s, err := r.take(ctx)
	if err != nil {
		return err
	}
	stop := s.bind(ctx)
	failed := s.deliver(ctx, p)
	alive := stop()
	if failed == nil {
		r.keep(s, alive)
		return nil
	}
	r.keep(s, alive && failed.Code != 0 && failed.Code != 421)
	return failed
}

// slot waits until one more connection may be in use.
func (r *Relay) slot(ctx context.Context, bulk bool) (release func(), err error) {
	if !bulk {
		return enter(ctx, r.slots)
	}
	leaveBulk, err := enter(ctx, r.bulk)
	if err != nil {
		return nil, err
	}
	leave, err := enter(ctx, r.slots)
	if err != nil {
		leaveBulk()
		return nil, err
	}
	return func() { leave(); leaveBulk() }, nil
}

func enter(ctx context.Context, room chan struct{}) (leave func(), err error) {
	select {
	case room <- struct{}{}:
		return func() { <-room }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take returns a connection that just answered: an idle one, or a new one.
func (r *Relay) take(ctx context.Context) (*session, error) {
	for s := r.pop(); s != nil; s = r.pop() {
		stop := s.bind(ctx)
		err := s.client.Reset()
		if stop() && err == nil {
			return s, nil
		}
		s.client.Close()
	}
	return r.open(ctx)
}

func (r *Relay) pop() *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.idle) > 0 {
		s := r.idle[len(r.idle)-1]
		r.idle = r.idle[:len(r.idle)-1]
		if s.timer.Stop() {
			return s
		}
	}
	return nil
}

func (r *Relay) keep(s *session, healthy bool) {
	if !healthy {
		s.client.Close()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.timer = time.AfterFunc(idleFor, func() { r.drop(s) })
	r.idle = append(r.idle, s)
}

func (r *Relay) drop(s *session) {
	r.mu.Lock()
	r.idle = slices.DeleteFunc(r.idle, func(each *session) bool { return each == s })
	r.mu.Unlock()
	s.quit()
}

// Close says goodbye on idle connections.
func (r *Relay) Close() {
	for s := r.pop(); s != nil; s = r.pop() {
		s.quit()
	}
}

func (r *Relay) open(ctx context.Context) (*session, error) {
	raw, err := r.dial(ctx)
	if err != nil {
		return nil, sendError(ctx, StageConnect, err)
	}
	s := &session{conn: &boundConn{Conn: raw}}
	stop := s.bind(ctx)
	failed := r.greet(ctx, s)
	if alive := stop(); failed == nil && alive {
		return s, nil
	}
	raw.Close()
	if failed == nil {
		failed = sendError(ctx, StageConnect, context.Cause(ctx))
	}
	return nil, failed
}

func (r *Relay) greet(ctx context.Context, s *session) *SendError {
	if failed := r.secure(ctx, s); failed != nil {
		return failed
	}
	if err := s.client.Hello(r.config.Hello); err != nil {
		return helloError(ctx, s, err)
	}
	return r.authenticate(ctx, s)
}

// secure starts TLS. Only a relay on this machine may be spoken to without.
func (r *Relay) secure(ctx context.Context, s *session) *SendError {
	config := &tls.Config{ServerName: r.host, RootCAs: r.config.Roots, MinVersion: tls.VersionTLS12}
	if r.implicit {
		conn := tls.Client(s.conn, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			return sendError(ctx, StageTLS, err)
		}
		s.client = smtp.NewClient(conn)
		return nil
	}
	if !r.config.AlwaysTLS && onThisMachine(s.conn) {
		s.client = smtp.NewClient(s.conn)
		return nil
	}
	client, err := smtp.NewClientStartTLS(s.conn, config)
	if err != nil {
		return startError(ctx, err)
	}
	s.client, s.startedTLS = client, true
	return nil
}

// startError tells a relay that offers no TLS from one that does not answer.
func startError(ctx context.Context, err error) *SendError {
	if strings.Contains(err.Error(), "support STARTTLS") { // the module has no type for it
		return &SendError{Stage: StageTLS, Word: wordNoSTARTTLS}
	}
	return sendError(ctx, StageConnect, err)
}

// helloError names the stage at which the first words failed: the handshake of
// STARTTLS happens with them.
func helloError(ctx context.Context, s *session, err error) *SendError {
	e := sendError(ctx, StageConnect, err)
	if s.startedTLS && e.Code == 0 {
		e.Stage = StageTLS
	}
	return e
}

func (r *Relay) authenticate(ctx context.Context, s *session) *SendError {
	if r.config.User == "" {
		return nil
	}
	secret, err := os.ReadFile(r.config.PasswordFile)
	if err != nil {
		return &SendError{Stage: StageAuth, Word: wordNoSecret, cause: err}
	}
	password := strings.TrimRight(string(secret), "\r\n")
	if err := s.client.Auth(sasl.NewPlainClient("", r.config.User, password)); err != nil {
		return sendError(ctx, StageAuth, err)
	}
	return nil
}

// onThisMachine looks at the connection, not at a name.
func onThisMachine(c net.Conn) bool {
	addr, err := netip.ParseAddrPort(c.RemoteAddr().String())
	return err == nil && addr.Addr().Unmap().IsLoopback()
}
