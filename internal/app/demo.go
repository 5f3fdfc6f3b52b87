package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"kept/internal/mail"
)

// demoCommand serves a site with sample data. It connects to nothing: mails go
// to an outbox whose links are printed.
type demoCommand struct {
	Addr string `default:"127.0.0.1:8080" help:"Where to listen."`
	Dev  string `type:"path" help:"Read templates from this source folder at every request."`
}

func (c *demoCommand) Run(ctx context.Context, std *streams) (err error) {
	folder, err := os.MkdirTemp("", "kept-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	addr, err := freePort(c.Addr)
	if err != nil {
		return err
	}
	config, err := demoConfig(folder, addr)
	if err != nil {
		return err
	}
	said := &speaker{to: std.out}
	outbox := mail.NewOutbox(100, said)
	a, err := Open(ctx, config, Options{Now: time.Now, Log: newLog(std.err), Outbox: outbox, Dev: c.Dev})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.sampleData(ctx); err != nil {
		return fmt.Errorf("sample data: %w", err)
	}
	said.speaks.Store(true)
	fmt.Fprintf(std.out, "kept: a demo from a temporary folder; it goes when you press Ctrl+C\n")
	if err := a.announceFirstRun(ctx, std.out); err != nil {
		return err
	}
	return a.Serve(ctx, func(net.Addr) {
		fmt.Fprintf(std.out, "open %s\na member's page: %s/@noor\nsign in with any address (noor@example.org is hers): the mail's link is printed here\nkim@example.org reviews projects, and noor's waits; when it is accepted, noor can claim a certificate\n", config.Base, config.Base)
	})
}

// speaker is silent until the demo is ready, so that the sample member's own
// mails are not printed.
type speaker struct {
	to     io.Writer
	speaks atomic.Bool
}

func (s *speaker) Write(b []byte) (int, error) {
	if !s.speaks.Load() {
		return len(b), nil
	}
	return s.to.Write(b)
}

// freePort settles port 0 before the site's address is written into pages.
func freePort(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", hinted(err, "name a free address with --addr")
	}
	return l.Addr().String(), l.Close()
}

// demoConfig is a configuration that needs nothing but a folder.
func demoConfig(folder, addr string) (Config, error) {
	c := defaults()
	c.Community, c.Listen, c.Admin, c.TLS = "Harbour Code School", addr, "", "off"
	c.Data, c.Keys = filepath.Join(folder, "data"), filepath.Join(folder, "keys")
	c.Policy.Controller = "Harbour Code School (a demo)"
	c.Policy.Address = "Pier 4, Harbour Town"
	c.Policy.Contact = "privacy@kept.example"
	c.Policy.Storage = "this machine, until the demo ends"
	c.Policy.Authority = "the data protection authority of where you live"
	c.absolute(folder)
	return c, c.check()
}
