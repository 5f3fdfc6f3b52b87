package course

import (
	"fmt"
	"hash/maphash"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Catalogue is everything that can be read here at one moment. It does not
// change; a newer one takes its place.
type Catalogue struct {
	Tracks   []*Track
	Courses  []*Course
	Warnings []Warning
	Lessons  int // in all courses

	Certifications []*Certification

	courses map[string]*Course // by id and by slug
	tracks  map[string]*Track  // by id and by slug
	places  map[placeKey]*Place
	byID    map[string]*Place // a lesson that stands in two courses: the first
	files   map[fileKey]*Place
	first   map[*Course]*Place
	roots   map[string]fs.FS // by source
	states  map[*Course]uint64
}

type placeKey struct{ course, slug string }

type fileKey struct {
	course *Course
	file   string
}

// Place is a lesson where it stands in a course.
type Place struct {
	Course  *Course
	Slug    string // the lesson's, or another if two of the course wish for the same
	Chapter *Chapter
	Lesson  *Lesson
	Number  int // from 1, in the course
	Of      int
	Prev    *Place
	Next    *Place
}

// Shelf is what a loader found in a source.
type Shelf struct {
	Tracks         []*Track
	Courses        []*Course
	Certifications []*Certification
}

// Course finds a course by its slug or id.
func (c *Catalogue) Course(name string) (*Course, bool) {
	found, ok := c.courses[name]
	return found, ok
}

// Track finds a track by its slug or id.
func (c *Catalogue) Track(name string) (*Track, bool) {
	found, ok := c.tracks[name]
	return found, ok
}

// Lesson finds a lesson by its course's slug and its own.
func (c *Catalogue) Lesson(courseSlug, lessonSlug string) (*Place, bool) {
	found, ok := c.places[placeKey{courseSlug, lessonSlug}]
	return found, ok
}

// LessonByID finds a lesson by its stable id.
func (c *Catalogue) LessonByID(id string) (*Place, bool) {
	found, ok := c.byID[id]
	return found, ok
}

// LessonOfFile finds the lesson of a course that was read from a file of its
// source, in any language.
func (c *Catalogue) LessonOfFile(of *Course, file string) (*Place, bool) {
	found, ok := c.files[fileKey{of, file}]
	return found, ok
}

// First is where a course begins.
func (c *Catalogue) First(of *Course) (*Place, bool) {
	found, ok := c.first[of]
	return found, ok
}

// Folder is the source that a course was read from.
func (c *Catalogue) Folder(of *Course) fs.FS { return c.roots[of.Source] }

// State stands for all of a course but the texts of its lessons: their order
// and names, its terms, the files that it brings along. Pages made of lessons
// that are the same stay right while it is the same.
func (c *Catalogue) State(of *Course) uint64 { return c.states[of] }

// OpenAsset opens a picture or another file in a course's own folder. Texts
// of the course itself are not assets.
func (c *Catalogue) OpenAsset(of *Course, name string) (fs.File, error) {
	root, known := c.roots[of.Source]
	if !known || !fs.ValidPath(name) || !isAsset(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	full := path.Join(of.Dir, name)
	info, err := fs.Stat(root, full)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return root.Open(full)
}

// Withheld tells whether a file of a course's source is there and yet no
// asset, though nothing hides it.
func (c *Catalogue) Withheld(of *Course, full string) bool {
	root, known := c.roots[of.Source]
	if !known || !fs.ValidPath(full) || dotted(full) || isAsset(full) {
		return false
	}
	info, err := fs.Stat(root, full)
	return err == nil && info.Mode().IsRegular()
}

// isAsset keeps the rest of a checkout (its history, its texts) from being
// served. docs/formats.md lists the same.
func isAsset(name string) bool {
	if dotted(name) {
		return false
	}
	switch strings.ToLower(path.Base(name)) {
	case "makefile", "dockerfile", "snakefile", "license":
		return true
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif", ".ico",
		".mp3", ".ogg", ".opus", ".m4a", ".wav", ".mp4", ".webm", ".vtt", ".pdf",
		".csv", ".tsv", ".txt", ".dat", ".log", ".json", ".xml", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".bib", ".cff", ".tex", ".ipynb",
		".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".npy", ".npz", ".h5", ".nc", ".xlsx", ".ods", ".docx", ".odt", ".pptx", ".odp",
		".py", ".js", ".mjs", ".ts", ".jsx", ".tsx", ".css", ".html", ".sql", ".r", ".jl", ".c", ".h", ".cc", ".cpp", ".hpp", ".cu",
		".f", ".f90", ".f95", ".pf", ".cmake", ".sh", ".bat", ".ps1", ".smk", ".rs", ".go", ".java", ".m":
		return true
	}
	return false
}

// dotted tells whether a file or a folder above it has a name with a dot first.
func dotted(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}

// builder makes a catalogue from shelves, which it leaves as they are: an
// older catalogue may be made of the same ones.
type builder struct {
	*Catalogue
	lessonOf map[string]*Lesson
	assets   map[string]stamp // by source and folder
}

// newBuilder makes room for so many lessons, so that no table has to grow.
func newBuilder(lessons int) *builder {
	return &builder{
		Catalogue: &Catalogue{
			courses: map[string]*Course{}, tracks: map[string]*Track{},
			places: make(map[placeKey]*Place, lessons), byID: make(map[string]*Place, lessons),
			files: make(map[fileKey]*Place, lessons), first: map[*Course]*Place{},
			roots: map[string]fs.FS{}, states: map[*Course]uint64{},
		},
		lessonOf: make(map[string]*Lesson, lessons), assets: map[string]stamp{},
	}
}

func (b *builder) warn(file, format string, args ...any) {
	b.Warnings = append(b.Warnings, Warning{File: file, What: fmt.Sprintf(format, args...)})
}

func (b *builder) add(s *reading) {
	b.roots[s.Name] = s.Root
	for _, c := range s.shelf.Courses {
		own := *c
		own.Source, own.Format = s.Name, s.loader.Name()
		b.addCourse(&own, s.tree)
	}
	for _, t := range s.shelf.Tracks {
		b.addTrack(t)
	}
	b.Certifications = append(b.Certifications, s.shelf.Certifications...)
}

func (b *builder) addCourse(c *Course, from *tree) {
	if other, taken := b.courses[c.ID]; taken {
		b.warn(c.Dir, "has the id %q of the course in %q and is left out; give it an id of its own", c.ID, other.Dir)
		return
	}
	if other, taken := b.courses[c.Slug]; taken {
		slug := b.freeCourseSlug(c.Slug)
		b.warn(c.Dir, "has the short name %q of the course in %q; its address ends in %q now, give it another", c.Slug, other.Dir, slug)
		c.Slug = slug
	}
	b.courses[c.ID], b.courses[c.Slug] = c, c
	b.Courses = append(b.Courses, c)
	b.placeLessons(c)
	b.states[c] = b.stateOf(c, from)
}

func (b *builder) stateOf(c *Course, from *tree) uint64 {
	key := c.Source + "\x00" + c.Dir
	assets, known := b.assets[key]
	if !known {
		assets = from.assetStamp(c.Dir)
		b.assets[key] = assets
	}
	var sum maphash.Hash
	sum.SetSeed(seed)
	maphash.WriteComparable(&sum, assets.sum)
	fmt.Fprint(&sum, c.ID, c.Slug, c.Rights)
	for p := b.first[c]; p != nil; p = p.Next {
		sum.WriteString(p.Slug)
		for _, v := range p.Lesson.Versions {
			sum.WriteString(v.File)
		}
	}
	return sum.Sum64()
}

func (b *builder) freeCourseSlug(slug string) string {
	for n := 2; ; n++ {
		free := slug + "-" + strconv.Itoa(n)
		if _, taken := b.courses[free]; !taken {
			return free
		}
	}
}

// addTrack joins tracks of one id, so that courses from several sources can
// stand in the same track.
func (b *builder) addTrack(t *Track) {
	if known, ok := b.tracks[t.ID]; ok {
		known.Courses = slices.Concat(known.Courses, t.Courses)
		if len(known.Words) == 0 {
			known.Words = t.Words
		}
		return
	}
	own := *t
	b.tracks[t.ID], b.tracks[t.Slug] = &own, &own
	b.Tracks = append(b.Tracks, &own)
}

func (b *builder) placeLessons(c *Course) {
	c.Chapters = b.dropDoubled(c.Chapters)
	var last *Place
	var all []*Place
	for chapter, lesson := range c.Lessons {
		place := &Place{Course: c, Slug: b.freeLessonSlug(c, lesson.Slug), Chapter: chapter, Lesson: lesson, Number: len(all) + 1, Prev: last}
		if last != nil {
			last.Next = place
		}
		b.index(place)
		all, last = append(all, place), place
	}
	for _, place := range all {
		place.Of = len(all)
	}
	b.Lessons += len(all)
}

// dropDoubled leaves out lessons whose id another lesson has: their progress
// could not be told apart. One lesson may well stand in two courses.
func (b *builder) dropDoubled(chapters []*Chapter) []*Chapter {
	out := make([]*Chapter, len(chapters))
	for i, chapter := range chapters {
		own := *chapter
		own.Lessons = chapter.Lessons[:0:0]
		for _, lesson := range chapter.Lessons {
			if other, taken := b.lessonOf[lesson.ID]; taken && other != lesson {
				b.warn(lesson.Versions[0].File, "has the id %q of %s and is left out; give it an id of its own", lesson.ID, other.Versions[0].File)
				continue
			}
			b.lessonOf[lesson.ID] = lesson
			own.Lessons = append(own.Lessons, lesson)
		}
		own.Chapters = b.dropDoubled(chapter.Chapters)
		out[i] = &own
	}
	return out
}

func (b *builder) freeLessonSlug(c *Course, wish string) string {
	slug := wish
	for n := 2; ; n++ {
		if _, taken := b.places[placeKey{c.Slug, slug}]; !taken {
			return slug
		}
		slug = wish + "-" + strconv.Itoa(n)
	}
}

func (b *builder) index(p *Place) {
	b.places[placeKey{p.Course.Slug, p.Slug}] = p
	if _, known := b.byID[p.Lesson.ID]; !known {
		b.byID[p.Lesson.ID] = p
	}
	if p.Number == 1 {
		b.first[p.Course] = p
	}
	for _, v := range p.Lesson.Versions {
		b.files[fileKey{p.Course, v.File}] = p
	}
}

func (b *builder) finish() *Catalogue {
	for _, t := range b.Tracks {
		b.tidyTrack(t)
	}
	for _, c := range b.Certifications {
		b.checkCertification(c)
	}
	SortWarnings(b.Warnings)
	return b.Catalogue
}

// tidyTrack takes courses out of a track that are not there.
func (b *builder) tidyTrack(t *Track) {
	kept := t.Courses[:0:0]
	for _, id := range t.Courses {
		if c, ok := b.courses[id]; ok {
			kept = append(kept, c.ID)
			continue
		}
		b.warn(t.ID, "names the course %q, which does not exist; correct the id", id)
	}
	t.Courses = kept
}

// checkCertification warns of lessons that nobody could finish. They stay in
// the list: leaving them out would make the certificate easier.
func (b *builder) checkCertification(c *Certification) {
	for _, id := range c.Lessons {
		if _, ok := b.byID[id]; !ok {
			b.warn(c.ID, "asks for the lesson %q, which does not exist; correct the id", id)
		}
	}
}
