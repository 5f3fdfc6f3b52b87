package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
	"kept/internal/course/render"
)

// Text is what an article, a show and an episode have in common.
type Text struct {
	Slug     string // the end of its address
	Title    string
	Summary  string // Markdown, a sentence or two
	Lang     string
	File     string // in its source
	Date     time.Time
	Updated  time.Time // zero: never
	Draft    bool
	Cover    *Picture
	Rights   course.Rights
	Minutes  int
	lesson   *course.Lesson
	course   *course.Course
	dateLine int
}

func (t *Text) common() *Text { return t }

// Changed is the day of the latest change that readers were told of.
func (t *Text) Changed() time.Time {
	if t.Updated.After(t.Date) {
		return t.Updated
	}
	return t.Date
}

// shownAt tells whether readers may see a text.
func (t *Text) shownAt(now time.Time) bool { return !t.Draft && !t.Date.After(now) }

// Picture is a cover. It lies in the text's folder.
type Picture struct {
	File          string // in its source
	Alt           string
	Width, Height int
}

// Limits for one folder. What is more is left out, with a warning.
const (
	mostTexts  = 20_000
	mostDeep   = 4        // folders within folders
	mostBytes  = 8 << 20  // of a cover
	mostPixels = 40 << 20 // of a cover, unpacked
	mostSound  = 1 << 30  // bytes of one episode
	mostTags   = 20       // of one text
	mostPeople = 50       // of one text
	longest    = 300      // letters of a title, a name, a tag
	wordsEach  = 170      // read in a minute, as course/render counts
	lastYear   = 9999     // that a day may be in
	firstYear  = 1970     // that a day may be in
)

// reader reads one folder.
type reader struct {
	fsys     fs.FS
	source   string
	base     string // folder that the files of a text must lie in; empty: anywhere in the source
	warnings []course.Warning
}

func (r *reader) warn(file string, line int, format string, args ...any) {
	r.warnings = append(r.warnings, course.Warning{File: file, Line: line, What: fmt.Sprintf(format, args...)})
}

// files lists the texts below a folder, without going into hidden folders.
func (r *reader) files(dir string, deep int) []string {
	var found []string
	err := fs.WalkDir(r.fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			r.warn(name, 0, "cannot be opened; look at its permissions")
			return fs.SkipDir
		}
		hidden := name != "." && strings.HasPrefix(d.Name(), ".")
		if d.IsDir() {
			if hidden || depth(dir, name) > deep {
				return fs.SkipDir
			}
			return nil
		}
		if hidden || path.Ext(name) != ".md" || slices.Contains(notTexts, d.Name()) {
			return nil
		}
		if len(found) == mostTexts {
			r.warn(dir, 0, "holds more than %d texts and the rest is left out; make two folders of it", mostTexts)
			return fs.SkipAll
		}
		found = append(found, name)
		return nil
	})
	if err != nil {
		r.warn(dir, 0, "cannot be walked through; look at its permissions")
	}
	return found
}

// notTexts are about a folder and not in it.
var notTexts = []string{"README.md", "LICENSE.md", "CONTRIBUTING.md"}

func depth(dir, name string) int {
	if name == dir {
		return 0
	}
	return strings.Count(strings.TrimPrefix(name, dir+"/"), "/") + 1
}

// open reads a file and takes its front matter off.
func (r *reader) open(file string) (*frontmatter.Fields, bool) {
	text, err := course.ReadText(r.fsys, file)
	if err != nil {
		r.warnings = append(r.warnings, warningOf(file, err))
		return nil, false
	}
	return frontmatter.Read(file, text, &r.warnings), true
}

// text reads the fields that every text may have.
func (r *reader) text(head *frontmatter.Fields, file, slug string) Text {
	t := Text{File: file, Title: r.required(head, file, "title", slug), Summary: head.Text("summary"),
		Draft: head.Bool("draft"), Lang: r.lang(head, file), dateLine: head.Line("date")}
	t.Slug = course.Slug(head.Text("slug"))
	if t.Slug == "" {
		t.Slug = slug
	}
	t.Date, t.Updated = r.day(head, file, "date"), r.day(head, file, "updated")
	t.Rights = r.rights(head, file)
	t.Cover = r.cover(head, file)
	t.Minutes = max(1, (len(strings.Fields(head.Body))+wordsEach/2)/wordsEach)
	return t
}

// required is a field that must be there.
func (r *reader) required(head *frontmatter.Fields, file, name, fallback string) string {
	value := r.short(head, file, name)
	if value != "" {
		return value
	}
	r.warn(file, 1, "has no %s and gets %q; add %s: text", name, fallback, name)
	return fallback
}

// short is a field that stands in lists and addresses.
func (r *reader) short(head *frontmatter.Fields, file, name string) string {
	return r.cut(head.Text(name), file, head.Line(name), name)
}

func (r *reader) cut(value, file string, line int, name string) string {
	letters := []rune(value)
	if len(letters) <= longest {
		return value
	}
	r.warn(file, line, "%s has %d letters and is cut; write at most %d", name, len(letters), longest)
	return string(letters[:longest])
}

var langTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

func (r *reader) lang(head *frontmatter.Fields, file string) string {
	lang := head.Text("language")
	if langTag.MatchString(lang) {
		return lang
	}
	if lang != "" {
		r.warn(file, head.Line("language"), "language is not the tag of a language; write it as in en, de or pt-BR")
	}
	return ""
}

