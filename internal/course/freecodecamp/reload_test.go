package freecodecamp_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kept/internal/course"
	"kept/internal/course/freecodecamp"
)

// ownCheckout is a copy of the fixture that may be changed.
func ownCheckout(t testing.TB) (string, *course.Library) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, fixture(t, "2025")); err != nil {
		t.Fatal(err)
	}
	age(t, dir)
	return dir, libraryOf(t, dir)
}

func libraryOf(t testing.TB, dir string) *course.Library {
	t.Helper()
	folder, err := course.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	library := course.NewLibrary([]course.Loader{freecodecamp.Loader{}}, []course.Source{{Name: "s", Root: folder}})
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return library
}

// age makes files older than the moment in which they could still change
// unseen.
func age(t testing.TB, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && time.Since(info.ModTime()) < time.Second {
			err = os.Chtimes(name, time.Time{}, time.Now().Add(-time.Second))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	seedBed  = "curriculum/challenges/english/01-first-garden/workshop-seed-bed/a00000000000000000000002.md"
	watering = "curriculum/challenges/english/01-first-garden/watering/draw-a-row.md"
)

func rewrite(t testing.TB, dir, file, old, new string) {
	t.Helper()
	name := filepath.Join(dir, file)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func versionOf(t testing.TB, l *course.Library, file string) *course.Version {
	t.Helper()
	for _, c := range l.Catalogue().Courses {
		if p, ok := l.Catalogue().LessonOfFile(c, file); ok {
			for _, v := range p.Lesson.Versions {
				if v.File == file {
					return v
				}
			}
		}
	}
	t.Fatalf("no lesson was read from %s", file)
	return nil
}

// Pages and the index of words are kept for lessons that are the same ones.
func TestReloadReadsOnlyWhatChanged(t *testing.T) {
	dir, library := ownCheckout(t)
	before, other := versionOf(t, library, seedBed), versionOf(t, library, watering)
	old := library.Catalogue()
	if err := library.Reload(t.Context()); err != nil || library.Catalogue() != old {
		t.Errorf("without a change another catalogue took the place of the old one (%v)", err)
	}
	rewrite(t, dir, seedBed, "title: ", "title: New ")
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := versionOf(t, library, seedBed)
	if after == before || !strings.HasPrefix(after.Title, "New ") || strings.HasPrefix(before.Title, "New ") {
		t.Errorf("the title was %q and is %q", before.Title, after.Title)
	}
	if versionOf(t, library, watering) != other {
		t.Error("a lesson of another block was read again")
	}
}

func TestChangeOfTheSameSizeAtOnceIsSeen(t *testing.T) {
	dir, library := ownCheckout(t)
	for _, title := range []string{"title: Aaa", "title: Bbb", "title: Ccc"} {
		text, err := os.ReadFile(filepath.Join(dir, seedBed))
		if err != nil {
			t.Fatal(err)
		}
		at := strings.Index(string(text), "title: ")
		changed := string(text[:at]) + title + string(text[at+len(title):])
		if err := os.WriteFile(filepath.Join(dir, seedBed), []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := library.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := versionOf(t, library, seedBed).Title; !strings.HasPrefix("title: "+got, title) {
			t.Errorf("got %q after %q was written", got, title)
		}
	}
}

// After any changes, what was read bit by bit is what one reads anew.
func TestReloadIsLikeLoadingAnew(t *testing.T) {
	dir, library := ownCheckout(t)
	blocks := "curriculum/challenges/english/01-first-garden"
	step := 0
	rapid.Check(t, func(rt *rapid.T) {
		step++
		switch rapid.SampledFrom([]string{"title", "link", "remove", "add", "order", "break"}).Draw(rt, "change") {
		case "title":
			rewrite(t, dir, seedBed, "title: ", fmt.Sprintf("title: %d ", step))
		case "link":
			rewrite(t, dir, seedBed, "# --description--\n", "# --description--\n\nSee [it](/learn/first-garden/watering/draw-a-row).\n")
		case "remove":
			os.Remove(filepath.Join(dir, watering))
		case "add":
			text := fmt.Sprintf("---\nid: n%d\ntitle: New %d\nchallengeType: 24\ndashedName: draw-a-row\n---\n\n# --description--\n\nHello.\n", step, step)
			if err := os.WriteFile(filepath.Join(dir, watering), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		case "order":
			rewrite(t, dir, "curriculum/challenges/_meta/watering/meta.json", `"name": "`, `"name": "The `)
		case "break":
			name := filepath.Join(dir, blocks, fmt.Sprintf("block-%d", step))
			if os.Mkdir(name, 0o700) != nil || os.WriteFile(filepath.Join(name, "x.md"), []byte("no front matter"), 0o600) != nil {
				t.Fatal("a file could not be written")
			}
		}
		if err := library.Reload(t.Context()); err != nil {
			rt.Fatal(err)
		}
		got, want := library.Catalogue(), libraryOf(t, dir).Catalogue()
		if !reflect.DeepEqual(got.Courses, want.Courses) || !reflect.DeepEqual(got.Warnings, want.Warnings) {
			rt.Fatalf("read bit by bit: %d lessons, %v\nread anew: %d lessons, %v", got.Lessons, got.Warnings, want.Lessons, want.Warnings)
		}
	})
}

// awaitChange does something and waits for another catalogue.
func awaitChange(t testing.TB, library *course.Library, do func()) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	changed := library.Changed()
	begin := time.Now()
	do()
	select {
	case <-changed:
	case <-ctx.Done():
		t.Fatal("the change was not noticed")
	}
	return time.Since(begin)
}

func watched(t testing.TB, library *course.Library) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	listening := library.Watching()
	go func() {
		defer close(done)
		library.Watch(ctx, func(err error) { t.Errorf("watching: %v", err) })
	}()
	t.Cleanup(func() { cancel(); <-done })
	<-listening
}

func TestChangesAreNoticed(t *testing.T) {
	dir, library := ownCheckout(t)
	watched(t, library)
	awaitChange(t, library, func() { rewrite(t, dir, seedBed, "title: ", "title: Written ") })
	if got := versionOf(t, library, seedBed).Title; !strings.HasPrefix(got, "Written ") {
		t.Errorf("the title is %q", got)
	}
	fresh := filepath.Join(dir, filepath.Dir(filepath.Dir(seedBed)), "fresh")
	awaitChange(t, library, func() {
		if err := os.Mkdir(fresh, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh, "new.md"), []byte("---\nid: new\ntitle: New\nchallengeType: 24\n---\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if _, ok := library.Catalogue().LessonByID("fresh/new"); !ok {
		t.Error("a lesson in a new folder is missing")
	}
	awaitChange(t, library, func() {
		if err := os.RemoveAll(fresh); err != nil {
			t.Fatal(err)
		}
	})
	if _, ok := library.Catalogue().LessonByID("fresh/new"); ok {
		t.Error("a lesson that is gone is still there")
	}
}
