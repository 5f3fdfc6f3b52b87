package promise

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"kept/policy"
	"kept/vault"
)

const someText = "\n\nWe keep it.\n"

func file(posted, inForce, summary string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("posted: " + posted + "\nin force: " + inForce + "\nsummary: " + summary + someText)}
}

func TestVersionsAreChecked(t *testing.T) {
	first := file("2026-01-01", "2026-01-01", "First.")
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string // part of the error; empty for none
	}{
		"one":           {fstest.MapFS{"0001.md": first}, ""},
		"two":           {fstest.MapFS{"0001.md": first, "0002.md": file("2026-03-01", "2026-03-15", "More.")}, ""},
		"none":          {fstest.MapFS{}, "no version"},
		"gap":           {fstest.MapFS{"0001.md": first, "0003.md": file("2026-03-01", "2026-04-01", "x")}, "0002.md"},
		"short notice":  {fstest.MapFS{"0001.md": first, "0002.md": file("2026-03-01", "2026-03-14", "x")}, "less than 14 days"},
		"backwards":     {fstest.MapFS{"0001.md": first, "0002.md": file("2025-03-01", "2025-04-01", "x")}, "older"},
		"no summary":    {fstest.MapFS{"0001.md": file("2026-01-01", "2026-01-01", "")}, "needed"},
		"no day":        {fstest.MapFS{"0001.md": file("soon", "2026-01-01", "x")}, "2026-11-21"},
		"unknown line":  {fstest.MapFS{"0001.md": {Data: []byte("author: me\n\nx")}}, "head"},
		"nothing below": {fstest.MapFS{"0001.md": {Data: []byte("posted: 2026-01-01\nin force: 2026-01-01\nsummary: x\n\n ")}}, "needed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(c.files)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func day(text string) vault.Day {
	d, err := parseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestTheDayDecidesWhichVersionHolds(t *testing.T) {
	all := versions{
		{Number: 1, Posted: day("2026-01-01"), InForce: day("2026-01-01")},
		{Number: 2, Posted: day("2026-03-01"), InForce: day("2026-04-01")},
		{Number: 3, Posted: day("2026-03-15"), InForce: day("2026-05-01")},
	}
	for _, c := range []struct {
		day                      string
		inForce, posted, pending int
	}{
		{"2025-12-31", 1, 1, 0}, {"2026-01-01", 1, 1, 0}, {"2026-02-28", 1, 1, 0}, {"2026-03-01", 1, 2, 1},
		{"2026-03-15", 1, 3, 2}, {"2026-03-31", 1, 3, 2}, {"2026-04-01", 2, 3, 1}, {"2026-05-01", 3, 3, 0},
	} {
		d := day(c.day)
		if got := all.inForce(d).Number; got != c.inForce {
			t.Errorf("%s: version %d holds, want %d", c.day, got, c.inForce)
		}
		if p, w := len(all.posted(d)), len(all.pending(d)); p != c.posted || w != c.pending {
			t.Errorf("%s: %d posted and %d pending, want %d and %d", c.day, p, w, c.posted, c.pending)
		}
	}
}

func TestARehearsedVersionFollowsTheRules(t *testing.T) {
	all, err := Load(policy.Files)
	if err != nil {
		t.Fatal(err)
	}
	today := all[len(all)-1].InForce + 100
	both := Rehearse(all, today)
	next := both[len(both)-1]
	if err := follows(both[:len(both)-1], next, "0002.md"); err != nil && len(all) == 1 {
		t.Error(err)
	}
	if versions(both).inForce(today).Number != len(all) || len(versions(both).pending(today+1)) != 1 {
		t.Errorf("the rehearsed version is posted on %s and holds from %s", next.Posted, next.InForce)
	}
}

// Figures that a text may hold: what a law is called by.
var lawNames = regexp.MustCompile(`Art\. \d+(\(\d+\))?|GDPR`)

var (
	actions   = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	digits    = regexp.MustCompile(`.{0,30}\d.{0,30}`)
	inLetters = regexp.MustCompile(`(?i)\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|thirty|an?)\s+(second|minute|hour|day|week|month|year)s?\b`)
)

func typedFigure(text string) string {
	text = lawNames.ReplaceAllString(actions.ReplaceAllString(text, ""), "")
	if found := digits.FindString(text); found != "" {
		return found
	}
	return inLetters.FindString(text)
}

func TestNoFigureIsTypedByHand(t *testing.T) {
	all, err := Load(policy.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if found := typedFigure(v.Text + v.Summary); found != "" {
			t.Errorf("version %d: %q stands there by hand: take it from a kind or the configuration", v.Number, found)
		}
	}
	for _, text := range []string{"kept for 30 days", "kept for seven days", "for a month"} {
		if typedFigure(text) == "" {
			t.Errorf("%q was not noticed", text)
		}
	}
	if found := typedFigure("kept {{kept \"a1\"}} by Art. 6(1) of the GDPR"); found != "" {
		t.Errorf("%q is no figure of ours", found)
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("posted: 2026-01-01\nin force: 2026-01-01\nsummary: x\n\ntext")
	text, err := fs.ReadFile(policy.Files, "0001.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseVersion(text)
		if err == nil && (v.Posted == 0 || v.InForce == 0 || v.Summary == "" || strings.TrimSpace(v.Text) == "") {
			t.Errorf("%+v was taken", v)
		}
	})
}
