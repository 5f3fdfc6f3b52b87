package publish

import (
	"context"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/course/asset"
	"kept/internal/course/frontmatter"
)

// Show is a podcast.
type Show struct {
	Text
	Category string // of the directories: "Education"
	Explicit bool
	Episodes []*Episode // the newest first
	dir      string
}

// Path is its address, without escapes.
func (s *Show) Path() string { return "/podcasts/" + s.Slug }

// Episode is one of a show.
type Episode struct {
	Text
	ID         string // never changes; podcast programs know an episode by it
	Number     int
	Season     int
	Explicit   bool
	Sound      Sound
	Transcript *Transcript
	Show       *Show
}

// Path is its address, without escapes.
func (e *Episode) Path() string { return e.Show.Path() + "/" + e.Slug }

// Sound is what one listens to: a file in the show's folder, or an address
// elsewhere.
type Sound struct {
	File    string // in the show's folder; empty: it lies elsewhere
	Address string // elsewhere
	Host    string // of Address
	Type    string
	Bytes   int64
	Length  time.Duration
}

const (
	showFile = "show.md"
	mostRun  = 100 * time.Hour
)

// showDirs finds the folders that hold a show.
func (r *reader) showDirs() []string {
	var dirs []string
	for _, file := range r.files(".", mostDeep) {
		if path.Base(file) == showFile {
			dirs = append(dirs, path.Dir(file))
		}
	}
	return dirs
}

// shows reads every show of a folder.
func (r *reader) shows(ctx context.Context, taken map[string]string) ([]*Show, *course.Shelf, error) {
	shelf := &course.Shelf{}
	var all []*Show
	for _, dir := range r.showDirs() {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if s := r.show(dir, taken); s != nil {
			all, shelf.Courses = append(all, s), append(shelf.Courses, s.course)
		}
	}
	if len(all) == 0 {
		r.warn(".", 0, "holds no show; write one into a file %s", showFile)
	}
	return all, shelf, nil
}

func (r *reader) show(dir string, taken map[string]string) *Show {
	file := path.Join(dir, showFile)
	r.base = dir
	head, ok := r.open(file)
	if !ok {
		return nil
	}
	slug := course.Slug(path.Base(dir))
	if slug == "" {
		slug = "podcast"
	}
	s := &Show{Text: r.text(head, file, slug), Category: r.short(head, file, "category"), Explicit: head.Bool("explicit"), dir: dir}
	if s.Lang == "" {
		s.Lang = "en"
		r.warn(file, 1, "has no language and is taken for English; add language: en")
	}
	if s.Rights.Licence == "" {
		r.warn(file, 1, "has no licence, so nobody knows how it may be used; add licence: CC BY 4.0, or another")
	}
	if s.Cover == nil {
		r.warn(file, 1, "has no cover, and directories of podcasts ask for one; add cover: a square picture of 1400 to 3000 pixels")
	}
	head.Finish()
	r.settleSlug(&s.Text, taken)
	s.course = courseOf(r.source+"/"+dir, s.Slug, ofPodcasts)
	s.course.Dir = dir
	s.lesson = lessonOf(r.source, &s.Text, markdown(head.Body, head.BodyLine))
	r.episodes(s)
	return s
}

func (r *reader) episodes(s *Show) {
	slugs, ids := map[string]string{}, map[string]string{}
	used := r.transcriptFiles(s.dir)
	for _, file := range r.files(s.dir, 1) {
		if path.Base(file) == showFile || slices.Contains(used, file) {
			continue
		}
		e := r.episode(s, file)
		if e == nil {
			continue
		}
		if other := ids[e.ID]; other != "" {
			r.warn(file, 1, "has the id %q of %s and is left out; give it an id of its own", clip(e.ID), other)
			continue
		}
		ids[e.ID] = file
		r.settleSlug(&e.Text, slugs)
		e.lesson.Slug = e.Slug
		s.Episodes = append(s.Episodes, e)
		s.course.Chapters[0].Lessons = append(s.course.Chapters[0].Lessons, e.lesson)
	}
	slices.SortStableFunc(s.Episodes, func(a, b *Episode) int { return newestFirst(&a.Text, &b.Text) })
}

// transcriptFiles are texts beside the episodes that are none: name.transcript.md.
func (r *reader) transcriptFiles(dir string) []string {
	var files []string
	for _, file := range r.files(dir, 1) {
		if strings.HasSuffix(file, ".transcript.md") {
			files = append(files, file)
		}
	}
	return files
}

