package course

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

func TestManyChangesSettleIntoOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{wait: quiet}
		source := &reading{}
		heard := make(chan change)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for _, dir := range []string{"a", "b", "a", "c"} {
				<-time.After(quiet / 2)
				heard <- change{source, dir}
			}
		}()
		begin := time.Now()
		all, ok := w.settle(ctx, change{source, "a"}, heard)
		if !ok || !slices.Equal(all[source], []string{"a", "b", "c"}) {
			t.Errorf("settled with %v", all[source])
		}
		if took := time.Since(begin); took != 3*quiet {
			t.Errorf("settled after %s, want %s after the last of four changes", took, quiet)
		}
	})
}

func TestChangesWithoutEndAreReadAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source, heard := &watcher{wait: quiet}, &reading{}, make(chan change)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				select {
				case heard <- change{source, "a"}:
				case <-ctx.Done():
				}
				<-time.After(quiet / 5)
			}
		}()
		begin := time.Now()
		w.settle(ctx, change{source, ""}, heard)
		if took := time.Since(begin); took > mostQuiet+quiet {
			t.Errorf("settled after %s", took)
		}
		cancel()
		<-done
	})
}

func TestNothingIsReadWhileGitIsAtWork(t *testing.T) {
	dir := t.TempDir()
	lock := filepath.Join(dir, ".git", "index.lock")
	if err := os.MkdirAll(filepath.Dir(lock), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		source := &reading{Source: Source{Root: &Folder{dir: dir}}}
		w, heard := &watcher{wait: quiet}, make(chan change)
		begin := time.Now()
		time.AfterFunc(5*time.Second, func() { os.Remove(lock) })
		w.settle(t.Context(), change{source, "a"}, heard)
		if took := time.Since(begin); took < 5*time.Second || took > 5*time.Second+2*quiet {
			t.Errorf("settled after %s, the lock went after 5s", took)
		}
	})
}

// files is a loader whose lessons are the files of a folder.
type files struct{}

func (files) Name() string      { return "files" }
func (files) Detect(fs.FS) bool { return true }

func (files) Load(_ context.Context, fsys fs.FS) (*Shelf, []Warning, error) {
	names, err := fs.Glob(fsys, "*.md")
	if err != nil || len(names) == 0 {
		return nil, nil, errors.Join(err, fs.ErrNotExist)
	}
	c := &Course{ID: "c", Slug: "c", Dir: ".", Words: []Words{{Lang: "en", Title: "C"}}, Chapters: []*Chapter{{ID: "all", Slug: "all"}}}
	for _, name := range names {
		l := Remember(fsys, name, []string{name}, func() *Lesson {
			text, _ := ReadText(fsys, name)
			return &Lesson{ID: name, Slug: strings.TrimSuffix(name, ".md"), Versions: []*Version{{Lang: "en", File: name, Blocks: MarkdownBlocks(text, 1)}}}
		})
		c.Chapters[0].Lessons = append(c.Chapters[0].Lessons, l)
	}
	return &Shelf{Courses: []*Course{c}}, nil, nil
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func folderAt(t testing.TB, dir string) *Folder {
	t.Helper()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	return folder
}

func TestSourceThatDisappearsStaysAsItWas(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "courses")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.md", "A")
	other := t.TempDir()
	write(t, other, "z.md", "Z")
	library := NewLibrary([]Loader{files{}}, []Source{{Name: "one", Root: folderAt(t, dir)}, {Name: "two", Root: folderAt(t, other)}})
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"-old"); err != nil {
		t.Fatal(err)
	}
	err := library.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), "read courses from one") || library.State().Problem == nil {
		t.Errorf("the error is %v", err)
	}
	if _, ok := library.Catalogue().LessonByID("a.md"); !ok {
		t.Error("what the source held is gone")
	}
	// Another folder of the name takes its place, as some ways of publishing do.
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "b.md", "B")
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := library.Catalogue().LessonByID("b.md"); !ok || library.State().Problem != nil {
		t.Errorf("the new folder is not read (%v)", library.State().Problem)
	}
}

func TestSourcesThatWishForTheSameName(t *testing.T) {
	loaders := []Loader{&made{shelf: &Shelf{Courses: []*Course{{ID: "x", Slug: "same"}}}}, files{}}
	library := NewLibrary(append(loaders, named{"second", &Shelf{Courses: []*Course{{ID: "y", Slug: "same"}}}}),
		[]Source{{Name: "a", Root: fstest.MapFS{"made": {}}}, {Name: "b", Root: fstest.MapFS{}, Format: "second"}})
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	catalogue := library.Catalogue()
	if len(catalogue.Courses) != 2 || catalogue.Courses[0].Slug != "same" || catalogue.Courses[1].Slug != "same-2" || len(catalogue.Warnings) != 1 {
		t.Errorf("got %d courses, warnings %v", len(catalogue.Courses), catalogue.Warnings)
	}
}

type named struct {
	name  string
	shelf *Shelf
}

func (n named) Name() string                                           { return n.name }
func (n named) Detect(fs.FS) bool                                      { return false }
func (n named) Load(context.Context, fs.FS) (*Shelf, []Warning, error) { return n.shelf, nil, nil }

func TestFolderTellsOfLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.md", "A")
	for link, to := range map[string]string{"inside.md": "a.md", "outside.md": "/etc/passwd"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	folder := folderAt(t, dir)
	seen, err := look(folder, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, fsys := range []fs.FS{folder, seen} {
		info, err := fs.Lstat(fsys, "inside.md")
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%T does not say that a link is one (%v)", fsys, err)
		}
		if to, err := fs.ReadLink(fsys, "inside.md"); err != nil || to != "a.md" {
			t.Errorf("%T says that the link leads to %q (%v)", fsys, to, err)
		}
		if info, err := fs.Stat(fsys, "inside.md"); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%T does not follow a link inside (%v)", fsys, err)
		}
		if _, err := fs.Stat(fsys, "outside.md"); err == nil {
			t.Errorf("%T follows a link that leads out", fsys)
		}
		if text, err := ReadText(fsys, "outside.md"); err == nil {
			t.Errorf("%T reads %d bytes from outside", fsys, len(text))
		}
	}
}

// The picture that a library reads from is as the folder it is of.
func TestPictureIsAFileSystem(t *testing.T) {
	root := fstest.MapFS{"a.md": {Data: []byte("A")}, "c/b.md": {Data: []byte("B")}, "c/d/e.png": {}}
	seen, err := look(root, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(seen, "a.md", "c/b.md", "c/d/e.png"); err != nil {
		t.Error(err)
	}
}

func TestPartOfAPictureIsLookedAtAgain(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "b/c"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, dir, name+"/x.md", name)
	}
	folder := folderAt(t, dir)
	seen, err := look(folder, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a/y.md", "y")
	again, err := seen.lookAgain([]string{".", "a"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := look(folder, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.folders(), whole.folders()) || again.dirs["a"].stamp.sum != whole.dirs["a"].stamp.sum {
		t.Errorf("part by part there are %v, at once %v", again.folders(), whole.folders())
	}
	if len(seen.dirs) != 4 {
		t.Error("the picture before has changed")
	}
}
