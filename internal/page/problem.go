package page

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"kept/internal/fault"
)

// problem is the page of an error.
type problem struct {
	Head
	Heading, Text string
	Wrong         []string // sentences about fields
	Number        string   // to quote, where it was our fault
	Lost          bool     // show the way to the first page
}

// fail logs an error once and answers with its page. Where the answer has
// begun already, the connection is cut, so that nobody takes half for whole.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if left(r, err) {
		return
	}
	status := statusOf(err)
	s.logError(r, status, err)
	if begun(w) {
		panic(http.ErrAbortHandler)
	}
	s.showProblem(w, r, status, err)
}

// begun reports whether the header of an answer has left.
func begun(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case *response:
			return v.status != 0
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}

func statusOf(err error) int {
	switch fault.Of(err) {
	case fault.KindNotFound:
		return http.StatusNotFound
	case fault.KindInvalid:
		return http.StatusUnprocessableEntity
	case fault.KindForbidden:
		return http.StatusForbidden
	case fault.KindConflict:
		return http.StatusConflict
	case fault.KindTooMany:
		return http.StatusTooManyRequests
	}
	switch {
	case is[*http.MaxBytesError](err):
		return http.StatusRequestEntityTooLarge
	case is[notAllowed](err):
		return http.StatusMethodNotAllowed
	case is[crossOrigin](err):
		return http.StatusForbidden
	case is[misdirected](err):
		return http.StatusMisdirectedRequest
	}
	return http.StatusInternalServerError
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func (s *Site) showProblem(w http.ResponseWriter, r *http.Request, status int, err error) {
	lang := s.Printer(r.Context())
	p := describe(lang, status, err)
	p.Title, p.NoIndex = p.Heading, true
	p.Knows = s.KnowsNothing(lang)
	if s.cfg.Knows != nil && ViewerOf(r.Context()).SignedIn {
		p.Knows = s.cfg.Knows(lang)
	}
	if status >= 500 {
		p.Number = RequestID(r.Context())
	}
	clearFor(w.Header())
	if many, ok := errors.AsType[fault.TooMany](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(many.After)))
	}
	if err := s.Render(w, r, status, "page/problem.html", p); err != nil && !left(r, err) {
		s.logError(r, http.StatusInternalServerError, err)
		http.Error(w, p.Heading, status)
	}
}

// clearFor takes back what a handler had said about the answer that did not
// come.
func clearFor(h http.Header) {
	for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Length", "Etag", "Last-Modified", "Set-Cookie"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
}

func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }

// KnowsNothing is the counterpart of a page that remembers nothing but the
// line that every request leaves in the log.
func (s *Site) KnowsNothing(lang *Language) string {
	if s.cfg.Requests == nil {
		return lang.Text("nothing.")
	}
	hours := int(s.cfg.Requests.Keep() / time.Hour)
	return lang.Text("nothing but a line in a log that shortens your address and is deleted after %d hours.", hours)
}

// describe finds the words: what to do, never whose fault, unless it is ours.
func describe(lang *Language, status int, err error) *problem {
	t := lang.Text
	switch status {
	case http.StatusNotFound:
		return &problem{Lost: true, Heading: t("We do not have that page"),
			Text: t("The address may be old, or its owner may have hidden or erased what was here. We cannot tell you which.")}
	case http.StatusUnprocessableEntity:
		return &problem{Heading: t("Please look again"), Wrong: complaints(lang, err),
			Text: t("Go one page back; what you typed is still there.")}
	case http.StatusForbidden:
		return forbidden(lang, err)
	case http.StatusConflict:
		return &problem{Heading: t("This has changed since you opened it"),
			Text: t("Nothing was overwritten. Go back, load the page again and look at it before you send yours.")}
	case http.StatusTooManyRequests:
		many, _ := errors.AsType[fault.TooMany](err)
		return &problem{Heading: t("A moment, please"),
			Text: t("Too much came at once from your network. Try again in %d seconds.", seconds(many.After))}
	case http.StatusRequestEntityTooLarge:
		return &problem{Heading: t("That is too large"), Text: t("Send a smaller file or a shorter text. Nothing of it was kept.")}
	case http.StatusMethodNotAllowed:
		return &problem{Lost: true, Heading: t("This page cannot be used like that"), Text: t("Open it as a page, and use the buttons that it has.")}
	case http.StatusMisdirectedRequest:
		return &problem{Heading: t("This site has another address"), Text: t("Ask whoever gave you this one.")}
	}
	return &problem{Heading: t("Something broke, and it was us"),
		Text: t("What you kept here is safe, and what you typed is still one page back. Try again in a minute.")}
}

