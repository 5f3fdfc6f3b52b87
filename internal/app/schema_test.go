package app

import (
	"maps"
	"slices"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

// notPersonal lists every column of the database with the reason why it cannot
// hold personal data in clear. A new column needs a line here; personal data
// needs a kind in the vault instead.
var notPersonal = map[string]string{
	"job.id":       "random",
	"job.kind":     "named by the program",
	"job.lane":     "named by the program",
	"job.args":     "ids alone, checked by their form and by the marker test",
	"job.uniq":     "as args",
	"job.state":    "waiting, running or dead",
	"job.due":      "when it may start",
	"job.lease":    "random",
	"job.attempts": "a count",
	"job.code":     "a short code, never an error's text",
	"job.request":  "the random number of a request",

	"log_pending.commitment":   "hash of a salted text",
	"log_leaf.idx":             "a count",
	"log_leaf.commitment":      "hash of a salted text",
	"log_hash.idx":             "a count",
	"log_hash.hash":            "hash of hashes",
	"log_checkpoint.day":       "a day",
	"log_checkpoint.size":      "a count",
	"log_checkpoint.note":      "hash of hashes, signed",
	"log_statement.commitment": "a hash",
	"log_statement.day":        "a day",
	"log_statement.statement":  "a public statement of the program's own, about nobody",
	"log_state.name":           "named by the program",
	"log_state.value":          "name of the log",

	"certificate_list.id":      "random",
	"certificate_list.given":   "bits: places that were given out, at random, to whom stands nowhere",
	"certificate_list.gone":    "bits: places that were withdrawn",
	"certificate_list.count":   "a count",
	"certificate_list.version": "a count",
	"certificate_list.made":    "a day",

	"certificate_set.id":    "random",
	"certificate_set.owner": "random",
	"certificate_set.title": "of a workshop or course, typed by an operator",
	"certificate_set.until": "a day",

	"certificate_batch.id":    "random",
	"certificate_batch.title": "of a workshop or course, typed by an operator",
	"certificate_batch.total": "a count",
	"certificate_batch.done":  "a count",
	"certificate_batch.made":  "a day",
	"certificate_batch.next":  "a number of a line",

	"certificate_row.batch":  "random",
	"certificate_row.line":   "a number of a line",
	"certificate_row.errand": "random",
	"certificate_row.code":   "named by the program",

	"lesson_count.course": "id of a course",
	"lesson_count.lesson": "id of a lesson",
	"lesson_count.what":   "named by the program",
	"lesson_count.n":      "how many, of nobody in particular",

	"timetable.name": "named by the program",
	"timetable.next": "when",

	"schema_version.id":         "goose's own",
	"schema_version.version_id": "goose's own",
	"schema_version.is_applied": "goose's own",
	"schema_version.tstamp":     "goose's own",

	"vault_meta.key":   "named by the vault",
	"vault_meta.value": "of the vault itself",

	"vault_owner.id":          "random",
	"vault_owner.type":        "person, thing or errand",
	"vault_owner.state":       "a step in its life",
	"vault_owner.open":        "a switch",
	"vault_owner.restricted":  "a switch",
	"vault_owner.private":     "a switch",
	"vault_owner.objects":     "names of purposes that the program declares",
	"vault_owner.joined":      "random id of another owner",
	"vault_owner.version":     "a count",
	"vault_owner.expires_day": "a day",

	"vault_record.owner":       "random",
	"vault_record.kind":        "declared by the program",
	"vault_record.id":          "random",
	"vault_record.schema":      "a number of the program",
	"vault_record.rev":         "a count",
	"vault_record.seen":        "who may see it",
	"vault_record.scope":       "id of a workshop or list",
	"vault_record.policy":      "version of the policy",
	"vault_record.made_day":    "a day",
	"vault_record.anchor":      "id of what a date hangs on",
	"vault_record.told_day":    "a day",
	"vault_record.expires_day": "a day",
	"vault_record.body":        "sealed",

	"vault_find.name":  "declared by the program",
	"vault_find.token": "a keyed hash",
	"vault_find.kind":  "declared by the program",
	"vault_find.sort":  "an order: a ticket or a day",
	"vault_find.owner": "random",
	"vault_find.id":    "random",
	"vault_find.seen":  "who may see it",

	"vault_claim.name":      "declared by the program",
	"vault_claim.token":     "a keyed hash",
	"vault_claim.owner":     "random",
	"vault_claim.until_day": "a day",

	"vault_anchor.name":  "id of a workshop or phase",
	"vault_anchor.day":   "a day",
	"vault_anchor.moves": "a count",

	"vault_journal.id":      "random",
	"vault_journal.seq":     "an order",
	"vault_journal.day":     "a day",
	"vault_journal.op":      "named by the vault",
	"vault_journal.owner":   "random",
	"vault_journal.kind":    "declared by the program",
	"vault_journal.record":  "random",
	"vault_journal.arg":     "a number, an id or a purpose that the program declares",
	"vault_journal.shipped": "a switch",
}

func TestNoColumnCanHoldPersonalDataInClear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := vault.Migrate(t.Context(), d.Write, d.VaultDialect()); err != nil {
			t.Fatal(err)
		}
		for _, column := range columnsOf(t, d) {
			if notPersonal[column] == "" {
				t.Errorf("%s is new: say here why it cannot be personal, or declare a kind", column)
			}
		}
		have := columnsOf(t, d)
		for column := range maps.Keys(notPersonal) {
			if !slices.Contains(have, column) {
				t.Errorf("%s is listed and does not exist", column)
			}
		}
	})
}

func TestANewColumnIsSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Write.ExecContext(t.Context(), `ALTER TABLE job ADD COLUMN note TEXT`); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(columnsOf(t, d), "job.note") {
			t.Error("a column that was added is not found")
		}
	})
}

func columnsOf(t *testing.T, d *db.DB) []string {
	t.Helper()
	text := `SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
	if d.VaultDialect() == vault.PostgreSQL {
		text = `SELECT table_name || '.' || column_name FROM information_schema.columns
			WHERE table_schema = current_schema()`
	}
	rows, err := d.Read.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}
