package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"kept/internal/fault"
)

// Handler answers a request or says what went wrong; see package fault. It
// writes nothing before it is sure that it can finish.
type Handler func(http.ResponseWriter, *http.Request) error

// Route binds a pattern of http.ServeMux, "GET /notes/{id}", to its handler.
// A GET changes nothing; it answers HEAD too.
type Route struct {
	Pattern string
	Handler Handler
	MaxBody int64 // bytes; 0 means Config.MaxBody
}

// Add registers routes. All must be added before the first request.
func (s *Site) Add(routes ...Route) error {
	for _, route := range routes {
		method, rest, _ := strings.Cut(route.Pattern, " ")
		if !slices.Contains(methods, method) || !strings.HasPrefix(rest, "/") || route.Handler == nil {
			return fmt.Errorf("page: route %q: want a method, a path and a handler", route.Pattern)
		}
		if rest != "/" && strings.HasSuffix(rest, "/") {
			return fmt.Errorf("page: route %q: addresses do not end with a slash", route.Pattern)
		}
		if err := s.handle(route); err != nil {
			return err
		}
		s.routes = append(s.routes, route)
	}
	return nil
}

// handle turns the panic of http.ServeMux about two patterns that overlap
// into an error of the start-up.
func (s *Site) handle(route Route) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = fmt.Errorf("page: route %q: %v", route.Pattern, what)
		}
	}()
	pattern := route.Pattern
	if strings.HasSuffix(pattern, " /") {
		pattern += "{$}" // the first page is one page, not everything else
	}
	h := s.wrap(route)
	s.exact.Handle(pattern, h)
	s.mux.Handle(pattern, h)
	return nil
}

// Routes returns every route, for tests that walk them.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

func (s *Site) wrap(route Route) http.Handler {
	most := route.MaxBody
	if most == 0 {
		most = s.cfg.MaxBody
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		askedOf(r.Context()).pattern = route.Pattern
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		if err := route.Handler(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// miss answers where no route fits, with a page instead of the mux's bare
// line. It asks the routes alone, without the catch-all that led here,
// whether the path would fit with another method.
func (s *Site) miss(w http.ResponseWriter, r *http.Request) {
	h, _ := s.exact.Handler(r)
	said := probe{header: http.Header{}}
	h.ServeHTTP(&said, r)
	switch {
	case said.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", said.header.Get("Allow"))
		s.fail(w, r, notAllowed{})
	case s.tidies(r):
		http.Redirect(w, r, tidy(r.URL), http.StatusPermanentRedirect)
	default:
		s.fail(w, r, fault.NotFound{What: "page"})
	}
}

// probe hears what the mux would answer.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

// tidies reports whether an address is one of ours but for slashes: an
// address has one form.
func (s *Site) tidies(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	clean := tidyPath(r.URL.Path)
	if clean == r.URL.Path {
		return false
	}
	moved := r.Clone(r.Context())
	moved.URL = &url.URL{Path: clean}
	_, pattern := s.exact.Handler(moved)
	return pattern != ""
}

// tidyPath never begins with two slashes, which a browser would take for
// another host.
func tidyPath(p string) string { return path.Clean("/" + strings.TrimLeft(p, "/\\")) }

func tidy(u *url.URL) string {
	return (&url.URL{Path: tidyPath(u.Path), RawQuery: u.RawQuery}).String()
}

// Errors that only the chain makes.
type (
	notAllowed  struct{}
	crossOrigin struct{}
	misdirected struct{}
	goneError   struct{ error }
)

func (notAllowed) Error() string  { return "method not allowed" }
func (crossOrigin) Error() string { return "form of another site" }
func (misdirected) Error() string { return "host is not ours" }

// gone marks the error of a write to a reader who has left: nothing to say
// and nobody to say it to.
func gone(err error) error {
	if err == nil {
		return nil
	}
	return goneError{err}
}

func left(r *http.Request, err error) bool {
	_, ok := errors.AsType[goneError](err)
	return ok || r.Context().Err() != nil
}
