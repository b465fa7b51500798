-- What the alarms remember of a wallet: JSON of a version that it names. One that cannot be read counts as none.
CREATE TABLE alarm_memories (
    wallet BLOB NOT NULL PRIMARY KEY CHECK (length(wallet) = 20),
    at     INTEGER NOT NULL,
    memory TEXT NOT NULL
) STRICT;

-- A watch's own thresholds (a JSON object of numbers as text, by name), its channels (a JSON array of names; NULL for the
-- service's default routes) and the least severity that is delivered.
ALTER TABLE watches ADD COLUMN thresholds TEXT NOT NULL DEFAULT '{}';
ALTER TABLE watches ADD COLUMN channels TEXT;
ALTER TABLE watches ADD COLUMN min_severity TEXT;
