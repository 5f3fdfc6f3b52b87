package learn

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// benchScript is what an exercise does in its page. It comes after the script
// that keeps progress.
const benchScript = "bench.js"

// fillBench makes the part of a lesson's page in which one writes code. For a
// visitor, whose page is everybody's, s is nil.
func (f *Feature) fillBench(v *lessonPage, p *course.Place, owner vault.OwnerID, s *state, lang *page.Language) {
	if v.L.Task == nil {
		return
	}
	v.Bar = "learn.bar"
	v.Scripts = append(v.Scripts, benchScript)
	b := &bench{Path: v.Path, Alone: aloneOf(p), Judged: f.judged(p), Exercise: frameExerciseOf(p)}
	b.About = about{Exercise: b.Exercise, Judged: b.Judged, Others: []otherReply{}, Words: benchWords(lang)}
	if b.Exercise != nil {
		engine := course.Engine(b.Exercise.Engine)
		b.About.Preview = engine == course.Page || engine == course.React
		b.About.Pictures = f.edition().pictures(p)
		b.About.Runner = f.tools.frame.Address("client.js")
		b.About.Download, b.About.Largest = f.tools.download(p.Lesson.In().Exercise, lang)
	}
	var kept []File
	if s != nil {
		kept = f.fillKept(b, owner, s)
		b.Person, b.Pleading, b.Answer = f.mayAsk(p, s), s.disagrees(), s.answer
		b.WhyWords = whyWords(b.Latest, lang)
		b.About.At = f.Now().UnixMilli()
	}
	b.Files, b.Needs = filesOf(v.L.Task, kept, lang), needs(f.tools.opened(p.Lesson.In().Exercise))
	for _, name := range slices.Sorted(maps.Keys(b.About.Pictures)) {
		b.Needs += " " + b.About.Pictures[name]
	}
	v.Bench = b
}

// fillKept puts in what a member's records say, and returns the code that
// belongs into the editor.
func (f *Feature) fillKept(b *bench, owner vault.OwnerID, s *state) (kept []File) {
	b.Versions, b.Zone = s.versions, s.zone
	if s.done != nil {
		b.Checked, kept = checkedOf(s.done.Value), s.done.Value.Files
	}
	if s.latest != nil && s.latest.Value.State != stateKept {
		kept = s.latest.Value.Files
	}
	if s.work != nil {
		b.Changed = s.work.Value.Changed
		kept, b.Draft = s.work.Value.Files, s.done == nil || !slices.Equal(s.work.Value.Files, s.done.Value.Files)
		for i, d := range s.work.Value.Others {
			b.Choices = append(b.Choices, choiceView{i + 1, d.Key, d.Changed, d.Files, diffFiles(kept, d.Files)})
		}
	}
	b.Revision = revisionOf(s.work)
	b.Latest = latestOf(s.latest, kept)
	reply := f.replyOf(s.work)
	b.About.Member, b.About.Account, b.About.Revision, b.About.Others = true, accountMark(owner), reply.Revision, reply.Others
	b.About.Done, b.About.Waiting = s.done != nil, b.Latest != nil && b.Latest.State == stateWaiting
	return kept
}

// allowFrame lets the page of an exercise show the frame in which code runs.
func (f *Feature) allowFrame(w http.ResponseWriter, p *course.Place) {
	if frameExerciseOf(p) != nil {
		w.Header()["Content-Security-Policy"] = f.framed
	}
}

