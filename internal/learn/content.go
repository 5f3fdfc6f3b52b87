package learn

import (
	"html/template"
	"strconv"
	"strings"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/page"
)

// lesson is a lesson in one language, ready to be put into a page.
type lesson struct {
	Lang, Dir string // of the text; empty if they are the page's own
	Title     string
	Summary   string
	Body      template.HTML
	Needs     template.HTML
	Contents  []render.Heading
	Minutes   int
	Task      *task
	Quizzes   []quiz
	Shuffled  bool // the questions come in a new order each time
	Tasks     []template.HTML
	Blanks    *blanks
	Scene     *scene
	Film      *film
	Rights    *rights
}

// task is the part in which one writes code.
type task struct {
	Title template.HTML
	Text  template.HTML
	Files []course.File
	Tests []test
	Hints []hint
}

type test struct{ Says, Why template.HTML }

type hint struct{ Title, Text template.HTML }

type quiz struct {
	Questions []question
	Pass      int
}

// question is one of a quiz. Number counts through all quizzes of the page.
type question struct {
	Number  int
	Legend  template.HTML // the first paragraph, which names the group
	Rest    template.HTML
	Answers []answer
	After   template.HTML
	Several bool
	Right   int
}

type answer struct {
	Text, Feedback template.HTML
	Right          bool
}

type blanks struct {
	Before, After template.HTML
	Parts         []blankPart
}

// blankPart is a piece of a sentence and the gap behind it; the last has none.
type blankPart struct {
	Text    template.HTML
	Gap     int // 0: none
	Answers []string
	Why     template.HTML
	Size    int
}

type scene struct {
	Lines []course.Line
	Audio string // address of the recording, with the part of it that is meant
}

type film struct {
	*course.Film
	Poster     template.HTML // empty: one is drawn
	Transcript template.HTML
}

// size is about how many bytes a rendered lesson holds.
func (l *lesson) size() int {
	n := 1024 + len(l.Body) + len(l.Needs)
	if l.Task != nil {
		n += len(l.Task.Text)
		for _, t := range l.Task.Tests {
			n += len(t.Says) + len(t.Why)
		}
		for _, h := range l.Task.Hints {
			n += len(h.Text)
		}
	}
	if l.Film != nil {
		n += len(l.Film.Transcript)
	}
	for _, q := range l.Quizzes {
		for _, one := range q.Questions {
			n += len(one.Legend) + len(one.Rest) + len(one.After) + 512*len(one.Answers)
		}
	}
	return n
}

// lesson renders a lesson, or finds it rendered.
func (f *Feature) lesson(e *edition, p *course.Place, lang *page.Language) *lesson {
	v := p.Lesson.In(lang.Reads)
	return e.lessons.Get(lessonKey{v, lang.Tag, lang.Reads, e.State(p.Course)}, func() *lesson { return f.renderLesson(e, p, v, lang) })
}

func (f *Feature) renderLesson(e *edition, p *course.Place, v *course.Version, lang *page.Language) *lesson {
	b := &batch{r: f.renderers[lang.Tag]}
	l := &lesson{Title: v.Title, Summary: plain(v.Summary), Minutes: p.Lesson.Minutes, Rights: rightsOf(b.r, p.Course.Rights, p.Lesson.Rights)}
	if v.Lang != lang.Tag {
		l.Lang, l.Dir = v.Lang, dirOf(v.Lang)
	}
	b.add(v.Blocks, func(out render.Page) {
		l.Body, l.Contents = out.HTML, out.Contents
		if l.Minutes == 0 {
			l.Minutes = out.Minutes()
		}
	})
	b.html(v.Needs, &l.Needs)
	for _, text := range v.Tasks {
		l.Tasks = append(l.Tasks, b.r.Inline(text))
	}
	l.Task = b.task(v.Exercise)
	home := f.home(e, p.Course, v.File)
	home.Lesson = pathsIn(lang)
	l.Film, l.Scene, l.Blanks = b.film(v.Video), sceneOf(v.Scene, home), b.blanks(v.Blanks)
	l.Quizzes, l.Shuffled = b.quizzes(v.Quizzes), p.Lesson.Kind == course.Quiz
	b.run(home)
	if l.Minutes == 0 {
		l.Minutes = minutesOf(p.Lesson)
	}
	return l
}

// home says where a text lies, so that its links lead to pages of this site.
func (f *Feature) home(e *edition, c *course.Course, file string) render.Home {
	return render.Home{Course: c, Catalogue: e.Catalogue, File: file, Lesson: lessonPath, Asset: filePath, CoursePage: coursePath}
}

// batch renders all the texts of a page together, so that their anchors do not
// collide, and hands each result to where it belongs.
type batch struct {
	r     *render.Renderer
	lists [][]course.Block
	take  []func(render.Page)
}

func (b *batch) add(blocks []course.Block, take func(render.Page)) {
	if len(blocks) > 0 {
		b.lists, b.take = append(b.lists, blocks), append(b.take, take)
	}
}

func (b *batch) html(blocks []course.Block, into *template.HTML) {
	b.add(blocks, func(out render.Page) { *into = out.HTML })
}

func (b *batch) run(home render.Home) {
	for i, out := range b.r.Pages(home, b.lists...) {
		b.take[i](out)
	}
}

func (b *batch) task(x *course.Exercising) *task {
	if x == nil {
		return nil
	}
	t := &task{Title: b.r.Inline(x.Title), Files: x.Files, Hints: make([]hint, len(x.Hints))}
	b.html(x.Task, &t.Text)
	for _, one := range x.Tests {
		t.Tests = append(t.Tests, test{Says: b.r.Inline(one.Says), Why: b.r.Inline(one.Why)})
	}
	for i, one := range x.Hints {
		t.Hints[i].Title = b.r.Inline(one.Title)
		b.html(one.Text, &t.Hints[i].Text)
	}
	return t
}

