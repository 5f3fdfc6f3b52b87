package native

import (
	"iter"
	"strings"

	"kept/internal/course"
)

func (d *draft) readQuestions(p part) {
	parts := split(p.text, p.from, "## ")
	d.version.Blocks = append(d.version.Blocks, markdown(parts[0].text, parts[0].from)...)
	set := course.QuestionSet{Pass: d.pass}
	for _, part := range parts[1:] {
		set.Questions = append(set.Questions, d.question(part))
	}
	if len(set.Questions) == 0 {
		d.warn(p.line, "the section Questions has no question; add ## and the question, then answers as - [ ] and - [x]")
		return
	}
	d.version.Quizzes = append(d.version.Quizzes, set)
}

func (d *draft) question(p part) course.Question {
	before, list, after := aroundAnswers(p.text)
	q := course.Question{Text: markdown(p.title+"\n\n"+before, p.line), After: markdown(after, p.from+strings.Count(before+list, "\n"))}
	line := p.from + strings.Count(before, "\n")
	right := 0
	for item := range items(list) {
		answer := readAnswer(item, line)
		if answer.Right {
			right++
		}
		q.Answers = append(q.Answers, answer)
	}
	switch {
	case len(q.Answers) < 2:
		d.warn(p.line, "the question %q has %d answers; give it two or more, each on a line with - [ ] or - [x]", p.title, len(q.Answers))
	case right == 0:
		d.warn(p.line, "the question %q has no right answer; mark one with - [x]", p.title)
	}
	d.warnSilent(p, q)
	return q
}

func (d *draft) warnSilent(p part, q course.Question) {
	for i, a := range q.Answers {
		if len(a.Feedback) == 0 {
			d.warn(p.line, "answer %d of the question %q says nothing to who picks it; add a line > below it", i+1, p.title)
		}
	}
}

// aroundAnswers cuts a question at its list of answers.
func aroundAnswers(text string) (before, list, after string) {
	start, pos := -1, 0
	var f fence
	for row := range strings.Lines(text) {
		switch {
		case start >= 0 && !isAnswer(row) && !isIndented(row):
			return text[:start], text[start:pos], text[pos:]
		case start < 0 && !f.see(strings.TrimRight(row, "\n")) && isAnswer(row):
			start = pos
		}
		pos += len(row)
	}
	if start < 0 {
		return text, "", ""
	}
	return text[:start], text[start:], ""
}

func isAnswer(row string) bool {
	return strings.HasPrefix(row, "- [ ] ") || strings.HasPrefix(row, "- [x] ") || strings.HasPrefix(row, "- [X] ")
}

func isIndented(row string) bool {
	return strings.TrimSpace(row) == "" || strings.HasPrefix(row, "  ") || strings.HasPrefix(row, "\t")
}

// readAnswer reads "[x] text", of which the lines with > are what is said to
// who picks it.
func readAnswer(item string, line int) course.Answer {
	mark, said, _ := strings.Cut(item, "]")
	answer := course.Answer{Right: !strings.HasSuffix(mark, " ")}
	var text, feedback strings.Builder
	var f fence
	for row := range strings.Lines(strings.TrimSpace(said)) {
		inside := f.see(strings.TrimRight(row, "\n"))
		if line, ok := strings.CutPrefix(strings.TrimLeft(row, " "), ">"); ok && !inside {
			feedback.WriteString(strings.TrimPrefix(line, " "))
			continue
		}
		text.WriteString(row)
	}
	answer.Text = markdown(text.String(), line)
	answer.Feedback = markdown(feedback.String(), line)
	return answer
}

// items yields the items of a list whose marks stand at the left margin, each
// with its further lines moved to the margin too.
func items(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var item strings.Builder
		open := false
		for row := range strings.Lines(list) {
			text, begins := strings.CutPrefix(row, "- ")
			switch {
			case begins && open && !yield(strings.TrimSpace(item.String())):
				return
			case begins:
				item.Reset()
				item.WriteString(text)
				open = true
			case open && isIndented(row):
				item.WriteString(dedent(row))
			case open:
				open = false
				if !yield(strings.TrimSpace(item.String())) {
					return
				}
				item.Reset()
			}
		}
		if open {
			yield(strings.TrimSpace(item.String()))
		}
	}
}

func dedent(row string) string {
	for _, margin := range []string{"  ", "\t"} {
		if rest, ok := strings.CutPrefix(row, margin); ok {
			return rest
		}
	}
	return row
}

// outsideList is the text of a section that stands in none of its items.
func outsideList(text string) string {
	var rest strings.Builder
	open := false
	for row := range strings.Lines(text) {
		if strings.HasPrefix(row, "- ") {
			open = true
			continue
		}
		if open && isIndented(row) {
			continue
		}
		open = false
		rest.WriteString(row)
	}
	return strings.TrimSpace(rest.String())
}
