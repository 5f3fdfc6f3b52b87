package freecodecamp_test

import (
	"io/fs"
	"os"
	"testing"
)

// fixture is a small curriculum of our own.
func fixture(t testing.TB, layout string) fs.FS {
	t.Helper()
	return os.DirFS("testdata/" + layout)
}