func (r *reader) episode(s *Show, file string) *Episode {
	head, ok := r.open(file)
	if !ok {
		return nil
	}
	e := &Episode{Text: r.text(head, file, slugOf(file)), Show: s, Number: head.Int("number"), Season: head.Int("season"),
		Explicit: head.Bool("explicit") || s.Explicit, ID: r.short(head, file, "id")}
	if e.ID == "" {
		e.ID = s.Slug + "/" + e.Slug
		r.warn(file, 1, "has no id and gets %q; add id: %s, and never change it", clip(e.ID), clip(e.ID))
	}
	r.inherit(e, s)
	e.Sound = r.sound(head, file)
	e.Transcript = r.transcript(head, file)
	head.Finish()
	r.checkDate(&e.Text)
	e.course, e.lesson = s.course, lessonOf(r.source, &e.Text, markdown(head.Body, head.BodyLine))
	return e
}

// inherit takes from the show what an episode does not say itself.
func (r *reader) inherit(e *Episode, s *Show) {
	if e.Lang == "" {
		e.Lang = s.Lang
	}
	if len(e.Rights.Authors) == 0 {
		e.Rights.Authors = s.Rights.Authors
	}
	if e.Rights.Licence == "" {
		e.Rights.Licence, e.Rights.Address = s.Rights.Licence, s.Rights.Address
	}
}

func (r *reader) sound(head *frontmatter.Fields, file string) Sound {
	s := Sound{Type: r.short(head, file, "type"), Length: r.length(head, file)}
	name, line := head.Text("audio"), head.Line("audio")
	bytes := head.Int("kilobytes")
	switch {
	case name == "":
		r.warn(file, 1, "has no sound; add audio: with a file beside this one, or an address")
	case isAddress(name):
		s.Address, s.Host, s.Bytes = name, hostOf(name), int64(bytes)*1000
		if s.Bytes == 0 {
			r.warn(file, line, "says not how large the sound is, which podcast programs ask for; add kilobytes: 12000")
		}
	default:
		s.File, _ = r.fileOf(file, name, place{line, "audio", mostSound, sounds})
		if info, err := fs.Stat(r.fsys, s.File); err == nil && s.File != "" {
			s.Bytes = info.Size()
		}
	}
	if s.Type == "" || !soundType.MatchString(s.Type) {
		s.Type = typeOfSound(name)
	}
	if s.Length == 0 && name != "" {
		r.warn(file, line, "says not how long the sound is; add duration: 12:34")
	}
	return s
}

var soundType = regexp.MustCompile(`^(audio|video)/[a-z0-9.+-]{1,60}$`)

// typeOfSound guesses by the end of the name; an address may go on behind it.
func typeOfSound(name string) string {
	name, _, _ = strings.Cut(name, "?")
	if kind := asset.TypeOf(name); soundType.MatchString(kind) {
		return kind
	}
	return "audio/mpeg"
}

// length reads 12:34, 1:02:03 or a number of seconds.
func (r *reader) length(head *frontmatter.Fields, file string) time.Duration {
	text := head.Text("duration")
	if text == "" {
		return 0
	}
	at, ok := clock(text)
	if !ok || at <= 0 || at > mostRun {
		r.warn(file, head.Line("duration"), "duration is not a length of time; write it as in duration: 12:34")
		return 0
	}
	return at
}

// clock reads "12", "1:02", "1:02:03" and "1:02:03.5".
func clock(text string) (time.Duration, bool) {
	whole, part, _ := strings.Cut(strings.ReplaceAll(text, ",", "."), ".")
	parts := strings.Split(whole, ":")
	if len(parts) > 3 || len(part) > 9 {
		return 0, false
	}
	seconds := 0
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || len(p) > 7 || i > 0 && n > 59 {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	if seconds > math.MaxInt32 {
		return 0, false
	}
	at := time.Duration(seconds) * time.Second
	if part != "" {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return 0, false
		}
		at += time.Duration(float64(n) / math.Pow10(len(part)) * float64(time.Second))
	}
	return at, true
}

// WithShows are the folders in which there is a show, for whoever does not
// know what a folder holds.
func WithShows(sources []Source) []Source {
	var all []Source
	for _, s := range sources {
		if len((&reader{fsys: s.Root}).showDirs()) > 0 {
			all = append(all, s)
		}
	}
	return all
}
