package course

// Texts calls yield for all that a reader of a lesson sees as text, as it is
// written: Markdown, HTML, code. heading tells that it is a title or a
// summary. Solutions, and the code that an exercise begins with, are no part
// of it. The lesson's own title is not either.
func (v *Version) Texts(yield func(heading bool, text string) bool) {
	t := teller{yield: yield}
	t.say(true, v.Summary)
	t.blocks(v.Blocks)
	t.blocks(v.Needs)
	for _, text := range v.Tasks {
		t.say(false, text)
	}
	t.exercise(v.Exercise)
	for _, set := range v.Quizzes {
		t.questions(set)
	}
	t.blanks(v.Blanks)
	if v.Scene != nil {
		for _, line := range v.Scene.Lines {
			t.say(false, line.Text)
		}
	}
	if v.Video != nil {
		t.blocks(v.Video.Transcript)
	}
}

// teller stops when nobody listens any more.
type teller struct {
	yield func(bool, string) bool
	done  bool
}

func (t *teller) say(heading bool, text string) {
	if !t.done && text != "" {
		t.done = !t.yield(heading, text)
	}
}

func (t *teller) blocks(blocks []Block) {
	for _, b := range blocks {
		t.say(b.Shape == Section, b.Title)
		t.say(false, b.Alt)
		t.say(false, b.Text)
		t.blocks(b.Blocks)
	}
}

func (t *teller) exercise(x *Exercising) {
	if x == nil {
		return
	}
	t.say(true, x.Title)
	t.blocks(x.Task)
	for _, one := range x.Tests {
		t.say(false, one.Says)
	}
	for _, h := range x.Hints {
		t.say(false, h.Title)
		t.blocks(h.Text)
	}
}

func (t *teller) questions(set QuestionSet) {
	for _, q := range set.Questions {
		t.blocks(q.Text)
		for _, a := range q.Answers {
			t.blocks(a.Text)
		}
	}
}

func (t *teller) blanks(b *Blanks) {
	if b == nil {
		return
	}
	t.blocks(b.Before)
	t.say(false, b.Text)
	t.blocks(b.After)
}
