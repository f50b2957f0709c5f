-- What migrations/ add up to, as app.storage.migrate.schema() writes it.

CREATE TABLE users (
    seq INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE,
    nickname TEXT NOT NULL,
    face_url TEXT NOT NULL,
    gender INTEGER NOT NULL,
    phone_number TEXT NOT NULL,
    birth INTEGER NOT NULL,
    email TEXT NOT NULL,
    ex TEXT NOT NULL,
    level INTEGER NOT NULL,
    global_recv_msg_opt INTEGER NOT NULL,
    created_at INTEGER NOT NULL
, tokens_from INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE tokens (
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    platform_id INTEGER NOT NULL,
    style TEXT NOT NULL,
    iat INTEGER NOT NULL,
    exp INTEGER NOT NULL,
    signing_key TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    PRIMARY KEY (user_id, issuer, platform_id, exp, style, iat, signing_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_cancelled ON tokens (user_id, issuer, platform_id) WHERE state <> 0;

CREATE TABLE user_commands (
    seq INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    value TEXT NOT NULL,
    ex TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX user_commands_of ON user_commands (user_id, type, uuid);

CREATE TABLE subscriptions (
    seq INTEGER PRIMARY KEY,
    subscriber_id TEXT NOT NULL,
    user_id TEXT NOT NULL, since INTEGER NOT NULL DEFAULT 0, until INTEGER NOT NULL DEFAULT 0,
    UNIQUE (subscriber_id, user_id)
) STRICT;

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

CREATE TABLE notes (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (kind, user_id, name)
) STRICT;

CREATE INDEX notes_of_user ON notes (user_id);

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

CREATE TABLE user_blocks (
    block INTEGER NOT NULL,
    level INTEGER NOT NULL,
    users INTEGER NOT NULL,
    PRIMARY KEY (block, level)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER user_discounted AFTER DELETE ON users BEGIN
    UPDATE user_blocks SET users = users - 1 WHERE block = OLD.seq >> 12 AND level = OLD.level;
END;

CREATE TRIGGER user_recounted AFTER UPDATE OF level ON users BEGIN
    UPDATE user_blocks SET users = users - 1 WHERE block = OLD.seq >> 12 AND level = OLD.level;
    INSERT INTO user_blocks (block, level, users) VALUES (NEW.seq >> 12, NEW.level, 1)
    ON CONFLICT (block, level) DO UPDATE SET users = users + 1;
END;
