package portfolio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// asked is a request of a member.
type asked struct {
	*http.Request
	w  http.ResponseWriter
	me Member
}

func (a asked) self() vault.Who { return vault.Self(a.me.Owner) }

func (f *Feature) member(do func(asked) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		me, ok := f.c.Who(r.Context())
		if !ok {
			return fault.Forbidden{What: "change a page without signing in"}
		}
		return do(asked{r, w, me})
	}
}

func (f *Feature) lang(a asked) *page.Language { return f.Site.Printer(a.Context()) }

// editorPath is where the member's way back leads.
const editorPath = "/you/page"

// editor is the page on which a member decides what stands on theirs.
type editor struct {
	page.Head
	Form         *page.Form
	Path         string
	Open         bool
	Stopped      bool   // restricted, or the purpose objected to
	Changed      bool   // what was said yes to is not what stands there now
	Seen         string // what the preview shows, in a number
	View         *view
	Face         string
	PictureRow   row
	PictureWrong string
	Links        []row
	Projects     []row
	Groups       []group
	Settings     vault.Record[Settings]
	LeftOut      bool // of search engines
	ShowsYear    bool
	Choices      []page.Option
}

// row is a record with its switch.
type row struct {
	Kind, ID    string
	Title, Note string
	Shown       bool
}

// Other is the audience that the switch leads to.
func (r row) Other() vault.Audience {
	if r.Shown {
		return vault.OnlyMe
	}
	return vault.AnyoneMaySee
}

// seenField is the question who sees a detail.
type seenField struct {
	Form        *page.Form
	What, Label string
	Choices     []page.Option
}

// SeenOf asks it for one detail.
func (e *editor) SeenOf(what, label string) seenField {
	return seenField{e.Form, what, label, e.Choices}
}

// choices are the audiences that a member may choose.
func choices(lang *page.Language) []page.Option {
	return []page.Option{
		{Value: vault.AnyoneMaySee.String(), Label: lang.Text("Anyone, on my page")},
		{Value: vault.OnlyMe.String(), Label: lang.Text("Only me")},
	}
}

func (f *Feature) showEditor(a asked) error {
	return f.renderEditor(a, http.StatusOK, nil, func(*editor) {})
}

// renderEditor shows the editor, with what was typed if form holds it.
func (f *Feature) renderEditor(a asked, status int, form *page.Form, change func(*editor)) error {
	s, err := f.read(a.Context(), f.DB.Read, a.self(), a.me.Owner, a.me.Handle)
	if err != nil {
		return err
	}
	o, err := f.Vault.Owner(a.Context(), f.DB.Read, a.me.Owner)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	e := &editor{
		Head: page.Head{Title: lang.Text("Your page"), Current: editorPath, Knows: f.c.Knows(lang), Wrong: !form.OK()},
		Form: filled(form, s, first(o)), Path: pathOf(a.me.Handle), Open: o.Open, Stopped: stopped(o), Settings: s.settings, Choices: choices(lang),
		Links: rowsOf("link", s.links, func(l Link) (string, string) { return l.Label, l.Host() }), Projects: rowsOf("project", s.projects, projectRow),
		Groups: groups(s), LeftOut: s.settings.Value.noIndex(), ShowsYear: !s.settings.Value.hideYear(),
	}
	e.own(f, lang, s)
	change(e)
	return f.Site.Render(a.w, a.Request, status, "portfolio/editor.html", e)
}

// own adds the member's own picture and, while the page is closed, the preview.
func (e *editor) own(f *Feature, lang *page.Language, s *sheet) {
	public := s.public()
	e.View, e.Seen = viewOf(lang, public), f.digest(public)
	e.View.Within = true
	if s.picture != nil {
		e.Face = ownFace(s)
		e.PictureRow = row{"picture", vault.SingleID, lang.Text("the picture"), "", s.picture.Audience == vault.AnyoneMaySee}
	}
	if public.picture != nil {
		e.View.Face = e.Face
	}
}

// ownFace is where a member sees their picture, public or not.
func ownFace(s *sheet) string {
	return "/you/page/picture.jpg?" + strconv.FormatInt(s.picture.Rev, 10)
}

func stopped(o vault.Owner) bool { return o.Restricted || slices.Contains(o.Objects, toShow) }

func projectRow(p Project) (title, note string) { return p.Title, p.Host() }

func rowsOf[T any](kind string, records []vault.Record[T], words func(T) (title, note string)) []row {
	all := make([]row, len(records))
	for i, r := range records {
		title, note := words(r.Value)
		all[i] = row{kind, r.ID, title, note, r.Audience == vault.AnyoneMaySee}
	}
	return all
}

// filled puts what is stored into a form, unless it holds what was typed.
func filled(form *page.Form, s *sheet, first vault.Audience) *page.Form {
	if form == nil {
		form = &page.Form{}
	}
	typed := form.Has("name")
	for what, detail := range s.details() {
		if typed {
			continue
		}
		text, seen, rev := "", first, int64(0)
		if detail != nil {
			text, seen, rev = detail.Value.Text, detail.Audience, detail.Rev
		}
		form.Set(what, text)
		form.Set(what+"-seen", seen.String())
		form.Set(what+"-rev", strconv.FormatInt(rev, 10))
	}
	if s.picture != nil && !form.Has("words") {
		form.Set("words", s.picture.Value.Words)
	}
	return form
}

