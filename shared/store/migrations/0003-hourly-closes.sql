-- Hourly closes by asset, so that a sweep that starts anew does not ask for them again within some hours.
-- `closes` is a JSON array of numbers and nulls, one an hour from `first_hour` (hours since the epoch) on.
CREATE TABLE hourly_closes (
    asset      TEXT NOT NULL PRIMARY KEY,
    first_hour INTEGER NOT NULL,
    closes     TEXT NOT NULL,
    source     TEXT NOT NULL,
    read_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
