package course

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

func TestLanguageFallsBack(t *testing.T) {
	lesson := &Lesson{Versions: []*Version{{Lang: "en"}, {Lang: "de"}, {Lang: "pt-BR"}, {Lang: "zh-Hans"}}}
	for _, c := range []struct {
		wished []string
		want   string
	}{
		{nil, "en"}, {[]string{"fr"}, "en"}, {[]string{"de-AT"}, "de"}, {[]string{"pt"}, "pt-BR"},
		{[]string{"fr", "zh-Hant"}, "zh-Hans"}, {[]string{"pt-BR", "de"}, "pt-BR"}, {[]string{""}, "en"},
	} {
		if got := lesson.In(c.wished...).Lang; got != c.want {
			t.Errorf("%v: got %s, want %s", c.wished, got, c.want)
		}
	}
	if got := (&Course{}).In("en"); got.Title != "" {
		t.Errorf("a course without words has the title %q", got.Title)
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"A name is a tag": "a-name-is-a-tag", "  C++ & you! ": "c-you", "Größe": "größe", "日本語 テスト": "日本語-テスト",
		"हिन्दी": "हिन्दी", "!!!": "", "../..": "", strings.Repeat("a", 200): strings.Repeat("a", 80),
	} {
		if got := Slug(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		dir, file, address string
		ok                 bool
	}{
		{"c", "c/a.md", "b.png", true}, {"c", "c/a.md", "img/../b.png", true}, {"c", "c/a.md", "../c/b.png", true},
		{"c", "c/a.md", "../b.png", false}, {"c", "c/a.md", "../cc/b.png", false}, {"c", "c/a.md", "/etc/passwd", false},
		{"c", "c/a.md", `..\b.png`, false}, {".", "a.md", "b.png", true}, {".", "a.md", "../b.png", false}, {".", "a.md", "..", false},
	} {
		if full, ok := Within(c.dir, c.file, c.address); ok != c.ok {
			t.Errorf("%q from %q: got %q, %v", c.address, c.file, full, ok)
		}
	}
}

func TestReadTextRefusesWhatIsNotALesson(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("long.md", "# a\n"+strings.Repeat("x", MaxLine+1))
	write("zero.md", "a\x00b")
	write("good.md", "\uFEFFa\r\nb\xffc")
	if err := os.Mkdir(filepath.Join(dir, "dir.md"), 0o700); err != nil {
		t.Fatal(err)
	}
	huge, err := os.Create(filepath.Join(dir, "huge.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := huge.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	huge.Close()
	outside := filepath.Join(t.TempDir(), "secret.md")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link.md": outside, "up.md": "../../secret.md", "self.md": "self.md", "fine.md": "good.md"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for name, want := range map[string]string{
		"long.md": "break it up", "zero.md": "not text", "huge.md": "split it", "dir.md": "not an ordinary file",
		"link.md": "leads out", "up.md": "leads out", "self.md": "cannot be read", "none.md": "does not exist",
	} {
		_, err := ReadText(folder, name)
		var fileError *FileError
		if !errors.As(err, &fileError) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	for _, name := range []string{"good.md", "fine.md"} {
		if text, err := ReadText(folder, name); err != nil || text != "a\nb\uFFFDc" {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
}

func TestOpenFolderThatIsNotThere(t *testing.T) {
	if _, err := OpenFolder(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// made is a loader of what it is given.
type made struct {
	shelf *Shelf
	err   error
}

func (made) Name() string { return "made" }

func (made) Detect(fsys fs.FS) bool {
	_, err := fs.Stat(fsys, "made")
	return err == nil
}

func (m *made) Load(context.Context, fs.FS) (*Shelf, []Warning, error) { return m.shelf, nil, m.err }

func lesson(id string) *Lesson {
	return &Lesson{ID: id, Slug: id, Versions: []*Version{{Lang: "en", File: "c/" + id + ".md"}}}
}

// readingOf is a source of no files from which a shelf was read.
func readingOf(t testing.TB, shelf *Shelf) *reading {
	t.Helper()
	return readingFrom(t, fstest.MapFS{}, shelf)
}

func readingFrom(t testing.TB, root fs.FS, shelf *Shelf) *reading {
	t.Helper()
	files, err := look(root, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &reading{Source: Source{Name: "s", Root: root}, tree: files, loader: &made{}, shelf: shelf}
}

func catalogueOf(t *testing.T, courses ...*Course) *Catalogue {
	t.Helper()
	b := newBuilder(0)
	b.add(readingOf(t, &Shelf{Courses: courses}))
	return b.finish()
}

func TestPlacesFollowEachOtherThroughChapters(t *testing.T) {
	a, b, c := lesson("a"), lesson("b"), lesson("c")
	of := &Course{ID: "x", Slug: "x", Chapters: []*Chapter{{ID: "1", Lessons: []*Lesson{a}}, {ID: "2", Chapters: []*Chapter{{ID: "3", Lessons: []*Lesson{b, c}}}}}}
	catalogue := catalogueOf(t, of)
	of = catalogue.Courses[0]
	place, ok := catalogue.First(of)
	for i, want := range []*Lesson{a, b, c} {
		if !ok || place.Lesson != want || place.Number != i+1 || place.Of != 3 {
			t.Fatalf("place %d is %+v", i+1, place)
		}
		if back := place.Next; back != nil && back.Prev != place {
			t.Errorf("the way back from %d leads elsewhere", i+2)
		}
		byID, _ := catalogue.LessonByID(want.ID)
		bySlug, _ := catalogue.Lesson("x", want.Slug)
		byFile, _ := catalogue.LessonOfFile(of, want.Versions[0].File)
		if byID != place || bySlug != place || byFile != place {
			t.Errorf("look-ups of %s disagree", want.ID)
		}
		if place.Next != nil {
			place = place.Next
		}
	}
	if place.Chapter.ID != "3" || catalogue.Lessons != 3 {
		t.Errorf("got chapter %s, %d lessons", place.Chapter.ID, catalogue.Lessons)
	}
}

func TestDoubledNames(t *testing.T) {
	shared := lesson("shared")
	first := &Course{ID: "x", Slug: "x", Dir: "one", Chapters: []*Chapter{{Lessons: []*Lesson{lesson("a"), shared}}}}
	sameSlug := &Course{ID: "y", Slug: "x", Dir: "two", Chapters: []*Chapter{{Lessons: []*Lesson{lesson("a"), shared, {ID: "z", Slug: "shared", Versions: []*Version{{}}}}}}}
	sameID := &Course{ID: "x", Slug: "z", Dir: "three"}
	catalogue := catalogueOf(t, first, sameSlug, sameID)
	if len(catalogue.Courses) != 2 || len(catalogue.Warnings) != 3 {
		t.Fatalf("got %d courses and warnings %v", len(catalogue.Courses), catalogue.Warnings)
	}
	if got := catalogue.Courses[1].Slug; got != "x-2" || sameSlug.Slug != "x" {
		t.Errorf("the second course has the slug %q, and %q where it was read", got, sameSlug.Slug)
	}
	if _, ok := catalogue.Lesson("x-2", "a"); ok {
		t.Error("a lesson with another's id was kept")
	}
	if p, ok := catalogue.Lesson("x-2", "shared"); !ok || p.Lesson != shared {
		t.Error("a lesson that stands in two courses is missing from the second")
	}
	if p, ok := catalogue.Lesson("x-2", "shared-2"); !ok || p.Lesson.ID != "z" {
		t.Error("the second lesson of one slug cannot be reached")
	}
	if p, _ := catalogue.LessonByID("shared"); p.Course != catalogue.Courses[0] {
		t.Error("the lesson's first place is not in the first course")
	}
}

func TestTracksJoinAcrossSources(t *testing.T) {
	b := newBuilder(0)
	for _, id := range []string{"x", "y"} {
		track := &Track{ID: "t", Slug: "t", Words: []Words{{Title: "T"}}, Courses: []string{id, "gone"}}
		b.add(readingOf(t, &Shelf{Courses: []*Course{{ID: id, Slug: id}}, Tracks: []*Track{track}}))
	}
	catalogue := b.finish()
	track, ok := catalogue.Track("t")
	if !ok || strings.Join(track.Courses, " ") != "x y" || len(catalogue.Tracks) != 1 {
		t.Errorf("got %+v", track)
	}
	if len(catalogue.Warnings) != 2 {
		t.Errorf("got %v, want a warning for each course that is gone", catalogue.Warnings)
	}
}

func TestCertificationOfMissingLessonWarns(t *testing.T) {
	b := newBuilder(0)
	b.add(readingOf(t, &Shelf{Courses: []*Course{{ID: "x", Slug: "x", Chapters: []*Chapter{{Lessons: []*Lesson{lesson("a")}}}}},
		Certifications: []*Certification{{ID: "c", Lessons: []string{"a", "gone"}}}}))
	catalogue := b.finish()
	if len(catalogue.Certifications) != 1 || len(catalogue.Warnings) != 1 || !strings.Contains(catalogue.Warnings[0].What, `"gone"`) {
		t.Errorf("got %v", catalogue.Warnings)
	}
}

func TestReloadSwapsOrKeeps(t *testing.T) {
	loader := &made{shelf: &Shelf{Courses: []*Course{{ID: "x", Slug: "x"}}}}
	library := NewLibrary([]Loader{loader}, []Source{{Name: "s", Root: fstest.MapFS{"made": {}}}})
	if n := len(library.Catalogue().Courses); n != 0 {
		t.Errorf("a new library has %d courses", n)
	}
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := library.Catalogue()
	loader.err = io.ErrUnexpectedEOF
	if err := library.Reload(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if library.Catalogue() != old {
		t.Error("after an error the old catalogue is gone")
	}
}

func TestReadersNeverSeeHalf(t *testing.T) {
	loader := &made{}
	library := NewLibrary([]Loader{loader}, []Source{{Name: "s", Root: fstest.MapFS{"made": {}}}})
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				catalogue := library.Catalogue()
				for _, c := range catalogue.Courses {
					if p, ok := catalogue.First(c); !ok || p.Of != 2 || p.Next == nil {
						t.Error("a course is not whole")
						return
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for range 200 {
		loader.shelf = &Shelf{Courses: []*Course{{ID: "x", Slug: "x", Chapters: []*Chapter{{Lessons: []*Lesson{lesson("a"), lesson("b")}}}}}}
		if err := library.Reload(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format string
		files  fstest.MapFS
		want   string
	}{
		{"made", fstest.MapFS{}, ""}, {"auto", fstest.MapFS{"made": {}}, ""}, {"", fstest.MapFS{"made": {}}, ""},
		{"auto", fstest.MapFS{}, "no known course format"}, {"other", fstest.MapFS{"made": {}}, `no course format "other"`},
	} {
		library := NewLibrary([]Loader{&made{shelf: &Shelf{}}}, []Source{{Name: "s", Root: c.files, Format: c.format}})
		err := library.Reload(t.Context())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestAssets(t *testing.T) {
	root := fstest.MapFS{"c/a.png": {Data: []byte("p")}, "c/a.md": {}, "c/.git/b.png": {}, "secret.png": {}, "c/dir.png/x.png": {}, "c/Makefile": {}, "c/.env": {}}
	b := newBuilder(0)
	of := &Course{ID: "x", Slug: "x", Dir: "c"}
	b.add(readingFrom(t, root, &Shelf{Courses: []*Course{of}}))
	catalogue := b.finish()
	of = catalogue.Courses[0]
	for name, want := range map[string]bool{
		"a.png": true, "dir.png/x.png": true, "Makefile": true, ".env": false, "a.md": false, ".git/b.png": false, "../secret.png": false, "/a.png": false, "dir.png": false, "none.png": false, "": false,
	} {
		f, err := catalogue.OpenAsset(of, name)
		if (err == nil) != want {
			t.Errorf("%q: got %v", name, err)
		}
		if err == nil {
			f.Close()
		}
	}
	for name, want := range map[string]bool{"c/a.md": true, "c/a.png": false, "c/.env": false, "c/none.md": false, "c/dir.png": false} {
		if got := catalogue.Withheld(of, name); got != want {
			t.Errorf("%s is withheld: %v", name, got)
		}
	}
}

// Whatever loaders hand over: every lesson that is kept can be found by its
// id, its place and its file's course, and the ways forth and back agree.
func TestCatalogueHoldsTogether(t *testing.T) {
	source := readingOf(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c]{1,2}`)
		var courses []*Course
		for range rapid.IntRange(0, 5).Draw(t, "courses") {
			c := &Course{ID: name.Draw(t, "id"), Slug: name.Draw(t, "slug")}
			c.Chapters = drawChapters(t, name, 2)
			courses = append(courses, c)
		}
		b := newBuilder(0)
		source.shelf = &Shelf{Courses: courses}
		b.add(source)
		checkCatalogue(t, b.finish())
	})
}

func drawChapters(t *rapid.T, name *rapid.Generator[string], depth int) []*Chapter {
	var chapters []*Chapter
	for range rapid.IntRange(0, 3).Draw(t, "chapters") {
		chapter := &Chapter{ID: name.Draw(t, "chapter")}
		for range rapid.IntRange(0, 4).Draw(t, "lessons") {
			chapter.Lessons = append(chapter.Lessons, &Lesson{ID: name.Draw(t, "lesson"), Slug: name.Draw(t, "slug"), Versions: []*Version{{File: "f"}}})
		}
		if depth > 0 {
			chapter.Chapters = drawChapters(t, name, depth-1)
		}
		chapters = append(chapters, chapter)
	}
	return chapters
}

func checkCatalogue(t *rapid.T, catalogue *Catalogue) {
	total := 0
	slugs := map[string]bool{}
	for _, c := range catalogue.Courses {
		if slugs[c.Slug] {
			t.Fatalf("two courses have the slug %q", c.Slug)
		}
		slugs[c.Slug] = true
		place, ok := catalogue.First(c)
		n := 0
		for _, l := range c.Lessons {
			n++
			if !ok || place.Lesson != l || place.Number != n {
				t.Fatalf("place %d of %s is not lesson %s", n, c.ID, l.ID)
			}
			if found, _ := catalogue.Lesson(c.Slug, place.Slug); found != place {
				t.Fatalf("%s/%s leads elsewhere", c.Slug, place.Slug)
			}
			if found, _ := catalogue.LessonByID(l.ID); found == nil || found.Lesson != l {
				t.Fatalf("the id %s leads to another lesson", l.ID)
			}
			place, ok = place.Next, place.Next != nil
		}
		total += n
	}
	if total != catalogue.Lessons {
		t.Fatalf("%d lessons are counted, %d are there", catalogue.Lessons, total)
	}
}

func TestWarningNamesFileAndLine(t *testing.T) {
	list := []Warning{{File: "b", Line: 2, What: "x, do y"}, {File: "a", What: "z"}, {File: "b", Line: 1, What: "w"}}
	SortWarnings(list)
	got := list[0].String() + "|" + list[1].String() + "|" + list[2].String()
	if want := "a: z|b:1: w|b:2: x, do y"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