// day reads a day, or a day and a time with a zone. The zero time means that
// there is none.
func (r *reader) day(head *frontmatter.Fields, file, name string) time.Time {
	text := head.Text(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		at, err := time.Parse(layout, text)
		if err == nil && at.Year() >= firstYear && at.Year() <= lastYear {
			return at.UTC()
		}
	}
	r.warn(file, head.Line(name), "%s is not a day; write it as in %s: 2027-01-31", name, name)
	return time.Time{}
}

// checkDate keeps what has no day from being shown.
func (r *reader) checkDate(t *Text) {
	if t.Date.IsZero() && !t.Draft {
		r.warn(t.File, t.dateLine, "has no day of publication and is not shown; add date: 2027-01-31, or draft: true")
		t.Draft = true
	}
}

// licences that have one well-known address.
var licences = map[string]string{
	"CC BY 4.0":    "https://creativecommons.org/licenses/by/4.0/",
	"CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
	"CC0 1.0":      "https://creativecommons.org/publicdomain/zero/1.0/",
}

func (r *reader) rights(head *frontmatter.Fields, file string) course.Rights {
	rights := course.Rights{Licence: r.short(head, file, "licence"), Credit: head.Text("credit"),
		Authors: r.names(head, file, "authors", mostPeople)}
	if author := head.List("author"); len(rights.Authors) == 0 && len(author) > 0 {
		rights.Authors = r.names(head, file, "author", mostPeople)
	}
	rights.Original = r.address(head, file, "original")
	if rights.Address = r.address(head, file, "licence address"); rights.Address == "" {
		rights.Address = licences[rights.Licence]
	}
	return rights
}

// names is a list of short texts, each once.
func (r *reader) names(head *frontmatter.Fields, file, name string, most int) []string {
	var list []string
	for _, one := range head.List(name) {
		one = r.cut(strings.Join(strings.Fields(one), " "), file, head.Line(name), name)
		if course.Slug(one) == "" || slices.Contains(list, one) {
			continue
		}
		if len(list) == most {
			r.warn(file, head.Line(name), "%s lists more than %d and the rest is left out; name fewer", name, most)
			break
		}
		list = append(list, one)
	}
	return list
}

// address is one on the web.
func (r *reader) address(head *frontmatter.Fields, file, name string) string {
	text := head.Text(name)
	if text == "" || isAddress(text) {
		return text
	}
	r.warn(file, head.Line(name), "%s is not an address; write it as in %s: https://example.org/page", name, name)
	return ""
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && len(text) <= 2000
}

// cover looks at the picture of a text: its beginning alone, so that what it
// would be unpacked to costs nothing here.
func (r *reader) cover(head *frontmatter.Fields, file string) *Picture {
	name, alt := head.Text("cover"), r.short(head, file, "cover alt")
	if name == "" {
		return nil
	}
	line := head.Line("cover")
	full, ok := r.fileOf(file, name, place{line, "cover", mostBytes, pictures})
	if !ok {
		return nil
	}
	p := &Picture{File: full, Alt: alt}
	var err error
	if p.Width, p.Height, err = render.PictureSize(r.fsys, full); err != nil || p.Width < 1 || p.Height < 1 {
		r.warn(file, line, "the cover %q cannot be read; save it as PNG, JPEG, GIF, WebP or SVG with a viewBox", clip(name))
		return nil
	}
	if int64(p.Width)*int64(p.Height) > mostPixels {
		r.warn(file, line, "the cover %q claims %d × %d pixels and is left out; make it at most %d megapixels", clip(name), p.Width, p.Height, mostPixels>>20)
		return nil
	}
	if alt == "" {
		r.warn(file, line, "the cover has no description; add cover alt: what one would miss without seeing it")
	}
	return p
}

// place is a field that names a file, and what the file may be.
type place struct {
	line  int
	field string
	most  int64 // bytes
	kinds []string
}

// Kinds of files that fields name.
var (
	pictures    = []string{".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}
	sounds      = []string{".mp3", ".m4a", ".ogg", ".opus", ".mp4", ".webm"}
	transcripts = []string{".vtt", ".md"}
)

// fileOf finds a file beside a text. It must lie in the same folder and be of
// a kind and a size that are served.
func (r *reader) fileOf(file, name string, at place) (string, bool) {
	full, inside := course.Within(r.base, file, name)
	if !inside || strings.Contains(name, "://") || !fs.ValidPath(full) {
		r.warn(file, at.line, "%s %q leads out of the folder; put a copy inside and write its name", at.field, clip(name))
		return "", false
	}
	info, err := fs.Stat(r.fsys, full)
	switch {
	case err != nil:
		r.warn(file, at.line, "%s %q is missing or leads out of the folder; correct the name or put the file there", at.field, clip(name))
	case !info.Mode().IsRegular() || !slices.Contains(at.kinds, strings.ToLower(path.Ext(full))) || strings.Contains("/"+full, "/."):
		r.warn(file, at.line, "%s %q is not a file of a kind that is read; save it as %s", at.field, clip(name), strings.Join(at.kinds, ", "))
	case info.Size() > at.most:
		r.warn(file, at.line, "%s %q has %d bytes and at most %d are served; make it smaller", at.field, clip(name), info.Size(), at.most)
	default:
		return full, true
	}
	return "", false
}

// clip keeps a hostile name from filling a warning.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:77], "") + "..."
	}
	return s
}

func compareText(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

func warningOf(file string, err error) course.Warning {
	if e, ok := errors.AsType[*course.FileError](err); ok {
		return e.Warning()
	}
	return course.Warning{File: file, What: "cannot be read; look at its permissions"}
}
