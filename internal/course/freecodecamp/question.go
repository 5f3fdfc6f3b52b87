package freecodecamp

import (
	"encoding/json"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"kept/internal/course"
)

// questions reads "## --text--", "## --answers--" and "## --video-solution--"
// for each question.
func (d *draft) questions(p part) {
	d.strangers(p, "text", "answers", "video-solution")
	d.extra = append(d.extra, d.prose(p.text, p.from)...)
	var set course.QuestionSet
	var now *course.Question
	for _, c := range p.parts {
		if c.name == "text" || now == nil {
			set.Questions = append(set.Questions, course.Question{})
			now = &set.Questions[len(set.Questions)-1]
		}
		switch c.name {
		case "text":
			now.Text = d.text(c)
		case "answers":
			now.Answers = append(now.Answers, d.answers(c)...)
		case "video-solution":
			d.markRight(now, c)
		}
	}
	d.addSet(p, set)
}

func (d *draft) addSet(p part, set course.QuestionSet) {
	if len(set.Questions) == 0 {
		d.warn(p.line, "the section --%s-- has no question; add a text and answers", p.name)
		return
	}
	for i, q := range set.Questions {
		right := 0
		for _, a := range q.Answers {
			if a.Right {
				right++
			}
		}
		switch {
		case len(q.Answers) < 2:
			d.warn(p.line, "question %d has %d answers; give it two or more, split by a line ---", i+1, len(q.Answers))
		case right == 0:
			d.warn(p.line, "question %d has no right answer; write the number of one below --video-solution--", i+1)
		}
	}
	d.version.Quizzes = append(d.version.Quizzes, set)
}

func (d *draft) answers(p part) []course.Answer {
	var answers []course.Answer
	for _, one := range atRules(p.whole, p.from) {
		all := split(one.text, one.from)
		d.strangers(all, "feedback", "audio-id")
		answer := course.Answer{Text: d.prose(all.text, all.from)}
		for _, c := range all.parts {
			// An audio-id names a recording that lies with the original site.
			if c.name == "feedback" {
				answer.Feedback = append(answer.Feedback, d.text(c)...)
			}
		}
		if answer.Text == nil {
			d.warn(one.from, "an answer is empty; write it, or take one of the lines --- away")
			continue
		}
		answers = append(answers, answer)
	}
	return answers
}

// markRight reads the number of the right answer, from 1.
func (d *draft) markRight(q *course.Question, p part) {
	d.strangers(p)
	text := strings.TrimSpace(p.text)
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(q.Answers) {
		d.warn(p.line, "%q is not the number of one of the %d answers; count them from 1", short(text), len(q.Answers))
		d.extra = append(d.extra, d.prose(p.text, p.from)...)
		return
	}
	q.Answers[n-1].Right = true
}

// quizzes reads "## --quiz--" with "### --question--" inside. Of several
// quizzes a learner gets any.
func (d *draft) quizzes(p part) {
	d.strangers(p, "quiz")
	d.extra = append(d.extra, d.prose(p.text, p.from)...)
	for _, quiz := range p.parts {
		if quiz.name != "quiz" {
			continue
		}
		d.strangers(quiz, "question")
		d.extra = append(d.extra, d.prose(quiz.text, quiz.from)...)
		var set course.QuestionSet
		for _, q := range quiz.parts {
			if q.name == "question" {
				set.Questions = append(set.Questions, d.quizQuestion(q, len(set.Questions)))
			}
		}
		d.addSet(quiz, set)
	}
}

func (d *draft) quizQuestion(p part, number int) course.Question {
	d.strangers(p, "text", "distractors", "answer", "audio")
	var q course.Question
	var right *course.Answer
	q.Text = d.prose(p.text, p.from)
	for _, c := range p.parts {
		switch c.name {
		case "text":
			q.Text = append(q.Text, d.text(c)...)
		case "distractors":
			q.Answers = append(q.Answers, d.answers(c)...)
		case "answer":
			right = &course.Answer{Text: d.text(c), Right: true}
		case "audio":
			q.Text = append(q.Text, d.recording(c)...)
		}
	}
	if right != nil {
		q.Answers = putAt(q.Answers, *right, d.spread(number, len(q.Answers)+1))
	}
	return q
}

// spread is a place for the right answer that is the same in all languages.
// In the file it always comes last.
func (d *draft) spread(number, of int) int {
	h := fnv.New32a()
	h.Write([]byte(d.id + "/" + strconv.Itoa(number)))
	return int(h.Sum32() % uint32(of))
}

func putAt(answers []course.Answer, a course.Answer, i int) []course.Answer {
	out := append([]course.Answer{}, answers[:i]...)
	return append(append(out, a), answers[i:]...)
}

// recording is what is heard in a question, as text to unfold.
func (d *draft) recording(p part) []course.Block {
	d.strangers(p)
	blocks, rest := codes(p.text, p.from)
	var heard struct {
		Transcript []struct{ Character, Text string }
	}
	if len(blocks) != 1 || json.Unmarshal([]byte(blocks[0].text), &heard) != nil || len(heard.Transcript) == 0 {
		d.warn(p.line, "the recording is not a block of json with a transcript, and is shown as it is; correct it")
		return d.prose(p.text, p.from)
	}
	var lines []string
	for _, l := range heard.Transcript {
		lines = append(lines, "**"+escape(l.Character)+":** "+escape(l.Text))
	}
	around := append(d.prose(blocks[0].before.text, blocks[0].before.from), d.prose(rest.text, rest.from)...)
	return append(around, course.Block{Shape: course.Fold, Title: "Transcript", Line: p.line,
		Blocks: markdown(strings.Join(lines, "\n\n"), p.from)})
}

var numbers = regexp.MustCompile(`[0-9]{1,4}`)

// passMark finds how many right answers suffice in the words of the quiz: the
// smaller of two numbers, of which the other is that of all questions.
func (d *draft) passMark() {
	for i, set := range d.version.Quizzes {
		all, most := len(set.Questions), 0
		found := false
		for _, block := range d.description {
			for _, text := range numbers.FindAllString(block.Text, -1) {
				n, _ := strconv.Atoi(text)
				if n == all {
					found = true
				} else if n < all {
					most = max(most, n)
				}
			}
		}
		if found && d.typ == "8" {
			d.version.Quizzes[i].Pass = most
		}
	}
}
