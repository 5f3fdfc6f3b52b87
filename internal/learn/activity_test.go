package learn

import (
	"testing"
	"time"
)

func TestRunBearsAWeekendAndNeverCountsToday(t *testing.T) {
	today := time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC) // a Monday
	for _, c := range []struct {
		name string
		days []int // ago
		want int
	}{
		{"nothing", nil, 0},
		{"one day is no run", []int{0}, 0},
		{"today and yesterday", []int{0, 1}, 2},
		{"today is not over", []int{1, 2}, 2},
		{"a weekend of rest", []int{3, 4, 5}, 3},
		{"rest in between", []int{0, 3, 6}, 3},
		{"three days of rest end it", []int{0, 1, 5, 6}, 2},
		{"long ago", []int{10, 11, 12}, 0},
	} {
		counts := map[time.Time]int{}
		for _, ago := range c.days {
			counts[today.AddDate(0, 0, -ago)]++
		}
		if got := runOf(counts, today); got != c.want {
			t.Errorf("%s: a run of %d, want %d", c.name, got, c.want)
		}
	}
}

// TestDaysAreThoseOfTheMember: one moment is on two days in two zones.
func TestDaysAreThoseOfTheMember(t *testing.T) {
	at := time.Date(2027, 3, 14, 23, 30, 0, 0, time.UTC)
	east := time.FixedZone("east", 2*3600)
	if got := dayIn(at, east); got.Day() != 15 {
		t.Errorf("in the east it is the %dth", got.Day())
	}
	if got := dayIn(at, time.UTC); got.Day() != 14 {
		t.Errorf("in London it is the %dth", got.Day())
	}
}
