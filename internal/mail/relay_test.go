package mail

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func parcelTo(t *testing.T, to string) Parcel {
	t.Helper()
	l := letter(t, "sign-in", "", sample())
	l.To = to
	return pack(t, l)
}

func wantReason(t *testing.T, err error, reason string, permanent bool) {
	t.Helper()
	e, ok := errors.AsType[*SendError](err)
	if !ok || e.Reason() != reason || e.Permanent != permanent {
		t.Errorf("got %#v, want %s, permanent %t", err, reason, permanent)
	}
	if err != nil && strings.ContainsAny(err.Error(), "@") {
		t.Errorf("an address stands in %q", err)
	}
}

func TestRelayTakesAMail(t *testing.T) {
	p := newPeer(t, nil)
	parcel := parcelTo(t, "ada@example.net")
	if err := relayTo(t, p.addr, nil).Send(t.Context(), parcel); err != nil {
		t.Fatal(err)
	}
	list, _ := p.mails()
	if len(list) != 1 {
		t.Fatalf("took %d mails", len(list))
	}
	got := list[0]
	if got.from != "hello@example.org" || got.to != "ada@example.net" || got.hello != "www.example.org" || got.tls {
		t.Errorf("got %+v", got)
	}
	if got.data != string(parcel.Data) {
		t.Error("the message was changed on its way")
	}
}

func TestRelayReusesItsConnection(t *testing.T) {
	p := newPeer(t, nil)
	r := relayTo(t, p.addr, nil)
	p.answers(StageTo, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no ada@example.net"})
	wantReason(t, r.Send(t.Context(), parcelTo(t, "ada@example.net")), "to-550-5.1.1", true)
	p.answers(StageTo, nil)
	for range 3 {
		if err := r.Send(t.Context(), parcelTo(t, "ada@example.net")); err != nil {
			t.Fatal(err)
		}
	}
	if list, sessions := p.mails(); len(list) != 3 || sessions != 1 {
		t.Errorf("%d mails over %d connections, want 3 over 1", len(list), sessions)
	}
}

func TestRelayDialsAnewWhenTheConnectionDied(t *testing.T) {
	p := newPeer(t, nil)
	r := relayTo(t, p.addr, nil)
	for range 2 {
		if err := r.Send(t.Context(), parcelTo(t, "ada@example.net")); err != nil {
			t.Fatal(err)
		}
		for _, s := range r.idle {
			s.conn.Conn.(*net.TCPConn).CloseWrite() // the peer hangs up
		}
	}
	if list, sessions := p.mails(); len(list) != 2 || sessions != 2 {
		t.Errorf("%d mails over %d connections, want 2 over 2", len(list), sessions)
	}
}

func TestRepliesAreClassified(t *testing.T) {
	reply := func(code, a, b, c int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "<ada@example.net> is unwelcome"}
	}
	for _, c := range []struct {
		at        Stage
		answer    error
		reason    string
		permanent bool
	}{
		{StageFrom, reply(450, 4, 7, 1), "from-450-4.7.1", false},
		{StageFrom, reply(550, 5, 7, 1), "from-550-5.7.1", false},
		{StageTo, reply(450, 4, 2, 1), "to-450-4.2.1", false},
		{StageTo, reply(550, 5, 1, 1), "to-550-5.1.1", true},
		{StageTo, reply(530, 5, 7, 0), "to-530-5.7.0", false},
		{StageTo, reply(421, 4, 3, 2), "to-421-4.3.2", false},
		{StageData, reply(452, 4, 3, 1), "data-452-4.3.1", false},
		{StageData, reply(554, 5, 7, 1), "data-554-5.7.1", true},
		{StageData, net.ErrClosed, "data-dropped", false},
	} {
		t.Run(c.reason, func(t *testing.T) {
			p := newPeer(t, nil)
			p.answers(c.at, c.answer)
			r := relayTo(t, p.addr, nil)
			wantReason(t, r.Send(t.Context(), parcelTo(t, "ada@example.net")), c.reason, c.permanent)
			p.answers(c.at, nil)
			if err := r.Send(t.Context(), parcelTo(t, "ada@example.net")); err != nil {
				t.Errorf("the next mail: %v", err)
			}
		})
	}
}

func TestRelaySpeaksTLSAndSignsIn(t *testing.T) {
	p := newPeer(t, nil)
	secret := secretFile(t, "open sesame\n")
	r := relayTo(t, p.addr, func(c *RelayConfig) {
		c.AlwaysTLS, c.Roots, c.User, c.PasswordFile = true, p.roots, "kept", secret
	})
	if err := r.Send(t.Context(), parcelTo(t, "ada@example.net")); err != nil {
		t.Fatal(err)
	}
	if list, _ := p.mails(); !list[0].tls || list[0].user != "kept" || list[0].hello != "www.example.org" {
		t.Errorf("got %+v", list[0])
	}
}

func TestRelaySpeaksTLSAtOnce(t *testing.T) {
	p := newPeer(t, nil)
	r := relayTo(t, p.addr, func(c *RelayConfig) { c.Roots, c.Timeout = p.roots, time.Second })
	r.implicit = true // as on port 465; this peer begins without
	e, ok := errors.AsType[*SendError](r.Send(t.Context(), parcelTo(t, "ada@example.net")))
	if !ok || e.Stage != StageTLS || e.Permanent {
		t.Errorf("got %v", e)
	}
	if list, _ := p.mails(); len(list) != 0 {
		t.Error("a mail went without TLS")
	}
}

