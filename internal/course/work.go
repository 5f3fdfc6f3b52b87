package course

// Engine says what runs a learner's code and its tests.
type Engine string

// The engines. Each test is JavaScript unless Test.Lang says otherwise.
const (
	JavaScript Engine = "javascript"
	Page       Engine = "page"   // HTML, CSS and scripts in a document
	React      Engine = "react"  // as Page, with JSX or TypeScript made plain first
	Python     Engine = "python" // tests in Python, or JavaScript that calls runPython
	NoEngine   Engine = ""       // nothing runs here
)

// Exercising is the part of a lesson in which one writes code.
type Exercising struct {
	Title  string
	Task   []Block
	Engine Engine
	Files  []File // as the learner finds them
	Tests  []Test
	Hints  []Hint
	// Before runs once, before the learner's code; BeforeEach before each
	// test. Both are JavaScript in the realm of the tests.
	Before     string
	BeforeEach string
	// AfterEach runs after each test, whatever came of it, AfterAll once after
	// the last: they tidy up what tests left behind.
	AfterEach string
	AfterAll  string
	// Solutions are sets of files that pass every test. If there is none and
	// NextSolves is set, the files of the next lesson are the solution.
	Solutions  [][]File
	NextSolves bool
	Tools      []string // what the page must bring: "react", "d3", "babel"
}

// File is one file of an exercise.
type File struct {
	Name     string
	Lang     string // "js", "jsx", "ts", "html", "css", "py"
	Text     string
	Before   string // code put before and after the learner's, unseen
	After    string
	Editable []Region // nil: all of it
}

// Region is a run of lines that the learner may change, both ends included,
// counted from 1. To is From-1 where the region is still empty.
type Region struct{ From, To int }

// Test is one thing that the learner's code must do.
type Test struct {
	Says string // the expectation in the learner's words, Markdown
	Why  string // what to look at when it is not yet met, Markdown
	Lang string // "js" or "py"
	Code string // throws when the expectation is not met
}

// Hint helps without giving the solution away.
type Hint struct {
	Title string
	Text  []Block
}

// QuestionSet is a quiz.
type QuestionSet struct {
	Questions []Question
	Pass      int // right answers that suffice; 0: all
}

// Question has at least one right answer.
type Question struct {
	Text    []Block
	Answers []Answer
	After   []Block // shown once the question is answered
}

// Several tells whether more than one answer must be picked.
func (q Question) Several() bool {
	right := 0
	for _, a := range q.Answers {
		if a.Right {
			right++
		}
	}
	return right > 1
}

// Answer is one of the answers that a question offers.
type Answer struct {
	Text     []Block
	Feedback []Block
	Right    bool
}

// Blanks is a sentence with gaps. Text holds a gap for each of Gaps, marked
// by Gap.
type Blanks struct {
	Before []Block
	Text   string // Markdown
	Gaps   []Gap
	After  []Block
}

// GapMark stands in Blanks.Text where something is to be filled in. It is a
// private-use character, so no author writes it by accident.
const GapMark = "\uE000"

// Gap is one thing to fill in.
type Gap struct {
	Answers  []string // each is right
	Feedback []Block
}

// Scene is a conversation to follow.
type Scene struct {
	Place string // the backdrop's name, if the source has one
	Audio string // file in the course's folder or address
	Start float64
	End   float64 // seconds in the audio file; 0: to its end
	Lines []Line
}

// Line is what one person of a scene says.
type Line struct {
	Who  string
	Text string
	At   float64 // seconds after the start
}

// Film is a video. Nothing is asked of its provider before a click.
type Film struct {
	Provider   string // who will see the click: "youtube.com"
	ID         string // the provider's name for it
	Address    string // where it plays, for those who rather go there
	Poster     string // picture in the course's folder
	Transcript []Block
}