// accountMark lets a browser tell which account its copy of some code belongs
// to. Nobody can get from it to the account.
func accountMark(owner vault.OwnerID) string {
	sum := sha256.Sum256([]byte("what a browser keeps " + string(owner)))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// frameExercise is what the frame of web/runner is told to run. Names are
// those of its protocol.
type frameExercise struct {
	Engine     string      `json:"engine"`
	Files      []frameFile `json:"files"`
	Tests      []frameTest `json:"tests"`
	Before     string      `json:"before"`
	BeforeEach string      `json:"beforeEach"`
	AfterEach  string      `json:"afterEach"`
	AfterAll   string      `json:"afterAll"`
	Tools      []string    `json:"tools"`
}

type frameFile struct {
	Name   string `json:"name"`
	Lang   string `json:"lang"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type frameTest struct {
	Says string `json:"says"`
	Lang string `json:"lang"`
	Code string `json:"code"`
}

func frameExerciseOf(p *course.Place) *frameExercise {
	x := p.Lesson.In().Exercise
	if x == nil || x.Engine == course.NoEngine || len(x.Files) == 0 || noRunner() {
		return nil
	}
	out := &frameExercise{Engine: string(x.Engine), Before: x.Before, BeforeEach: x.BeforeEach, AfterEach: x.AfterEach, AfterAll: x.AfterAll, Tools: append([]string{}, x.Tools...), Tests: []frameTest{}}
	for _, file := range x.Files {
		out.Files = append(out.Files, frameFile{file.Name, file.Lang, file.Before, file.After})
	}
	for _, t := range x.Tests {
		out.Tests = append(out.Tests, frameTest{t.Says, t.Lang, t.Code})
	}
	return out
}

// handed is a form from a lesson's editor.
type handed struct {
	sent
	claim bool   // the browser says that every test passed
	any   bool   // there is code in it
	note  string // to a person who reads it
}

func (f *Feature) handed(a asked) (handed, error) {
	p, err := f.place(a.Request)
	if err != nil {
		return handed{}, err
	}
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return handed{}, err
	}
	files, any := typed(form, p.Lesson.In(f.Site.Printer(a.Context()).Tag))
	return handed{sent{p, f.titleOf(a.Request, p), files, form.Raw("base"), form.Raw("draft")}, form.Raw("browser") == "passed", any, form.Text("note")}, nil
}

// keptReply tells a script what the account holds now.
type keptReply struct {
	Revision string            `json:"revision"`
	At       int64             `json:"at"` // ms since 1970
	Files    map[string]string `json:"files"`
	Others   []otherReply      `json:"others"`
}

type otherReply struct {
	Changed int64             `json:"changed"`
	Files   map[string]string `json:"files"`
}

func (f *Feature) replyOf(r *vault.Record[Work]) keptReply {
	out := keptReply{Revision: revisionOf(r), At: f.Now().UnixMilli(), Others: []otherReply{}}
	if r == nil {
		return out
	}
	out.Files = textsByName(r.Value.Files)
	for _, d := range r.Value.Others {
		out.Others = append(out.Others, otherReply{d.Changed.UnixMilli(), textsByName(d.Files)})
	}
	return out
}

func textsByName(files []File) map[string]string {
	texts := map[string]string{}
	for _, file := range files {
		texts[file.Name] = file.Text
	}
	return texts
}

func (f *Feature) keepWork(a asked) error {
	h, err := f.handed(a)
	if err != nil {
		return err
	}
	if !h.any {
		return fault.Invalid{Fields: []fault.Field{{Message: "Send the code from the lesson's page."}}}
	}
	var now *vault.Record[Work]
	err = f.transact(a.Context(), func(tx *sql.Tx) (err error) {
		now, err = f.keep(a.Context(), tx, a.me, h.sent)
		return err
	})
	if err != nil {
		return told(err)
	}
	if byScript(a.Request) {
		return writeJSON(a.w, f.replyOf(now))
	}
	http.Redirect(a.w, a.Request, returnTo(a.Request, h.of, "code"), http.StatusSeeOther)
	return nil
}

func writeJSON(w http.ResponseWriter, value any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(value)
}

func (f *Feature) chooseWork(a asked) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	taken, err := strconv.Atoi(form.Raw("take"))
	if err != nil {
		return fault.Invalid{Fields: []fault.Field{{Message: "Choose one from the lesson's page."}}}
	}
	if err := f.transact(a.Context(), func(tx *sql.Tx) error { return f.choose(a.Context(), tx, a.me, p.Lesson.ID, taken) }); err != nil {
		return told(err)
	}
	http.Redirect(a.w, a.Request, returnTo(a.Request, p, "code"), http.StatusSeeOther)
	return nil
}

// byScript tells a form that a script sent, which needs no page.
func byScript(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

// aloneOf is the part of the site that a lesson's member alone sees.
func aloneOf(p *course.Place) string { return "/learn" + strings.TrimPrefix(lessonPath(p), "/courses") }

func versionsPath(p *course.Place) string { return aloneOf(p) + "/versions" }

// versionsPage lists the versions of a lesson's code.
type versionsPage struct {
	page.Head
	Lesson   link
	Path     string
	Zone     *time.Location
	Versions []versionView
}

type versionView struct {
	ID      string
	Number  int
	V       Version
	Met, Of int // tests
	Diff    []diffFile
	Current bool // it stands in the editor now
}

func (f *Feature) showVersions(a asked) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	s, err := f.stateOf(a.Context(), f.DB.Read, a.me, p)
	if err != nil {
		return err
	}
	all, err := f.versionsOf(a.Context(), f.DB.Read, vault.Self(a.me), a.me, p.Lesson.ID)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(a.Context())
	title := f.titleOf(a.Request, p)
	zone, err := f.zoneOf(a.Context(), f.DB.Read, a.me)
	if err != nil {
		return err
	}
	v := &versionsPage{Lesson: link{Path: lessonPath(p), Title: title}, Zone: zone, Path: versionsPath(p),
		Head: page.Head{Title: lang.Text("Versions of your code") + ", " + title, NoIndex: true, Current: "/",
			Knows: f.memberKnows(lang, lang.Text("The versions listed here are kept in your account until you erase them. You alone see them."))}}
	now := f.fillKept(&bench{}, a.me, &s)
	for i := len(all) - 1; i >= 0; i-- {
		v.Versions = append(v.Versions, versionViewOf(i+1, all[i], now))
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "learn/versions.html", v)
}

func versionViewOf(number int, r vault.Record[Version], now []File) versionView {
	v := versionView{ID: r.ID, Number: number, V: r.Value, Diff: diffFiles(r.Value.Files, now), Current: true}
	for _, d := range v.Diff {
		v.Current = v.Current && d.Same
	}
	if r.Value.Verdict != nil {
		for _, t := range r.Value.Verdict.Tests {
			v.Of++
			if t.Passed {
				v.Met++
			}
		}
	}
	return v
}

// takeVersion puts a version into the editor. What stands there becomes a
// version itself, unless it is one already.
func (f *Feature) takeVersion(a asked) error {
	return f.onVersion(a, func(ctx context.Context, tx *sql.Tx, p *course.Place, r vault.Record[Version]) error {
		work, err := f.workOf(ctx, tx, vault.Self(a.me), a.me, p.Lesson.ID)
		if err != nil {
			return err
		}
		if work != nil {
			if err := f.putAway(ctx, tx, a.me, work.Value, Draft{Files: work.Value.Files, Changed: work.Value.Changed}); err != nil {
				return err
			}
		}
		_, err = f.keep(ctx, tx, a.me, sent{of: p, title: r.Value.Title, files: r.Value.Files, base: revisionOf(work)})
		return err
	}, func(p *course.Place) string { return lessonPath(p) + "#code" })
}

func (f *Feature) eraseVersion(a asked) error {
	return f.onVersion(a, func(ctx context.Context, tx *sql.Tx, _ *course.Place, r vault.Record[Version]) error {
		return f.version.Delete(ctx, tx, vault.Self(a.me), a.me, r.ID)
	}, versionsPath)
}

func (f *Feature) onVersion(a asked, do func(context.Context, *sql.Tx, *course.Place, vault.Record[Version]) error, then func(*course.Place) string) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		r, err := f.version.Get(a.Context(), tx, vault.Self(a.me), a.me, a.PathValue("version"))
		if err != nil {
			return err
		}
		return do(a.Context(), tx, p, r)
	})
	if err != nil {
		return told(err)
	}
	http.Redirect(a.w, a.Request, then(p), http.StatusSeeOther)
	return nil
}
