// Package vault keeps personal data, all of it, in one place that makes
// promises true by construction: each record belongs to an owner, is sealed
// under that owner's key, and can be shown, hidden, taken along and erased by
// machinery that knows nothing of the feature it belongs to.
//
// A program declares each kind of record once, with [Declare]: a sentence to
// the person, purposes, legal basis, how long, who may see it, which roles may
// read it. The typed [Kind] that comes back is the only way to those records,
// and every call on it says who asks ([Self], [Anyone], [Work], [InRole],
// [Staff]); what the declaration does not allow is refused. From the
// declarations alone follow export, import, erasure of one record, one kind or
// everything ([Vault.EraseOwner]), retention ([Vault.Sweep]), and what a policy
// page or a record of processing has to say ([Registry.Kinds]).
//
// Records are written inside the caller's own *sql.Tx, beside what the feature
// keeps elsewhere. The package brings its own tables ([Migrate]) to SQLite or
// PostgreSQL and works through database/sql.
//
// What it refuses: values without an owner, kinds without a purpose or an end,
// readers who do not say why, and to open what was changed by hand: a body is
// bound to its owner, kind, id, schema, revision, audience, scope and policy.
//
// Keys are random, lie in a key ring file outside the database (package
// keyring), and are destroyed at an erasure, which makes every copy of the
// person's records unreadable, in backups too. The restore journal (package
// journal) keeps a restore from bringing back what was erased, hidden or
// withdrawn since ([OpenRestored]).
//
// A registry serves one open vault at a time.
package vault
