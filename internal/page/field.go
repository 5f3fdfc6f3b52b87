package page

import (
	"fmt"
	"slices"
)

// Field is an input with its label, hint and error, made by the template
// function of the same name:
//
//	{{template "field" (field .Form "email" "label" (t "Email address") "type" "email" "autocomplete" "email")}}
//
// Known words: label, hint, type (text, email, url, search, number, date,
// textarea, select), value, autocomplete, inputmode, max (characters), size,
// rows, options ([]Option), optional, mono, plain (no capitals, no spelling).
type Field struct {
	ID, Name, Label, Hint, Error, Value string
	Type, Autocomplete, Inputmode       string
	Max, Size, Rows                     int
	Optional, Mono, Plain               bool
	Options                             []Option
}

// Option is a choice of a select, or one box of several.
type Option struct{ Value, Label, Hint string }

var fieldTypes = []string{"text", "email", "url", "search", "number", "date", "textarea", "select"}

func newField(form *Form, name string, words ...any) (*Field, error) {
	f := &Field{ID: fieldID(name), Name: name, Type: "text", Rows: 6, Error: form.errorOf(name)}
	if err := eachWord(words, f.set); err != nil {
		return nil, fmt.Errorf("page: field %s: %w", name, err)
	}
	if !slices.Contains(fieldTypes, f.Type) {
		return nil, fmt.Errorf("page: field %s: no type %q", name, f.Type)
	}
	if f.Label == "" {
		return nil, fmt.Errorf("page: field %s has no label", name)
	}
	if form.Has(name) {
		f.Value = form.Raw(name)
	}
	return f, nil
}

func (f *Field) set(word string, value any) (ok bool) {
	switch word {
	case "max":
		f.Max, ok = value.(int)
	case "size":
		f.Size, ok = value.(int)
	case "rows":
		f.Rows, ok = value.(int)
	case "optional":
		f.Optional, ok = value.(bool)
	case "mono":
		f.Mono, ok = value.(bool)
	case "plain":
		f.Plain, ok = value.(bool)
	case "options":
		f.Options, ok = value.([]Option)
	default:
		return f.setText(word, value)
	}
	return ok
}

func (f *Field) setText(word string, value any) bool {
	text, ok := value.(string)
	places := map[string]*string{
		"label": &f.Label, "hint": &f.Hint, "type": &f.Type, "value": &f.Value,
		"autocomplete": &f.Autocomplete, "inputmode": &f.Inputmode,
	}
	place := places[word]
	if !ok || place == nil {
		return false
	}
	*place = text
	return true
}

// DescribedBy lists the ids of hint and error for screen readers.
func (f *Field) DescribedBy() string { return describedBy(f.ID, f.Hint, f.Error) }

func describedBy(id, hint, wrong string) string {
	switch {
	case hint != "" && wrong != "":
		return id + "-h " + id + "-e"
	case hint != "":
		return id + "-h"
	case wrong != "":
		return id + "-e"
	}
	return ""
}

// Picks is a group of boxes or round buttons under one question:
//
//	{{template "picks" (picks .Form "day" "label" (t "Which days?") "type" "checkbox" "options" .Days)}}
type Picks struct {
	ID, Name, Label, Hint, Error, Type string
	Boxes                              []Box
}

// Box is one choice of Picks. The first has the id that the summary leads to.
type Box struct {
	Option
	ID      string
	Checked bool
}

func newPicks(form *Form, name string, words ...any) (*Picks, error) {
	p := &Picks{ID: fieldID(name), Name: name, Type: "radio", Error: form.errorOf(name)}
	chosen := form.All(name)
	var options []Option
	err := eachWord(words, func(word string, value any) (ok bool) {
		switch word {
		case "label":
			p.Label, ok = value.(string)
		case "hint":
			p.Hint, ok = value.(string)
		case "type":
			p.Type, ok = value.(string)
		case "options":
			options, ok = value.([]Option)
		case "value":
			ok = p.preset(&chosen, form, value)
		}
		return ok
	})
	if err != nil || p.Label == "" || len(options) == 0 || (p.Type != "radio" && p.Type != "checkbox") {
		return nil, fmt.Errorf("page: picks %s: want label, options and type radio or checkbox: %w", name, err)
	}
	p.Boxes = boxes(p.ID, options, chosen)
	return p, nil
}

// preset takes one value or several as chosen, unless the form was sent.
func (p *Picks) preset(chosen *[]string, form *Form, value any) bool {
	var values []string
	switch v := value.(type) {
	case string:
		values = []string{v}
	case []string:
		values = v
	default:
		return false
	}
	if form == nil || len(form.values) == 0 {
		*chosen = values
	}
	return true
}

func boxes(id string, options []Option, chosen []string) []Box {
	out := make([]Box, len(options))
	for i, option := range options {
		out[i] = Box{Option: option, ID: id, Checked: slices.Contains(chosen, option.Value)}
		if i > 0 {
			out[i].ID = fmt.Sprintf("%s-%d", id, i+1)
		}
	}
	return out
}

// DescribedBy lists the ids of hint and error for screen readers.
func (p *Picks) DescribedBy() string { return describedBy(p.ID, p.Hint, p.Error) }

func eachWord(words []any, set func(string, any) bool) error {
	if len(words)%2 != 0 {
		return fmt.Errorf("a word without its value")
	}
	for i := 0; i < len(words); i += 2 {
		word, ok := words[i].(string)
		if !ok || !set(word, words[i+1]) {
			return fmt.Errorf("no use for %v", words[i])
		}
	}
	return nil
}
