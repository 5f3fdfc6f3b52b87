package app

import (
	"net/http"

	"kept/internal/check/frame"
	"kept/internal/fault"
	"kept/internal/page"
)

// runnerRoutes answer with the frame in which learners' code runs, and with
// what it needs.
func runnerRoutes(f *frame.Frame) []page.Route {
	var routes []page.Route
	for _, pattern := range frame.Patterns() {
		routes = append(routes, page.Route{Pattern: pattern, Handler: func(w http.ResponseWriter, r *http.Request) error {
			if !f.Has(r.URL.Path) {
				return fault.NotFound{What: "file"}
			}
			f.ServeHTTP(w, r)
			return nil
		}})
	}
	return routes
}
