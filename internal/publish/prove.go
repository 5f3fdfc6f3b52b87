package publish

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"

	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault/sabotage"
)

// Checks try what this package promises, on the texts of the scratch program.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F1", How: "A stranger opens articles, podcasts and their feeds. No answer may set a cookie or name another host to load from.", Try: f.tryVisitors},
		{Promise: "F3", How: "A stranger opens every article and every episode there is. Each must be there with its text and all that is said.", Try: f.tryEveryText},
	}
}

// The ways to break the promises on purpose; see package sabotage.
const (
	breakAsksElsewhere = "publish-asks-elsewhere"
	breakAccountWall   = "publish-account-wall"
)

// Breaks are the ways to break what this package promises.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakAsksElsewhere, What: "a cover of an article lies on another host", Breaks: []string{"F1"}},
		{Name: breakAccountWall, What: "articles open with an account alone", Breaks: []string{"F3"}},
	}
}

func walled(r *http.Request) bool {
	return sabotage.Is(breakAccountWall) && !page.ViewerOf(r.Context()).SignedIn
}

// sample is how many texts tryVisitors opens: all are made by the same handler.
const sample = 20

func (f *Feature) tryVisitors(ctx context.Context, s *prove.Site) (string, error) {
	v, browser := f.view(), s.Browser()
	paths := []string{articlesPath, articlesPath + feedEnd, podcastsPath}
	for _, a := range v.articles[:min(len(v.articles), sample)] {
		paths = append(paths, escaped(a.Path()))
	}
	for _, show := range v.shows {
		paths = append(paths, escaped(show.Path()), escaped(show.Path()+feedEnd))
		for _, e := range show.Episodes[:min(len(show.Episodes), sample)] {
			paths = append(paths, escaped(e.Path()))
		}
	}
	for _, path := range paths {
		answer, body, err := open(ctx, browser, s.URL+path)
		if err != nil {
			return "", err
		}
		if len(answer.Cookies()) > 0 {
			return "", prove.Failed("%s set %d cookies", path, len(answer.Cookies()))
		}
		if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			if to := loadsElsewhere(body); to != "" {
				return "", prove.Failed("%s loads from another address, %s", path, to)
			}
		}
	}
	return fmt.Sprintf("%d pages and feeds opened by a stranger: no cookie, no other host", len(paths)), nil
}

func open(ctx context.Context, browser *http.Client, address string) (*http.Response, string, error) {
	got, err := prove.Get(ctx, browser, address)
	if err != nil {
		return nil, "", err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return got, string(body), err
}

// loads are the attributes by which a page asks for something by itself.
var loads = regexp.MustCompile(`(?i)\s(?:src|srcset|poster|data)="([^"]*)"`)

// loadsElsewhere is the first address that a page would ask another host for.
func loadsElsewhere(body string) string {
	for _, found := range loads.FindAllStringSubmatch(body, -1) {
		if to := found[1]; !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			return to
		}
	}
	return ""
}

func (f *Feature) tryEveryText(ctx context.Context, s *prove.Site) (string, error) {
	v, browser, lang := f.view(), s.Browser(), f.Site.Catalogue().Default()
	all := make([]item, 0, len(v.articles))
	for _, a := range v.articles {
		all = append(all, a)
	}
	for _, show := range v.shows {
		for _, e := range show.Episodes {
			all = append(all, e)
		}
	}
	for _, it := range all {
		answer, body, err := open(ctx, browser, s.URL+escaped(it.Path()))
		if err != nil {
			return "", err
		}
		out, _ := v.Edition.render(f.renderers[lang.Tag], it)
		if answer.StatusCode != http.StatusOK || !strings.Contains(body, string(out.Body)) {
			return "", prove.Failed("%s answers a stranger with %d, or without its text", it.Path(), answer.StatusCode)
		}
		for _, p := range out.Parts {
			if !strings.Contains(body, string(p.Blocks)) || !strings.Contains(body, html.EscapeString(p.Text)) {
				return "", prove.Failed("%s lacks a part of what is said", it.Path())
			}
		}
	}
	if len(all) == 0 {
		return "no article and no podcast is here, so none is closed", nil
	}
	return fmt.Sprintf("%d articles and episodes opened without an account, each with its text", len(all)), nil
}
