package portfolio

import (
	"database/sql"
	"errors"
	"net/http"
	"strconv"

	"kept/internal/page"
	"kept/vault"
)

// itemPage is the form for a link or a project.
type itemPage struct {
	page.Head
	Form    *page.Form
	Project bool
	Heading string
	Action  string
	Choices []page.Option
}

// item is how a kind of single records is typed.
type item[T any] struct {
	kind    vault.Kind[T]
	project bool
	path    string
	anchor  string
	fill    func(*page.Form, T)
	read    func(*page.Language, *page.Form, int) T
}

func (f *Feature) linkItem() item[Link] {
	return item[Link]{f.kinds.links, false, editorPath + "/link", anchors["link"], fillLink, readLink}
}

func (f *Feature) projectItem() item[Project] {
	return item[Project]{f.kinds.projects, true, editorPath + "/project", anchors["project"], fillProject, readProject}
}

func (f *Feature) showLink(a asked) error    { return showItem(f, a, f.linkItem()) }
func (f *Feature) saveLink(a asked) error    { return saveItem(f, a, f.linkItem()) }
func (f *Feature) showProject(a asked) error { return showItem(f, a, f.projectItem()) }
func (f *Feature) saveProject(a asked) error { return saveItem(f, a, f.projectItem()) }

func fillLink(form *page.Form, l Link) {
	form.Set("label", l.Label)
	form.Set("address", l.Address)
	form.Set("order", strconv.Itoa(l.Order))
}

func readLink(lang *page.Language, form *page.Form, order int) Link {
	l := Link{Label: oneLine(form.Text("label")), Address: withScheme(form.Text("address")), Order: order}
	if bounded(l.Label, 1, maxLine) != nil {
		form.Wrong("label", lang.Text("Write how it is called, in 1 to %d characters, as in my blog.", maxLine))
	}
	if secureAddress(l.Address) != nil {
		form.Wrong("address", lang.Text(sayAddress))
	}
	return l
}

var sayAddress = page.Key("Write an address that begins with https://, as in https://noor.example.")

func fillProject(form *page.Form, p Project) {
	form.Set("title", p.Title)
	form.Set("what", p.What)
	form.Set("address", p.Address)
	form.Set("order", strconv.Itoa(p.Order))
}

func readProject(lang *page.Language, form *page.Form, order int) Project {
	p := Project{Title: oneLine(form.Text("title")), What: form.Text("what"), Address: withScheme(form.Text("address")), Order: order}
	if bounded(p.Title, 1, maxLine) != nil {
		form.Wrong("title", lang.Text("Write a title of 1 to %d characters, as in Tide table.", maxLine))
	}
	if bounded(p.What, 0, maxWhat) != nil {
		form.Wrong("what", lang.Text("Write at most %d characters here.", maxWhat))
	}
	if p.Address != "" && secureAddress(p.Address) != nil {
		form.Wrong("address", lang.Text(sayAddress))
	}
	return p
}

func showItem[T any](f *Feature, a asked, it item[T]) error {
	form := &page.Form{}
	id := a.URL.Query().Get("id")
	if id == "" {
		o, err := f.Vault.Owner(a.Context(), f.DB.Read, a.me.Owner)
		if err != nil {
			return err
		}
		form.Set("seen", first(o).String())
	} else {
		rec, err := it.kind.Get(a.Context(), f.DB.Read, a.self(), a.me.Owner, id)
		if err != nil {
			return told(err)
		}
		it.fill(form, rec.Value)
		form.Set("id", rec.ID)
		form.Set("rev", strconv.FormatInt(rec.Rev, 10))
		form.Set("seen", rec.Audience.String())
	}
	return renderItem(f, a, http.StatusOK, it, form)
}

func renderItem[T any](f *Feature, a asked, status int, it item[T], form *page.Form) error {
	lang := f.lang(a)
	p := &itemPage{Form: form, Project: it.project, Action: it.path, Choices: choices(lang)}
	fresh := form.Text("id") == ""
	switch {
	case it.project && fresh:
		p.Heading = lang.Text("Add a project")
	case it.project:
		p.Heading = lang.Text("Change a project")
	case fresh:
		p.Heading = lang.Text("Add a link")
	default:
		p.Heading = lang.Text("Change a link")
	}
	p.Head = page.Head{Title: p.Heading, Current: editorPath, Knows: f.c.Knows(lang), Wrong: !form.OK()}
	return f.Site.Render(a.w, a.Request, status, "portfolio/item.html", p)
}

func saveItem[T any](f *Feature, a asked, it item[T]) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	seen := audienceOf(lang, form, "seen")
	value := it.read(lang, form, orderOf(lang, form))
	if !form.OK() {
		return renderItem(f, a, http.StatusUnprocessableEntity, it, form)
	}
	rec := vault.Record[T]{Owner: a.me.Owner, ID: form.Text("id"), Rev: revOf(form, "rev"), Audience: seen, Value: value}
	if rec.Rev == 0 {
		rec.ID = ""
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		_, err := it.kind.Put(a.Context(), tx, a.self(), rec)
		return err
	})
	if errors.Is(err, vault.ErrConflict) {
		return itemChanged(f, a, it, form)
	}
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, editorPath+it.anchor, "portfolio.saved")
}

// itemChanged shows what was typed, ready to be saved over what another window
// saved.
func itemChanged[T any](f *Feature, a asked, it item[T], form *page.Form) error {
	now, err := it.kind.Get(a.Context(), f.DB.Read, a.self(), a.me.Owner, form.Text("id"))
	if err != nil {
		return told(err)
	}
	form.Set("rev", strconv.FormatInt(now.Rev, 10))
	form.Wrong("", f.lang(a).Text("Look at it once more and save again: it was changed in another window meanwhile."))
	return renderItem(f, a, http.StatusConflict, it, form)
}

func orderOf(lang *page.Language, form *page.Form) int {
	text := form.Text("order")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || ordered(n) != nil {
		form.Wrong("order", lang.Text("Write a number from 0 to %d, as in 1.", maxOrder))
	}
	return n
}
