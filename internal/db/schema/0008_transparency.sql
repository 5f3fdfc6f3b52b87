-- +goose Up

-- The public log. A commitment is the hash of a salted text that lies elsewhere
-- or nowhere; it says nothing about anybody. What waits has no order and no time.
CREATE TABLE log_pending (
	commitment TEXT NOT NULL PRIMARY KEY -- hex
);
CREATE TABLE log_leaf (
	idx        BIGINT NOT NULL PRIMARY KEY,
	commitment TEXT   NOT NULL
);
CREATE UNIQUE INDEX log_leaf_commitment ON log_leaf (commitment);
CREATE TABLE log_hash (
	idx  BIGINT NOT NULL PRIMARY KEY, -- of a node, as tlog counts them
	hash BYTEA  NOT NULL
);
CREATE TABLE log_checkpoint (
	day  BIGINT NOT NULL,
	size BIGINT NOT NULL,
	note TEXT   NOT NULL, -- signed
	PRIMARY KEY (day, size)
);
-- What is told openly: the texts of some commitments.
CREATE TABLE log_statement (
	commitment TEXT   NOT NULL PRIMARY KEY,
	day        BIGINT NOT NULL,
	statement  TEXT   NOT NULL
);
CREATE TABLE log_state (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);
