package promise

import (
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

func TestThePromisesAreKept(t *testing.T) {
	for _, engine := range []db.Engine{db.SQLite, db.PostgreSQL} {
		for _, c := range (*Feature)(nil).Checks() {
			t.Run(string(engine)+"/"+c.Promise, func(t *testing.T) {
				p := newPlace(t, dbtest.Open(t, dbtest.Fresh(t, engine)))
				seen, err := c.Try(t.Context(), p.scratch(t))
				if err != nil {
					t.Fatal(err)
				}
				t.Log(seen)
			})
		}
	}
	if err := Validate((*Feature)(nil).Checks()); err != nil {
		t.Error(err)
	}
}
