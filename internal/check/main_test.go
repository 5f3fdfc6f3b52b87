package check

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if IsChild(os.Args[1:]) {
		os.Exit(RunChild())
	}
	os.Exit(m.Run())
}
