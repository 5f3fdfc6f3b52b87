package native

import (
	"path"
	"strings"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// readCourse reads course.md. Its front matter is handed back unfinished,
// because the chapters are read when the lessons are known.
func (r *reader) readCourse() (*frontmatter.Fields, bool) {
	file := path.Join(r.dir, courseFile)
	text, err := course.ReadText(r.fsys, file)
	if err != nil {
		r.warnings = append(r.warnings, warningOf(file, err))
		return nil, false
	}
	head := frontmatter.Read(file, text, &r.warnings)
	r.lang = head.Text("language")
	if r.lang == "" {
		r.lang = "en"
		r.warn(file, 1, "has no language and is taken for English; add language: en")
	}
	c := &course.Course{Dir: r.dir, Minutes: head.Int("minutes"), Rights: readRights(head)}
	r.course = c
	c.Words = []course.Words{r.words(head, file)}
	c.ID = r.required(head, file, "id", course.Slug(path.Base(r.dir)))
	c.Slug = course.Slug(c.ID)
	r.track = r.readTrack(head)
	c.Intro = []course.Intro{{Lang: r.lang, File: file, Blocks: markdown(head.Body, head.BodyLine)}}
	r.courseTranslations()
	r.warnLicence(file)
	return head, true
}

func (r *reader) required(head *frontmatter.Fields, file, name, fallback string) string {
	if value := head.Text(name); value != "" {
		return value
	}
	if fallback == "" {
		fallback = "course"
	}
	r.warn(file, 1, "has no %s and gets %q; add %s: %s", name, fallback, name, fallback)
	return fallback
}

func (r *reader) words(head *frontmatter.Fields, file string) course.Words {
	return course.Words{Lang: r.lang, Title: r.required(head, file, "title", path.Base(r.dir)),
		Summary: head.Text("summary"), AbleTo: head.List("able to")}
}

func (r *reader) warnLicence(file string) {
	if r.course.Rights.Licence == "" {
		r.warn(file, 1, "has no licence, so nobody knows how it may be used; add licence: CC BY 4.0, or another")
	}
}

// licences that have one well-known address.
var licences = map[string]string{
	"CC BY 4.0":    "https://creativecommons.org/licenses/by/4.0/",
	"CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
	"CC0 1.0":      "https://creativecommons.org/publicdomain/zero/1.0/",
}

func readRights(f *frontmatter.Fields) course.Rights {
	rights := course.Rights{Licence: f.Text("licence"), Address: f.Text("licence address"),
		Authors: f.List("authors"), Credit: f.Text("credit"), Original: f.Text("original")}
	if rights.Address == "" {
		rights.Address = licences[rights.Licence]
	}
	return rights
}

func (r *reader) readTrack(head *frontmatter.Fields) *course.Track {
	group, ok := head.Group("track", "title")
	if !ok {
		return nil
	}
	title := group.Text("title")
	id := group.Text("id")
	if id == "" {
		id = course.Slug(title)
	}
	track := &course.Track{ID: id, Slug: course.Slug(id),
		Words: []course.Words{{Lang: r.lang, Title: title, Summary: group.Text("summary"), AbleTo: group.List("able to")}}}
	group.Finish()
	if id == "" {
		return nil
	}
	return track
}

// courseTranslations reads course.de.md and its like.
func (r *reader) courseTranslations() {
	for _, file := range r.translationsOf(courseFile) {
		full := path.Join(r.dir, file)
		text, err := course.ReadText(r.fsys, full)
		if err != nil {
			r.warnings = append(r.warnings, warningOf(full, err))
			continue
		}
		_, lang := nameAndLang(file)
		head := frontmatter.Read(full, text, &r.warnings)
		own := r.course.Words[0]
		words := course.Words{Lang: lang, Title: head.Text("title"), Summary: head.Text("summary"), AbleTo: head.List("able to")}
		if words.Title == "" {
			r.warn(full, 1, "has no title and keeps the original one; add title: text")
			words.Title = own.Title
		}
		head.Finish()
		r.course.Words = append(r.course.Words, words)
		r.course.Intro = append(r.course.Intro, course.Intro{Lang: lang, File: full, Blocks: markdown(head.Body, head.BodyLine)})
	}
}

func (r *reader) translationsOf(name string) []string {
	entries, err := readDirNames(r.fsys, r.dir)
	if err != nil {
		return nil
	}
	var files []string
	for _, file := range entries {
		if original, lang := nameAndLang(file); lang != "" && original == name {
			files = append(files, file)
		}
	}
	return files
}

// markdown makes a block of text, with the line that its first word is in.
func markdown(text string, line int) []course.Block {
	trimmed := strings.TrimLeft(text, "\n")
	line += len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " \t\n")
	if strings.TrimSpace(trimmed) == "" {
		return nil
	}
	return course.MarkdownBlocks(trimmed, line)
}
