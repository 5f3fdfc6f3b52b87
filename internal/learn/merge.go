package learn

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

const mergePath = "/you/merge"

// maxBrought is how many bytes a browser may bring: more than one keeps.
const maxBrought = 8 << 20

// After is where a browser goes from a sign-in that wanted next: to the page
// that asks whether what lies in it is theirs. That page goes on by itself if
// nothing does.
func After(next string) string {
	if strings.HasPrefix(next, mergePath) {
		return next
	}
	return mergePath + "?next=" + url.QueryEscape(next)
}

// mergePage asks "Is this yours?".
type mergePage struct {
	page.Head
	Next string
}

func (f *Feature) showMerge(a asked) error {
	lang := f.Site.Printer(a.Context())
	p := &mergePage{Next: ours(a.URL.Query().Get("next")), Head: page.Head{Title: lang.Text("Is this yours?"), NoIndex: true, Scripts: []string{progressScript},
		Knows: f.memberKnows(lang, lang.Text("If you say yes, the lessons listed here and versions of your code are kept in your account until you erase them, and code that is not finished until 13 months after its last change."))}}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "learn/merge.html", p)
}

// ours is a path of this site, or the first page. This page is none: it would
// lead to itself.
func ours(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") ||
		u.Path == mergePath {
		return "/"
	}
	return next
}

// brought is what a browser keeps, as web/progress.js describes it.
type brought struct {
	Version int                      `json:"version"`
	Lessons map[string]broughtLesson `json:"lessons"`
}

type broughtLesson struct {
	Done     string            `json:"done"`
	Passed   bool              `json:"passed"` // every test, in the browser
	Changed  string            `json:"changed"`
	Work     map[string]string `json:"work"`
	Versions []broughtVersion  `json:"versions"`
}

type broughtVersion struct {
	At     string            `json:"at"`
	Passed bool              `json:"passed"`
	Files  map[string]string `json:"files"`
}

// taken answers the script: how many lessons were new here, how many were
// known already, and which stay in the browser because nobody here knows them.
type taken struct {
	Taken int      `json:"taken"`
	Known int      `json:"known"`
	Left  []string `json:"left"`
}

