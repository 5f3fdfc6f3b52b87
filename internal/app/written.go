package app

import (
	"context"

	"kept/internal/course"
	"kept/internal/learn"
	"kept/internal/operator"
	"kept/internal/page"
)

// written tells the operator's page what the last reading of the folders of
// courses, and of articles and podcasts, found.
func (a *App) written(ctx context.Context) []operator.Written {
	lang, state, catalogue := a.Site.Printer(ctx), a.library.State(), a.library.Catalogue()
	courses := operator.Written{Title: page.Key("Lessons"), Count: catalogue.Lessons, Warnings: lines(catalogue.Warnings), Stale: state.Problem != nil}
	for _, c := range catalogue.Courses {
		courses.Stops = append(courses.Stops, page.Link{Path: learn.StopsPath(c), Text: c.In(lang.Reads).Title})
	}
	edition := a.published.Edition()
	articles := operator.Written{Title: page.Key("Articles and podcasts"), Count: len(edition.Articles) + len(edition.Shows), Warnings: lines(edition.Warnings)}
	return []operator.Written{courses, articles}
}

func lines(warnings []course.Warning) []string {
	all := make([]string, len(warnings))
	for i, w := range warnings {
		all[i] = w.String()
	}
	return all
}
