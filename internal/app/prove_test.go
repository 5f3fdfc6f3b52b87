package app

import (
	"testing"

	"kept/internal/promise"
)

// TestEveryPromiseIsKept tries all that can be tried, on the whole program.
func TestEveryPromiseIsKept(t *testing.T) {
	results, err := promise.Run(t.Context(), scratches(t.TempDir()), func(promise.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, r := range results {
		for _, try := range r.Tried {
			if !try.Kept {
				t.Errorf("%s: %s", r.ID, try.Seen)
			}
		}
		if r.State == promise.Kept {
			kept++
		}
	}
	if kept < 34 {
		t.Errorf("%d promises were tried; 34 could be", kept)
	}
}

func TestTemplatesCanBeEscaped(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Site.CheckTemplates(); err != nil {
		t.Error(err)
	}
}