func forbidden(lang *Language, err error) *problem {
	if is[crossOrigin](err) {
		return &problem{Heading: lang.Text("This came from another site"),
			Text: lang.Text("To be safe we did nothing. Open the page here and press the button again.")}
	}
	return &problem{Lost: true, Heading: lang.Text("This is not open to you"),
		Text: lang.Text("You may need to sign in, or to ask those who run this site.")}
}

func complaints(lang *Language, err error) []string {
	invalid, _ := errors.AsType[fault.Invalid](err)
	lines := make([]string, len(invalid.Fields))
	for i, field := range invalid.Fields {
		lines[i] = lang.Text(field.Message)
	}
	return lines
}

// logError writes what helps to mend: number, route, status, kinds of error
// and, for our own mistakes, their text without anybody's values.
func (s *Site) logError(r *http.Request, status int, err error) {
	a := askedOf(r.Context())
	if status < 500 {
		s.cfg.Log.Debug("request refused", "request", a.id, "route", a.pattern, "status", status, "kind", string(fault.Of(err)))
		return
	}
	s.cfg.Log.Error("request failed", "request", a.id, "route", a.pattern, "status", status,
		"types", typesOf(err), "error", scrub(err.Error(), valuesOf(r, a.pattern)))
}

func typesOf(err error) string {
	var types []string
	for ; err != nil; err = errors.Unwrap(err) {
		types = append(types, fmt.Sprintf("%T", err))
	}
	return strings.Join(types, " > ")
}

// private finds what looks like a value in the text of an error: quoted
// text, addresses, long numbers, mixed identifiers.
var private = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|` + "`[^`]*`" + `|\S*@\S*|\S*\?\S*=\S*|https?://\S+|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|[0-9a-fA-F:]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*|\d{5,}|\b[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*[A-Za-z][A-Za-z0-9_-]{6,}\b|\b[A-Za-z0-9_-]{24,}\b`)

// longestText bounds what one error can put into the log.
const longestText = 500

// scrub takes values out of an error's text. House rules keep them out in
// the first place; this is for the errors of others, which quote their input.
func scrub(text string, values []string) string {
	for _, value := range values {
		text = strings.ReplaceAll(text, value, "…")
	}
	text = private.ReplaceAllString(text, "…")
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "") + "…"
	}
	return text
}

// valuesOf collects what this request brought along: path, query, form, and
// who sent it.
func valuesOf(r *http.Request, pattern string) []string {
	var values []string
	add := func(value string) {
		if len(value) > 2 {
			values = append(values, value)
		}
	}
	for rest := pattern; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		add(r.PathValue(strings.TrimSuffix(name, "...")))
		rest = tail
	}
	for _, value := range []string{r.URL.Path, r.URL.RawQuery, r.RemoteAddr, r.Host, r.UserAgent(), r.Referer()} {
		add(value)
	}
	for _, list := range []map[string][]string{r.URL.Query(), r.PostForm} {
		for _, sent := range list {
			for _, value := range sent {
				add(value)
			}
		}
	}
	return values
}

// caught turns a panic into the page of our own mistakes.
func (s *Site) caught(w *response, r *http.Request) {
	what := recover()
	if what == nil {
		return
	}
	if what == http.ErrAbortHandler {
		w.abandon()
		panic(what)
	}
	a := askedOf(r.Context())
	s.cfg.Log.Error("request panicked", "request", a.id, "route", a.pattern, "types", fmt.Sprintf("%T", what),
		"error", scrub(fmt.Sprint(what), valuesOf(r, a.pattern)), "at", frames())
	if w.status != 0 {
		w.abandon()
		panic(http.ErrAbortHandler)
	}
	s.showProblem(w, r, http.StatusInternalServerError, nil)
	w.finish()
}

// frames lists the functions that led to a panic, without their arguments.
func frames() string {
	var at []string
	counters := make([]uintptr, 32)
	walk := runtime.CallersFrames(counters[:runtime.Callers(3, counters)])
	for {
		frame, more := walk.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") && !strings.HasPrefix(frame.Function, "net/http.") {
			at = append(at, frame.Function+":"+strconv.Itoa(frame.Line))
		}
		if !more || len(at) == 12 {
			return strings.Join(at, " < ")
		}
	}
}
