package project

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

func bounded(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most
}

var errLink = errors.New("an address must begin with https:// and name a host")

// checkLink lets only addresses through that a page may lead to: https, a host
// with a name, nobody's password.
func checkLink(address string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxLink || strings.ContainsFunc(address, neverInLink) {
		return errLink
	}
	if !strings.HasPrefix(address, "https://") || u.User != nil || strings.Trim(u.Hostname(), ".") == "" || strings.HasPrefix(u.Hostname(), ".") {
		return errLink
	}
	return nil
}

func neverInLink(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune("<>\"`\\", r) || unicode.Is(unicode.Bidi_Control, r)
}

// readVersion reads what a form hands in and notes what is wrong with it.
func readVersion(lang *page.Language, form *page.Form) Version {
	v := Version{Note: form.Text("note"), Link: form.Text("link"), File: form.File("file")}
	for n := 1; n <= maxTexts; n++ {
		v.addText(lang, form, strconv.Itoa(n))
	}
	if !bounded(v.Note, maxNote) {
		form.Wrong("note", lang.Text("Write at most %d characters here.", maxNote))
	}
	if v.Link != "" && checkLink(v.Link) != nil {
		form.Wrong("link", lang.Text("Write the whole address, beginning with https://, as in https://example.org/my-project."))
	}
	if len(v.File) > maxFile {
		form.Wrong("file", lang.Text("Choose a file of at most 5 MB. A larger one can lie elsewhere: give its link."))
	}
	if len(v.Texts) == 0 && len(v.File) == 0 && v.Link == "" && form.OK() {
		form.Wrong("text-1", lang.Text("Write code, choose a file or give a link: one of them at least."))
	}
	if len(v.File) > 0 {
		v.FileType = http.DetectContentType(v.File)
		if !form.OK() {
			form.Wrong("file", lang.Text("Choose the file again: browsers do not keep it in a form."))
		}
	}
	return v
}

// addText reads the nth text of a form, if anything stands in it.
func (v *Version) addText(lang *page.Language, form *page.Form, n string) {
	name, text := strings.Join(strings.Fields(form.Text("name-"+n)), " "), form.Raw("text-"+n)
	switch {
	case strings.TrimSpace(text) == "" && name == "":
		return
	case strings.TrimSpace(text) == "":
		form.Wrong("text-"+n, lang.Text("Write the text that belongs to this name, or empty the name."))
	case len(text) > maxText:
		form.Wrong("text-"+n, lang.Text("Write at most 64 kB in one text, or hand in a file."))
	case !bounded(name, maxName):
		form.Wrong("name-"+n, lang.Text("Write at most %d characters here.", maxName))
	}
	if name == "" {
		name = "text-" + n + ".txt"
	}
	v.Texts = append(v.Texts, Text{Name: name, Text: text})
}

// Reasons why something cannot be handed in.
var (
	errManyVersions = errors.New("project: too many versions")
	errManyOpen     = errors.New("project: too many that wait")
	errAccepted     = errors.New("project: it is accepted")
)

// handIn writes a version and puts the project into the queue. One that is in
// the queue already keeps its place.
func (f *Feature) handIn(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, l lesson, v Version, name string, machine bool) error {
	self := vault.Self(owner)
	rec, err := f.ofLesson(ctx, tx, self, owner, l.ID)
	fresh := errors.Is(err, vault.ErrNotFound)
	if err != nil && !fresh {
		return err
	}
	now, s := f.Now().UTC(), &rec.Value
	if fresh {
		rec = vault.Record[Submission]{Owner: owner, Value: Submission{Key: vault.NewID(), Lesson: l.ID}}
	}
	if err := f.mayHandIn(ctx, tx, self, owner, s); err != nil {
		return err
	}
	if !s.open() { // what reviewers may no longer read stays so; they get the new version
		s.Since, s.Reviewer = now, ""
	}
	s.setDue(machine, f.c.AnswerBy(now))
	s.State, s.Before, s.Machine, s.Name = Waiting, nil, machine, name
	s.Title, s.Course, s.CourseTitle, s.Handed = l.Title, l.Course, l.CourseTitle, append(s.Handed, now)
	rec.Scope, rec.Audience = l.Scope, vault.Team
	if rec, err = f.kinds.submissions.Put(ctx, tx, self, rec); err != nil {
		return err
	}
	v.Submission, v.Number, v.At, v.Title = rec.Value.Key, rec.Value.version(), now, l.Title
	if _, err = f.kinds.versions.Put(ctx, tx, self, vault.Record[Version]{Owner: owner, Scope: l.Scope, Audience: vault.Team, Value: v}); err != nil {
		return err
	}
	if !fresh {
		return nil
	}
	return f.alone(ctx, tx, owner, l.ID)
}

