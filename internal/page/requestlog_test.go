package page_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kept/internal/page"
	"kept/internal/page/pagetest"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// readLog runs the site's upkeep once and reads what lies in the folder.
func readLog(t testing.TB, s *sample, folder string) string {
	t.Helper()
	s.Upkeep()
	var all strings.Builder
	for _, name := range files(t, folder) {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

func files(t testing.TB, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func logged(t testing.TB, change ...func(*page.RequestLogConfig)) (*sample, string) {
	t.Helper()
	folder := t.TempDir()
	return newSample(t, func(c *page.Config) {
		cfg := page.RequestLogConfig{Folder: folder, Log: c.Log, Now: c.Now}
		for _, f := range change {
			f(&cfg)
		}
		log, err := page.OpenRequestLog(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		c.Requests = log
	}), folder
}

func TestRequestLogLine(t *testing.T) {
	s, folder := logged(t)
	s.do(from("[2001:db8:aaaa:bbbb:cccc::1]:99"))
	want := regexp.MustCompile(`^2027-03-14T16:04:00Z r-[2-9A-Z]{8} GET /plain 200 \d+ 0us 2001:db8:aaaa::/48\n$`)
	if got := readLog(t, s, folder); !want.MatchString(got) {
		t.Errorf("line %q, want %s", got, want)
	}
	info, err := os.Stat(filepath.Join(folder, "requests-2027-03-14T16.log"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, error %v", info, err)
	}
}

func TestRequestLogNeverKeepsALineForMoreThanADay(t *testing.T) {
	s, folder := logged(t)
	for hour := range 30 {
		s.do(from("203.0.113.7:1"))
		for line := range strings.Lines(readLog(t, s, folder)) {
			at, err := time.Parse(time.RFC3339, line[:20])
			if err != nil {
				t.Fatal(err)
			}
			if age := s.clock.Now().Sub(at); age > 24*time.Hour {
				t.Fatalf("hour %d: a line is %s old", hour, age)
			}
		}
		s.clock.Add(time.Hour)
	}
	if got := len(files(t, folder)); got != 24 {
		t.Errorf("%d files, want 24", got)
	}
	s.clock.Add(48 * time.Hour) // nobody comes any more
	s.Upkeep()
	if got := files(t, folder); len(got) != 0 {
		t.Errorf("files %q are left", got)
	}
	s.do(from("203.0.113.7:1"))
	if got := readLog(t, s, folder); strings.Count(got, "\n") != 1 {
		t.Errorf("after the quiet: %q", got)
	}
}

func TestRequestLogRemovesAtTheStartWhatAStopLeft(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"requests-2027-03-10T16.log", "requests-2027-03-14T15.log", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openLog(t, folder, pagetest.NewClock().Now)
	if got := strings.Join(files(t, folder), " "); got != "notes.txt requests-2027-03-14T15.log" {
		t.Errorf("left: %s", got)
	}
}

func TestRequestLogIsBounded(t *testing.T) {
	s, folder := logged(t, func(c *page.RequestLogConfig) { c.Most = 1000 })
	for range 100 {
		s.do(from("203.0.113.7:1"))
	}
	if got := len(readLog(t, s, folder)); got > 1000 || got < 900 {
		t.Errorf("%d bytes, want nearly 1000", got)
	}
	s.clock.Add(time.Hour)
	s.do(from("203.0.113.7:1"))
	if !strings.Contains(s.log.String(), `msg="requests left out of the log" lines=`) {
		t.Errorf("nobody is told:\n%s", s.log)
	}
}

func TestFullDiskDoesNotStopTheSite(t *testing.T) {
	s, folder := logged(t)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if w := s.do(from("203.0.113.7:1")); w.Code != 200 {
		t.Errorf("status %d without a log folder", w.Code)
	}
}

func TestRequestLogWantsHours(t *testing.T) {
	_, err := page.OpenRequestLog(page.RequestLogConfig{Folder: t.TempDir(), Keep: time.Minute, Log: quiet(), Now: time.Now})
	if err == nil {
		t.Error("a minute was taken")
	}
}

func TestRunWritesEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		s := newSample(t, func(c *page.Config) {
			c.Now = time.Now
			c.Requests = openLog(t, folder, time.Now)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx)
		s.do(from("203.0.113.7:1"))
		time.Sleep(1500 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		name := filepath.Join(folder, files(t, folder)[0])
		if data, err := os.ReadFile(name); err != nil || len(data) == 0 {
			t.Errorf("%d bytes after a second, error %v", len(data), err)
		}
		cancel()
		synctest.Wait()
	})
}
