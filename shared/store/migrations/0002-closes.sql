-- Daily closes by asset, so that a sweep that starts anew does not ask for every history again.
-- `closes` is a JSON array of numbers and nulls, one a day from `first_day` (days since the epoch) on.
CREATE TABLE closes (
    asset       TEXT NOT NULL PRIMARY KEY,
    first_day   INTEGER NOT NULL,
    closes      TEXT NOT NULL,
    source      TEXT NOT NULL,
    window_days INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
