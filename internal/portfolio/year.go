package portfolio

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"kept/internal/page"
)

// year is the picture of twelve months of finished lessons, and the same in
// words.
type year struct {
	Halves  []template.HTML
	Lessons int
	Days    int
	Busiest string // the month with the most lessons
	Months  []month
}

// month is a line of the table below the picture.
type month struct {
	Name    string
	Lessons int
	Days    string // "3, 5 (2)": the days, with how many lessons if several
	days    int
}

// monthsShown is how far the picture goes back, this month included.
const monthsShown = 12

// yearOf counts what the viewer may see, in the member's time zone. Nil without
// any lesson in that time.
func yearOf(lang *page.Language, s *sheet) *year {
	counts := map[time.Time]int{}
	for _, d := range s.sorted(Finished) {
		counts[s.Day(d.At)]++
	}
	first := time.Date(s.today.Year(), s.today.Month()-monthsShown+1, 1, 0, 0, 0, 0, time.UTC)
	y := &year{}
	for i := range monthsShown {
		y.add(monthOf(lang, first.AddDate(0, i, 0), counts))
	}
	if y.Lessons == 0 {
		return nil
	}
	middle := first.AddDate(0, monthsShown/2, 0)
	y.Halves = []template.HTML{half(lang, 0, first, counts), half(lang, 1, middle, counts)}
	return y
}

func (y *year) add(m month) {
	y.Lessons += m.Lessons
	y.Days += m.days
	most := 0
	if m.Lessons > 0 {
		y.Months = append(y.Months, m)
	}
	for _, other := range y.Months {
		if other.Lessons > most {
			most, y.Busiest = other.Lessons, other.Name
		}
	}
}

func monthOf(lang *page.Language, first time.Time, counts map[time.Time]int) month {
	m := month{Name: monthName(lang, first)}
	var days []string
	for day := first; day.Month() == first.Month(); day = day.AddDate(0, 0, 1) {
		n := counts[day]
		if n == 0 {
			continue
		}
		m.Lessons += n
		m.days++
		text := strconv.Itoa(day.Day())
		if n > 1 {
			text += " (" + lang.Number(n) + ")"
		}
		days = append(days, text)
	}
	m.Days = strings.Join(days, ", ")
	return m
}

// monthName writes "March 2027": a day without its day.
func monthName(lang *page.Language, at time.Time) string {
	return shortMonth(lang, at) + " " + strconv.Itoa(at.Year())
}

var months = [...]string{
	page.Key("Jan"), page.Key("Feb"), page.Key("Mar"), page.Key("Apr"), page.Key("May"), page.Key("Jun"),
	page.Key("Jul"), page.Key("Aug"), page.Key("Sep"), page.Key("Oct"), page.Key("Nov"), page.Key("Dec"),
}

func shortMonth(lang *page.Language, at time.Time) string { return lang.Text(months[at.Month()-1]) }

// Places in the picture: a column a week, a row a weekday, Monday first.
const (
	columnStep, firstColumn = 14, 34
	rowStep, firstRow       = 15, 27
	halfColumns             = 27 // weeks that six months can touch, less one
	halfWidth               = firstColumn + halfColumns*columnStep + 8
)

// half draws six months from first on.
func half(lang *page.Language, n int, first time.Time, counts map[time.Time]int) template.HTML {
	end := first.AddDate(0, monthsShown/2, 0)
	id := "year-" + strconv.Itoa(n)
	var out strings.Builder
	fmt.Fprintf(&out, `<svg class="pic" viewBox="0 0 %d 132" role="img" aria-labelledby="%s"><title id="%s">%s</title><g class="q" font-size="12">`,
		halfWidth, id, id, template.HTMLEscapeString(halfTitle(lang, first, end, counts)))
	for at := first; at.Before(end); at = at.AddDate(0, 1, 0) {
		x, _ := placeOf(first, at)
		fmt.Fprintf(&out, `<text x="%d" y="12">%s</text>`, x-2, template.HTMLEscapeString(shortMonth(lang, at)))
	}
	for i, key := range []string{page.Key("M"), page.Key("W"), page.Key("F")} {
		fmt.Fprintf(&out, `<text x="4" y="%d">%s</text>`, firstRow+4+2*i*rowStep, template.HTMLEscapeString(lang.Text(key)))
	}
	out.WriteString(`</g>`)
	drawDays(&out, first, end, counts)
	out.WriteString(`</svg>`)
	return template.HTML(out.String())
}

func halfTitle(lang *page.Language, first, end time.Time, counts map[time.Time]int) string {
	lessons, days := 0, 0
	for day, n := range counts {
		if !day.Before(first) && day.Before(end) {
			lessons += n
			days++
		}
	}
	return lang.Text("%s to %s: %s on %s", monthName(lang, first), monthName(lang, end.AddDate(0, -1, 0)),
		lang.Text("%d lessons", lessons), lang.Text("%d days", days))
}

// placeOf is where a day stands in the half that begins with first.
func placeOf(first, day time.Time) (x, y int) {
	before := int(first.Weekday()+6) % 7
	n := before + int(day.Sub(first).Hours()/24)
	return firstColumn + n/7*columnStep, firstRow + n%7*rowStep
}

// widths are the dots' sizes: nothing, one lesson, two, three, more.
var widths = [...]string{"2", "5.2", "7.4", "9.4", "11.4"}

// drawDays draws a dot a day: a line of no length with a round end, of which a
// path can hold as many as there are days of one size.
func drawDays(out *strings.Builder, first, end time.Time, counts map[time.Time]int) {
	var paths [len(widths)]strings.Builder
	for day := first; day.Before(end); day = day.AddDate(0, 0, 1) {
		x, y := placeOf(first, day)
		fmt.Fprintf(&paths[min(counts[day], len(widths)-1)], "M%d %dh0", x, y)
	}
	for size := range paths {
		if paths[size].Len() == 0 {
			continue
		}
		class := "a"
		if size == 0 {
			class = "q"
		}
		fmt.Fprintf(out, `<path class="%s" fill="none" stroke="currentColor" stroke-linecap="round" stroke-width="%s" d="%s"/>`, class, widths[size], &paths[size])
	}
}
