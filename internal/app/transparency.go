package app

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io/fs"

	"kept/internal/transparency"
	"kept/policy"
	"kept/vault"
)

// openLog makes the public log.
func (a *App) openLog() (err error) {
	receipts := ed25519.NewKeyFromSeed(a.secrets.receipt).Public().(ed25519.PublicKey)
	a.features.log, err = transparency.New(transparency.Config{Host: a.Config.host(), Seed: a.secrets.receipt, Receipt: receipts,
		Statements: a.statements, Knows: a.knows})
	return err
}

// statements are the versions of the policy that were posted, by the hash of
// their text: none can be changed afterwards without the log showing it.
func (a *App) statements() []string {
	var all []string
	for _, v := range a.features.policy.States() {
		name := fmt.Sprintf("%04d.md", v.Number)
		text, err := fs.ReadFile(policy.Files, name)
		if err != nil {
			continue // a version of a rehearsal, which has no file
		}
		all = append(all, fmt.Sprintf("Version %d of the privacy policy holds from %s. SHA-256 of policy/%s: %x", v.Number, v.InForce, name, sha256.Sum256(text)))
	}
	return all
}

// forgotten says by which day no copy of the key ring and no backup holds what
// was erased on a day.
func (a *App) forgotten(day vault.Day) (ringCopies, backups string) {
	if copies := a.features.backup.RingCopiesDeadBy(); copies != 0 {
		ringCopies = copies.String()
	}
	return ringCopies, (day + vault.Day(a.Config.Policy.BackupDays)).String()
}
