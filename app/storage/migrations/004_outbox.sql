-- What happened to users and has yet to be told to those who asked to be told.

CREATE TABLE outbox (
    -- Never given twice: who reads on from a number must not miss what comes later.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Of the delivery, the same however often it is tried.
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    -- JSON: a list of ids, and what happened to them.
    user_ids TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- In seconds of serving, of which the table below keeps count.
    recorded_at REAL NOT NULL
) STRICT;

CREATE TABLE served (
    seconds REAL NOT NULL
) STRICT;

INSERT INTO served (seconds) VALUES (0);
