package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"kept/internal/prove"
)

// checks are those of all features, and those that are about the whole.
func (a *App) checks() []prove.Check {
	return append(a.features.checks(), a.counterpart(), a.shortLog())
}

// counterpart tries the sentence at the foot of every page: what it remembers
// of its reader. It belongs to no feature, since it is about all pages.
func (a *App) counterpart() prove.Check {
	return prove.Check{Promise: "F1", Feature: "app",
		How: "Every page is opened by a stranger and by a member. Each must say what it remembers, set no cookie, and leave every record as it was.",
		Try: func(ctx context.Context, s *prove.Site) (string, error) {
			member, err := s.SignIn(ctx)
			if err != nil {
				return "", err
			}
			opened := 0
			for who, browser := range map[string]*http.Client{"a stranger": s.Browser(), "a member": member.Browser} {
				n, err := a.openAll(ctx, s, who, browser)
				if err != nil {
					return "", err
				}
				opened += n
			}
			return fmt.Sprintf("%d pages opened; all said what they remember, and no record changed", opened), nil
		}}
}

// openAll opens every page that has a fixed address, and one course and lesson.
func (a *App) openAll(ctx context.Context, s *prove.Site, who string, browser *http.Client) (opened int, err error) {
	before, err := traces(ctx, s)
	if err != nil {
		return 0, err
	}
	for _, path := range a.pages() {
		said, err := openOne(ctx, s, browser, path)
		if err != nil {
			return 0, fmt.Errorf("%s opens %s: %w", who, path, err)
		}
		after, err := traces(ctx, s)
		if err != nil {
			return 0, err
		}
		if after != before {
			return 0, prove.Failed("when %s opened %s, records changed: %s before, %s after", who, path, before, after)
		}
		opened += said
	}
	return opened, nil
}

// openOne opens a page and counts it if it is one for people.
func openOne(ctx context.Context, s *prove.Site, browser *http.Client, path string) (int, error) {
	answer, err := prove.Get(ctx, browser, s.URL+path)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if cookies := answer.Cookies(); len(cookies) > 0 {
		return 0, prove.Failed("%s sets %d cookies", path, len(cookies))
	}
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") || framed(answer.Header) {
		return 0, nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	if !strings.Contains(string(body), `class="knows"`) {
		return 0, prove.Failed("%s does not say what it remembers", path)
	}
	return 1, nil
}

// framed: a document that a page keeps in a box, as the one in which learners'
// code runs, is no page of its own.
func framed(h http.Header) bool {
	return slices.ContainsFunc(h.Values("Content-Security-Policy"), func(policy string) bool { return strings.Contains(policy, "sandbox") })
}

// pages are the addresses that can be opened without knowing a number.
func (a *App) pages() []string {
	course, lesson := "", ""
	if all := a.library.Catalogue(); len(all.Courses) > 0 {
		course = all.Courses[0].Slug
		if first, ok := all.First(all.Courses[0]); ok {
			lesson = first.Slug
		}
	}
	var paths []string
	for _, route := range a.Site.Routes() {
		path, ok := strings.CutPrefix(route.Pattern, "GET ")
		path = strings.NewReplacer("{$}", "", "{course}", course, "{lesson}", lesson, "{version}", "1").Replace(path)
		if ok && !strings.Contains(path, "{") {
			paths = append(paths, path)
		}
	}
	return paths
}

// traces sums up all records and owners: it differs if anything was written.
func traces(ctx context.Context, s *prove.Site) (sum string, err error) {
	var records, revs, owners, versions int64
	err = s.DB.Read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM vault_record), (SELECT COALESCE(SUM(rev), 0) FROM vault_record),
		(SELECT COUNT(*) FROM vault_owner), (SELECT COALESCE(SUM(version), 0) FROM vault_owner)`).Scan(&records, &revs, &owners, &versions)
	return fmt.Sprintf("%d records (%d), %d owners (%d)", records, revs, owners, versions), err
}
