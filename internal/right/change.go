package right

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// fieldOf is one field of a value that can be changed as text.
type fieldOf struct {
	Name, Value string
	Long        bool
	Box         bool
	Checked     bool
}

// changeable lists the fields of a value that a form can hold: texts, numbers,
// yes and no.
func changeable(raw json.RawMessage) []string {
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil {
		return nil
	}
	var names []string
	for name, value := range values {
		if len(value) > 0 && !strings.ContainsRune("{[n", rune(value[0])) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

const longText = 60

func fields(raw json.RawMessage, form *page.Form) []fieldOf {
	var values map[string]any
	decode(raw, &values)
	var all []fieldOf
	for _, name := range changeable(raw) {
		f := fieldOf{Name: name}
		switch value := values[name].(type) {
		case string:
			f.Value, f.Long = value, len(value) > longText || strings.Contains(value, "\n")
		case bool:
			f.Box, f.Checked = true, value
		case json.Number:
			f.Value = value.String()
		}
		if form.Has("v." + name) {
			f.Value = form.Raw("v." + name)
		}
		all = append(all, f)
	}
	return all
}

// decode keeps numbers as they are written.
func decode(raw json.RawMessage, to *map[string]any) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(to) != nil {
		*to = nil
	}
}

// changed puts what a form says into a value.
func changed(raw json.RawMessage, form *page.Form) (json.RawMessage, error) {
	var values map[string]any
	decode(raw, &values)
	for _, name := range changeable(raw) {
		text := form.Raw("v." + name)
		switch values[name].(type) {
		case string:
			values[name] = text
		case bool:
			values[name] = form.Has("v." + name)
		case json.Number:
			if _, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil {
				return nil, fault.Invalid{Fields: []fault.Field{{Name: "v." + name, Message: "Write a number, as in 12."}}}
			}
			values[name] = json.Number(strings.TrimSpace(text))
		}
	}
	return json.Marshal(values)
}

func (f *Feature) change(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	kind, id := form.Text("kind"), form.Text("id")
	item, err := f.subject(a).Get(a.Context(), f.DB.Read, kind, id)
	if err != nil {
		return told(err)
	}
	err = f.applyChange(a, item, form)
	if invalid, ok := errors.AsType[fault.Invalid](err); ok {
		form.Take(invalid)
		return f.renderRecord(a, http.StatusUnprocessableEntity, item, form)
	}
	if err != nil {
		return err
	}
	return f.Site.Notify(a.w, a.Request, f.row(a, item).Link, "right.changed")
}

func (f *Feature) applyChange(a asked, item vault.Item, form *page.Form) error {
	raw, err := changed(item.Value, form)
	if err != nil {
		return err
	}
	return told(f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.subject(a).Change(a.Context(), tx, item.Info.Name, item.ID, revOf(form), raw)
	}))
}

func (f *Feature) setAudience(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	seen := vault.ParseAudience(form.Text("audience"))
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.subject(a).SetAudience(a.Context(), tx, form.Text("kind"), form.Text("id"), seen)
	})
	if err != nil {
		return told(err)
	}
	word := "right.shown"
	if seen == vault.OnlyMe {
		word = "right.hidden"
	}
	return f.Site.Notify(a.w, a.Request, back(form), word)
}

// back is the page a form came from, among ours.
func back(form *page.Form) string {
	if to := form.Text("back"); strings.HasPrefix(to, "/you/") && !strings.ContainsAny(to, "\\\n") {
		return to
	}
	return "/you/data"
}
