-- What applications keep with a user, and whose presence somebody follows.

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
    user_id TEXT NOT NULL,
    UNIQUE (subscriber_id, user_id)
) STRICT;
