-- What happened, for the listeners of every process on this file. AUTOINCREMENT: the ids have no gap and are never used
-- again, so that a reader who finds one missing knows that it was pruned.
CREATE TABLE events (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    wallet BLOB NOT NULL CHECK (length(wallet) = 20),
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    data   TEXT NOT NULL
) STRICT;
