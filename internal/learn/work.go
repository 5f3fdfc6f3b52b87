package learn

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/page"
	"kept/vault"
)

// sent is code that a device sends: what stands in its editor, and which
// revision of the account's it was made from.
type sent struct {
	of    *course.Place
	title string
	files []File // nil if it is what the exercise begins with
	base  string // "" if it was made from none
	key   string // random; names what one browser has, while a choice is open
}

// revisionOf names a state of the code in an account, the same on every
// device. It holds the record's id, so that code which was erased and typed
// again has no revision in common with what was there.
func revisionOf(r *vault.Record[Work]) string {
	if r == nil {
		return ""
	}
	return r.ID + "." + strconv.FormatInt(r.Rev, 10)
}

// keep writes the code in progress of a lesson; what the exercise begins with
// is no code, and erases it. What comes from a device that did not know what
// stands here takes nobody's place: both are kept, and the learner chooses.
func (f *Feature) keep(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, s sent) (*vault.Record[Work], error) {
	who := vault.Self(owner)
	rec, err := f.workOf(ctx, tx, who, owner, s.of.Lesson.ID)
	if err != nil {
		return nil, err
	}
	known := rec == nil || s.base == revisionOf(rec) || lastWins()
	if rec == nil {
		done, err := f.doneOf(ctx, tx, who, owner, s.of.Lesson.ID)
		if err != nil || done != nil && slices.Equal(done.Value.Files, s.files) {
			return nil, err // it is the solution, and kept as that
		}
	}
	switch {
	case rec == nil && s.files == nil:
		return nil, nil
	case known && s.files == nil:
		return f.empty(ctx, tx, owner, rec)
	case !known && (s.files == nil || slices.Equal(s.files, rec.Value.Files)):
		return rec, nil
	}
	fresh := rec == nil
	if fresh {
		rec = &vault.Record[Work]{Owner: owner}
		if err := f.tried(ctx, tx, owner, s.of); err != nil {
			return nil, err
		}
	}
	w := &rec.Value
	w.Course, w.Lesson, w.Title = s.of.Course.ID, s.of.Lesson.ID, s.title
	if known {
		w.Files, w.Changed = s.files, f.Now().UTC()
	} else if err := f.beside(ctx, tx, owner, w, Draft{Files: s.files, Changed: f.Now().UTC(), Key: s.key}); err != nil {
		return nil, err
	}
	return f.putWork(ctx, tx, *rec, fresh)
}

// empty erases code that was taken back to the start, unless other code waits
// beside it for a choice: then that is what is left.
func (f *Feature) empty(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, rec *vault.Record[Work]) (*vault.Record[Work], error) {
	if len(rec.Value.Others) == 0 {
		return nil, f.dropWork(ctx, tx, vault.Self(owner), owner, rec.Value.Lesson)
	}
	last := rec.Value.Others[len(rec.Value.Others)-1]
	rec.Value.Files, rec.Value.Changed = last.Files, last.Changed
	rec.Value.Others = rec.Value.Others[:len(rec.Value.Others)-1]
	return f.putWork(ctx, tx, *rec, false)
}

// beside adds code that waits for a choice. If there is too much of it, the
// oldest becomes a version, where it is as safe.
func (f *Feature) beside(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, w *Work, d Draft) error {
	for i, other := range w.Others {
		if slices.Equal(other.Files, d.Files) {
			return nil
		}
		if d.Key != "" && other.Key == d.Key {
			w.Others[i] = d
			return nil
		}
	}
	w.Others = append(w.Others, d)
	if len(w.Others) <= maxOthers {
		return nil
	}
	oldest := w.Others[0]
	w.Others = w.Others[1:]
	return f.putAway(ctx, tx, owner, *w, oldest)
}

// putAway makes a version of code that somebody goes on without.
func (f *Feature) putAway(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, w Work, d Draft) error {
	return f.putVersion(ctx, tx, owner, Version{Course: w.Course, Lesson: w.Lesson, Title: w.Title, Files: d.Files, At: d.Changed, State: stateKept})
}

// putWork writes code in progress and looks whether it is the only record of
// its lesson; see putOnce.
func (f *Feature) putWork(ctx context.Context, tx *sql.Tx, rec vault.Record[Work], fresh bool) (*vault.Record[Work], error) {
	who := vault.Self(rec.Owner)
	stored, err := f.work.Put(ctx, tx, who, rec)
	if err != nil || !fresh {
		return &stored, err
	}
	all, err := f.work.Find(ctx, tx, who, vault.Query{Name: byLesson, Value: rec.Value.Lesson, Owner: rec.Owner, Limit: 2})
	if err == nil && len(all) > 1 {
		err = errAgain
	}
	return &stored, err
}

