package backup

import (
	"context"
	"net/http"
	"sync"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// Fewer than this many of a kind on a day are not told apart: a single record's
// last day could be somebody's.
const fewest = 5

// nextDays is how far /privacy/next looks ahead, and nextRows how many pairs of
// day and kind at most.
const (
	nextDays = 31
	nextRows = 2000
)

// nextFresh is how long the page shows what it has counted.
const nextFresh = 10 * time.Minute

// NextDay is what goes at the end of a day.
type NextDay struct {
	Day   vault.Day
	Kinds []NextKind
	Few   bool // and others, fewer than five of each kind
}

// NextKind is a kind of which at least five go; the count is rounded down to
// fives.
type NextKind struct {
	Title string
	Count int
}

// counted is what the page showed last.
type counted struct {
	mu   sync.Mutex
	at   time.Time
	days []NextDay
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{{Pattern: "GET /privacy/next", Handler: f.showNext}}
}

// nextPage is /privacy/next.
type nextPage struct {
	page.Head
	Days       []NextDay
	Ahead      int
	Fewest     int
	BackupDays int
}

func (f *Feature) showNext(w http.ResponseWriter, r *http.Request) error {
	days, err := f.next(r.Context())
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	p := &nextPage{Days: days, Ahead: nextDays, Fewest: fewest, BackupDays: int(f.c.Days),
		Head: page.Head{Title: lang.Text("What is deleted next"), Current: "/privacy", Canonical: "/privacy/next", Knows: f.Site.KnowsNothing(lang)}}
	if page.ViewerOf(r.Context()).SignedIn {
		p.Knows = f.c.Knows(lang)
	}
	return f.Site.Render(w, r, http.StatusOK, "backup/next.html", p)
}

func (f *Feature) next(ctx context.Context) ([]NextDay, error) {
	f.shown.mu.Lock()
	defer f.shown.mu.Unlock()
	now := f.c.Now()
	if !f.shown.at.IsZero() && now.Sub(f.shown.at) < nextFresh && vault.DayOf(f.shown.at) == vault.DayOf(now) {
		return f.shown.days, nil
	}
	endings, err := f.Vault.NextEndings(ctx, f.DB.Read, nextRows)
	if err != nil {
		return nil, err
	}
	f.shown.at, f.shown.days = now, gather(endings, f.today()+nextDays)
	return f.shown.days, nil
}

// gather puts what goes on a day together, up to a last day.
func gather(endings []vault.Ending, last vault.Day) []NextDay {
	var days []NextDay
	for _, e := range endings {
		if e.Day > last {
			break
		}
		if len(days) == 0 || days[len(days)-1].Day != e.Day {
			days = append(days, NextDay{Day: e.Day})
		}
		d := &days[len(days)-1]
		if e.Count < fewest {
			d.Few = true
			continue
		}
		d.Kinds = append(d.Kinds, NextKind{e.Info.Title, e.Count - e.Count%fewest})
	}
	return days
}
