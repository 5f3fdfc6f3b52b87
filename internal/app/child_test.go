package app

import (
	"os"
	"testing"

	"kept/internal/check"
)

// A check of learners' code starts this program again.
func TestMain(m *testing.M) {
	if check.IsChild(os.Args[1:]) {
		os.Exit(check.RunChild())
	}
	os.Exit(m.Run())
}
