-- Happenings of an alert that were told: the sequence of its next message. Those of before have told of nothing.
ALTER TABLE alerts ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

-- Messages to channels: the alert as it was when it happened (the columns of `alerts`), and how the delivery goes.
-- What was delivered is deleted; what was given up stays as a dead letter.
CREATE TABLE outbox (
    id              INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,
    channel         TEXT NOT NULL,
    happening       TEXT NOT NULL,
    at              INTEGER NOT NULL,
    wallet          BLOB NOT NULL,
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
    resolution      TEXT,
    told            INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    -- Not before; a taker moves it to the end of its time. NULL for a dead letter.
    due             INTEGER,
    given_up_at     INTEGER,
    why             TEXT,
    PRIMARY KEY (id, channel, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (channel, due) WHERE due IS NOT NULL;
CREATE INDEX outbox_oldest ON outbox (at) WHERE due IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (given_up_at) WHERE given_up_at IS NOT NULL;

-- Channels that said that they are gone.
CREATE TABLE channels_off (
    channel TEXT NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    why     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Wallets near liquidation, which are read more often.
CREATE TABLE near_wallets (
    wallet BLOB NOT NULL PRIMARY KEY CHECK (length(wallet) = 20)
) STRICT, WITHOUT ROWID;

-- One row for every lane of a shard that was ever swept. A row stays when its lease is given back, so that the token
-- rises for ever.
DROP TABLE sweep_lease;
CREATE TABLE sweep_leases (
    name     TEXT NOT NULL PRIMARY KEY,
    holder   TEXT NOT NULL,
    until    INTEGER NOT NULL,
    token    INTEGER NOT NULL,
    cursor   BLOB CHECK (length(cursor) = 20),
    began_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE sweeps ADD COLUMN lane TEXT NOT NULL DEFAULT 'every';
ALTER TABLE sweeps ADD COLUMN shard TEXT NOT NULL DEFAULT '0/1';
