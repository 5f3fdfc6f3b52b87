package forget

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/scan"
)

// lookInServer looks through what a PostgreSQL server has written since the
// trial began: the files of the trial's database, the write-ahead log, the
// temporary files and the log. It must be a server of this machine whose files
// can be read.
func (o *trial) lookInServer(s *scan.Scanner) (found []scan.Hit) {
	o.t.Helper()
	d, err := db.Open(o.t.Context(), o.Database)
	if err != nil {
		o.t.Fatal(err)
	}
	defer d.Close()
	var data, number string
	err = d.Read.QueryRowContext(o.t.Context(), `SELECT current_setting('data_directory'),
		(SELECT oid::text FROM pg_database WHERE datname = current_database())`).Scan(&data, &number)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := d.Write.ExecContext(o.t.Context(), `CHECKPOINT`); err != nil { // pages in memory are no files yet
		o.t.Fatal(err)
	}
	for _, name := range []string{filepath.Join("base", number), filepath.Join("base", "pgsql_tmp"), "pg_wal", "server.log"} {
		found = append(found, o.lookSince(s, filepath.Join(data, name))...)
	}
	return found
}

// lookSince looks through files that were written since the trial began.
func (o *trial) lookSince(s *scan.Scanner, root string) (found []scan.Hit) {
	o.t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // others use the server, too
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil || info.ModTime().Before(o.began.Add(-2*time.Second)) {
			return nil
		}
		hits, err := s.File(path)
		found = append(found, hits...)
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

// keepNoLog makes a PostgreSQL server remove the write-ahead log that it needs
// no more, instead of keeping the files with what is in them for later.
func keepNoLog(t testing.TB, server string) {
	t.Helper()
	d, err := db.Open(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	set := func(text string) error {
		for _, statement := range []string{text, `SELECT pg_reload_conf()`} {
			if _, err := d.Write.Exec(statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	}
	if err := set(`ALTER SYSTEM SET wal_recycle = off`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set(`ALTER SYSTEM RESET wal_recycle`); err != nil {
			t.Error(err)
		}
	})
}
