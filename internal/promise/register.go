package promise

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"kept/internal/outbound"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// kindRow is a kind of record in words, for the table of the policy.
type kindRow struct {
	Name, Title, Sentence, Purposes, Basis, Kept, Law string
	Icon, Seen                                        string
	Choices, Roles                                    []string
	Receivers                                         string
	Portable, Elsewhere                               bool
}

// audiences are the audiences in words, with the shape that goes with them.
var audiences = map[vault.Audience]struct{ icon, words string }{
	vault.OnlyMe:       {"you", page.Key("Only you")},
	vault.Team:         {"team", page.Key("The team")},
	vault.AnyoneMaySee: {"anyone", page.Key("Anyone, once you said yes to a public page")},
}

func (f *Feature) kindRows(lang *page.Language) []kindRow {
	var rows []kindRow
	for _, k := range f.shownKinds() {
		row := kindRow{Name: k.Name, Title: lang.Text(k.Title), Sentence: lang.Text(k.Sentence),
			Purposes: strings.Join(translated(lang, k.Purposes), ", "), Basis: lang.Text(string(k.Basis)),
			Kept: lang.Text(k.Retention.String()), Law: lang.Text(k.Retention.Law()),
			Icon: audiences[k.Audience].icon, Seen: lang.Text(audiences[k.Audience].words),
			Receivers: strings.Join(k.Processors, ", "), Portable: k.Portable}
		for _, a := range k.Audiences {
			if a != k.Audience {
				row.Choices = append(row.Choices, lang.Text(audiences[a].words))
			}
		}
		for _, role := range k.Roles {
			row.Roles = append(row.Roles, lang.Text(role.Name))
		}
		rows = append(rows, row)
	}
	return rows
}

func translated(lang *page.Language, english []string) []string {
	var all []string
	for _, text := range english {
		all = append(all, lang.Text(text))
	}
	return all
}

