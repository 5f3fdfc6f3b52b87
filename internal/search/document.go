package search

import "iter"

// Document is something that can be found: a lesson in one language, a course,
// an article. It holds no text; Text gives it anew each time.
type Document struct {
	// Key is unique and stable. Of stands for the contents: while it is equal,
	// the document need not be read again. It must be comparable.
	Key string
	Of  any

	Kind   Kind
	Lang   string // BCP 47
	Course string // slug of the course that it belongs to; empty if none
	Within string // title of what it belongs to, shown above its own
	Title  string
	Path   string
	Text   iter.Seq2[Field, string]
}

// Kind is what a document is.
type Kind string

// The kinds of documents, in the order in which they are offered.
const (
	Course  Kind = "course"
	Lesson  Kind = "lesson"
	Article Kind = "article"
	Episode Kind = "episode"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Course, Lesson, Article, Episode} }

// Field is where a word stands. A word in a title tells more.
type Field uint8

// The fields. Title is the document's own and need not be in Text.
const (
	Body Field = iota
	Heading
	Title
)

// weight is how much a word tells of a document, from 1 to 7.
type weight uint8

// weigh puts together where a word stands and how often.
func weigh(highest Field, times int) weight {
	often := weight(0)
	switch {
	case times >= 5:
		often = 2
	case times >= 2:
		often = 1
	}
	switch highest {
	case Title:
		return 5 + often
	case Heading:
		return 3 + min(often, 1)
	}
	return 1 + min(often, 1)
}

// worth is what each weight counts.
var worth = [8]float32{0, 1, 1.5, 2.4, 3, 7, 7.5, 8}
