package page

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"kept/vault/sabotage"
)

// RequestLog writes one line for each request: when, which kind of page, how
// it ended, how long it took, from which network. It is there to debug and
// to stop floods (promise F2), so it refuses everything that tells more: full
// address, path, query, referrer, browser. Each hour has a file of its own,
// which is removed so that no line grows older than Keep.
type RequestLog struct {
	cfg RequestLogConfig

	mu      sync.Mutex
	file    *os.File
	out     *bufio.Writer
	hour    time.Time
	written int64
	left    int // lines not written because the hour's file is full or the disk is
	line    []byte
}

// RequestLogConfig says where the files lie and how long.
type RequestLogConfig struct {
	Folder string
	Keep   time.Duration // 0 means 24 hours
	Most   int64         // bytes of one hour's file; 0 means 64 MiB
	Log    *slog.Logger
	Now    func() time.Time
}

const (
	logPrefix = "requests-"
	logHour   = "2006-01-02T15"
	logSuffix = ".log"
)

// OpenRequestLog makes the folder and removes what a stop left too long.
func OpenRequestLog(cfg RequestLogConfig) (*RequestLog, error) {
	if cfg.Keep == 0 {
		cfg.Keep = 24 * time.Hour
	}
	if cfg.Most == 0 {
		cfg.Most = 64 << 20
	}
	if cfg.Keep < time.Hour {
		return nil, fmt.Errorf("page: request log kept for %s: files are hourly", cfg.Keep)
	}
	if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("page: request log: %w", err)
	}
	l := &RequestLog{cfg: cfg, out: bufio.NewWriterSize(nil, 32<<10)}
	return l, l.Sweep()
}

// Keep is how long a line stays at most.
func (l *RequestLog) Keep() time.Duration { return l.cfg.Keep }

// logged is one line; the pattern is the route's, never the path.
type logged struct {
	at      time.Time
	took    time.Duration
	id      string
	method  string
	pattern string
	status  int
	bytes   int64
	network netip.Prefix
}

// breakWholeAddress leaves addresses as they are; see kept/vault/sabotage.
const breakWholeAddress = "page-log-whole-address"

// shown is how much of an address the log may hold.
func shown(from netip.Addr) netip.Prefix {
	if sabotage.Is(breakWholeAddress) {
		return netip.PrefixFrom(from, from.BitLen())
	}
	return Network(from)
}

func (l *RequestLog) add(e logged) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.turn(e.at); err != nil {
		l.left++
		return
	}
	l.line = e.append(l.line[:0])
	if l.written+int64(len(l.line)) > l.cfg.Most {
		l.left++
		return
	}
	l.written += int64(len(l.line))
	if _, err := l.out.Write(l.line); err != nil {
		l.lose(err)
	}
}

func (e logged) append(b []byte) []byte {
	b = e.at.UTC().AppendFormat(b, time.RFC3339)
	b = append(append(b, ' '), e.id...)
	b = append(append(b, ' '), knownMethod(e.method)...)
	b = append(append(b, ' '), e.pattern...)
	b = strconv.AppendInt(append(b, ' '), int64(e.status), 10)
	b = strconv.AppendInt(append(b, ' '), e.bytes, 10)
	b = strconv.AppendInt(append(b, ' '), e.took.Microseconds(), 10)
	b = append(b, "us "...)
	b = e.network.AppendTo(b)
	return append(b, '\n')
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// knownMethod keeps words that a stranger made up out of the log.
func knownMethod(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return "OTHER"
}

// turn opens the file of the hour.
func (l *RequestLog) turn(now time.Time) error {
	hour := now.UTC().Truncate(time.Hour)
	if l.file != nil && !hour.After(l.hour) {
		return nil
	}
	l.close()
	name := filepath.Join(l.cfg.Folder, logPrefix+hour.Format(logHour)+logSuffix)
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	l.file, l.hour, l.written = file, hour, info.Size()
	l.out.Reset(file)
	return nil
}

// lose drops what could not be written: a full disk must not stop the site.
func (l *RequestLog) lose(err error) {
	l.left++
	l.out.Reset(l.file)
	l.cfg.Log.Error("request log not written", "error", causeOf(err))
}

// causeOf leaves out the file's path.
func causeOf(err error) string {
	if path, ok := err.(*os.PathError); ok {
		return path.Err.Error()
	}
	return fmt.Sprintf("%T", err)
}

func (l *RequestLog) close() error {
	if l.file == nil {
		return nil
	}
	if l.left > 0 {
		l.cfg.Log.Warn("requests left out of the log", "lines", l.left)
		l.left = 0
	}
	err := l.out.Flush()
	if closed := l.file.Close(); err == nil {
		err = closed
	}
	l.file = nil
	return err
}

// Flush writes what waits in memory.
func (l *RequestLog) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return
	}
	if err := l.out.Flush(); err != nil {
		l.lose(err)
	}
}

// Close writes what waits and closes the file.
func (l *RequestLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.close()
}

// Sweep removes the files whose oldest line would now be older than Keep.
func (l *RequestLog) Sweep() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries, err := os.ReadDir(l.cfg.Folder)
	if err != nil {
		return fmt.Errorf("page: request log: %w", err)
	}
	limit := l.cfg.Now().UTC().Add(-l.cfg.Keep)
	for _, entry := range entries {
		hour, err := time.Parse(logPrefix+logHour+logSuffix, entry.Name())
		if err != nil || hour.After(limit) {
			continue
		}
		if l.file != nil && hour.Equal(l.hour) {
			l.close() // quiet for as long as a file is kept
		}
		if err := os.Remove(filepath.Join(l.cfg.Folder, entry.Name())); err != nil {
			return fmt.Errorf("page: request log: %w", err)
		}
	}
	return nil
}

// Run writes what waits every second and removes old files every minute,
// until the context ends.
func (s *Site) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.tick(n%60 == 0)
		}
	}
}

// Upkeep does at once what Run does in time: write, remove, forget.
func (s *Site) Upkeep() { s.tick(true) }

func (s *Site) tick(sweep bool) {
	if sweep {
		s.flood.sweep(s.cfg.Now())
	}
	if s.cfg.Requests == nil {
		return
	}
	s.cfg.Requests.Flush()
	if !sweep {
		return
	}
	if err := s.cfg.Requests.Sweep(); err != nil {
		s.cfg.Log.Error("old request log not removed", "error", causeOf(err))
	}
}

func (s *Site) logRequest(w *response, r *http.Request, a *asked, from netip.Addr, start time.Time) {
	if s.cfg.Requests == nil {
		return
	}
	s.cfg.Requests.add(logged{
		at: start, took: s.cfg.Now().Sub(start), id: a.id, method: r.Method, pattern: patternOr(a.pattern),
		status: w.status, bytes: w.bytes, network: shown(from),
	})
}

// patternOr leaves out the method, which stands before it in the line.
func patternOr(pattern string) string {
	for i := range len(pattern) {
		if pattern[i] == ' ' {
			return pattern[i+1:]
		}
	}
	if pattern == "" {
		return "-"
	}
	return pattern
}
