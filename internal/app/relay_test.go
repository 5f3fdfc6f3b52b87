package app

import (
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kept/internal/prove"
)

// letterbox is an SMTP server that keeps what it is given.
type letterbox struct{ got chan string }

func (b letterbox) Reset()                               { _ = b }
func (b letterbox) Logout() error                        { return nil }
func (b letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (b letterbox) Rcpt(to string, _ *smtp.RcptOptions) error {
	b.got <- to
	return nil
}

func (b letterbox) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	b.got <- string(text)
	return err
}

// TestAMailLeavesByTheConfiguredRelay signs in on a site as an operator
// configures it: with a relay, which here stands on this machine.
func TestAMailLeavesByTheConfiguredRelay(t *testing.T) {
	box := letterbox{make(chan string, 10)}
	relay := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return box, nil }))
	relay.Domain = "relay.example"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go relay.Serve(l)
	defer relay.Close()
	config, err := demoConfig(t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.Mail = Mail{From: "kept@example.org", Relay: l.Addr().String(), Operator: "Example Mail", Country: "Finland", Since: firstDay}
	a, err := Open(t.Context(), config, Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := prove.Submit(t.Context(), a.Browser(), config.Base+"/sign-in", "/sign-in", url.Values{"email": {"ada@example.org"}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if to, text := <-box.got, <-box.got; to != "ada@example.org" || !strings.Contains(text, "/sign-in/link/") {
		t.Errorf("to %s: %s", to, text)
	}
	if _, page, err := prove.Page(t.Context(), a.Browser(), config.Base+"/privacy/processors"); err != nil || !strings.Contains(page, "Example Mail") {
		t.Errorf("the policy does not name the relay: %v", err)
	}
}
