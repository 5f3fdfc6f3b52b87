// Package course owns the one model of what is taught: tracks, courses,
// chapters and lessons, whatever format they were written in, and the library
// that holds them for reading.
//
// It is plain data. It knows nothing of HTTP, of people or of their progress,
// it renders nothing (see course/render) and it reads no format itself: a
// loader does (course/native and its neighbours). It refuses doubled ids and
// files outside a course's own folder.
//
// Start at Library for use, at Course and Lesson for the model, and at Loader
// for a new format.
package course

import "slices"

// Track is a path through several courses.
type Track struct {
	ID      string
	Slug    string
	Words   []Words
	Courses []string // ids, in the order in which one takes them
}

// Course is what one sets out to learn.
type Course struct {
	ID       string // stable: progress hangs on the ids of its lessons
	Slug     string // its part of an address, unique in the catalogue
	Format   string // name of the loader that read it
	Source   string // name of the source that it came from
	Dir      string // its folder in the source; pictures lie in it
	Words    []Words
	Intro    []Intro
	Minutes  int // 0: the sum of its lessons
	Rights   Rights
	Chapters []*Chapter
}

// Words is how a track, course or chapter is called in one language. The
// first of several is the language that it was written in.
type Words struct {
	Lang    string // BCP 47, such as "en" or "pt-BR"
	Title   string
	Summary string   // one or two sentences, Markdown
	AbleTo  []string // what one will be able to do, Markdown each
}

// Intro is the text of a course's first page in one language.
type Intro struct {
	Lang   string
	File   string // in the source; empty if it has none of its own
	Blocks []Block
}

// Chapter groups lessons, or further chapters: a module, a block, a day.
type Chapter struct {
	ID       string
	Slug     string
	Label    string // what the source calls its kind: "workshop", "lab", "quiz"
	Words    []Words
	Chapters []*Chapter
	Lessons  []*Lesson
}

// Certification names the lessons that must be finished for a certificate.
type Certification struct {
	ID      string
	Slug    string
	Words   []Words
	Lessons []string // ids
}

// Rights says under which terms a text may be used and whom to thank.
type Rights struct {
	Licence  string // as people know it: "CC BY 4.0"
	Address  string // where the licence can be read
	Authors  []string
	Credit   string // a sentence that the licence asks to be shown, Markdown
	Original string // where the text was first published
}

// Kind is what one does in a lesson.
type Kind string

// The kinds of lesson.
const (
	Reading   Kind = "reading"
	Exercise  Kind = "exercise"
	Quiz      Kind = "quiz"
	Choice    Kind = "choice" // one question, several answers
	FillIn    Kind = "fill-in"
	Dialogue  Kind = "dialogue"
	Video     Kind = "video"
	Project   Kind = "project"
	Elsewhere Kind = "elsewhere" // needs something outside: a server of one's own, another site
)

// Kinds lists every kind of lesson.
func Kinds() []Kind {
	return []Kind{Reading, Exercise, Quiz, Choice, FillIn, Dialogue, Video, Project, Elsewhere}
}

// Lesson is the smallest thing that can be finished.
type Lesson struct {
	ID       string // stable and unique in the catalogue
	Slug     string // its wish for a part of an address; Place.Slug is what it got
	Kind     Kind
	Type     string // the source's own word or number for the kind
	Minutes  int    // as the author says; 0: see render.Page.Minutes
	Rights   *Rights
	Versions []*Version // one per language, the original first; never empty
}

// Version is a lesson in one language.
type Version struct {
	Lang     string
	Title    string
	Summary  string
	File     string // in the source
	Blocks   []Block
	Exercise *Exercising
	Quizzes  []QuestionSet // usually one; of several the learner gets any
	Blanks   *Blanks
	Scene    *Scene
	Video    *Film
	Tasks    []string // things to tick off, Markdown each
	Needs    []Block  // what is needed from outside and what to do there
}

// In picks the version for the first language asked for that exists, and the
// original if none does.
func (l *Lesson) In(langs ...string) *Version {
	return l.Versions[pick(len(l.Versions), func(i int) string { return l.Versions[i].Lang }, langs)]
}

// Langs lists the languages that the lesson exists in, the original first.
func (l *Lesson) Langs() []string {
	langs := make([]string, len(l.Versions))
	for i, v := range l.Versions {
		langs[i] = v.Lang
	}
	return langs
}

// In picks the words of a course, as Lesson.In does.
func (c *Course) In(langs ...string) Words { return wordsIn(c.Words, langs) }

// IntroIn is the text of a course's first page, picked as Lesson.In does.
func (c *Course) IntroIn(langs ...string) []Block { return c.FirstPage(langs...).Blocks }

// FirstPage is the same with the file that it comes from.
func (c *Course) FirstPage(langs ...string) Intro {
	if len(c.Intro) == 0 {
		return Intro{}
	}
	return c.Intro[pick(len(c.Intro), func(i int) string { return c.Intro[i].Lang }, langs)]
}

// HasIntroIn tells whether a file of the source is the text of the course's
// first page.
func (c *Course) HasIntroIn(file string) bool {
	return file != "" && slices.ContainsFunc(c.Intro, func(in Intro) bool { return in.File == file })
}

// In picks the words of a chapter, as Lesson.In does.
func (c *Chapter) In(langs ...string) Words { return wordsIn(c.Words, langs) }

// In picks the words of a track, as Lesson.In does.
func (t *Track) In(langs ...string) Words { return wordsIn(t.Words, langs) }

func wordsIn(words []Words, langs []string) Words {
	if len(words) == 0 {
		return Words{}
	}
	return words[pick(len(words), func(i int) string { return words[i].Lang }, langs)]
}

// pick looks for each wished language as it is, then for its base ("de" for
// "de-AT"), and falls back to the first.
func pick(n int, lang func(int) string, wished []string) int {
	for _, want := range wished {
		for i := range n {
			if lang(i) == want {
				return i
			}
		}
		for i := range n {
			if base(lang(i)) == base(want) {
				return i
			}
		}
	}
	return 0
}

func base(lang string) string {
	for i, r := range lang {
		if r == '-' {
			return lang[:i]
		}
	}
	return lang
}

// Lessons calls yield for every lesson of the course in reading order.
func (c *Course) Lessons(yield func(*Chapter, *Lesson) bool) {
	for _, chapter := range c.Chapters {
		if !chapter.lessons(yield) {
			return
		}
	}
}

func (c *Chapter) lessons(yield func(*Chapter, *Lesson) bool) bool {
	for _, lesson := range c.Lessons {
		if !yield(c, lesson) {
			return false
		}
	}
	for _, child := range c.Chapters {
		if !child.lessons(yield) {
			return false
		}
	}
	return true
}
