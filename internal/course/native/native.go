// Package native reads courses in this project's own format: a folder with a
// course.md and one Markdown file per lesson, as docs/lesson-format.md says.
//
// It owns the format: front matter, sections, tests, questions, translations.
// It refuses nothing that it can still show: what it does not understand is a
// warning with file and line, and text that belongs nowhere goes to the page.
//
// Start at Loader.Load for folders and at parseLesson for a single file.
package native

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// Loader reads folders of native courses.
type Loader struct{}

// Name is "kept".
func (Loader) Name() string { return "kept" }

const (
	courseFile = "course.md"
	maxDepth   = 4 // folders above a course
)

// Detect looks for a course.md.
func (Loader) Detect(fsys fs.FS) bool {
	dirs, _ := courseDirs(fsys)
	return len(dirs) > 0
}

// Load reads every course below the folder.
func (Loader) Load(ctx context.Context, fsys fs.FS) (*course.Shelf, []course.Warning, error) {
	dirs, warnings := courseDirs(fsys)
	if len(dirs) == 0 {
		return nil, warnings, fmt.Errorf("find %s: %w", courseFile, fs.ErrNotExist)
	}
	shelf := &course.Shelf{}
	for _, dir := range dirs {
		r := course.Remember(fsys, "course "+dir, []string{dir}, func() *reader {
			r := &reader{fsys: fsys, dir: dir}
			r.err = r.read(ctx)
			r.fsys = nil // it shows one moment
			return r
		})
		if r.err != nil {
			return nil, nil, r.err
		}
		warnings = append(warnings, r.warnings...)
		if r.course != nil {
			shelf.Courses = append(shelf.Courses, r.course)
			shelf.Tracks = addTrack(shelf.Tracks, r)
			if r.certification != nil {
				shelf.Certifications = append(shelf.Certifications, r.certification)
			}
		}
	}
	course.SortWarnings(warnings)
	return shelf, warnings, nil
}

// addTrack leaves the reader's own track as it is: the reader may be asked
// again.
func addTrack(tracks []*course.Track, r *reader) []*course.Track {
	if r.track == nil {
		return tracks
	}
	for _, t := range tracks {
		if t.ID == r.track.ID {
			t.Courses = append(t.Courses, r.course.ID)
			if t.Words[0].Summary == "" {
				t.Words = r.track.Words
			}
			return tracks
		}
	}
	own := *r.track
	own.Courses = []string{r.course.ID}
	return append(tracks, &own)
}

// courseDirs finds the folders that hold a course.md, without going into
// hidden folders or into a course.
func courseDirs(fsys fs.FS) ([]string, []course.Warning) {
	var dirs []string
	var warnings []course.Warning
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			warnings = append(warnings, course.Warning{File: name, What: "cannot be opened; look at its permissions"})
			return fs.SkipDir
		}
		if !d.IsDir() {
			return nil
		}
		if name != "." && (strings.HasPrefix(d.Name(), ".") || strings.Count(name, "/") >= maxDepth) {
			return fs.SkipDir
		}
		if info, err := fs.Stat(fsys, path.Join(name, courseFile)); err == nil && !info.IsDir() {
			dirs = append(dirs, name)
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		warnings = append(warnings, course.Warning{File: ".", What: "cannot be walked through; look at its permissions"})
	}
	return dirs, warnings
}

// reader reads one course, and then is what was read.
type reader struct {
	fsys          fs.FS
	dir           string
	course        *course.Course
	track         *course.Track
	certification *course.Certification
	lang          string
	warnings      []course.Warning
	err           error
}

func (r *reader) warn(file string, line int, format string, args ...any) {
	r.warnings = append(r.warnings, course.Warning{File: file, Line: line, What: fmt.Sprintf(format, args...)})
}

func (r *reader) read(ctx context.Context) error {
	head, ok := r.readCourse()
	if !ok {
		return nil
	}
	files, err := r.lessonFiles()
	if err != nil {
		return fmt.Errorf("list %s: %w", r.dir, err)
	}
	parsed, err := r.parseAll(ctx, files)
	if err != nil {
		return err
	}
	lessons := r.lessons(parsed)
	r.chapters(head, lessons)
	r.readCertification(head, lessons)
	head.Finish()
	r.warnDoubled(parsed)
	return nil
}

// translation is the end of a file name that says which language it is in.
var translation = regexp.MustCompile(`^(.+)\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.md$`)

// nameAndLang takes "hello.de.md" apart into "hello.md" and "de".
func nameAndLang(file string) (name, lang string) {
	if m := translation.FindStringSubmatch(file); m != nil {
		return m[1] + ".md", m[2]
	}
	return file, ""
}

