// Package sabotage names the ways to break the promises on purpose, one at a
// time, so that their checks can be shown to fail. It does something only in a
// program built with the tag "sabotage", which no release is; otherwise Is is
// always false and the compiler leaves the branches out.
package sabotage

// The ways to break the vault.
const (
	SealingOff       = "sealing-off"       // bodies are stored as they are
	PublicUnfiltered = "public-unfiltered" // strangers get records that are not public
	ClosedShows      = "closed-shows"      // strangers get records of owners who said no
	KeyKept          = "key-kept"          // an erasure leaves the key in the ring
	RowsKept         = "rows-kept"         // an erasure leaves the rows
	ExportDropsKind  = "export-drops-kind" // an export leaves a kind out
	SecretsExported  = "secrets-exported"  // an export shows secrets
	TombstoneIgnored = "tombstone-ignored" // a restore brings the erased back
	PurposeUnchecked = "purpose-unchecked" // any purpose may read
	LookUnseen       = "look-unseen"       // staff read without an entry
	GrantUnchecked   = "grant-unchecked"   // staff read without a permission that holds
	RetentionLate    = "retention-late"    // records stay after their day
	RetentionEarly   = "retention-early"   // records go before their day
	PolicyBackdated  = "policy-backdated"  // a new policy lengthens old records
)
