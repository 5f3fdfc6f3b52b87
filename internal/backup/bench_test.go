package backup

import (
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// BenchmarkRestore restores 40,000 records of 1,000 people; a record has 400 bytes
// and one look-up.
func BenchmarkRestore(b *testing.B) {
	dir := b.TempDir()
	w := newWorld(b, dbtest.Fresh(b, db.SQLite), Folder(filepath.Join(dir, "data")), Folder(filepath.Join(dir, "keys")))
	for _, id := range w.crowd(1000, 39) {
		w.write(id, strings.Repeat("words ", 60))
	}
	w.backup()
	for b.Loop() {
		r := w.restoration(fresh(b))
		if _, err := r.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
