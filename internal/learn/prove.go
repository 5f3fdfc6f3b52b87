package learn

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/prove"
	"kept/vault"
)

// Checks try what this package promises. They belong to the scratch program
// on which they are tried: its courses are those of this feature.
func (f *Feature) Checks() []prove.Check {
	return append(f.workChecks(), []prove.Check{
		{Promise: "F1", How: "A stranger opens courses, lessons and their files. No answer may set a cookie or name another host to load from, and no row may be written.", Try: f.tryVisitors},
		{Promise: "F3", How: "A stranger opens every lesson there is. Each must be there with its text, its exercise and its questions.", Try: f.tryEveryLesson},
		{Promise: "F4", How: "A stranger and a member say that a lesson is done. The member alone gets a record, which they can see and erase.", Try: f.tryDone},
	}...)
}

// answer is what came back.
type reply struct {
	status  int
	body    []byte
	cookies []*http.Cookie
}

// ask sends a request as a browser does, without following redirects. A form
// makes it a POST.
func ask(ctx context.Context, client *http.Client, address string, form url.Values) (reply, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return reply{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	still := *client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got, err := still.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return reply{got.StatusCode, text, got.Cookies()}, err
}

// visited is how many lessons of each course tryVisitors opens: every one
// costs a request, and all are made by the same handler.
const visited = 20

func (f *Feature) tryVisitors(ctx context.Context, s *prove.Site) (string, error) {
	before, err := rows(ctx, s)
	if err != nil {
		return "", err
	}
	v := visit{ctx: ctx, s: s, browser: s.Browser(), seen: map[string]bool{}}
	for _, path := range f.samplePaths() {
		if err := v.open(path); err != nil {
			return "", err
		}
	}
	after, err := rows(ctx, s)
	if err != nil {
		return "", err
	}
	if after != before {
		return "", prove.Failed("reading without an account changed the number of rows from %d to %d", before, after)
	}
	return fmt.Sprintf("%d pages and files opened by a stranger: no cookie, no other host, no row written", len(v.seen)), nil
}

func (f *Feature) samplePaths() []string {
	paths := []string{"/", "/progress", "/sitemap.xml"}
	e := f.edition()
	for _, c := range e.Courses {
		paths = append(paths, coursePath(c))
		p, ok := e.First(c)
		for n := 0; ok && p != nil && n < visited; n++ {
			paths = append(paths, lessonPath(p))
			p = p.Next
		}
	}
	return paths
}

// rows counts everything that the vault holds. Other tables hold no people,
// and jobs come and go by themselves.
func rows(ctx context.Context, s *prove.Site) (n int, err error) {
	err = s.DB.Read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM vault_owner) + (SELECT COUNT(*) FROM vault_record) +
		(SELECT COUNT(*) FROM vault_find) + (SELECT COUNT(*) FROM vault_claim)`).Scan(&n)
	return n, err
}

// visit opens pages and what they load, each once.
type visit struct {
	ctx     context.Context
	s       *prove.Site
	browser *http.Client
	seen    map[string]bool
}

// loads finds what a browser asks for by itself when it opens a page, a style
// or a script: not links, which ask a person first.
var loads = regexp.MustCompile(`(?i)(?:\s(?:src|srcset|poster|data|background)|<link\b[^>]*?\shref)\s*=\s*["']([^"']+)|url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)|\bimport\s*(?:\(\s*)?["']([^"']+)|\bfrom\s+["']([^"']+)|\b(?:fetch|sendBeacon|EventSource|WebSocket)\(\s*["'` + "`" + `]([^"'` + "`" + `]+)`)

// passive are links of the head that no browser follows by itself.
var passive = regexp.MustCompile(`(?i)<link\b[^>]*\brel="(?:canonical|alternate|license|next|prev)"[^>]*>`)

func (v *visit) open(path string) error {
	if v.seen[path] {
		return nil
	}
	v.seen[path] = true
	got, err := ask(v.ctx, v.browser, v.s.URL+path, nil)
	if err != nil {
		return err
	}
	if len(got.cookies) > 0 {
		return prove.Failed("%s set %d cookies", path, len(got.cookies))
	}
	for _, found := range loads.FindAllSubmatch(passive.ReplaceAll(got.body, nil), -1) {
		if err := v.load(path, html.UnescapeString(string(bytes.Join(found[1:], nil)))); err != nil {
			return err
		}
	}
	return nil
}

// load opens what a page loads, if it lies here.
func (v *visit) load(from, address string) error {
	base, err := url.Parse(v.s.URL + from)
	if err != nil {
		return err
	}
	to, err := base.Parse(strings.TrimSpace(address))
	if err != nil {
		return prove.Failed("%s loads from an address that cannot be read", from)
	}
	if to.Scheme == "data" || to.Scheme == "blob" {
		return nil
	}
	if to.Host != base.Host {
		return prove.Failed("%s loads from another host, %s", from, to.Host)
	}
	return v.open(to.RequestURI())
}

func (f *Feature) tryEveryLesson(ctx context.Context, s *prove.Site) (string, error) {
	e, lang := f.edition(), f.Site.Catalogue().Default()
	browser, n := s.Browser(), 0
	for _, c := range e.Courses {
		for p, ok := e.First(c); ok && p != nil; p = p.Next {
			got, err := ask(ctx, browser, s.URL+lessonPath(p), nil)
			if err != nil {
				return "", err
			}
			if got.status != http.StatusOK {
				return "", prove.Failed("%s answers a stranger with %d", lessonPath(p), got.status)
			}
			for _, want := range f.textsOf(e, p, lang.Tag) {
				if !bytes.Contains(got.body, []byte(want)) {
					return "", prove.Failed("%s lacks a part of its text", lessonPath(p))
				}
			}
			n++
		}
	}
	if n == 0 {
		return "no course is here, so no lesson is closed", nil
	}
	return fmt.Sprintf("%d lessons of %d courses opened without an account, each with its text", n, len(e.Courses)), nil
}

// textsOf are pieces of a lesson that its page must hold, rendered.
func (f *Feature) textsOf(e *edition, p *course.Place, lang string) []string {
	l := f.lesson(e, p, f.Site.Catalogue().Language(lang))
	want := []string{string(l.Body), html.EscapeString(l.Title)}
	if l.Task != nil {
		want = append(want, string(l.Task.Text))
		for _, t := range l.Task.Tests {
			want = append(want, string(t.Says))
		}
		for _, file := range l.Task.Files {
			want = append(want, `data-file="`+html.EscapeString(file.Name)+`"`)
		}
	}
	for _, q := range l.Quizzes {
		for _, one := range q.Questions {
			want = append(want, string(one.Legend), string(one.Rest))
		}
	}
	return want
}

func (f *Feature) tryDone(ctx context.Context, s *prove.Site) (string, error) {
	e := f.edition()
	if len(e.Courses) == 0 {
		return "no course is here, so nothing can be finished", nil
	}
	p, _ := e.First(e.Courses[0])
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	before, err := rows(ctx, s)
	if err != nil {
		return "", err
	}
	if _, err := ask(ctx, s.Browser(), s.URL+lessonPath(p)+"/done", url.Values{}); err != nil {
		return "", err
	}
	if after, err := rows(ctx, s); err != nil || after != before {
		return "", errOr(err, prove.Failed("a stranger's finished lesson wrote %d rows", after-before))
	}
	if _, err := ask(ctx, member.Browser, s.URL+lessonPath(p)+"/done", url.Values{}); err != nil {
		return "", err
	}
	return f.seeAndErase(ctx, s, member.Owner, p)
}

// seeAndErase does what the member can do on "your data".
func (f *Feature) seeAndErase(ctx context.Context, s *prove.Site, owner vault.OwnerID, p *course.Place) (string, error) {
	mine := s.Vault.Subject(owner)
	items, err := mine.Page(ctx, s.DB.Read, kindDone, "", "", 10)
	if err != nil {
		return "", err
	}
	if len(items) != 1 || !strings.Contains(string(items[0].Value), p.Lesson.ID) {
		return "", prove.Failed("a member finished one lesson and holds %d records of it", len(items))
	}
	if err := s.DB.Transact(ctx, func(tx *sql.Tx) error { return mine.Delete(ctx, tx, kindDone, items[0].ID) }); err != nil {
		return "", err
	}
	left, err := f.Deeds(ctx, s.DB.Read, vault.Self(owner), owner)
	if err != nil {
		return "", err
	}
	if len(left) != 0 {
		return "", prove.Failed("an erased lesson is still counted")
	}
	return "a stranger's finished lesson left no row; a member's was one record, which they saw and erased", nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (f *Feature) plantDone(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	r, err := f.done.Put(ctx, tx, vault.Self(owner), vault.Record[Done]{Owner: owner, Value: Done{Course: "planted", CourseTitle: "Planted",
		Lesson: "planted/" + marker, Title: "A lesson " + marker, At: f.Now().UTC().Truncate(time.Second), Checked: CheckedNone,
		Files: []File{{Name: "plant.js", Lang: "js", Text: "// " + marker}}}})
	return r.ID, err
}

func (f *Feature) plantWork(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	r, err := f.work.Put(ctx, tx, vault.Self(owner), vault.Record[Work]{Owner: owner, Value: Work{Course: "planted", Lesson: "planted/" + marker,
		Title: "A lesson " + marker, Changed: f.Now().UTC().Truncate(time.Second), Files: []File{{Name: "plant.js", Lang: "js", Text: "// " + marker}}}})
	return r.ID, err
}
