// Package apptest starts the whole program for tests: on a temporary folder, on
// either engine, with a clock that can be moved and a mail outbox. It is the
// same instance that kept prove tries promises on.
package apptest

import (
	"bytes"
	"sync"
	"testing"

	"kept/internal/app"
	"kept/internal/db/dbtest"
)

// Each starts an instance per engine and runs the test on it.
func Each(t *testing.T, test func(t *testing.T, s *Program)) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) { test(t, Start(t, app.ScratchOptions{Database: dsn})) })
}

// Program is a running instance and what it has logged.
type Program struct {
	*app.Scratch
	Log *Log
	t   testing.TB
}

// Start starts an instance that ends with the test.
func Start(t testing.TB, o app.ScratchOptions) *Program {
	t.Helper()
	log := &Log{}
	o.Log = log
	s, err := app.OpenScratch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &Program{s, log, t}
}

func (s *Program) mustWork() {
	s.t.Helper()
	if err := s.Work(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// Log keeps what the program logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends to the log.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
