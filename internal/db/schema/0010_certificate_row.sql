-- +goose Up

-- The lines of a bulk issue that are not done yet: of whom they are lies sealed
-- with the errand. A line that is done leaves its row.
CREATE TABLE certificate_row (
    batch  TEXT   NOT NULL, -- random
    line   BIGINT NOT NULL, -- of the list, from 1
    errand TEXT   NOT NULL, -- an owner in the vault; empty once that has ended
    code   TEXT   NOT NULL, -- why it could not be; empty while it waits
    PRIMARY KEY (batch, line)
);
CREATE INDEX certificate_row_errand ON certificate_row (errand);

-- From which line of the list on nothing is taken in yet; 0 once all is.
ALTER TABLE certificate_batch ADD COLUMN next BIGINT NOT NULL DEFAULT 0;
-- How many failed is counted in certificate_row.
ALTER TABLE certificate_batch DROP COLUMN failed;
