package learn

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strconv"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// Where learners stop is told to authors by counters alone: how many members
// began a lesson's code, how many finished the lesson, and at which of its
// tests code that was handed in did not pass. A counter names nobody and
// belongs to nobody, so an erasure does not change it; it moves in the
// transaction that it counts. It is shown in fives, from five up, so that no
// two looks at it give away what one person did between them.

// What is counted of a lesson. The counter of a test is its number.
const (
	countBegun    = "begun"
	countFinished = "finished"
	countTest     = "test-"
)

// shownFrom is the smallest number that is shown, and the step.
const shownFrom = 5

// count moves a counter by one.
func (f *Feature) count(ctx context.Context, tx *sql.Tx, of *course.Place, what string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO lesson_count (course, lesson, what, n) VALUES ($1, $2, $3, 1)
		ON CONFLICT (course, lesson, what) DO UPDATE SET n = lesson_count.n + 1`, of.Course.ID, of.Lesson.ID, what)
	return err
}

// tried counts a member who begins a lesson's code: whoever has it in no
// record yet.
func (f *Feature) tried(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, of *course.Place) error {
	who := vault.Self(owner)
	work, err := f.workOf(ctx, tx, who, owner, of.Lesson.ID)
	if err != nil || work != nil {
		return err
	}
	done, err := f.doneOf(ctx, tx, who, owner, of.Lesson.ID)
	if err != nil || done != nil {
		return err
	}
	versions, err := f.versionsOf(ctx, tx, who, owner, of.Lesson.ID)
	if err != nil || len(versions) > 1 {
		return err
	}
	return f.count(ctx, tx, of, countBegun)
}

// stopped counts the first test that code did not pass.
func (f *Feature) stopped(ctx context.Context, tx *sql.Tx, of *course.Place, v *Verdict) error {
	for i, one := range v.Tests {
		if !one.Passed {
			return f.count(ctx, tx, of, countTest+strconv.Itoa(i+1))
		}
	}
	return nil
}

// Stops is what authors are shown of a lesson. Numbers are rounded down to
// fives; 0 stands for fewer than five.
type Stops struct {
	Lesson, Title, Path string
	spoken
	Begun, Finished int
	Tests           []TestStops
}

// TestStops is how often code stopped at a test.
type TestStops struct{ Number, Times int }

// StopsIn tells where learners stop in a course, in the order of its lessons.
// Lessons of which nothing can be shown are left out.
func (f *Feature) StopsIn(ctx context.Context, q vault.Querier, c *course.Course, lang string) ([]Stops, error) {
	counts, err := f.counts(ctx, q, c)
	if err != nil {
		return nil, err
	}
	var all []Stops
	for p, ok := f.edition().First(c); ok && p != nil; p = p.Next {
		of := counts[p.Lesson.ID]
		words := p.Lesson.In(lang)
		s := Stops{Lesson: p.Lesson.ID, Title: words.Title, spoken: spokenIn(words.Lang, lang), Path: lessonPath(p), Begun: of[countBegun], Finished: of[countFinished]}
		if x := p.Lesson.In().Exercise; x != nil {
			for i := range x.Tests {
				if n := of[countTest+strconv.Itoa(i+1)]; n > 0 {
					s.Tests = append(s.Tests, TestStops{i + 1, n})
				}
			}
		}
		if s.Begun > 0 || s.Finished > 0 || len(s.Tests) > 0 {
			all = append(all, s)
		}
	}
	return all, nil
}

func (f *Feature) counts(ctx context.Context, q vault.Querier, c *course.Course) (map[string]map[string]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT lesson, what, n FROM lesson_count WHERE course = $1 AND n >= $2`, c.ID, shownFrom)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]map[string]int{}
	for rows.Next() {
		var lesson, what string
		var n int
		if err := rows.Scan(&lesson, &what, &n); err != nil {
			return nil, err
		}
		if counts[lesson] == nil {
			counts[lesson] = map[string]int{}
		}
		counts[lesson][what] = n - n%shownFrom
	}
	return counts, rows.Err()
}

// stopsPage shows where learners stop in a course.
type stopsPage struct {
	page.Head
	Course link
	Stops  []Stops
}

// showStops is open to everybody: the numbers are of nobody.
func (f *Feature) showStops(w http.ResponseWriter, r *http.Request) error {
	c, ok := f.edition().Course(r.PathValue("course"))
	if !ok {
		return fault.NotFound{What: "course"}
	}
	lang := f.Site.Printer(r.Context())
	all, err := f.StopsIn(r.Context(), f.DB.Read, c, lang.Tag)
	if err != nil {
		return err
	}
	title := c.In(lang.Tag).Title
	p := &stopsPage{Course: link{Path: coursePath(c), Title: title}, Stops: all, Head: page.Head{Title: lang.Text("Where learners stop") + ", " + title, NoIndex: true}}
	if _, member := f.c.Who(r.Context()); member {
		p.Knows = f.memberKnows(lang, lang.Text("The numbers count lessons, and name nobody."))
	} else {
		p.Knows = f.visitorKnows(lang, lang.Text("The numbers count lessons of members, and name nobody."))
	}
	return f.Site.Render(w, r, http.StatusOK, "learn/stops.html", p)
}

// StopsPath is the page that shows where learners stop in a course.
func StopsPath(c *course.Course) string { return "/learn/" + url.PathEscape(c.Slug) + "/stops" }
