package publish_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kept/internal/course"
	"kept/internal/publish"
)

func TestAChangedFileShowsWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, title string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("---\ntitle: "+title+"\n"+hostileHead+"Text\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.md", "First")
	folder, err := course.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	w := newWorld(t, []publish.Source{{Name: "folder", Root: folder}}, nil)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.library.Watch(ctx, func(err error) { t.Log(err) })
	}()
	defer func() { stop(); <-done }()
	write("a.md", "Second")
	write("b.md", "Another")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(15 * time.Second)
	for len(w.library.Edition().Articles) != 2 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the new file was not seen")
		}
	}
	if got := w.see("/articles/a").One("h1").Text(); got != "Second" {
		t.Errorf("the title is %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "b.md")); err != nil {
		t.Fatal(err)
	}
	for len(w.library.Edition().Articles) != 1 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the removed file is still there")
		}
	}
}
