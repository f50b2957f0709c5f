-- Who is blocked until when, and who is deactivated.

CREATE TABLE blocks (
    user_id TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deactivated (
    seq INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    deactivated_at INTEGER NOT NULL
) STRICT;

-- A token that was issued earlier than this (Unix ms) counts as cancelled.
ALTER TABLE users ADD COLUMN tokens_from INTEGER NOT NULL DEFAULT 0;

-- Since when (Unix ms), and until when (Unix s; 0 is for good).
ALTER TABLE subscriptions ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN until INTEGER NOT NULL DEFAULT 0;

-- Small things that are kept with a user: by kind and name.
CREATE TABLE notes (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (kind, user_id, name)
) STRICT;

CREATE INDEX notes_of_user ON notes (user_id);
