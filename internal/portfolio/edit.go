package portfolio

import (
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// open makes the page public, if what was seen is what would be shown.
func (f *Feature) open(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	var same bool
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		s, err := f.read(a.Context(), tx, a.self(), a.me.Owner, a.me.Handle)
		if err != nil {
			return err
		}
		if same = f.digest(s.public()) == form.Text("seen"); !same {
			return nil
		}
		if err := f.fillName(a, tx, s); err != nil {
			return err
		}
		return f.Vault.SetOpen(a.Context(), tx, a.me.Owner, true)
	})
	if err != nil {
		return told(err)
	}
	if !same {
		return f.lookAgain(a)
	}
	return f.Site.Notify(a.w, a.Request, editorPath, "portfolio.opened")
}

func (f *Feature) lookAgain(a asked) error {
	form := &page.Form{}
	form.Wrong("", f.lang(a).Text("Look at the preview once more and say yes again: something on your page is not as it was when you looked."))
	return f.renderEditor(a, http.StatusConflict, form, func(e *editor) { e.Changed = true })
}

// fillName does nothing in any program that is used.
func (f *Feature) fillName(a asked, tx *sql.Tx, s *sheet) error {
	if !sabotage.Is(breakFillsName) || s.name != nil {
		return nil
	}
	_, err := f.kinds.name.Put(a.Context(), tx, a.self(), vault.Record[Text]{Owner: a.me.Owner, Value: Text{a.me.Handle}})
	return err
}

func (f *Feature) close(a asked) error {
	err := f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.Vault.SetOpen(a.Context(), tx, a.me.Owner, false)
	})
	if err != nil {
		return told(err)
	}
	f.Forget(a.me.Owner)
	return f.Site.Notify(a.w, a.Request, editorPath, "portfolio.closed")
}

// detail is one text of the form with its kind.
type detail struct {
	kind vault.Kind[Text]
	name string
	most int
}

func (f *Feature) details() []detail {
	return []detail{{f.kinds.name, "name", maxLine}, {f.kinds.location, "location", maxLine}, {f.kinds.about, "about", maxAbout}}
}

func (f *Feature) saveDetails(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	for _, d := range f.details() {
		if d.most == maxLine {
			form.Set(d.name, oneLine(form.Text(d.name)))
		}
		if bounded(form.Text(d.name), 0, d.most) != nil {
			form.Wrong(d.name, lang.Text("Write at most %d characters here.", d.most))
		}
		audienceOf(lang, form, d.name+"-seen")
	}
	if !form.OK() {
		return f.renderEditor(a, http.StatusUnprocessableEntity, form, func(*editor) {})
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		for _, d := range f.details() {
			if err := f.saveDetail(a, tx, d, form); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, vault.ErrConflict) {
		return f.changedElsewhere(a, form)
	}
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, editorPath, "portfolio.saved")
}

// saveDetail writes, erases or leaves one detail.
func (f *Feature) saveDetail(a asked, tx *sql.Tx, d detail, form *page.Form) error {
	old, err := one(a.Context(), tx, d.kind, a.self(), a.me.Owner)
	if err != nil {
		return err
	}
	text, seen := form.Text(d.name), vault.ParseAudience(form.Text(d.name+"-seen"))
	rec := vault.Record[Text]{Owner: a.me.Owner, ID: vault.SingleID, Rev: revOf(form, d.name+"-rev"), Audience: seen, Value: Text{text}}
	switch {
	case old == nil && text == "":
		return nil
	case old != nil && old.Value == rec.Value && old.Audience == seen:
		return nil
	case old != nil && old.Rev != rec.Rev, old == nil && rec.Rev != 0:
		return vault.ErrConflict
	case text == "":
		return d.kind.Delete(a.Context(), tx, a.self(), a.me.Owner, vault.SingleID)
	}
	_, err = d.kind.Put(a.Context(), tx, a.self(), rec)
	return err
}

// changedElsewhere shows what was typed, ready to be saved over what another
// window saved.
func (f *Feature) changedElsewhere(a asked, form *page.Form) error {
	s, err := f.read(a.Context(), f.DB.Read, a.self(), a.me.Owner, a.me.Handle)
	if err != nil {
		return err
	}
	for name, now := range s.details() {
		rev := int64(0)
		if now != nil {
			rev = now.Rev
		}
		form.Set(name+"-rev", strconv.FormatInt(rev, 10))
	}
	form.Wrong("", f.lang(a).Text("Look at your details once more and save again: they were changed in another window meanwhile."))
	return f.renderEditor(a, http.StatusConflict, form, func(*editor) {})
}

func revOf(form *page.Form, name string) int64 {
	rev, err := strconv.ParseInt(form.Text(name), 10, 64)
	if err != nil || rev < 0 {
		return 0
	}
	return rev
}

// audienceOf reads who sees a thing; what is not offered is a complaint.
func audienceOf(lang *page.Language, form *page.Form, name string) vault.Audience {
	seen := vault.ParseAudience(form.Text(name))
	if seen != vault.OnlyMe && seen != vault.AnyoneMaySee {
		form.Wrong(name, lang.Text("Choose who sees it: anyone, or only you."))
	}
	return seen
}

