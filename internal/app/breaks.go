package app

import (
	"kept/internal/prove"
	"kept/vault/sabotage"
)

// breaks are all ways to break the program on purpose that a promise's check
// must notice: those of the features, and those of the vault below them.
func (a *App) breaks() []prove.Break {
	all := []prove.Break{
		{Name: sabotage.SealingOff, What: "records are stored as they are", Breaks: []string{"F10"}},
		{Name: sabotage.KeyKept, What: "an erasure leaves the key in the ring", Breaks: []string{"F10"}},
		{Name: sabotage.RowsKept, What: "an erasure leaves the rows", Breaks: []string{"F10"}},
		{Name: sabotage.ExportDropsKind, What: "a download leaves kinds out", Breaks: []string{"F8", "F9"}},
		{Name: sabotage.SecretsExported, What: "a download shows secrets", Breaks: []string{"F9"}},
		{Name: sabotage.PolicyBackdated, What: "a new policy lengthens old records", Breaks: []string{"C2"}},
		{Name: sabotage.LookUnseen, What: "staff look without an entry", Breaks: []string{"B5"}},
	}
	for _, f := range a.features.all {
		all = append(all, f.Breaks()...)
	}
	return all
}
