-- Markets found in a wallet's history on a chain: a JSON array of their ids. A row with an empty array is a chain that
-- was looked through.
CREATE TABLE known_markets (
    wallet BLOB NOT NULL CHECK (length(wallet) = 20),
    chain  TEXT NOT NULL,
    at     INTEGER NOT NULL,
    ids    TEXT NOT NULL,
    PRIMARY KEY (wallet, chain)
) STRICT, WITHOUT ROWID;
