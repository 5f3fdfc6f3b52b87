-- +goose Up

-- Lists of withdrawn certificates. A place is given out at random, once; which
-- certificate has it stands in the certificate alone.
CREATE TABLE certificate_list (
    id      TEXT   PRIMARY KEY, -- random
    given   BYTEA  NOT NULL,    -- a bit for each place that was given out
    gone    BYTEA  NOT NULL,    -- a bit for each that was withdrawn
    count   BIGINT NOT NULL,    -- how many were given out
    version BIGINT NOT NULL,    -- counts changes
    made    BIGINT NOT NULL     -- day
);

-- What can still be claimed by those who qualified, and until when. Who they are
-- lies sealed with the owner, and not in clear there either.
CREATE TABLE certificate_set (
    id    TEXT   PRIMARY KEY, -- random
    owner TEXT   NOT NULL,    -- a thing in the vault
    title TEXT   NOT NULL,    -- of the workshop or course
    until BIGINT NOT NULL     -- last day
);

-- Certificates that are issued in bulk, to show how far it is.
CREATE TABLE certificate_batch (
    id     TEXT   PRIMARY KEY, -- random
    title  TEXT   NOT NULL,
    total  BIGINT NOT NULL,
    done   BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    made   BIGINT NOT NULL     -- day
);