func (b *batch) film(v *course.Film) *film {
	if v == nil {
		return nil
	}
	f := &film{Film: v}
	b.html(v.Transcript, &f.Transcript)
	if v.Poster != "" {
		b.html([]course.Block{{Shape: course.Figure, Address: v.Poster}}, &f.Poster)
	}
	return f
}

// sceneOf plays a recording only if it is one of the course's own files: no
// other host is asked.
func sceneOf(s *course.Scene, home render.Home) *scene {
	if s == nil {
		return nil
	}
	out := &scene{Lines: s.Lines}
	if file, err := home.Catalogue.OpenAsset(home.Course, s.Audio); err == nil {
		file.Close()
		out.Audio = filePath(home.Course, s.Audio)
		if s.Start > 0 || s.End > 0 {
			out.Audio += "#t=" + seconds(s.Start)
		}
		if s.End > 0 {
			out.Audio += "," + seconds(s.End)
		}
	}
	return out
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', -1, 64) }

func (b *batch) blanks(v *course.Blanks) *blanks {
	if v == nil {
		return nil
	}
	out := &blanks{}
	b.html(v.Before, &out.Before)
	b.html(v.After, &out.After)
	texts := atGaps(b.r.Inline(v.Text))
	out.Parts = make([]blankPart, len(texts))
	for i, text := range texts {
		part := &out.Parts[i]
		part.Text = text
		if i >= len(v.Gaps) || i >= len(texts)-1 {
			continue
		}
		part.Gap, part.Answers = i+1, v.Gaps[i].Answers
		for _, a := range part.Answers {
			part.Size = max(part.Size, len([]rune(a))+2)
		}
		b.html(v.Gaps[i].Feedback, &part.Why)
	}
	return out
}

// atGaps cuts a rendered sentence at its gaps. A mark inside of a tag, as in an
// address, is no place for a field and goes.
func atGaps(sentence template.HTML) []template.HTML {
	var parts []template.HTML
	var part strings.Builder
	inTag := false
	for _, r := range string(sentence) {
		switch {
		case string(r) == course.GapMark && inTag:
			continue
		case string(r) == course.GapMark:
			parts = append(parts, template.HTML(part.String())) // cut from what the policy let through
			part.Reset()
			continue
		case r == '<':
			inTag = true
		case r == '>':
			inTag = false
		}
		part.WriteRune(r)
	}
	return append(parts, template.HTML(part.String()))
}

func (b *batch) quizzes(sets []course.QuestionSet) []quiz {
	number := 0
	quizzes := make([]quiz, len(sets))
	for i, set := range sets {
		quizzes[i] = quiz{Pass: set.Pass, Questions: make([]question, len(set.Questions))}
		if quizzes[i].Pass == 0 {
			quizzes[i].Pass = len(set.Questions)
		}
		for j := range set.Questions {
			number++
			b.question(&quizzes[i].Questions[j], set.Questions[j], number)
		}
	}
	return quizzes
}

func (b *batch) question(into *question, q course.Question, number int) {
	legend, rest := splitLegend(q.Text)
	*into = question{Number: number, Legend: b.r.Inline(legend), Several: q.Several(), Answers: make([]answer, len(q.Answers))}
	b.html(rest, &into.Rest)
	b.html(q.After, &into.After)
	for i, a := range q.Answers {
		to := &into.Answers[i]
		if to.Right = a.Right; a.Right {
			into.Right++
		}
		b.html(a.Feedback, &to.Feedback)
		if line, only := oneLine(a.Text); only {
			to.Text = b.r.Inline(line)
			continue
		}
		b.html(a.Text, &to.Text)
	}
}

// splitLegend takes the first paragraph of a question, which is what a screen
// reader says before each answer.
func splitLegend(blocks []course.Block) (legend string, rest []course.Block) {
	if len(blocks) == 0 || blocks[0].Shape != course.Prose {
		return "", blocks
	}
	first, more, _ := strings.Cut(strings.TrimSpace(blocks[0].Text), "\n\n")
	if strings.ContainsAny(first, "\n") || strings.HasPrefix(first, "```") || strings.HasPrefix(first, "#") {
		return "", blocks
	}
	if strings.TrimSpace(more) == "" {
		return first, blocks[1:]
	}
	remains := blocks[0]
	remains.Text = more
	return first, append([]course.Block{remains}, blocks[1:]...)
}

// oneLine is the text of blocks that are a single line of prose.
func oneLine(blocks []course.Block) (string, bool) {
	if len(blocks) != 1 || blocks[0].Shape != course.Prose {
		return "", false
	}
	text := strings.TrimSpace(blocks[0].Text)
	return text, !strings.Contains(text, "\n")
}

// plain takes the marks of Markdown out of a line that is shown as text.
func plain(markdown string) string {
	return strings.TrimSpace(strings.NewReplacer("`", "", "**", "", "*", "").Replace(markdown))
}

// rights are the terms of a text and whom to thank.
type rights struct {
	Licence, Address, Original string
	Authors                    []string
	Credit                     template.HTML
}

// rightsOf are a lesson's own rights, or its course's.
func rightsOf(r *render.Renderer, of course.Rights, own *course.Rights) *rights {
	if own != nil {
		of = *own
	}
	if of.Licence == "" && len(of.Authors) == 0 && of.Credit == "" && of.Original == "" {
		return nil
	}
	return &rights{Licence: of.Licence, Address: of.Address, Original: of.Original, Authors: of.Authors, Credit: r.Inline(of.Credit)}
}
