-- +goose Up

-- How many members began and finished a lesson, and where code did not pass:
-- counters that name nobody. what is "begun", "finished" or "test-" and a number.
CREATE TABLE lesson_count (
	course TEXT   NOT NULL,
	lesson TEXT   NOT NULL,
	what   TEXT   NOT NULL,
	n      BIGINT NOT NULL,
	PRIMARY KEY (course, lesson, what)
);
