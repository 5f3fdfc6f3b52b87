-- +goose Up

-- Jobs that wait, run or died; a job that is done is no row. args and uniq hold
-- ids alone. due is in ms since 1970: when it may start; while it runs, when
-- its lease ends; once dead, when it died.
CREATE TABLE job (
	id       TEXT   NOT NULL PRIMARY KEY,
	kind     TEXT   NOT NULL,
	lane     TEXT   NOT NULL,
	args     TEXT   NOT NULL,
	uniq     TEXT   NOT NULL,
	state    TEXT   NOT NULL,
	due      BIGINT NOT NULL,
	lease    TEXT   NOT NULL,
	attempts BIGINT NOT NULL,
	code     TEXT   NOT NULL,
	request  TEXT   NOT NULL
);
CREATE INDEX job_due ON job (lane, due) WHERE state <> 'dead';
CREATE INDEX job_dead ON job (due) WHERE state = 'dead';
CREATE UNIQUE INDEX job_uniq ON job (uniq) WHERE state = 'waiting' AND uniq <> '';

-- What happens by the clock: the next time of each entry, in ms since 1970.
CREATE TABLE timetable (
	name TEXT   NOT NULL PRIMARY KEY,
	next BIGINT NOT NULL
);
