-- Addresses are 20-byte blobs, times Unix seconds, enumerations their names in the API. A REAL that may be NULL
-- holds NaN as NULL, because SQLite has no NaN.

CREATE TABLE watches (
    wallet                  BLOB NOT NULL PRIMARY KEY CHECK (length(wallet) = 20),
    label                   TEXT,
    health_factor_threshold REAL,
    created_at              INTEGER NOT NULL,
    updated_at              INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- At most two rows a wallet: its newest informative assessment, and an uninformative one only while that is the
-- newer of the two.
CREATE TABLE assessments (
    wallet         BLOB NOT NULL CHECK (length(wallet) = 20),
    is_informative INTEGER NOT NULL CHECK (is_informative IN (0, 1)),
    at             INTEGER NOT NULL,
    level          TEXT NOT NULL,
    score_at_least REAL,
    score_at_most  REAL,
    body           TEXT NOT NULL,
    PRIMARY KEY (wallet, is_informative)
) STRICT;

-- Tokens found in a wallet: a JSON array of assets as they print.
CREATE TABLE known_tokens (
    wallet BLOB NOT NULL PRIMARY KEY CHECK (length(wallet) = 20),
    at     INTEGER NOT NULL,
    assets TEXT NOT NULL
) STRICT;

-- AUTOINCREMENT: an id is never given twice, so a cursor or a link never comes to mean another alert.
CREATE TABLE alerts (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    wallet          BLOB NOT NULL CHECK (length(wallet) = 20),
    account         TEXT NOT NULL,
    kind            TEXT NOT NULL,
    severity        TEXT NOT NULL,
    state           TEXT NOT NULL,
    message         TEXT NOT NULL,
    action          TEXT NOT NULL,
    measured        REAL,
    threshold       REAL,
    clear_sweeps    INTEGER NOT NULL,
    opened_at       INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    acknowledged_at INTEGER,
    resolved_at     INTEGER,
    resolution      TEXT
) STRICT;

-- At most one standing alert of an identity, whoever writes.
CREATE UNIQUE INDEX alerts_standing ON alerts (wallet, account, kind) WHERE state <> 'resolved';
CREATE INDEX alerts_by_wallet ON alerts (wallet, id);

-- `scopes` and `wallets` are JSON arrays of text; NULL `wallets` means every wallet.
CREATE TABLE api_keys (
    hash         BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    label        TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    wallets      TEXT,
    expires_at   INTEGER,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sweeps (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    wallets     INTEGER NOT NULL,
    unknown     INTEGER NOT NULL,
    opened      INTEGER NOT NULL,
    escalated   INTEGER NOT NULL,
    resolved    INTEGER NOT NULL,
    stopped     TEXT
) STRICT;

-- One row at most.
CREATE TABLE sweep_lease (
    only   INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT;
