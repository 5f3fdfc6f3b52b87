package chrome

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A name stands in what is printed, so that nothing of it may stay on the disk.
func TestBrowserLeavesNoFiles(t *testing.T) {
	temp, err := os.MkdirTemp("", "leaves") // t.TempDir has names too long for Chromium's sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	t.Setenv("TMPDIR", temp)
	e := testEngine(t, Options{Pages: 1})
	pdf, err := Print(t.Context(), e.opts.Path, []byte("<!doctype html><title>One</title><p>Ada</p>"))
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Fatalf("%d bytes, %v", len(pdf), err)
	}
	if _, err := e.running(); err != nil {
		t.Fatal(err)
	}
	if during, err := filepath.Glob(filepath.Join(temp, "kept-chromium-*", "*")); err != nil || len(during) == 0 {
		t.Errorf("Chromium has its files elsewhere: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range left {
		t.Errorf("%s is left", one.Name())
	}
}
