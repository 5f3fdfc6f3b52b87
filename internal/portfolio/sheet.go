package portfolio

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kept/vault"
	"kept/vault/sabotage"
)

// sheet is what a reader may see of a member: records, not yet a page.
type sheet struct {
	handle                string
	zone                  *time.Location
	today                 time.Time // in the member's zone
	name, location, about *vault.Record[Text]
	picture               *vault.Record[Picture]
	links                 []vault.Record[Link]
	projects              []vault.Record[Project]
	deeds                 []Deed // the latest first
	settings              vault.Record[Settings]
}

// read gathers what who may see of an owner.
func (f *Feature) read(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, handle string) (*sheet, error) {
	s := &sheet{handle: handle}
	err := f.readDetails(ctx, q, who, owner, s)
	if err != nil {
		return nil, err
	}
	if s.deeds, err = f.c.Deeds(ctx, q, who, owner); err != nil {
		return nil, err
	}
	if s.zone, err = f.c.Zone(ctx, q, owner); err != nil {
		return nil, err
	}
	s.today = f.Now().In(s.zone)
	slices.SortStableFunc(s.deeds, func(a, b Deed) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
	return s, nil
}

func (f *Feature) readDetails(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, s *sheet) (err error) {
	if s.name, err = one(ctx, q, f.kinds.name, who, owner); err != nil {
		return err
	}
	if s.location, err = one(ctx, q, f.kinds.location, who, owner); err != nil {
		return err
	}
	if s.about, err = one(ctx, q, f.kinds.about, who, owner); err != nil {
		return err
	}
	if s.picture, err = one(ctx, q, f.kinds.picture, who, owner); err != nil {
		return err
	}
	if s.links, err = f.kinds.links.All(ctx, q, who, owner); err != nil {
		return err
	}
	if s.projects, err = f.kinds.projects.All(ctx, q, who, owner); err != nil {
		return err
	}
	slices.SortFunc(s.links, func(a, b vault.Record[Link]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), strings.Compare(a.Value.Label, b.Value.Label), strings.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.projects, func(a, b vault.Record[Project]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), strings.Compare(a.Value.Title, b.Value.Title), strings.Compare(a.ID, b.ID))
	})
	s.settings, err = f.readSettings(ctx, q, who, owner)
	return err
}

// readSettings: strangers are shown none, but their page is made by them.
func (f *Feature) readSettings(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) (vault.Record[Settings], error) {
	if who != vault.Self(owner) {
		who = vault.Work(toShow)
	}
	rec, err := f.kinds.settings.Get(ctx, q, who, owner, vault.SingleID)
	if errors.Is(err, vault.ErrNotFound) {
		return vault.Record[Settings]{Owner: owner}, nil
	}
	return rec, err
}

// one reads the record of a kind that an owner has once, nil if there is none.
func one[T any](ctx context.Context, q vault.Querier, k vault.Kind[T], who vault.Who, owner vault.OwnerID) (*vault.Record[T], error) {
	rec, err := k.Get(ctx, q, who, owner, vault.SingleID)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	return &rec, err
}

// readPublic gathers what strangers see: what a query as anyone returns.
func (f *Feature) readPublic(ctx context.Context, owner vault.OwnerID, handle string) (*sheet, error) {
	if sabotage.Is(breakOpenAtOnce) {
		s, err := f.read(ctx, f.DB.Read, vault.Self(owner), owner, handle)
		if err != nil {
			return nil, err
		}
		return s.public(), nil
	}
	return f.read(ctx, f.DB.Read, vault.Anyone(), owner, handle)
}

// public is what strangers would see of a member's own sheet. Their page is not
// made by it, but by a query as vault.Anyone.
func (s *sheet) public() *sheet {
	p := *s
	p.name, p.location, p.about, p.picture = shown(s.name), shown(s.location), shown(s.about), shown(s.picture)
	p.links, p.projects = onlyShown(s.links), onlyShown(s.projects)
	p.deeds = slices.DeleteFunc(slices.Clone(s.deeds), func(d Deed) bool { return d.Audience != vault.AnyoneMaySee })
	return &p
}

func shown[T any](r *vault.Record[T]) *vault.Record[T] {
	if r == nil || r.Audience != vault.AnyoneMaySee {
		return nil
	}
	return r
}

func onlyShown[T any](all []vault.Record[T]) []vault.Record[T] {
	return slices.DeleteFunc(slices.Clone(all), func(r vault.Record[T]) bool { return r.Audience != vault.AnyoneMaySee })
}

// records counts what stands on the sheet.
func (s *sheet) records() int {
	n := len(s.links) + len(s.projects) + len(s.deeds)
	for _, has := range []bool{s.name != nil, s.location != nil, s.about != nil, s.picture != nil} {
		if has {
			n++
		}
	}
	return n
}

// called is the name to head the page with: the member's own, else the handle.
func (s *sheet) called() string {
	if s.name != nil {
		return s.name.Value.Text
	}
	return "@" + s.handle
}

// sorted returns the deeds of one sort, the latest first. A solved exercise is a
// finished lesson too.
func (s *sheet) sorted(which Sort) []Deed {
	var all []Deed
	for _, d := range s.deeds {
		if d.Sort == which || which == Finished && d.Sort == Solved {
			all = append(all, d)
		}
	}
	return all
}

// Day is the day of a moment where the member lives.
func (s *sheet) Day(at time.Time) time.Time {
	y, m, d := at.In(s.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// progress is how far a member has come in a course.
type progress struct {
	*sheet
	Course
	Done []Deed // the latest first
}

// Finished reports whether nothing is left of the course.
func (p progress) Finished() bool { return p.Lessons > 0 && len(p.Done) >= p.Lessons }

// Total is the number of lessons, at least those that are done.
func (p progress) Total() int { return max(p.Lessons, len(p.Done)) }

// Last is the latest lesson.
func (p progress) Last() Deed { return p.Done[0] }

// courses groups the finished lessons, the course of the latest one first.
func (s *sheet) courses() []progress {
	var all []progress
	place := map[Course]int{}
	for _, d := range s.sorted(Finished) {
		i, ok := place[d.Course]
		if !ok {
			i = len(all)
			place[d.Course] = i
			all = append(all, progress{sheet: s, Course: d.Course})
		}
		all[i].Done = append(all[i].Done, d)
	}
	return all
}