// lessonFiles lists the texts of a course but for those about it.
func (r *reader) lessonFiles() ([]string, error) {
	entries, err := fs.ReadDir(r.fsys, r.dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		name, _ := nameAndLang(e.Name())
		if e.IsDir() || path.Ext(name) != ".md" || strings.HasPrefix(name, ".") {
			continue
		}
		if slices.Contains([]string{courseFile, "README.md", "LICENSE.md", "CONTRIBUTING.md"}, name) {
			continue
		}
		files = append(files, e.Name())
	}
	return files, nil
}

// parsed is a lesson file as read.
type parsed struct {
	name     string // without folder and language: what translations share
	lang     string // "" for the original
	draft    *draft
	warnings []course.Warning
}

// parseAll reads the files of a course on all processors.
func (r *reader) parseAll(ctx context.Context, files []string) ([]parsed, error) {
	out := make([]parsed, len(files))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := range next {
				out[i] = r.parseFile(files[i])
			}
		})
	}
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return out, ctx.Err()
}

func (r *reader) parseFile(file string) parsed {
	name, lang := nameAndLang(file)
	p := parsed{name: name, lang: lang}
	full := path.Join(r.dir, file)
	text, err := course.ReadText(r.fsys, full)
	if err != nil {
		p.warnings = append(p.warnings, warningOf(full, err))
		return p
	}
	p.draft = parseLesson(full, text, lang != "", &p.warnings)
	return p
}

// lessons joins originals and translations, in the order of file names.
func (r *reader) lessons(files []parsed) map[string]*course.Lesson {
	lessons := map[string]*course.Lesson{}
	for _, p := range files {
		r.warnings = append(r.warnings, p.warnings...)
		if p.draft == nil || p.lang != "" {
			continue
		}
		lesson := p.draft.lesson(r.course.ID)
		lesson.Versions[0].Lang = r.lang
		lessons[p.name] = lesson
	}
	for _, p := range files {
		if p.draft != nil && p.lang != "" {
			r.translate(lessons[p.name], p)
		}
	}
	return lessons
}

func (r *reader) warnDoubled(files []parsed) {
	seen := map[string]string{}
	for _, p := range files {
		if p.draft == nil || p.lang != "" {
			continue
		}
		if other, ok := seen[p.draft.id]; ok {
			r.warn(p.draft.version.File, p.draft.idLine, "the id %q is that of %s too; give each lesson an id of its own and never change it", p.draft.id, other)
			continue
		}
		seen[p.draft.id] = path.Base(p.draft.version.File)
	}
}

// chapters puts the lessons in order.
func (r *reader) chapters(head *frontmatter.Fields, lessons map[string]*course.Lesson) {
	left := map[string]*course.Lesson{}
	for name, lesson := range lessons {
		left[name] = lesson
	}
	for _, group := range head.Groups("chapters") {
		r.course.Chapters = append(r.course.Chapters, r.chapter(group, lessons, left))
	}
	if len(left) == 0 {
		return
	}
	r.addRest(left)
}

func (r *reader) chapter(group *frontmatter.Fields, lessons, left map[string]*course.Lesson) *course.Chapter {
	title, id := group.Text("title"), group.Text("id")
	file := path.Join(r.dir, courseFile)
	if title == "" {
		r.warn(file, group.BodyLine, "a chapter has no title; add title: text")
		title = "Chapter"
	}
	if id == "" {
		id = course.Slug(title)
	}
	chapter := &course.Chapter{ID: r.course.ID + "/" + id, Slug: id,
		Words: []course.Words{{Lang: r.lang, Title: title, Summary: group.Text("summary")}}}
	for _, name := range group.List("lessons") {
		lesson, ok := left[name]
		switch {
		case ok:
			chapter.Lessons = append(chapter.Lessons, lesson)
			delete(left, name)
		case lessons[name] != nil:
			r.warn(file, group.Line("lessons"), "%q is listed twice; take one away", name)
		default:
			r.warn(file, group.Line("lessons"), "there is no lesson %q; correct the name or add the file", name)
		}
	}
	group.Finish()
	return chapter
}

// addRest appends lessons that no chapter lists, in the order of their names.
func (r *reader) addRest(left map[string]*course.Lesson) {
	names := make([]string, 0, len(left))
	for name := range left {
		names = append(names, name)
	}
	slices.Sort(names)
	listed := len(r.course.Chapters) > 0
	if !listed {
		r.course.Chapters = []*course.Chapter{{ID: r.course.ID + "/all", Slug: "all", Words: r.course.Words}}
	}
	last := r.course.Chapters[len(r.course.Chapters)-1]
	for _, name := range names {
		if listed {
			r.warn(path.Join(r.dir, name), 0, "no chapter lists this lesson and it stands at the end; add it to chapters in %s", courseFile)
		}
		last.Lessons = append(last.Lessons, left[name])
	}
}

func warningOf(file string, err error) course.Warning {
	if e, ok := errors.AsType[*course.FileError](err); ok {
		return e.Warning()
	}
	return course.Warning{File: file, What: "cannot be read; look at its permissions"}
}
