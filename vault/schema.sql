-- version 1
CREATE TABLE vault_owner (
	id          TEXT    NOT NULL PRIMARY KEY,
	type        TEXT    NOT NULL,
	state       TEXT    NOT NULL,
	open        BOOLEAN NOT NULL,
	restricted  BOOLEAN NOT NULL,
	private     BOOLEAN NOT NULL,
	objects     TEXT    NOT NULL,
	joined      TEXT    NOT NULL,
	version     BIGINT  NOT NULL,
	expires_day BIGINT  NOT NULL
) /*clustered*/;
CREATE INDEX vault_owner_ends ON vault_owner (expires_day) WHERE expires_day < 2932896;
CREATE INDEX vault_owner_state ON vault_owner (state) WHERE state <> 'live';
CREATE INDEX vault_owner_joined ON vault_owner (joined) WHERE joined <> '';

CREATE TABLE vault_record (
	owner       TEXT   NOT NULL,
	kind        TEXT   NOT NULL,
	id          TEXT   NOT NULL,
	schema      BIGINT NOT NULL,
	rev         BIGINT NOT NULL,
	seen        BIGINT NOT NULL,
	scope       TEXT   NOT NULL,
	policy      BIGINT NOT NULL,
	made_day    BIGINT NOT NULL,
	anchor      TEXT   NOT NULL,
	told_day    BIGINT NOT NULL,
	expires_day BIGINT NOT NULL,
	body        BYTEA  NOT NULL,
	PRIMARY KEY (owner, kind, id)
) /*clustered*/;
CREATE INDEX vault_record_ends ON vault_record (expires_day, kind) WHERE expires_day < 2932896;
CREATE INDEX vault_record_anchor ON vault_record (anchor, kind) WHERE anchor <> '';

CREATE TABLE vault_find (
	name  TEXT   NOT NULL,
	token BYTEA  NOT NULL,
	kind  TEXT   NOT NULL,
	sort  BIGINT NOT NULL,
	owner TEXT   NOT NULL,
	id    TEXT   NOT NULL,
	seen  BIGINT NOT NULL,
	PRIMARY KEY (name, token, kind, sort, owner, id)
) /*clustered*/;
CREATE INDEX vault_find_record ON vault_find (owner, kind, id);

CREATE TABLE vault_claim (
	name      TEXT   NOT NULL,
	token     BYTEA  NOT NULL,
	owner     TEXT   NOT NULL,
	until_day BIGINT NOT NULL,
	PRIMARY KEY (name, token)
) /*clustered*/;
CREATE INDEX vault_claim_owner ON vault_claim (owner);

CREATE TABLE vault_anchor (
	name  TEXT   NOT NULL PRIMARY KEY,
	day   BIGINT NOT NULL,
	moves BIGINT NOT NULL
);

CREATE TABLE vault_journal (
	id      TEXT    NOT NULL PRIMARY KEY,
	seq     BIGINT  NOT NULL,
	day     BIGINT  NOT NULL,
	op      TEXT    NOT NULL,
	owner   TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	record  TEXT    NOT NULL,
	arg     TEXT    NOT NULL,
	shipped BOOLEAN NOT NULL
);
CREATE INDEX vault_journal_waiting ON vault_journal (id) WHERE NOT shipped;
