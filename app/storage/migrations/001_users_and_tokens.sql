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
    created_at INTEGER NOT NULL
) STRICT;

-- A token is found by its own claims, so the claims are the key and the table is its index; with exp where it
-- is, the expired tokens of a user on a platform lie side by side.
-- issued_at is in milliseconds, exp in seconds; iat has the unit of the token's text.
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

-- The cancelled ones (state 0 is normal) are few.
CREATE INDEX tokens_cancelled ON tokens (user_id, issuer, platform_id) WHERE state <> 0;