// first is who sees a new record of an owner unless they choose otherwise.
func first(o vault.Owner) vault.Audience {
	if o.Private {
		return vault.OnlyMe
	}
	return vault.AnyoneMaySee
}

// details are the texts that a member has once, by the names of their kinds.
func (s *sheet) details() map[string]*vault.Record[Text] {
	return map[string]*vault.Record[Text]{"name": s.name, "location": s.location, "about": s.about}
}

// digest names what a sheet shows. A yes to a preview is a yes to this.
func (f *Feature) digest(s *sheet) string {
	doc, err := json.Marshal(f.documentOf(s))
	if err != nil {
		return "" // texts and numbers always have a form
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:12])
}

// group is the deeds of a course, to be shown or hidden together.
type group struct {
	Title string
	All   string // the records that the form is about
	Shown int
	Lines []deedLine
}

type deedLine struct {
	Key   int // its place in All
	Title string
	Sort  string
	Day   time.Time
	Shown bool
}

var sortNames = map[Sort]string{Finished: page.Key("lesson"), Solved: page.Key("solution"), Certificate: page.Key("certificate")}

func groups(s *sheet) []group {
	var all []group
	place := map[string]int{}
	for _, d := range s.deeds {
		i, ok := place[d.Course.Title]
		if !ok {
			i = len(all)
			place[d.Course.Title] = i
			all = append(all, group{Title: d.Course.Title})
		}
		all[i].add(d, s.Day(d.At))
	}
	return all
}

// deedsPage is the page with the switches of a course's records.
type deedsPage struct {
	page.Head
	Group group
}

func (f *Feature) showDeeds(a asked) error {
	s, err := f.read(a.Context(), f.DB.Read, a.self(), a.me.Owner, a.me.Handle)
	if err != nil {
		return err
	}
	all := groups(s)
	i := slices.IndexFunc(all, func(g group) bool { return g.Title == a.URL.Query().Get("course") })
	if i < 0 {
		return fault.NotFound{What: "course"}
	}
	lang := f.lang(a)
	p := &deedsPage{Head: page.Head{Title: lang.Text("What is shown"), Current: editorPath, Knows: f.c.Knows(lang)}, Group: all[i]}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "portfolio/deeds.html", p)
}

func (g *group) add(d Deed, day time.Time) {
	shown := d.Audience == vault.AnyoneMaySee
	if shown {
		g.Shown++
	}
	if g.All != "" {
		g.All += " "
	}
	g.All += d.Kind + "/" + d.ID
	g.Lines = append(g.Lines, deedLine{len(g.Lines), d.Lesson, sortNames[d.Sort], day, shown})
}

// stranger is the page as a stranger sees it, or would.
type stranger struct {
	page.Head
	Open, Stopped bool
	Seen          string
	Hidden, Total int
	View          *view
}

func (f *Feature) showStranger(a asked) error {
	o, err := f.Vault.Owner(a.Context(), f.DB.Read, a.me.Owner)
	if err != nil {
		return err
	}
	mine, err := f.read(a.Context(), f.DB.Read, a.self(), a.me.Owner, a.me.Handle)
	if err != nil {
		return err
	}
	theirs, err := f.strangersSheet(a.Context(), a.me, o, mine)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	p := &stranger{Head: page.Head{Title: lang.Text("As a stranger"), Current: editorPath, Knows: f.c.Knows(lang)},
		Open: o.Open, Stopped: stopped(o), Seen: f.digest(theirs),
		Hidden: mine.records() - theirs.records(), Total: mine.records(), View: viewOf(lang, theirs)}
	if theirs.picture != nil {
		p.View.Face = ownFace(theirs)
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "portfolio/stranger.html", p)
}

// strangersSheet reads what strangers get of an open owner by asking as one, and
// works out what they would get of another.
func (f *Feature) strangersSheet(ctx context.Context, me Member, o vault.Owner, mine *sheet) (*sheet, error) {
	if o.Open && !o.Restricted {
		return f.readPublic(ctx, me.Owner, me.Handle)
	}
	return mine.public(), nil
}

func (f *Feature) showOwnPicture(a asked) error {
	rec, err := f.kinds.picture.Get(a.Context(), f.DB.Read, a.self(), a.me.Owner, vault.SingleID)
	if err != nil {
		return told(err)
	}
	writeBytes(a.w, a.Request, "image/jpeg", rec.Value.Small)
	return nil
}

// told turns the vault's errors into what a person may be told.
func told(err error) error {
	var refused *vault.RefusedError
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return fault.NotFound{What: "record"}
	case errors.Is(err, vault.ErrConflict):
		return fault.Conflict{What: "page"}
	case errors.As(err, &refused):
		return fault.Forbidden{What: "change this"}
	}
	return err
}