// merge answers the script alone: only it can read what the browser holds. An
// answer that is not this document tells it to remove nothing.
func (f *Feature) merge(w http.ResponseWriter, r *http.Request) error {
	me, ok := f.c.Who(r.Context())
	if !ok {
		return fault.Forbidden{What: "take lessons into an account without one"}
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	b, err := readBrought(form.Raw("progress"))
	if err != nil {
		return err
	}
	var out taken
	err = f.transact(r.Context(), func(tx *sql.Tx) (err error) {
		out, err = f.take(r.Context(), tx, me, b, f.Site.Printer(r.Context()).Tag)
		return err
	})
	if err != nil {
		return told(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(out)
}

func readBrought(text string) (brought, error) {
	var b brought
	if err := json.Unmarshal([]byte(text), &b); err != nil || b.Version != 1 {
		return b, fault.Invalid{Fields: []fault.Field{{Name: "progress", Message: "Open this page again: what the browser sent could not be read."}}}
	}
	for _, l := range b.Lessons {
		if err := l.check(); err != nil {
			return b, fault.Invalid{Fields: []fault.Field{{Name: "progress", Message: sentence(err)}}}
		}
	}
	return b, nil
}

func (l broughtLesson) check() error {
	if len(l.Versions) > maxVersions {
		return errTooMuch
	}
	err := checkFiles(filesFrom(nil, l.Work))
	for _, v := range l.Versions {
		err = cmp.Or(err, checkFiles(filesFrom(nil, v.Files)))
	}
	return err
}

// filesFrom makes files of what was typed, in the exercise's own order and
// languages. Files that the exercise no longer has come last.
func filesFrom(v *course.Version, work map[string]string) []File {
	var files []File
	known := map[string]bool{}
	if v != nil && v.Exercise != nil {
		for _, file := range v.Exercise.Files {
			if text, ok := work[file.Name]; ok {
				files = append(files, File{Name: file.Name, Lang: file.Lang, Text: text})
				known[file.Name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(work)) {
		if !known[name] {
			files = append(files, File{Name: name, Lang: strings.TrimPrefix(path.Ext(name), "."), Text: work[name]})
		}
	}
	return files
}

// merging is one run over what was brought.
type merging struct {
	f        *Feature
	owner    vault.OwnerID
	lang     string
	now      time.Time
	done     map[string]vault.Record[Done]
	work     map[string]vault.Record[Work]
	versions map[string][]Version
	out      taken

	putDone    []vault.Record[Done]
	putWork    []vault.Record[Work]
	putVersion []vault.Record[Version]
	newDone    []string
}

// take merges in one transaction: what is here is read once, what is new or
// better is written, and code that gives way becomes a version. Doing it again
// changes nothing.
func (f *Feature) take(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, b brought, lang string) (taken, error) {
	m := &merging{f: f, owner: owner, lang: lang, now: f.Now().UTC(), out: taken{Left: []string{}}}
	if err := m.read(ctx, tx); err != nil {
		return m.out, err
	}
	e := f.edition()
	for _, id := range slices.Sorted(maps.Keys(b.Lessons)) {
		p, ok := e.LessonByID(id)
		if !ok {
			m.out.Left = append(m.out.Left, id)
			continue
		}
		m.add(p, b.Lessons[id])
	}
	if err := m.write(ctx, tx); err != nil {
		return m.out, err
	}
	return m.out, m.refuseDoubles(ctx, tx)
}

func (m *merging) write(ctx context.Context, tx *sql.Tx) error {
	who := vault.Self(m.owner)
	if err := m.f.done.PutAll(ctx, tx, who, m.putDone); err != nil {
		return err
	}
	if err := m.f.work.PutAll(ctx, tx, who, m.putWork); err != nil {
		return err
	}
	if err := m.f.version.PutAll(ctx, tx, who, m.putVersion); err != nil {
		return err
	}
	if len(m.newDone) == 0 {
		return nil
	}
	for _, id := range m.newDone {
		if p, ok := m.f.edition().LessonByID(id); ok {
			if err := m.f.count(ctx, tx, p, countFinished); err != nil {
				return err
			}
		}
	}
	old, err := m.f.summary.All(ctx, tx, who, m.owner)
	if err != nil {
		return err
	}
	return m.f.sumAgain(ctx, tx, who, m.owner, old)
}

func (m *merging) read(ctx context.Context, tx *sql.Tx) error {
	done, err := m.f.done.All(ctx, tx, vault.Self(m.owner), m.owner)
	if err != nil {
		return err
	}
	work, err := m.f.work.All(ctx, tx, vault.Self(m.owner), m.owner)
	if err != nil {
		return err
	}
	versions, err := m.f.version.All(ctx, tx, vault.Self(m.owner), m.owner)
	if err != nil {
		return err
	}
	m.versions = map[string][]Version{}
	for _, r := range versions {
		m.versions[r.Value.Lesson] = append(m.versions[r.Value.Lesson], r.Value)
	}
	m.done, m.work = map[string]vault.Record[Done]{}, map[string]vault.Record[Work]{}
	for _, r := range done {
		if known, ok := m.done[r.Value.Lesson]; !ok || r.Value.At.Before(known.Value.At) {
			m.done[r.Value.Lesson] = r
		}
	}
	for _, r := range work {
		if known, ok := m.work[r.Value.Lesson]; !ok || r.Value.Changed.After(known.Value.Changed) {
			m.work[r.Value.Lesson] = r
		}
	}
	return nil
}

func (m *merging) add(p *course.Place, l broughtLesson) {
	v := p.Lesson.In(m.lang)
	files := filesFrom(v, l.Work)
	for _, one := range l.Versions {
		m.addVersion(p, v, filesFrom(v, one.Files), m.moment(one.At), one.Passed)
	}
	switch {
	case l.Done != "":
		at := m.moment(l.Done)
		changed := at
		if l.Changed != "" {
			changed = m.moment(l.Changed)
		}
		local := Done{Course: p.Course.ID, CourseTitle: p.Course.In(m.lang).Title, Lesson: p.Lesson.ID, Title: v.Title,
			At: at, Files: files, Checked: claimed(l.Passed)}
		if len(files) > 0 {
			local.Solved = changed
		}
		m.addDone(p, v, local)
	case len(files) > 0:
		m.addWork(p, v, m.moment(l.Changed), files)
	}
}

// addVersion keeps code once for each lesson.
func (m *merging) addVersion(p *course.Place, v *course.Version, files []File, at time.Time, passed bool) {
	of := m.versions[p.Lesson.ID]
	same := slices.ContainsFunc(of, func(known Version) bool { return slices.Equal(known.Files, files) })
	if len(files) == 0 || same || len(of) >= maxVersions {
		return
	}
	one := Version{Course: p.Course.ID, Lesson: p.Lesson.ID, Title: v.Title, Files: files, At: at, State: stateKept, Claim: passed}
	m.versions[p.Lesson.ID] = append(of, one)
	m.putVersion = append(m.putVersion, vault.Record[Version]{Owner: m.owner, Value: one})
}

// moment reads a time that a browser wrote. A clock that goes wrong, or was
// never set, counts as now.
func (m *merging) moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.After(m.now) || at.Year() < 2000 {
		return m.now
	}
	return at.UTC()
}

// addDone keeps the earlier time and the later solution; the other solution
// becomes a version.
func (m *merging) addDone(p *course.Place, v *course.Version, local Done) {
	rec, known := m.done[p.Lesson.ID]
	if !known {
		m.out.Taken++
		m.newDone = append(m.newDone, p.Lesson.ID)
		m.putDone = append(m.putDone, vault.Record[Done]{Owner: m.owner, Value: local})
		return
	}
	m.out.Known++
	joined, better := joinDone(rec.Value, local)
	for _, d := range []Done{rec.Value, local} {
		if !slices.Equal(d.Files, joined.Files) {
			m.addVersion(p, v, d.Files, d.Solved, d.Checked == CheckedBrowser)
		}
	}
	if better {
		rec.Value = joined
		m.putDone = append(m.putDone, rec)
	}
}

// joinDone puts what is better about one record of a lesson into the other. A
// solution that the server has checked stays.
func joinDone(kept, local Done) (joined Done, better bool) {
	joined = kept
	if local.At.Before(kept.At) {
		joined.At, better = local.At, true
	}
	if len(local.Files) > 0 && local.Solved.After(kept.Solved) && !slices.Equal(local.Files, kept.Files) && !proven(kept) {
		joined.Files, joined.Solved, better = local.Files, local.Solved, true
		joined.Checked, joined.CheckedAt, joined.Engine, joined.Proof = local.Checked, time.Time{}, "", ""
	}
	return joined, better
}

// addWork keeps code beside what the account has, if that is other code: the
// learner chooses in the lesson.
func (m *merging) addWork(p *course.Place, v *course.Version, changed time.Time, files []File) {
	rec, known := m.work[p.Lesson.ID]
	if known && rec.Value.holds(files) {
		m.out.Known++
		return
	}
	m.out.Taken++
	if !known {
		rec = vault.Record[Work]{Owner: m.owner, Value: Work{Course: p.Course.ID, Lesson: p.Lesson.ID, Title: v.Title, Files: files, Changed: changed}}
	} else {
		rec.Value.Others = append(rec.Value.Others, Draft{Files: files, Changed: changed})
		for len(rec.Value.Others) > maxOthers {
			oldest := rec.Value.Others[0]
			m.addVersion(p, v, oldest.Files, oldest.Changed, false)
			rec.Value.Others = rec.Value.Others[1:]
		}
	}
	m.putWork = append(m.putWork, rec)
}

// holds tells whether code is in the editor or beside it.
func (w Work) holds(files []File) bool {
	return slices.Equal(w.Files, files) || slices.ContainsFunc(w.Others, func(d Draft) bool { return slices.Equal(d.Files, files) })
}

// refuseDoubles looks, with the owner locked by what was written, whether
// another request wrote one of the new lessons meanwhile.
func (m *merging) refuseDoubles(ctx context.Context, tx *sql.Tx) error {
	if len(m.newDone) == 0 {
		return nil
	}
	all, err := m.f.done.All(ctx, tx, vault.Self(m.owner), m.owner)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, r := range all {
		count[r.Value.Lesson]++
	}
	for _, id := range m.newDone {
		if count[id] > 1 {
			return errAgain
		}
	}
	return nil
}
