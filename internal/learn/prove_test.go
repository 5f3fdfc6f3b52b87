package learn_test

import (
	"testing"
)

func TestPromisesAreKept(t *testing.T) {
	w := onSQLite(t)
	s := w.scratch(t)
	for _, check := range w.Checks() {
		seen, err := check.Try(t.Context(), s)
		if err != nil || seen == "" {
			t.Errorf("%s: %q, %v", check.Promise, seen, err)
		}
	}
}
