package promise

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"kept/vault"
)

// Version is one version of the policy.
type Version struct {
	Number  int
	Posted  vault.Day
	InForce vault.Day
	Summary string   // what it changed, in a sentence
	Ask     []string // kinds whose older records keep their dates unless their member agrees
	Text    string   // Markdown with {{ }}
}

// noticeDays lie at least between the day on which a version is posted and the
// day from which it holds.
const noticeDays vault.Days = 14

// Load reads the versions from files named NNNN.md, numbered from 1 without a
// gap, and checks that members had time to read each one.
func Load(files fs.FS) ([]Version, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	var all []Version
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		v, err := parseVersion(string(text))
		if err == nil {
			v.Number = len(all) + 1
			err = follows(all, v, name)
		}
		if err != nil {
			return nil, fmt.Errorf("policy: %s: %w", name, err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, errors.New("policy: there is no version")
	}
	return all, nil
}

// parseVersion reads the lines at the head of a file, then its text.
func parseVersion(text string) (v Version, err error) {
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	for line := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch name {
		case "posted":
			v.Posted, err = parseDay(value)
		case "in force":
			v.InForce, err = parseDay(value)
		case "summary":
			v.Summary = value
		case "ask":
			v.Ask = strings.Fields(strings.ReplaceAll(value, ",", " "))
		default:
			err = errors.New("its head holds a line that is none of posted, in force, summary and ask")
		}
		if err != nil {
			return v, err
		}
	}
	v.Text = body
	if v.Posted == 0 || v.InForce == 0 || v.Summary == "" || strings.TrimSpace(body) == "" {
		return v, errors.New("posted, in force, summary and a text are needed")
	}
	return v, nil
}

func parseDay(text string) (vault.Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, errors.New("a day is written as in 2026-11-21")
	}
	return vault.DayOf(t), nil
}

// follows checks a version against those before it.
func follows(before []Version, v Version, name string) error {
	if name != fmt.Sprintf("%04d.md", v.Number) {
		return fmt.Errorf("its name should be %04d.md", v.Number)
	}
	if len(before) == 0 {
		return nil
	}
	last := before[len(before)-1]
	switch {
	case v.Posted < last.Posted || v.InForce <= last.InForce:
		return errors.New("it is older than the version before it")
	case v.InForce < v.Posted+vault.Day(noticeDays):
		return fmt.Errorf("it takes effect less than %d days after it was posted", noticeDays)
	}
	return nil
}

// versions are all of them, the first one first.
type versions []Version

// inForce is the version that holds on a day. Before the first day of all the
// first one does: a site is never without a policy.
func (all versions) inForce(today vault.Day) Version {
	now := all[0]
	for _, v := range all {
		if v.InForce <= today {
			now = v
		}
	}
	return now
}

// posted are those that can be seen on a day.
func (all versions) posted(today vault.Day) versions {
	n := 1
	for n < len(all) && all[n].Posted <= today {
		n++
	}
	return all[:n]
}

// pending are those that are posted and do not hold yet, the next one first.
func (all versions) pending(today vault.Day) versions {
	posted := all.posted(today)
	from := slices.IndexFunc(posted, func(v Version) bool { return v.Number > all.inForce(today).Number })
	if from < 0 {
		return nil
	}
	return posted[from:]
}

// number finds a version by its number.
func (all versions) number(n int) (Version, bool) {
	i, ok := slices.BinarySearchFunc(all, n, func(v Version, n int) int { return cmp.Compare(v.Number, n) })
	if !ok {
		return Version{}, false
	}
	return all[i], true
}

// Rehearse adds a next version that is posted tomorrow and takes effect as soon
// as it may, for a scratch site on which a change of policy is tried.
func Rehearse(all []Version, today vault.Day) []Version {
	last := all[len(all)-1]
	posted := max(today+1, last.Posted)
	next := Version{Number: last.Number + 1, Posted: posted, InForce: max(posted+vault.Day(noticeDays), last.InForce+1),
		Summary: rehearsed, Ask: []string{"settings"}, Text: last.Text + "\n" + rehearsed + "\n"}
	return append(slices.Clone(all), next)
}

// rehearsed is what the rehearsed version changes.
const rehearsed = "This sentence rehearses a change of the policy."
