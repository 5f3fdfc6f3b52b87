package vaulttest

import (
	"database/sql"
	"testing"

	"kept/vault"
)

// Conform holds an engine, or another driver of one, against everything that
// the vault asks of it. open gives an empty database.
func Conform(t *testing.T, open func(t *testing.T) (*sql.DB, vault.Dialect)) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *World)
	}{
		{"A record comes back as it was put", aRecordComesBackAsItWasPut},
		{"Two writers cannot lose an update", twoWritersCannotLoseAnUpdate},
		{"Strangers see public records of open owners only", strangersSeePublicRecordsOfOpenOwnersOnly},
		{"Readers and writers must be declared", readersAndWritersMustBeDeclared},
		{"Staff read under a grant and the member sees it", staffReadUnderAGrantAndTheMemberSeesIt},
		{"Unique values have one owner and stay reserved", uniqueValuesHaveOneOwnerAndStayReserved},
		{"Find pages in order", findPagesInOrder},
		{"Changed look-ups are made anew", changedLookupsAreMadeAnew},
		{"Erasure leaves only what the law holds", erasureLeavesOnlyWhatTheLawHolds},
		{"A record goes after its last day", aRecordGoesAfterItsLastDay},
		{"A moved anchor never passes what was told", aMovedAnchorNeverPassesWhatWasTold},
		{"Merge moves everything", mergeMovesEverything},
		{"Export and import", exportAndImport},
		{"What was changed by hand does not open", whatWasChangedByHandDoesNotOpen},
		{"Writers beside each other lose nothing", writersBesideEachOtherLoseNothing},
		{"Restriction and objection stop work", restrictionAndObjectionStopWork},
		{"A role cannot show, lengthen or give", aRoleCannotShowLengthenOrGive},
		{"A place is free once its record is over", aPlaceIsFreeOnceItsRecordIsOver},
		{"One mute record does not stop the sweep", oneMuteRecordDoesNotStopTheSweep},
		{"A moved anchor does not wake what is over", aMovedAnchorDoesNotWakeWhatIsOver},
		{"A merge keeps the stricter of both", aMergeKeepsTheStricterOfBoth},
		{"A restore brings nothing back", aRestoreBringsNothingBack},
		{"A refused import leaves nothing behind", aRefusedImportLeavesNothingBehind},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, dialect := open(t)
			c.test(t, NewWorld(t, db, dialect))
		})
	}
}
