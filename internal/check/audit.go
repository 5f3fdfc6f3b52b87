package check

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"kept/internal/course"
)

// Case is one exercise of a course, with what its author says solves it.
type Case struct {
	ID       string // as the source has it
	Type     string
	Block    string
	Exercise Exercise
	Answers  []Answer // reference solutions
	Seed     Answer   // the files to begin with, which must not pass
}

// Cases lists the exercises of a course in one language. A lesson that exists
// in others only is left out.
func Cases(c *course.Course, lang string) []Case {
	var all []Case
	var last *course.Chapter
	var waits int // 1 + the index of the case that the next lesson solves
	for chapter, lesson := range c.Lessons {
		v := lesson.In(lang)
		if lang != "" && v.Lang != lang {
			continue
		}
		if waits > 0 && chapter == last && v.Exercise != nil {
			all[waits-1].Answers = []Answer{AnswerOf(v.Exercise.Files)}
		}
		waits, last = 0, chapter
		e := Of(lesson.ID, v.Exercise)
		if e.Engine == course.NoEngine {
			continue
		}
		one := Case{ID: lesson.ID[strings.LastIndexByte(lesson.ID, '/')+1:], Type: lesson.Type, Block: chapter.Slug, Exercise: e,
			Seed: AnswerOf(v.Exercise.Files), Answers: references(v.Exercise)}
		if one.Type == "" {
			one.Type = string(lesson.Kind)
		}
		all = append(all, one)
		if len(one.Answers) == 0 && v.Exercise.NextSolves && stepwise(v.Exercise) {
			waits = len(all)
		}
	}
	return all
}

// references are the solutions that an author gives. Some sources write a
// comment where one is still wanted.
func references(works *course.Exercising) []Answer {
	var all []Answer
	for _, files := range works.Solutions {
		if !slices.ContainsFunc(files, func(f course.File) bool { return strings.Contains(f.Text, "solution required") }) {
			all = append(all, AnswerOf(files))
		}
	}
	return all
}

// stepwise tells whether an exercise is a step of a longer one: then it says
// which lines to change, and the next step begins with them changed.
func stepwise(works *course.Exercising) bool {
	return slices.ContainsFunc(works.Files, func(f course.File) bool { return f.Editable != nil })
}

// Finding is what an audit says of one case.
type Finding struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Block     string `json:"block"`
	Engine    string `json:"engine"`    // "" if none here can check it
	Reference string `json:"reference"` // pass, fail, none
	Seed      string `json:"seed"`      // rejected, accepted, none
	MS        int64  `json:"ms"`
	Why       string `json:"why"`
}

// Disagrees tells whether a reference fails or a seed passes.
func (f Finding) Disagrees() bool { return f.Reference == "fail" || f.Seed == "accepted" }

// Audit checks the reference solutions and the seed of every case, so many at
// once, and calls each with the findings in the order in which they come.
func (p *Pool) Audit(ctx context.Context, cases []Case, atOnce int, each func(Finding)) error {
	next := make(chan Case)
	found := make(chan Finding)
	failed := make(chan error, atOnce+1)
	var busy sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range max(atOnce, 1) {
		busy.Go(func() {
			for c := range next {
				f, err := p.audit(ctx, c)
				if err != nil {
					failed <- err
					cancel()
					return
				}
				found <- f
			}
		})
	}
	go func() {
		defer close(next)
		for _, c := range cases {
			select {
			case next <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() { busy.Wait(); close(found) }()
	for f := range found {
		each(f)
	}
	select {
	case err := <-failed:
		return err
	default:
		return ctx.Err()
	}
}

func (p *Pool) audit(ctx context.Context, c Case) (Finding, error) {
	f := Finding{ID: c.ID, Type: c.Type, Block: c.Block, Reference: "none", Seed: "none"}
	engine := p.Engine(c.Exercise)
	if engine == nil {
		f.Why = "no engine here can check it"
		return f, nil
	}
	f.Engine = engine.Name()
	begin := time.Now()
	for i, a := range c.Answers {
		v, err := p.Check(ctx, c.Exercise.ID, c.Exercise, a)
		if err != nil {
			return f, err
		}
		if f.Reference = "pass"; !v.Passed {
			f.Reference, f.Why = "fail", reason(v, i, len(c.Answers))
			break
		}
	}
	v, err := p.Check(ctx, c.Exercise.ID, c.Exercise, c.Seed)
	if err != nil && !errors.Is(err, ErrAnswer) {
		return f, err
	}
	f.Seed = "rejected"
	if err == nil && v.Passed {
		f.Seed = "accepted"
		f.Why = strings.TrimPrefix(f.Why+"; the files to begin with pass every test", "; ")
	}
	f.MS = time.Since(begin).Milliseconds()
	return f, nil
}

// reason is why a reference does not pass, in one line.
func reason(v Verdict, i, of int) string {
	var text strings.Builder
	if of > 1 {
		text.WriteString("solution " + strconv.Itoa(i+1) + ": ")
	}
	if v.Why != Ran {
		text.WriteString(string(v.Why) + ": ")
	}
	for n, t := range v.Tests {
		if !t.Passed {
			text.WriteString("test " + strconv.Itoa(n+1) + ": " + strings.Join(strings.Fields(clip(t.Message, 200)), " "))
			break
		}
	}
	return text.String()
}