func TestRelayRefusesToSendInClear(t *testing.T) {
	p := newPeer(t, func(s *smtp.Server) { s.TLSConfig = nil })
	r := relayTo(t, p.addr, nil)
	dial := r.dial
	r.dial = func(ctx context.Context) (net.Conn, error) {
		conn, err := dial(ctx)
		return distant{conn}, err
	}
	wantReason(t, r.Send(t.Context(), parcelTo(t, "ada@example.net")), "tls-no-starttls", false)
	if list, _ := p.mails(); len(list) != 0 {
		t.Error("a mail went without TLS")
	}
}

// distant is a connection that seems to lead to another machine.
type distant struct{ net.Conn }

func (distant) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 587} }

func TestRelayRefusesAForeignCertificate(t *testing.T) {
	p := newPeer(t, nil)
	r := relayTo(t, p.addr, func(c *RelayConfig) { c.AlwaysTLS = true })
	wantReason(t, r.Send(t.Context(), parcelTo(t, "ada@example.net")), "tls-dropped", false)
}

func TestWrongPasswordIsNoFaultOfTheMail(t *testing.T) {
	p := newPeer(t, nil)
	r := relayTo(t, p.addr, func(c *RelayConfig) { c.User, c.PasswordFile = "kept", secretFile(t, "wrong") })
	wantReason(t, r.Send(t.Context(), parcelTo(t, "ada@example.net")), "auth-535-5.7.8", false)
	r = relayTo(t, p.addr, func(c *RelayConfig) { c.User, c.PasswordFile = "kept", "gone" })
	wantReason(t, r.Send(t.Context(), parcelTo(t, "ada@example.net")), "auth-no-secret", false)
}

func TestLettersBeforeTheAtNeedSMTPUTF8(t *testing.T) {
	p := newPeer(t, nil)
	if err := relayTo(t, p.addr, nil).Send(t.Context(), parcelTo(t, "josé@bücher.example")); err != nil {
		t.Fatal(err)
	}
	if list, _ := p.mails(); list[0].to != "josé@xn--bcher-kva.example" {
		t.Errorf("sent to %s", list[0].to)
	}
	old := newPeer(t, func(s *smtp.Server) { s.EnableSMTPUTF8 = false })
	wantReason(t, relayTo(t, old.addr, nil).Send(t.Context(), parcelTo(t, "josé@example.net")), "from-no-smtputf8", true)
}

func TestSlowPeersEndAtTheDeadline(t *testing.T) {
	for name, c := range map[string]struct{ says, reason string }{
		"never greets":       {"", "connect-timeout"},
		"stops after EHLO":   {"220 hello\r\n250 relay\r\n", "from-timeout"},
		"drips one line":     {"220-a\r\n", "connect-timeout"},
		"greets and refuses": {"554 not today ada@example.net\r\n", "connect-554"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listener(t)
			go speak(l, c.says)
			r := relayTo(t, l.Addr().String(), func(c *RelayConfig) { c.Timeout = 2 * time.Second })
			begin := time.Now()
			err := r.Send(t.Context(), parcelTo(t, "ada@example.net"))
			e, ok := errors.AsType[*SendError](err)
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("took %s", took)
			}
			if !ok || e.Reason() != c.reason || e.Permanent {
				t.Errorf("got %v, want %s", err, c.reason)
			}
		})
	}
}

// speak says its lines to whoever comes, and then listens without a word.
func speak(l net.Listener, lines string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(conn, lines)
		go func() {
			io.Copy(io.Discard, conn)
			conn.Close()
		}()
	}
}

func TestNobodyListens(t *testing.T) {
	l := listener(t)
	l.Close()
	wantReason(t, relayTo(t, l.Addr().String(), nil).Send(t.Context(), parcelTo(t, "ada@example.net")), "connect-dropped", false)
}

func TestStopEndsASend(t *testing.T) {
	p := newPeer(t, nil)
	p.hold = make(chan struct{})
	defer close(p.hold)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	r := relayTo(t, p.addr, nil)
	parcel := parcelTo(t, "ada@example.net")
	go func() { done <- r.Send(ctx, parcel) }()
	<-p.arrived
	stop()
	wantReason(t, <-done, "data-stopped", false)
}

// However many campaign mails hang at the relay, a sign-in mail gets through.
func TestCampaignsNeverHoldEveryConnection(t *testing.T) {
	p := newPeer(t, nil)
	p.hold = make(chan struct{})
	r := relayTo(t, p.addr, func(c *RelayConfig) { c.Connections = 2 })
	bulk := parcelTo(t, "crowd@example.net")
	bulk.Bulk = true
	done := make(chan error)
	for range 3 {
		go func() { done <- r.Send(t.Context(), bulk) }()
	}
	if to := <-p.arrived; to != "crowd@example.net" {
		t.Fatalf("first is %s", to)
	}
	fast := parcelTo(t, "ada@example.net")
	go func() { done <- r.Send(t.Context(), fast) }()
	if to := <-p.arrived; to != "ada@example.net" {
		t.Errorf("second is %s", to)
	}
	close(p.hold)
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestRelayConfigIsChecked(t *testing.T) {
	for name, c := range map[string]RelayConfig{
		"no port":     {Addr: "relay.example.org", Hello: "www.example.org"},
		"no password": {Addr: "relay.example.org:587", Hello: "www.example.org", User: "kept"},
		"no name":     {Addr: "relay.example.org:587"},
		"odd name":    {Addr: "relay.example.org:587", Hello: "a\r\nMAIL"},
	} {
		if _, err := NewRelay(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	r, err := NewRelay(RelayConfig{Addr: "relay.example.org:465", Hello: "www.example.org"})
	if err != nil || !r.implicit {
		t.Errorf("port 465 must speak TLS at once, %v", err)
	}
}
