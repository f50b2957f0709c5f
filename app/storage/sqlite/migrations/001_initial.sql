-- seq keeps the order of registration.
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
    created_at INTEGER NOT NULL,
    -- Unix ms: tokens issued before this are void.
    tokens_valid_from INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What identifies an issued token; its text is never stored. issuer is RongCloud's app key, '' for OpenIM.
CREATE TABLE tokens (
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    platform_id INTEGER NOT NULL,
    format TEXT NOT NULL,
    iat INTEGER NOT NULL,
    exp INTEGER NOT NULL,
    signing_key TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    -- Keeps all tokens of a user on a platform together, expired ones first.
    PRIMARY KEY (user_id, issuer, platform_id, exp, format, iat, signing_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_revoked ON tokens (user_id, issuer, platform_id) WHERE state <> 0;

CREATE TABLE user_commands (
    seq INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    value TEXT NOT NULL,
    ex TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX user_commands_by_user ON user_commands (user_id, type, uuid);

CREATE TABLE subscriptions (
    seq INTEGER PRIMARY KEY,
    subscriber_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- since in Unix ms, until in Unix seconds (0: no end).
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    UNIQUE (subscriber_id, user_id)
) STRICT;

-- until is in Unix seconds.
CREATE TABLE blocks (
    user_id TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Ids that are reserved; times in Unix ms.
CREATE TABLE deactivated (
    seq INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    deactivated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE user_attributes (
    seq INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (namespace, user_id, name)
) STRICT;

CREATE INDEX user_attributes_by_user ON user_attributes (user_id);

CREATE TABLE outbox (
    -- AUTOINCREMENT: a number is never used again, so reading on from one misses nothing.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The delivery's id, the same for every attempt.
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    -- JSON: the users concerned, and what happened.
    user_ids TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- Uptime in seconds.
    recorded_at REAL NOT NULL
) STRICT;

-- One row: the uptime, the total time that Rollcall has been serving.
CREATE TABLE uptime (
    seconds REAL NOT NULL
) STRICT;

INSERT INTO uptime VALUES (0);

-- The few accounts that are no person's.
CREATE INDEX users_by_high_level ON users (level) WHERE level > 1;

CREATE TABLE user_counts (
    level INTEGER PRIMARY KEY,
    users INTEGER NOT NULL
) STRICT;

CREATE TRIGGER user_deleted AFTER DELETE ON users BEGIN
    UPDATE user_counts SET users = users - 1 WHERE level = OLD.level;
END;

CREATE TRIGGER user_level_changed AFTER UPDATE OF level ON users BEGIN
    UPDATE user_counts SET users = users - 1 WHERE level = OLD.level;
    INSERT INTO user_counts VALUES (NEW.level, 1) ON CONFLICT (level) DO UPDATE SET users = users + 1;
END;
