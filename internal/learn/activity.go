package learn

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// activity is what a member did in the last weeks, by days of their own time
// zone. It praises and never scolds: a run that has ended is not mentioned.
type activity struct {
	Picture template.HTML
	Days    int // with a finished lesson, in the weeks of the picture
	Lessons int
	Run     int // days with a finished lesson in the run that goes on; 0 below two
}

// weeksShown is how far the picture goes back, this week included. The year
// stands on the member's own page.
const weeksShown = 6

// restDays is how many days without a lesson a run bears: a weekend.
const restDays = 2

// activityOf counts deeds by day. today is midnight UTC of the civil day in
// the member's zone, as are the days of counts.
func activityOf(counts map[time.Time]int, today time.Time, lang *page.Language) *activity {
	first := today.AddDate(0, 0, -int(today.Weekday()+6)%7-7*(weeksShown-1))
	a := &activity{Run: runOf(counts, today)}
	for day := first; !day.After(today); day = day.AddDate(0, 0, 1) {
		if counts[day] > 0 {
			a.Days++
			a.Lessons += counts[day]
		}
	}
	if a.Days == 0 {
		return nil
	}
	a.Picture = drawWeeks(counts, first, today, lang.Text("The last %d weeks: %s on %s", weeksShown, countLessons(lang, a.Lessons), countDays(lang, a.Days)))
	return a
}

// runOf counts the days with a lesson in the run that goes on today. Today
// itself is not over, so it is no day of rest.
func runOf(counts map[time.Time]int, today time.Time) int {
	run, rest := 0, 0
	for day := today; rest <= restDays; day = day.AddDate(0, 0, -1) {
		switch {
		case counts[day] > 0:
			run++
			rest = 0
		case day != today:
			rest++
		}
	}
	if run < 2 {
		return 0
	}
	return run
}

func countDays(lang *page.Language, n int) string {
	if n == 1 {
		return lang.Text("1 day")
	}
	return lang.Text("%d days", n)
}

// drawWeeks draws a row for each week, Monday first: a dot for each day, larger
// with more lessons.
func drawWeeks(counts map[time.Time]int, first, today time.Time, title string) template.HTML {
	const step, left, top = 28, 14, 14
	var out strings.Builder
	fmt.Fprintf(&out, `<svg class="pic" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-labelledby="weeks-t"><title id="weeks-t">%s</title>`,
		7*step, weeksShown*step, template.HTMLEscapeString(title))
	for n, day := 0, first; !day.After(today); n, day = n+1, day.AddDate(0, 0, 1) {
		x, y := left+n%7*step, top+n/7*step
		if c := counts[day]; c > 0 {
			fmt.Fprintf(&out, `<circle class="a" cx="%d" cy="%d" r="%d" fill="currentColor"/>`, x, y, min(5+2*c, 12))
		} else {
			fmt.Fprintf(&out, `<circle class="q" cx="%d" cy="%d" r="2" fill="currentColor"/>`, x, y)
		}
		if day.Equal(today) {
			fmt.Fprintf(&out, `<path stroke="currentColor" stroke-width="2" d="M%d %dh20"/>`, x-10, y+13)
		}
	}
	out.WriteString(`</svg>`)
	return template.HTML(out.String())
}

// zoneOf is where the owner's days begin.
func (f *Feature) zoneOf(ctx context.Context, q vault.Querier, owner vault.OwnerID) (*time.Location, error) {
	if f.c.Zone == nil {
		return time.UTC, nil
	}
	return f.c.Zone(ctx, q, owner)
}

// dayIn is the civil day of a moment in a zone, as midnight UTC.
func dayIn(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
