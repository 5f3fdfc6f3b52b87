package learn_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"kept/internal/browser"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// counted is a lesson whose reference fails, as docs/checking.md explains.
const counted = "66f55eac933ff64ce654ca74"

// solved are the paths of exercises of freeCodeCamp's with the solution that
// their author gives: the first of each type and engine.
func solved(all *course.Catalogue) map[string]*course.Place {
	found := map[string]*course.Place{}
	for _, of := range all.Courses {
		for p, ok := all.First(of); ok && p != nil; p = p.Next {
			x := p.Lesson.In().Exercise
			if path.Base(p.Lesson.ID) == counted || x == nil || len(x.Solutions) == 0 || len(x.Tests) == 0 || x.Engine == "" || p.Lesson.Type == "" {
				continue
			}
			key := p.Lesson.Type + " " + string(x.Engine)
			found[key] = cmp.Or(found[key], p)
		}
	}
	return found
}

// TestBrowserAuthorsSolutionsPass: on the page of a lesson, as a learner would
// run it.
func TestBrowserAuthorsSolutionsPass(t *testing.T) {
	for name, sources := range shelves(t) {
		w := newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), formats(), sources)
		lessons := solved(w.library.Catalogue())
		if len(lessons) == 0 {
			continue
		}
		server, b := w.open(t), browser.Open(t)
		for _, key := range slices.Sorted(maps.Keys(lessons)) {
			t.Run(name+" "+key, func(t *testing.T) { authorsSolutionPasses(t, b, server.URL, lessons[key]) })
		}
	}
}

func authorsSolutionPasses(t *testing.T, b *browser.Browser, site string, place *course.Place) {
	p := b.Page(t, browser.Options{})
	p.Go(site + "/courses/" + place.Course.Slug + "/" + place.Slug)
	files := map[string]string{}
	for _, file := range place.Lesson.In().Exercise.Solutions[0] {
		files[file.Name] = file.Text
	}
	entry, err := json.Marshal(map[string]any{"who": "", "lesson": place.Lesson.ID, "course": place.Course.ID, "files": files, "changed": "2027-03-14T00:00:00Z", "dirty": true})
	if err != nil {
		t.Fatal(err)
	}
	browser.Eval[any](p, `window.kept.ready.then(() => window.kept.code.put(`+string(entry)+`))`)
	p.Reload()
	p.See("Kept in this browser")
	p.Click(browser.Button("Run tests"))
	p.Until(`/passes|Ran in this browser/.test(document.querySelector(".checks [data-says]").textContent)`)
	if says := p.Text(browser.CSS(".checks [data-says]")); !strings.Contains(says, "Every test passes") {
		t.Errorf("%s: %s %s", place.Lesson.ID, says, p.Text(browser.CSS("[data-tests]")))
	}
}
