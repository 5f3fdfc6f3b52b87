//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if act, ok := acts[os.Args[len(os.Args)-1]]; ok {
		act()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// say writes a value as a frame.
func say(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	if WriteFrame(os.Stdout, text) != nil {
		os.Exit(3)
	}
}

func begin(t *testing.T, act string) *Child {
	t.Helper()
	c, err := Start(act)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

func ask(t *testing.T, c *Child, into any) {
	t.Helper()
	text, err := c.Ask([]byte("{}"), 1<<16, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestChildEndsWhenItsParentLetsGo(t *testing.T) {
	c := begin(t, "wait")
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Gone():
	case <-time.After(time.Minute):
		t.Error("the child is still there")
	}
}

func TestOutputWithoutEndIsCutOff(t *testing.T) {
	c := begin(t, "flood")
	if _, err := c.Ask(nil, 1<<16, time.Minute); !errors.Is(err, ErrFrame) {
		t.Errorf("got %v, want a refusal of the frame", err)
	}
	c.Kill()
	<-c.Gone()
}

func TestSilentChildIsNotWaitedFor(t *testing.T) {
	c := begin(t, "silent")
	begun := time.Now()
	if _, err := c.Ask([]byte("{}"), 1<<16, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want that the time is up", err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestReportNamesWhatIsMissing(t *testing.T) {
	if missing := (Report{Limits: true, Filter: true, Namespaces: true}).Missing(); missing != "" {
		t.Errorf("nothing is missing, got %q", missing)
	}
	if missing := (Report{Limits: true}).Missing(); missing != "a filter of system calls, namespaces of its own" {
		t.Errorf("got %q", missing)
	}
}

func TestFramesComeBack(t *testing.T) {
	var b bytes.Buffer
	for _, body := range []string{"", "a", "{}"} {
		if err := WriteFrame(&b, []byte(body)); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFrame(&b, 2)
		if err != nil || string(got) != body {
			t.Errorf("got %q, %v, want %q", got, err, body)
		}
	}
	if _, err := ReadFrame(bytes.NewReader([]byte{0, 0, 0, 3, 1, 2, 3}), 2); !errors.Is(err, ErrFrame) {
		t.Errorf("a frame that is too long: %v", err)
	}
}

// A child is an attacker's: no stream of bytes makes the parent take more than
// it allowed, or do anything but answer with an error.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 2, '{', '}'})
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Add([]byte{0, 0, 1})
	f.Fuzz(func(t *testing.T, stream []byte) {
		body, err := ReadFrame(bytes.NewReader(stream), 64)
		if err == nil && (len(body) > 64 || !bytes.HasPrefix(stream[4:], body)) {
			t.Errorf("%d bytes were read of %d", len(body), len(stream))
		}
	})
}
