package right

import (
	"database/sql"
	"slices"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// question asks a member whether older records of a kind may follow the policy
// in force. Without a yes they keep the dates that were promised (C2).
type question struct {
	Info  vault.Info
	Count int
}

func (f *Feature) fillQuestions(a asked, p *dataPage) error {
	kinds, version := f.c.Asks()
	if len(kinds) == 0 {
		return nil
	}
	older, err := f.subject(a).Outdated(a.Context(), f.DB.Read, version)
	if err != nil {
		return err
	}
	for _, info := range f.Vault.Kinds() {
		if slices.Contains(kinds, info.Name) && older[info.Name] > 0 {
			p.Questions = append(p.Questions, question{info, older[info.Name]})
		}
	}
	return nil
}

func (f *Feature) renew(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	kind := form.Text("kind")
	if kinds, _ := f.c.Asks(); !slices.Contains(kinds, kind) {
		return fault.NotFound{What: "question"}
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		_, err := f.subject(a).Renew(a.Context(), tx, kind)
		return err
	})
	if err != nil {
		return told(err)
	}
	return f.Site.Notify(a.w, a.Request, "/you/data", "right.renewed")
}
