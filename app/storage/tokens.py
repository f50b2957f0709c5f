"""The tokens table: its SQL, and the line between a row and a Token."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from app.errors import UserNotFound
from app.models import Token, TokenRequest, TokenState
from app.storage.parameters import json_array

_COLUMNS = ", ".join(Token._fields)
_PLACE = "user_id = :user_id AND issuer = :issuer AND platform_id = :platform_id"
_CLAIMS = "format = :format AND iat = :iat AND exp = :exp AND signing_key = :signing_key"
_ITSELF = f"{_PLACE} AND {_CLAIMS}"
# Whether a token was not declared void together with all that were issued before some time.
_COUNTS = "issued_at >= (SELECT tokens_valid_from FROM users WHERE users.user_id = tokens.user_id)"
# Those of the same user, issuer and platform, the token itself apart.
_SIBLINGS = f"{_PLACE} AND NOT ({_CLAIMS})"


class TokenStore:
    """Issued tokens by their claims. Every method takes the connection of the piece it is part of."""

    def put(self, connection: sqlite3.Connection, token: Token, issued_at: int) -> None:
        """Record `token` as normal, issued at `issued_at` (Unix ms); a normal one on record stays untouched.

        Raises UserNotFound.
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
        except sqlite3.IntegrityError as error:
            # The only constraint that a token can break: its user is not there.
            raise UserNotFound(token.user_id) from error

    def drop_stale(self, connection: sqlite3.Connection, token: Token, now: float) -> None:
        """Delete the siblings of `token` that have expired or were kicked."""
        # Two statements, each along an index of its own: a user may have very many tokens that are neither.
        connection.execute(
            f"DELETE FROM tokens WHERE {_SIBLINGS} AND exp <= :now", {**token._asdict(), "now": now}
        )
        connection.execute(
            f"DELETE FROM tokens INDEXED BY tokens_revoked WHERE {_SIBLINGS} AND state <> 0",
            token._asdict(),
        )

    def active(self, connection: sqlite3.Connection, user_id: str, now: float) -> list[Token]:
        """Return a user's OpenIM tokens that are neither expired nor cancelled, the oldest first."""
        rows = connection.execute(
            f"""
            SELECT {_COLUMNS} FROM tokens
            WHERE user_id = ? AND issuer = '' AND state = ? AND exp > ? AND {_COUNTS}
            ORDER BY issued_at, iat
            """,
            (user_id, TokenState.NORMAL, now),
        )
        return [Token(*row) for row in rows]

    def newest(
        self, connection: sqlite3.Connection, user_ids: Sequence[str], now: float, max_per_platform: int
    ) -> list[Token]:
        """Return what each of the users holds for OpenIM: up to `most` a platform, the newest first."""
        rows = connection.execute(
            f"""
            SELECT {_COLUMNS} FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY user_id, platform_id ORDER BY issued_at DESC, iat DESC
                ) AS place
                FROM tokens
                WHERE user_id IN (SELECT value FROM json_each(?)) AND issuer = '' AND state = ? AND exp > ?
                AND {_COUNTS}
            )
            WHERE place <= ? ORDER BY place
            """,
            (json_array(user_ids), TokenState.NORMAL, now, max_per_platform),
        )
        return [Token(*row) for row in rows]

    def kick(self, connection: sqlite3.Connection, tokens: Sequence[Token]) -> None:
        """Mark tokens as kicked."""
        connection.executemany(
            f"UPDATE tokens SET state = :kicked WHERE {_ITSELF}",
            ({**token._asdict(), "kicked": TokenState.KICKED} for token in tokens),
        )

    def kick_platform(self, connection: sqlite3.Connection, user_id: str, platform_id: int) -> int:
        """Mark all OpenIM tokens of a user on a platform as kicked, and return how many were not yet."""
        return connection.execute(
            "UPDATE tokens SET state = ? WHERE user_id = ? AND issuer = '' AND platform_id = ? AND state = ?",
            (TokenState.KICKED, user_id, platform_id, TokenState.NORMAL),
        ).rowcount

    def kick_before(
        self, connection: sqlite3.Connection, user_ids: Sequence[str], time: int, now: int
    ) -> int:
        """Cancel every token of users that was or will be issued before a time (Unix ms).

        Return how many were not yet.
        """
        count = connection.execute(
            "UPDATE tokens SET state = ? "
            "WHERE user_id IN (SELECT value FROM json_each(?)) AND issued_at < ? AND state = ?",
            (TokenState.KICKED, json_array(user_ids), time, TokenState.NORMAL),
        ).rowcount
        if time > now:
            connection.execute(
                "UPDATE users SET tokens_valid_from = max(tokens_valid_from, ?) "
                "WHERE user_id IN (SELECT value FROM json_each(?))",
                (time, json_array(user_ids)),
            )
        return count

    def holds_valid(self, connection: sqlite3.Connection, order: TokenRequest, now: float) -> bool:
        """Tell whether the user has a token of the issuer that is neither expired nor cancelled.

        One whose signing key is no longer in use is as good as cancelled.
        """
        row = connection.execute(
            f"""
            SELECT 1 FROM tokens
            WHERE user_id = :user_id AND issuer = :issuer AND exp > :now AND state = :normal AND {_COUNTS}
            AND signing_key IN (SELECT value FROM json_each(:signing_keys))
            LIMIT 1
            """,
            {
                "user_id": order.user_id,
                "issuer": order.issuer,
                "now": now,
                "normal": TokenState.NORMAL,
                "signing_keys": json.dumps(order.signing_keys),
            },
        ).fetchone()
        return row is not None

    def state(self, connection: sqlite3.Connection, token: Token) -> TokenState | None:
        """Return the state of an issued token; None if there is none on record."""
        row = connection.execute(
            f"SELECT CASE WHEN {_COUNTS} THEN state ELSE :kicked END FROM tokens WHERE {_ITSELF}",
            {**token._asdict(), "kicked": TokenState.KICKED},
        ).fetchone()
        return TokenState(row[0]) if row else None
