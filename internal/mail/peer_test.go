package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kept/internal/outbound"
)

// peer is a real SMTP server that remembers what it took.
type peer struct {
	addr  string
	roots *x509.CertPool

	mu       sync.Mutex
	answer   map[Stage]error // instead of taking it
	sessions int
	taken    []taken
	hold     chan struct{} // if set, mails wait at DATA until it is closed
	arrived  chan string   // gets the receiver of each mail at DATA
}

type taken struct {
	from, to, data, hello, user string
	tls                         bool
}

type peerSession struct {
	*peer
	conn *smtp.Conn
	now  taken
}

func newPeer(t *testing.T, change func(*smtp.Server)) *peer {
	t.Helper()
	p := &peer{answer: map[Stage]error{}, arrived: make(chan string, 100)}
	s := smtp.NewServer(smtp.BackendFunc(p.session))
	s.Domain, s.AllowInsecureAuth, s.EnableSMTPUTF8 = "relay.example.org", true, true
	s.ErrorLog = quiet{}
	certificates := httptest.NewTLSServer(nil)
	certificates.Close()
	s.TLSConfig = &tls.Config{Certificates: certificates.TLS.Certificates}
	p.roots = x509.NewCertPool()
	p.roots.AddCert(certificates.Certificate())
	if change != nil {
		change(s)
	}
	l := listener(t)
	p.addr = l.Addr().String()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l) // ends with the test
	}()
	t.Cleanup(func() {
		s.Close()
		<-served
	})
	return p
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (p *peer) session(c *smtp.Conn) (smtp.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions++
	return &peerSession{peer: p, conn: c}, nil
}

func (p *peer) says(at Stage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answer[at]
}

func (p *peer) answers(at Stage, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer[at] = err
}

func (p *peer) mails() (list []taken, sessions int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(list, p.taken...), p.sessions
}

func (s *peerSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *peerSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "kept" || password != "open sesame" {
			return smtp.ErrAuthFailed
		}
		s.now.user = user
		return nil
	}), nil
}

func (s *peerSession) Mail(from string, _ *smtp.MailOptions) error {
	s.now.from, s.now.hello = from, s.conn.Hostname()
	_, s.now.tls = s.conn.TLSConnectionState()
	return s.says(StageFrom)
}

func (s *peerSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.now.to = to
	return s.says(StageTo)
}

func (s *peerSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.arrived <- s.now.to
	if s.hold != nil {
		<-s.hold
	}
	if err := s.says(StageData); err != nil {
		if errors.Is(err, net.ErrClosed) {
			s.conn.Close()
		}
		return err
	}
	s.now.data = string(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, s.now)
	return nil
}

func (s *peerSession) Reset()        {}
func (s *peerSession) Logout() error { return nil }

// relayTo makes a relay that reaches addr through a real gate.
func relayTo(t *testing.T, addr string, change func(*RelayConfig)) *Relay {
	t.Helper()
	gate, err := outbound.New(outbound.Config{Processors: []outbound.Processor{{
		Name: "relay", Country: "Sweden", Purpose: "Sends our mail.", Since: "2026-11-21", Hosts: []string{addr},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	c := RelayConfig{Gate: gate, Processor: "relay", Addr: addr, Hello: "www.example.org", Timeout: 10 * time.Second}
	if change != nil {
		change(&c)
	}
	r, err := NewRelay(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "relay.password")
	if err := os.WriteFile(name, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