// choose ends a choice: taken is the place of the code to go on with, 0 for
// what stands in the account, 1 for the first beside it. The others become
// versions, so that none is lost by a wrong click.
func (f *Feature) choose(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lesson string, taken int) error {
	rec, err := f.workOf(ctx, tx, vault.Self(owner), owner, lesson)
	if err != nil {
		return err
	}
	if rec == nil || taken < 0 || taken > len(rec.Value.Others) || len(rec.Value.Others) == 0 {
		return nil // chosen already, on another device
	}
	w := &rec.Value
	all := append([]Draft{{Files: w.Files, Changed: w.Changed}}, w.Others...)
	for i, d := range all {
		if i == taken {
			continue
		}
		if err := f.putAway(ctx, tx, owner, *w, d); err != nil {
			return err
		}
	}
	w.Files, w.Changed, w.Others = all[taken].Files, f.Now().UTC(), nil
	_, err = f.putWork(ctx, tx, *rec, false)
	return err
}

// bench is the part of a lesson's page in which one writes code.
type bench struct {
	Path     string // of the lesson
	Alone    string // of what the member alone sees of it
	Files    []fileView
	Exercise *frameExercise // what the frame runs; nil if nothing runs here
	Needs    string         // the files that editor and frame load
	Revision string
	Draft    bool   // the code differs from the solution that is kept
	Judged   bool   // the server checks what is handed in
	Checked  string // how the solution that is kept was checked; empty if none is
	Versions int
	Latest   *latestView
	Choices  []choiceView
	Zone     *time.Location
	Changed  time.Time // the code in the editor
	Person   bool      // whoever thinks that the check errs is offered a person
	Pleading bool      // there is something to disagree with
	Answer   Answer    // of a person who was asked
	WhyWords string    // why the last check ended early
	About    about
}

// about is what the page's script must know.
type about struct {
	Exercise *frameExercise    `json:"exercise"`
	Preview  bool              `json:"preview"`  // it shows a page
	Runner   string            `json:"runner"`   // the address of the frame's client
	Download string            `json:"download"` // what must be fetched before the first run; empty if nothing large
	Largest  string            `json:"largest"`  // the address of a file of it: what is kept is not fetched
	Pictures map[string]string `json:"pictures"` // of the course, by the names that the code has for them
	Member   bool              `json:"member"`
	Judged   bool              `json:"judged"`
	Done     bool              `json:"done"`
	Waiting  bool              `json:"waiting"` // a check on the server is under way
	Account  string            `json:"account"` // tells the accounts of one browser apart, and nothing else
	Revision string            `json:"revision"`
	At       int64             `json:"at"` // ms since 1970: when the page was made; 0 for visitors
	Others   []otherReply      `json:"others"`
	Words    map[string]string `json:"words"`
}

// choiceView is one of several codes to go on with.
type choiceView struct {
	Number  int
	Key     string
	Changed time.Time
	Files   []File
	Diff    []diffFile // against what stands in the account
}

// fileView is a file as it stands in the editor.
type fileView struct {
	Index       int
	Name, Lang  string
	Text, Start string
	Rows        int
	Regions     string // "3-5 9-9": the lines that may be changed, counted in Start; empty if all may
	Lines       string // the same in words
}

// filesOf are an exercise's files, with the learner's text where it is kept.
func filesOf(t *task, kept []File, lang *page.Language) []fileView {
	views := make([]fileView, len(t.Files))
	for i, file := range t.Files {
		start, regions := withRoom(file)
		v := fileView{Index: i, Name: file.Name, Lang: file.Lang, Text: start, Start: start, Regions: regionsText(regions)}
		for _, k := range kept {
			if k.Name == file.Name {
				v.Text = k.Text
			}
		}
		v.Lines = regionWords(regions, lang)
		v.Rows = min(max(strings.Count(v.Text, "\n")+3, 8), 28)
		views[i] = v
	}
	return views
}

// withRoom gives an empty region a line of its own: between two lines that may
// not be changed there is nowhere to type.
func withRoom(file course.File) (text string, regions []course.Region) {
	lines := strings.Split(file.Text, "\n")
	added := 0
	for _, r := range file.Editable {
		r.From, r.To = r.From+added, r.To+added
		if r.To < r.From && r.From >= 1 && r.From <= len(lines)+1 {
			lines = slices.Insert(lines, r.From-1, "")
			r.To = r.From
			added++
		}
		if r.From >= 1 && r.To <= len(lines) && r.From <= r.To {
			regions = append(regions, r)
		}
	}
	return strings.Join(lines, "\n"), regions
}

func regionsText(regions []course.Region) string {
	parts := make([]string, len(regions))
	for i, r := range regions {
		parts[i] = strconv.Itoa(r.From) + "-" + strconv.Itoa(r.To)
	}
	return strings.Join(parts, " ")
}

func regionWords(regions []course.Region, lang *page.Language) string {
	var parts []string
	for _, r := range regions {
		if r.From == r.To {
			parts = append(parts, lang.Text("line %d", r.From))
		} else {
			parts = append(parts, lang.Text("lines %d to %d", r.From, r.To))
		}
	}
	return strings.Join(parts, ", ")
}
