package page

import (
	"fmt"
	"html/template"
	"reflect"
	"time"

	"golang.org/x/text/number"
)

// dates says how a language writes days. Day receives day, month's name and
// year; Moment receives that day, hour and minute.
type dates struct {
	Day    string   `json:"day"`
	Moment string   `json:"moment"`
	Months []string `json:"months"`
}

// Day writes a day, "14 March 2027". It takes a time.Time, anything with a
// method Time() time.Time, or a number of days since 1970-01-01.
func (l *Language) Day(value any) (string, error) {
	at, err := dayOf(value)
	if err != nil {
		return "", err
	}
	return l.day(at), nil
}

func (l *Language) day(at time.Time) string {
	return l.printer.Sprintf(l.dates.Day, figure(at.Day()), l.dates.Months[at.Month()-1], figure(at.Year()))
}

// Date writes a day as an element that machines read too.
func (l *Language) Date(value any) (template.HTML, error) {
	at, err := dayOf(value)
	if err != nil {
		return "", err
	}
	text := template.HTMLEscapeString(l.day(at))
	return template.HTML(`<time datetime="` + at.Format(time.DateOnly) + `">` + text + `</time>`), nil
}

// Moment writes a day and a time of day in the reader's time zone; nil
// means UTC, and the text says so.
func (l *Language) Moment(at time.Time, zone *time.Location) template.HTML {
	if zone == nil {
		zone = time.UTC
	}
	local := at.In(zone)
	text := l.printer.Sprintf(l.dates.Moment, l.day(local), local.Format("15:04"))
	if zone == time.UTC {
		text += " UTC"
	}
	stamp := at.UTC().Format("2006-01-02T15:04Z")
	return template.HTML(`<time datetime="` + stamp + `">` + template.HTMLEscapeString(text) + `</time>`)
}

// figure writes a number without separators: 2027 is a year, not 2,027.
func figure(n int) number.Formatter { return number.Decimal(n, number.NoSeparator()) }

func dayOf(value any) (time.Time, error) {
	switch v := value.(type) {
	case time.Time:
		return v, nil
	case interface{ Time() time.Time }:
		return v.Time(), nil
	}
	if v := reflect.ValueOf(value); v.IsValid() && v.CanInt() {
		return time.Unix(0, 0).UTC().AddDate(0, 0, int(v.Int())), nil
	}
	return time.Time{}, fmt.Errorf("page: %T is no day", value)
}

// Number writes a number with the language's separators.
func (l *Language) Number(n any) string { return l.printer.Sprintf("%v", number.Decimal(n)) }

// Size writes a number of bytes as a reader weighs a download: "212 kB".
func (l *Language) Size(bytes int64) string {
	const kilo, mega = 1000, 1000 * 1000
	switch {
	case bytes < kilo:
		return l.Text("%d bytes", bytes)
	case bytes < mega:
		return l.Text("%d kB", (bytes+kilo/2)/kilo)
	}
	return l.Text("%v MB", number.Decimal(float64(bytes)/mega, number.MaxFractionDigits(1)))
}
