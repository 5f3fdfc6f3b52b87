package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

type serveCommand struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	Dev    string `type:"path" help:"Read templates from this source folder at every request."`
}

func (c *serveCommand) Run(ctx context.Context, std *streams) error {
	config, err := LoadConfig(c.Config, std.getenv)
	if err != nil {
		return err
	}
	log := newLog(std.err)
	a, err := Open(ctx, config, Options{Now: time.Now, Log: log, Dev: c.Dev})
	if err != nil {
		return err
	}
	defer a.Close()
	a.Gate.CloseDefaults()
	if err := a.announceFirstRun(ctx, std.out); err != nil {
		return err
	}
	return a.Serve(ctx, func(addr net.Addr) { fmt.Fprintf(std.out, "kept: serving %s on %s\n", config.Base, addr) })
}

func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// drainTime is how long requests under way may take after a SIGTERM.
const drainTime = 20 * time.Second

// Serve listens until ctx ends, then lets requests and jobs finish.
func (a *App) Serve(ctx context.Context, ready func(net.Addr)) error {
	public, err := a.listen()
	if err != nil {
		return err
	}
	servers := []*http.Server{a.server(a.Handler)}
	listeners := []net.Listener{public}
	if a.Config.Admin != "" {
		admin, err := net.Listen("tcp", a.Config.Admin)
		if err != nil {
			return errors.Join(hinted(err, "set admin in the configuration to a free address, or to nothing"), public.Close())
		}
		servers, listeners = append(servers, a.server(a.counts.handler())), append(listeners, admin)
	}
	ready(public.Addr())
	return a.serve(ctx, servers, listeners)
}

func (a *App) serve(ctx context.Context, servers []*http.Server, listeners []net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	background := make(chan struct{})
	go func() { defer close(background); a.Run(ctx) }()
	ended := make(chan error, len(servers))
	for i, s := range servers {
		go func() { ended <- s.Serve(listeners[i]) }()
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-ended:
	}
	a.counts.drain()
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer stop()
	for _, s := range servers {
		failed = errors.Join(failed, s.Shutdown(grace))
	}
	cancel()
	<-background
	return errors.Join(failed, a.Vault.Flush(grace))
}

// server has the time limits of a public server: a slow client holds a
// connection for a minute, not for ever.
func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(quiet{a.options.Log.Handler()}, slog.LevelDebug)}
}

func (a *App) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return nil, hinted(err, "set listen in the configuration to a free address")
	}
	if a.Config.TLS != "autocert" {
		return l, nil
	}
	return tls.NewListener(l, a.certificates().TLSConfig()), nil
}

// quiet drops what http.Server logs about single connections: it names their
// addresses.
type quiet struct{ slog.Handler }

func (quiet) Handle(context.Context, slog.Record) error { return nil }
