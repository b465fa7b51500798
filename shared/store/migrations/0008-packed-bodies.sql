-- Bodies take a fifth packed (LZ4 block); a body that was written before stays as it is until the next assessment.
ALTER TABLE assessments RENAME TO unpacked_assessments;
CREATE TABLE assessments (
    wallet         BLOB NOT NULL CHECK (length(wallet) = 20),
    is_informative INTEGER NOT NULL CHECK (is_informative IN (0, 1)),
    at             INTEGER NOT NULL,
    level          TEXT NOT NULL,
    score_at_least REAL,
    score_at_most  REAL,
    body           BLOB NOT NULL,
    -- Length of the body before it was packed; NULL where it was not.
    unpacked_bytes INTEGER,
    PRIMARY KEY (wallet, is_informative)
) STRICT;
INSERT INTO assessments (wallet, is_informative, at, level, score_at_least, score_at_most, body)
    SELECT wallet, is_informative, at, level, score_at_least, score_at_most, CAST(body AS BLOB)
    FROM unpacked_assessments;
DROP TABLE unpacked_assessments;