func (f *Feature) savePicture(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	words := oneLine(form.Text("words"))
	if bounded(words, 0, maxLine) != nil {
		form.Wrong("words", lang.Text("Write at most %d characters here.", maxLine))
	}
	sent := form.File("picture")
	var drawn Picture
	if len(sent) > 0 {
		f.brush.Lock()
		drawn, err = redraw(sent)
		f.brush.Unlock()
		if err != nil {
			form.Wrong("picture", pictureWrong(lang, err))
		}
	}
	if !form.OK() {
		return f.showPictureWrong(a, form)
	}
	drawn.Words = words
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error { return f.putPicture(a, tx, drawn) })
	if errors.Is(err, errNoPicture) {
		form.Wrong("picture", lang.Text("Choose a file with a picture, for example portrait.jpg."))
		return f.showPictureWrong(a, form)
	}
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, editorPath+"#e-pic", "portfolio.saved")
}

// putPicture keeps the picture that is there if none was sent.
func (f *Feature) putPicture(a asked, tx *sql.Tx, drawn Picture) error {
	old, err := one(a.Context(), tx, f.kinds.picture, a.self(), a.me.Owner)
	if err != nil {
		return err
	}
	rec := vault.Record[Picture]{Owner: a.me.Owner, ID: vault.SingleID, Value: drawn}
	if old != nil {
		rec.Rev = old.Rev
	}
	if len(drawn.Large) == 0 {
		if old == nil {
			return errNoPicture
		}
		rec.Value.Large, rec.Value.Small = old.Value.Large, old.Value.Small
	}
	_, err = f.kinds.picture.Put(a.Context(), tx, a.self(), rec)
	return err
}

func (f *Feature) showPictureWrong(a asked, form *page.Form) error {
	return f.renderEditor(a, http.StatusUnprocessableEntity, form, func(e *editor) {
		for _, w := range form.Errors() {
			if w.Name == "picture" {
				e.PictureWrong = w.Message
			}
		}
	})
}

func pictureWrong(lang *page.Language, err error) string {
	if errors.Is(err, errTooLarge) {
		return lang.Text("Choose a smaller picture: up to 5 MB and 40 million dots, for example 4000 by 3000.")
	}
	return lang.Text("Choose a picture as JPEG, PNG, GIF or WebP; this file could not be read as one.")
}

func (f *Feature) saveSettings(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	now := Settings{Search: searchList, Year: yearHide}
	if form.Has("noindex") {
		now.Search = searchNot
	}
	if form.Has("year") {
		now.Year = yearShow
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		rec := vault.Record[Settings]{Owner: a.me.Owner, ID: vault.SingleID, Rev: revOf(form, "rev"), Value: now}
		_, err := f.kinds.settings.Put(a.Context(), tx, a.self(), rec)
		return err
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, editorPath+"#e-whole", "portfolio.saved")
}

// show is the switch of one record, of whatever kind.
func (f *Feature) show(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	seen := audienceOf(f.lang(a), form, "audience")
	if !form.OK() {
		return fault.Invalid{Fields: []fault.Field{{Name: "audience", Message: form.Errors()[0].Message}}}
	}
	kind, id := form.Text("kind"), form.Text("id")
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.Vault.Subject(a.me.Owner).SetAudience(a.Context(), tx, kind, id, seen)
	})
	if err != nil {
		return told(err)
	}
	said := "portfolio.shown"
	if seen == vault.OnlyMe {
		said = "portfolio.hidden"
	}
	return f.Site.Notify(a.w, a.Request, editorPath+anchors[kind], said)
}

// anchors are the sections of the editor, by kind.
var anchors = map[string]string{"picture": "#e-pic", "link": "#e-links", "project": "#e-projects"}

// erase erases one record of the kinds of this package.
func (f *Feature) erase(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	kind, id := form.Text("kind"), form.Text("id")
	if anchors[kind] == "" {
		return fault.NotFound{What: "record"}
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.Vault.Subject(a.me.Owner).Delete(a.Context(), tx, kind, id)
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, editorPath+anchors[kind], "portfolio.erased")
}

// saveDeeds sets the switches of the records that a form is about.
func (f *Feature) saveDeeds(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	wanted := wantedDeeds(form)
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		deeds, err := f.c.Deeds(a.Context(), tx, a.self(), a.me.Owner)
		if err != nil {
			return err
		}
		for _, d := range deeds {
			seen, asks := wanted[d.Kind+"/"+d.ID]
			if !asks || seen == d.Audience {
				continue
			}
			if err := f.Vault.Subject(a.me.Owner).SetAudience(a.Context(), tx, d.Kind, d.ID, seen); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, editorPath+"#e-deeds", "portfolio.saved")
}

// wantedDeeds says who is to see each record that stood in the form.
func wantedDeeds(form *page.Form) map[string]vault.Audience {
	wanted := map[string]vault.Audience{}
	shown := form.All("show")
	for i, name := range strings.Fields(form.Text("all")) {
		show := slices.Contains(shown, strconv.Itoa(i))
		switch form.Text("do") {
		case "all":
			show = true
		case "none":
			show = false
		}
		wanted[name] = vault.OnlyMe
		if show {
			wanted[name] = vault.AnyoneMaySee
		}
	}
	return wanted
}