// shownKinds are all kinds, in the order of their titles.
func (f *Feature) shownKinds() []vault.Info {
	kinds := slices.Clone(f.Vault.Kinds())
	slices.SortFunc(kinds, func(a, b vault.Info) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	if sabotage.Is(breakKindHidden) {
		kinds = kinds[1:]
	}
	return kinds
}

// processorRow is somebody who works for the site, with the kinds that name them.
type processorRow struct {
	outbound.Processor
	Titles []string
	Day    vault.Day // first day, 0 if it is not known
}

func (f *Feature) processorRows(lang *page.Language) []processorRow {
	var rows []processorRow
	for _, p := range f.Gate.Processors() {
		row := processorRow{Processor: p}
		if day, err := parseDay(p.Since); err == nil {
			row.Day = day
		}
		for _, k := range f.Vault.Kinds() {
			if slices.Contains(k.Processors, p.Name) {
				row.Titles = append(row.Titles, lang.Text(k.Title))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// record is the record of processing activities of GDPR Art. 30.
type record struct {
	Format     string      `json:"format"`
	Controller controller  `json:"controller"`
	Policy     policyNow   `json:"policy"`
	Activities []activity  `json:"activities"`
	RequestLog requestLog  `json:"request_log"`
	Recipients []recipient `json:"recipients"`
	Security   []string    `json:"security"`
}

const recordFormat = "kept-processing-1"

type controller struct {
	Name      string `json:"name"`
	Address   string `json:"address"`
	Contact   string `json:"contact"`
	Storage   string `json:"storage"`
	Authority string `json:"authority"`
}

type policyNow struct {
	Version int    `json:"version"`
	Since   string `json:"since"`
	URL     string `json:"url"`
}

// requestLog is what the server notes of every request, of whomever.
type requestLog struct {
	Says      string `json:"says"`
	Purpose   string `json:"purpose"`
	Basis     string `json:"basis"`
	TimeLimit string `json:"time_limit"`
}

// activity is one kind of record. But for the log, all processing is of kinds.
type activity struct {
	Kind       string          `json:"kind"`
	Title      string          `json:"title"`
	Says       string          `json:"says"`
	Subjects   string          `json:"subjects"`
	Categories json.RawMessage `json:"categories"` // JSON Schema of a record's value
	Purposes   []string        `json:"purposes"`
	Basis      string          `json:"basis"`
	TimeLimit  string          `json:"time_limit"`
	Law        string          `json:"law,omitempty"`
	Audience   string          `json:"audience"`
	Roles      []string        `json:"roles"`
	Recipients []string        `json:"recipients"`
	Portable   bool            `json:"portable"`
}

type recipient struct {
	Name    string   `json:"name"`
	Country string   `json:"country"`
	Purpose string   `json:"purpose"`
	Policy  string   `json:"policy,omitempty"`
	Since   string   `json:"since,omitempty"`
	Kinds   []string `json:"kinds"`
}

// measures are the general description of security that Art. 30(1)(g) asks for.
var measures = []string{
	"Every record is sealed with AES-256-GCM under a key of its owner; the keys lie outside the database.",
	"Erasing a person destroys their key, then deletes their records.",
	"Every read says who asks and for which purpose, and is refused if the kind of record does not name it.",
	"Strangers can read public records of people who said yes to a public page, and nothing else.",
	"Staff read under a permission of the member, which names the kinds and ends; each look is kept for the member to see.",
	"The program opens connections to the listed recipients only.",
	"Addresses are cut to their network before they are logged.",
}

func (f *Feature) register(w http.ResponseWriter, r *http.Request) error {
	body, err := json.MarshalIndent(f.record(), "", "  ")
	if err != nil {
		return err
	}
	return send(w, r, "application/json; charset=utf-8", append(body, '\n'))
}

func (f *Feature) record() record {
	o, now := f.c.Operator, f.versions.inForce(f.today())
	rec := record{Format: recordFormat,
		Controller: controller{o.Controller, o.Address, o.Contact, o.Storage, o.Authority},
		Policy:     policyNow{now.Number, now.InForce.String(), f.Site.Absolute(versionPath(now.Number))},
		RequestLog: requestLog{Says: "Time, kind of page, outcome and the network of the address of each request; no full address.",
			Purpose: "find faults, stop floods", Basis: string(vault.LegitimateInterest), TimeLimit: counted(o.LogHours, "hour")},
		Recipients: []recipient{}, Security: measures}
	for _, k := range f.Vault.Kinds() {
		rec.Activities = append(rec.Activities, activityOf(k))
	}
	for _, p := range f.processorRows(f.Site.Catalogue().Default()) {
		kinds := []string{}
		for _, k := range f.Vault.Kinds() {
			if slices.Contains(k.Processors, p.Name) {
				kinds = append(kinds, k.Name)
			}
		}
		rec.Recipients = append(rec.Recipients, recipient{p.Name, p.Country, p.Purpose, p.PolicyURL, p.Since, kinds})
	}
	return rec
}

func activityOf(k vault.Info) activity {
	a := activity{Kind: k.Name, Title: k.Title, Says: k.Sentence, Subjects: "members and people who write to the site",
		Categories: k.ValueSchema, Purposes: k.Purposes, Basis: string(k.Basis), TimeLimit: k.Retention.String(),
		Law: k.Retention.Law(), Audience: k.Audience.String(), Roles: []string{},
		Recipients: append([]string{}, k.Processors...), Portable: k.Portable}
	for _, r := range k.Roles {
		a.Roles = append(a.Roles, r.Name)
	}
	if sabotage.Is(breakReceiverHidden) {
		a.Recipients = append(a.Recipients, "somebody who is not listed")
	}
	return a
}

// send writes a document that is the same for everybody.
func send(w http.ResponseWriter, r *http.Request, contentType string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache")
	tag := etag(body)
	h.Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, err := w.Write(body)
	return err
}
