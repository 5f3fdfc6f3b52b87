package promise

import (
	"context"
	"errors"
	"testing"

	"kept/internal/prove"
)

func TestTheRegisterHasEveryPromiseOnce(t *testing.T) {
	count := map[byte]int{}
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[p.ID] || p.Title == "" || p.Text == "" {
			t.Errorf("%+v", p)
		}
		seen[p.ID] = true
		count[p.ID[0]]++
	}
	if count['F'] != 22 || count['C'] != 23 || count['B'] != 6 {
		t.Errorf("got %v", count)
	}
}

func TestAPromiseIsKeptOnlyIfEveryCheckSaysSo(t *testing.T) {
	ok := func(context.Context, *prove.Site) (string, error) { return "fine", nil }
	red := func(context.Context, *prove.Site) (string, error) { return "", prove.Failed("seen") }
	odd := func(context.Context, *prove.Site) (string, error) { return "", errors.New("no disk") }
	burst := func(context.Context, *prove.Site) (string, error) { panic("x") }
	for _, c := range []struct {
		tries []func(context.Context, *prove.Site) (string, error)
		want  State
	}{
		{nil, NotYet}, {[]func(context.Context, *prove.Site) (string, error){ok}, Kept},
		{[]func(context.Context, *prove.Site) (string, error){ok, red}, Broken},
		{[]func(context.Context, *prove.Site) (string, error){red, ok}, Broken},
		{[]func(context.Context, *prove.Site) (string, error){odd}, Broken},
		{[]func(context.Context, *prove.Site) (string, error){burst}, Broken},
	} {
		var checks []prove.Check
		for _, try := range c.tries {
			checks = append(checks, prove.Check{Promise: "F1", Try: try})
		}
		open := func(context.Context) (*prove.Site, func(), error) { return &prove.Site{Checks: checks}, func() {}, nil }
		results, err := Run(t.Context(), open, func(Result) {})
		if err != nil || results[0].State != c.want || results[1].State != NotYet {
			t.Errorf("%d checks: got %+v, %v; want %s", len(checks), results[0], err, c.want)
		}
	}
}

func TestAnUnknownPromiseIsRefused(t *testing.T) {
	if Validate([]prove.Check{{Promise: "F99"}}) == nil {
		t.Error("F99 was accepted")
	}
}
