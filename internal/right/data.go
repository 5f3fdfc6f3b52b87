package right

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// pageSize is how many records one page lists.
const pageSize = 20

// dataPage is /you/data: the picture, who looked, and every line.
type dataPage struct {
	page.Head
	Form       *page.Form
	Word       string
	Total      int
	Purposes   int
	Bands      []band
	Scale      []string
	Looks      []vault.Record[vault.Look]
	Requests   []vault.Record[Request]
	Owed       []Owed // answers of people to verdicts of machines
	Kinds      []page.Option
	Kind       string
	Rows       []row
	Next       string
	Restricted bool
	Held       []vault.Held
	Erasable   int
	Purpose    []purpose
	Zone       *time.Location
	Questions  []question

	objects []string
}

// purpose is one that the member can object to.
type purpose struct {
	Name     string
	Objected bool
}

func (f *Feature) showData(a asked) error {
	p, err := f.dataPage(a)
	if err != nil {
		return err
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "right/data.html", p)
}

func (f *Feature) dataPage(a asked) (*dataPage, error) {
	lang := f.Site.Printer(a.Context())
	p := &dataPage{Word: a.me.word(), Kind: a.FormValue("kind"), Zone: page.ViewerOf(a.Context()).Zone, Head: page.Head{Title: lang.Text("Your data"), Current: "/you/data", NoIndex: true,
		Knows: f.c.Knows(lang)}}
	for _, fill := range []func(asked, *dataPage) error{f.fillPicture, f.fillQuestions, f.fillRows, f.fillPeople, f.fillLeave} {
		if err := fill(a, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// fillPicture counts what is held, without opening any of it.
func (f *Feature) fillPicture(a asked, p *dataPage) error {
	groups, err := f.subject(a).Groups(a.Context(), f.DB.Read)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(a.Context())
	purposes := map[string]bool{}
	for _, g := range groups {
		p.Total += g.Count
		for _, name := range g.Info.Purposes {
			purposes[name] = true
		}
		if !slices.ContainsFunc(p.Kinds, func(o page.Option) bool { return o.Value == g.Info.Name }) {
			p.Kinds = append(p.Kinds, page.Option{Value: g.Info.Name, Label: lang.Text(g.Info.Title)})
		}
	}
	p.Purposes = len(purposes)
	owner, err := f.Vault.Owner(a.Context(), f.DB.Read, a.me.Owner)
	if err != nil {
		return err
	}
	p.Bands, p.Scale = picture(lang, groups, f.Vault.Today(), owner.Open)
	p.Restricted, p.objects = owner.Restricted, owner.Objects
	return nil
}

func (f *Feature) fillRows(a asked, p *dataPage) error {
	afterKind, afterID, _ := strings.Cut(a.FormValue("after"), " ")
	items, err := f.subject(a).Page(a.Context(), f.DB.Read, p.Kind, afterKind, afterID, pageSize+1)
	if err != nil {
		return err
	}
	if len(items) > pageSize {
		items = items[:pageSize]
		last := items[pageSize-1]
		p.Next = "/you/data?" + url.Values{"kind": {p.Kind}, "after": {last.Info.Name + " " + last.ID}}.Encode() + "#all"
	}
	for _, item := range items {
		p.Rows = append(p.Rows, f.row(a, item))
	}
	return nil
}

func (f *Feature) fillPeople(a asked, p *dataPage) (err error) {
	if p.Looks, err = f.Vault.Looks().All(a.Context(), f.DB.Read, vault.Self(a.me.Owner), a.me.Owner); err != nil {
		return err
	}
	slices.SortFunc(p.Looks, func(x, y vault.Record[vault.Look]) int { return y.Value.At.Compare(x.Value.At) })
	p.Looks = p.Looks[:min(len(p.Looks), 50)]
	if p.Requests, err = f.requests.All(a.Context(), f.DB.Read, vault.Self(a.me.Owner), a.me.Owner); err != nil {
		return err
	}
	if p.Owed, err = f.c.Owed(a.Context(), f.DB.Read, a.me.Owner); err != nil {
		return err
	}
	slices.SortFunc(p.Requests, func(x, y vault.Record[Request]) int { return y.Value.Asked.Compare(x.Value.Asked) })
	return nil
}

func (f *Feature) fillLeave(a asked, p *dataPage) error {
	receipt, err := f.Vault.Preview(a.Context(), f.DB.Read, a.me.Owner)
	if err != nil {
		return err
	}
	p.Held = receipt.Held
	for _, n := range receipt.Erased {
		p.Erasable += n
	}
	for _, name := range objectable(f.Vault.Kinds()) {
		p.Purpose = append(p.Purpose, purpose{name, slices.Contains(p.objects, name)})
	}
	return nil
}

// objectable lists the purposes that rest on a legitimate interest: only to
// these can one object (GDPR Art. 21); consent is simply withdrawn.
func objectable(kinds []vault.Info) []string {
	var names []string
	for _, k := range kinds {
		if k.Basis == vault.LegitimateInterest {
			names = append(names, k.Purposes...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// row is one record in a table or on a page of its own.
type row struct {
	vault.Item
	Text    string
	Until   string
	Seen    string
	Icon    string
	Others  []vault.Audience // what else may be chosen
	Link    string
	Basis   string
	Held    bool
	Along   bool // goes with the account only
	Changes bool
}

func (f *Feature) row(a asked, item vault.Item) row {
	lang := f.Site.Printer(a.Context())
	r := row{Item: item, Text: item.Text, Until: until(lang, item.Expires), Basis: string(item.Info.Basis), Held: item.Info.Retention.Law() != ""}
	r.Along = f.c.GoesAlong(item.Info.Name)
	r.Seen, r.Icon = audienceText(lang, item.Audience)
	for _, other := range item.Info.Audiences {
		if other != item.Audience {
			r.Others = append(r.Others, other)
		}
	}
	if r.Text == "" {
		r.Text = plainValue(item.Value)
	}
	r.Link = "/you/data/record?" + url.Values{"kind": {item.Info.Name}, "id": {item.ID}}.Encode()
	r.Changes = !item.Info.ByProgram && len(changeable(item.Value)) > 0
	return r
}

// until says how long a record stays.
func until(lang *page.Language, day vault.Day) string {
	if day >= vault.Never {
		return lang.Text("until you erase it")
	}
	return lang.Text("until %s", dayText(lang, day))
}

// dayText never fails: a Day is always a time.
func dayText(lang *page.Language, day vault.Day) string {
	text, _ := lang.Day(day.Time())
	return text
}

func audienceText(lang *page.Language, a vault.Audience) (text, icon string) {
	switch a {
	case vault.AnyoneMaySee:
		return lang.Text("Anyone"), "anyone"
	case vault.Team:
		return lang.Text("The team"), "team"
	}
	return lang.Text("Only you"), "you"
}

// plainValue writes a value without a description of its own: its fields in a line.
func plainValue(raw json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return string(raw)
	}
	var parts []string
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			parts = append(parts, name+": "+value)
		case bool, float64:
			parts = append(parts, fmt.Sprint(name, ": ", value))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

// recordPage is one record with everything that is promised about it.
type recordPage struct {
	page.Head
	Form   *page.Form
	Row    row
	Fields []fieldOf
	Pretty string
	Looks  int
}

func (f *Feature) showRecord(a asked) error {
	item, err := f.subject(a).Get(a.Context(), f.DB.Read, a.FormValue("kind"), a.FormValue("id"))
	if err != nil {
		return told(err)
	}
	return f.renderRecord(a, http.StatusOK, item, &page.Form{})
}

func (f *Feature) renderRecord(a asked, status int, item vault.Item, form *page.Form) error {
	lang := f.Site.Printer(a.Context())
	looks, err := f.Vault.Looks().All(a.Context(), f.DB.Read, vault.Self(a.me.Owner), a.me.Owner)
	if err != nil {
		return err
	}
	p := &recordPage{Form: form, Row: f.row(a, item), Pretty: pretty(item.Value), Head: page.Head{Title: lang.Text(item.Info.Title),
		Current: "/you/data", NoIndex: true, Wrong: !form.OK(),
		Knows: f.c.Knows(lang)}}
	for _, l := range looks {
		if l.Value.Kind == item.Info.Name && (l.Value.Record == "" || l.Value.Record == item.ID) {
			p.Looks++
		}
	}
	if p.Row.Changes {
		p.Fields = fields(item.Value, form)
	}
	return f.Site.Render(a.w, a.Request, status, "right/record.html", p)
}

func pretty(raw json.RawMessage) string {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return string(raw)
	}
	out, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(out)
}

func revOf(form *page.Form) int64 {
	rev, err := strconv.ParseInt(form.Text("rev"), 10, 64)
	if err != nil {
		return -1 // no record has it, so the change is refused as outdated
	}
	return rev
}