// setDue starts the clock of an answer that is owed. A new version of what waits
// already does not put it back.
func (s *Submission) setDue(machine bool, day vault.Day) {
	switch {
	case !machine:
		s.Due = 0
	case s.Due == 0 || !s.open():
		s.Due = day
	}
}

func (f *Feature) mayHandIn(ctx context.Context, q vault.Querier, self vault.Who, owner vault.OwnerID, s *Submission) error {
	switch {
	case s.State == Accepted:
		return errAccepted
	case s.version() >= maxVersions:
		return errManyVersions
	}
	all, err := f.kinds.submissions.All(ctx, q, self, owner)
	if err != nil {
		return err
	}
	waiting := 0
	for _, other := range all {
		if other.Value.open() {
			waiting++
		}
	}
	if waiting >= maxOpen && !s.open() {
		return errManyOpen
	}
	return nil
}

// alone fails if the same lesson was handed in for the first time in two
// windows at once; the second writer sees the first one's record here.
func (f *Feature) alone(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string) error {
	all, err := f.kinds.submissions.Find(ctx, tx, vault.Self(owner), vault.Query{Name: bySubmission, Value: ofLesson(lessonID), Owner: owner, Limit: 2})
	if err == nil && len(all) > 1 {
		return fault.Conflict{What: "project"}
	}
	return err
}

// ofLesson finds what an owner handed in for a lesson.
func (f *Feature) ofLesson(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, lessonID string) (vault.Record[Submission], error) {
	all, err := f.kinds.submissions.Find(ctx, q, who, vault.Query{Name: bySubmission, Value: ofLesson(lessonID), Owner: owner, Limit: 1})
	if err == nil && len(all) == 0 {
		err = vault.ErrNotFound
	}
	if err != nil {
		return vault.Record[Submission]{}, err
	}
	return all[0], nil
}

// hide takes versions and reviews of a project out of every reviewer's sight.
func (f *Feature) hide(ctx context.Context, tx *sql.Tx, who vault.Who, rec vault.Record[Submission]) error {
	of := func(name string) vault.Query {
		return vault.Query{Name: name, Value: rec.Value.Key, Owner: rec.Owner}
	}
	versions, err := f.kinds.versions.Find(ctx, tx, who, of(byVersion))
	if err != nil {
		return err
	}
	for _, v := range versions {
		v.Audience = vault.OnlyMe
		if _, err := f.kinds.versions.Put(ctx, tx, who, v); err != nil {
			return err
		}
	}
	reviews, err := f.kinds.reviews.Find(ctx, tx, who, of(byReview))
	for _, r := range reviews {
		r.Audience = vault.OnlyMe
		if _, err := f.kinds.reviews.Put(ctx, tx, who, r); err != nil {
			return err
		}
	}
	return err
}

// withdraw takes a project out of the queue and out of every reviewer's sight.
func (f *Feature) withdraw(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string) error {
	self := vault.Self(owner)
	rec, err := f.ofLesson(ctx, tx, self, owner, lessonID)
	if err != nil {
		return err
	}
	if rec.Value.State == Accepted {
		return fault.Conflict{What: "project"}
	}
	rec.Value.State, rec.Value.Reviewer, rec.Audience = Withdrawn, "", vault.OnlyMe
	if rec, err = f.kinds.submissions.Put(ctx, tx, self, rec); err != nil {
		return err
	}
	return f.hide(ctx, tx, self, rec)
}

// erase removes a project with its versions and reviews.
func (f *Feature) erase(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string) error {
	self := vault.Self(owner)
	rec, err := f.ofLesson(ctx, tx, self, owner, lessonID)
	if err != nil {
		return err
	}
	versions, err := f.kinds.versions.Find(ctx, tx, self, vault.Query{Name: byVersion, Value: rec.Value.Key, Owner: owner})
	if err != nil {
		return err
	}
	for _, v := range versions {
		if err := f.kinds.versions.Delete(ctx, tx, self, owner, v.ID); err != nil {
			return err
		}
	}
	reviews, err := f.kinds.reviews.Find(ctx, tx, self, vault.Query{Name: byReview, Value: rec.Value.Key, Owner: owner})
	if err != nil {
		return err
	}
	for _, r := range reviews {
		if err := f.kinds.reviews.Delete(ctx, tx, self, owner, r.ID); err != nil {
			return err
		}
	}
	return f.kinds.submissions.Delete(ctx, tx, self, owner, rec.ID)
}

// Accepted tells which of the lessons a person has accepted.
func (f *Feature) Accepted(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, lessonIDs []string) (map[string]bool, error) {
	all, err := f.kinds.submissions.All(ctx, q, who, owner)
	accepted := map[string]bool{}
	for _, rec := range all {
		if rec.Value.State == Accepted && slices.Contains(lessonIDs, rec.Value.Lesson) {
			accepted[rec.Value.Lesson] = true
		}
	}
	return accepted, err
}
