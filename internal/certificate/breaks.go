package certificate

import "kept/internal/prove"

// The ways to break this feature on purpose; see kept/vault/sabotage.
const (
	breakUnearned    = "certificate-unearned"
	breakOffPage     = "certificate-off-page"
	breakPlainClaims = "certificate-plain-claims"
	breakKeepsPlace  = "certificate-not-withdrawn"
	breakKeepsErrand = "certificate-errand-stays"
)

// Breaks lists them with the promises that turn red.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakUnearned, What: "a certificate is signed though lessons are missing", Breaks: []string{"F4", "F12"}},
		{Name: breakOffPage, What: "certificates are missing on their member's page", Breaks: []string{"F6"}},
		{Name: breakPlainClaims, What: "late claims are kept with their addresses", Breaks: []string{"C15"}},
		{Name: breakKeepsPlace, What: "a withdrawn certificate stays valid", Breaks: []string{"B2"}},
		{Name: breakKeepsErrand, What: "the lines of a bulk issue stay", Breaks: []string{"C12"}},
	}
}
