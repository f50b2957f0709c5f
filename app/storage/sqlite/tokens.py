"""The tokens table: its SQL, and the conversion between rows and Token."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from ...errors import UserNotFound
from ...models import Token, TokenRequest, TokenState
from .parameters import json_array

_COLUMNS = ", ".join(Token._fields)
_SLOT = "user_id = :user_id AND issuer = :issuer AND platform_id = :platform_id"
_SAME_CLAIMS = "format = :format AND iat = :iat AND exp = :exp AND signing_key = :signing_key"
_SAME_TOKEN = f"{_SLOT} AND {_SAME_CLAIMS}"
# Whether a token was issued after the time, then in the future, that `kick_before` has set for its user.
_NOT_VOID = "issued_at >= (SELECT tokens_valid_from FROM users WHERE users.user_id = tokens.user_id)"
# The other tokens of the same user, issuer and platform.
_SIBLINGS = f"{_SLOT} AND NOT ({_SAME_CLAIMS})"
# Made once, as it runs at every request with a token; its parameters are the fields of a Token.
_STATE = f"SELECT state, {_NOT_VOID} FROM tokens WHERE " + " AND ".join(
    f"{name} = ?" for name in Token._fields
)


class TokenStore:
    """Issued tokens by their claims. Methods run within the caller's operation."""

    def __init__(self) -> None:
        #: Counts since the start of the process. Only the writer's thread changes them.
        self.issued = self.revoked = 0

    def put(self, connection: sqlite3.Connection, token: Token, issued_at: int) -> None:
        """Insert `token` as normal, issued at `issued_at` (Unix ms).

        If it is on record, makes it normal again if it was kicked, else does nothing. Raises UserNotFound.
        """
        try:
            connection.execute(
                """
                INSERT INTO tokens
                    (user_id, issuer, platform_id, format, iat, exp, signing_key, issued_at, state)
                VALUES
                    (:user_id, :issuer, :platform_id, :format, :iat, :exp, :signing_key, :issued_at, :normal)
                ON CONFLICT DO UPDATE SET state = :normal, issued_at = :issued_at WHERE state <> :normal
                """,
                {**token._asdict(), "issued_at": issued_at, "normal": TokenState.NORMAL},
            )
            self.issued += 1
        except sqlite3.IntegrityError as error:
            # The only constraint that can fail is the reference to the user.
            raise UserNotFound(token.user_id) from error

    def drop_stale(self, connection: sqlite3.Connection, token: Token, now: float) -> None:
        """Delete the other tokens of the same user, issuer and platform that are expired or kicked.

        Those that were made to answer as expired stay until they are, to go on answering so.
        """
        # Two statements, each with its own index: a user may have very many tokens that are neither.
        connection.execute(
            f"DELETE FROM tokens WHERE {_SIBLINGS} AND exp <= :now", {**token._asdict(), "now": now}
        )
        connection.execute(
            f"DELETE FROM tokens INDEXED BY tokens_revoked WHERE {_SIBLINGS} AND state <> 0 "
            "AND state = :kicked",
            {**token._asdict(), "kicked": TokenState.KICKED},
        )

    def issued_since(self, connection: sqlite3.Connection, time: int) -> list[Token]:
        """Return the tokens issued at a time (Unix ms) or later."""
        rows = connection.execute(f"SELECT {_COLUMNS} FROM tokens WHERE issued_at >= ?", (time,))
        return [Token(*row) for row in rows]

    def active(self, connection: sqlite3.Connection, user_id: str, now: float) -> list[Token]:
        """Return a user's OpenIM tokens that are neither expired nor revoked, oldest first."""
        rows = connection.execute(
            f"""
            SELECT {_COLUMNS} FROM tokens
            WHERE user_id = ? AND issuer = '' AND state = ? AND exp > ? AND {_NOT_VOID}
            ORDER BY issued_at, iat
            """,
            (user_id, TokenState.NORMAL, now),
        )
        return [Token(*row) for row in rows]

    def newest(
        self, connection: sqlite3.Connection, user_ids: Sequence[str], now: float, max_per_platform: int
    ) -> list[Token]:
        """Return the active OpenIM tokens of users, up to a maximum per user and platform, newest first."""
        rows = connection.execute(
            f"""
            SELECT {_COLUMNS} FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY user_id, platform_id ORDER BY issued_at DESC, iat DESC
                ) AS position
                FROM tokens
                WHERE user_id IN (SELECT value FROM json_each(?)) AND issuer = '' AND state = ? AND exp > ?
                AND {_NOT_VOID}
            )
            WHERE position <= ? ORDER BY position
            """,
            (json_array(user_ids), TokenState.NORMAL, now, max_per_platform),
        )
        return [Token(*row) for row in rows]

    def kick(self, connection: sqlite3.Connection, tokens: Sequence[Token]) -> None:
        """Mark tokens as kicked."""
        connection.executemany(
            f"UPDATE tokens SET state = :kicked WHERE {_SAME_TOKEN}",
            ({**token._asdict(), "kicked": TokenState.KICKED} for token in tokens),
        )
        self.revoked += len(tokens)

    def kick_platform(self, connection: sqlite3.Connection, user_id: str, platform_id: int) -> list[Token]:
        """Mark a user's OpenIM tokens on a platform as kicked, and return them."""
        kicked = connection.execute(
            "UPDATE tokens SET state = ? WHERE user_id = ? AND issuer = '' AND platform_id = ? AND state = ? "
            f"RETURNING {_COLUMNS}",
            (TokenState.KICKED, user_id, platform_id, TokenState.NORMAL),
        ).fetchall()
        self.revoked += len(kicked)
        return [Token(*row) for row in kicked]

    def change_state(
        self,
        connection: sqlite3.Connection,
        user_id: str,
        formats: Sequence[str],
        platform_id: int | None,
        state: TokenState,
    ) -> list[Token]:
        """Give a user's normal tokens of some formats, of one platform or all, another state; return them."""
        changed = connection.execute(
            "UPDATE tokens SET state = ? WHERE user_id = ? AND format IN (SELECT value FROM json_each(?)) "
            "AND platform_id = COALESCE(?, platform_id) AND state = ? "
            f"RETURNING {_COLUMNS}",
            (state, user_id, json_array(formats), platform_id, TokenState.NORMAL),
        ).fetchall()
        if state is TokenState.KICKED:
            self.revoked += len(changed)
        return [Token(*row) for row in changed]

    def kick_before(
        self, connection: sqlite3.Connection, user_ids: Sequence[str], time: int, now: int
    ) -> list[Token]:
        """Revoke the users' tokens that were issued before `time`, or will be before it (in Unix ms).

        Returns those that were.
        """
        kicked = connection.execute(
            "UPDATE tokens SET state = ? "
            "WHERE user_id IN (SELECT value FROM json_each(?)) AND issued_at < ? AND state = ? "
            f"RETURNING {_COLUMNS}",
            (TokenState.KICKED, json_array(user_ids), time, TokenState.NORMAL),
        ).fetchall()
        self.revoked += len(kicked)
        if time > now:
            connection.execute(
                "UPDATE users SET tokens_valid_from = max(tokens_valid_from, ?) "
                "WHERE user_id IN (SELECT value FROM json_each(?))",
                (time, json_array(user_ids)),
            )
        return [Token(*row) for row in kicked]

    def holds_valid(self, connection: sqlite3.Connection, request: TokenRequest, now: float) -> bool:
        """Return whether the user has a token of the request's issuer that is neither expired nor revoked.

        A token whose signing key is not in the request does not count.
        """
        row = connection.execute(
            f"""
            SELECT 1 FROM tokens
            WHERE user_id = :user_id AND issuer = :issuer AND exp > :now AND state = :normal AND {_NOT_VOID}
            AND signing_key IN (SELECT value FROM json_each(:signing_keys))
            LIMIT 1
            """,
            {
                "user_id": request.user_id,
                "issuer": request.issuer,
                "now": now,
                "normal": TokenState.NORMAL,
                "signing_keys": json.dumps(request.signing_keys),
            },
        ).fetchone()
        return row is not None

    def state(self, connection: sqlite3.Connection, token: Token) -> TokenState | None:
        """Return the state of a token; None if it is not on record."""
        row = connection.execute(_STATE, token).fetchone()
        if row is None:
            return None
        state, is_not_void = row
        return TokenState(state) if is_not_void else TokenState.KICKED
