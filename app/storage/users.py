"""The users table: its SQL, and the line between a row and a User."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from app.errors import UserExists
from app.models import User

_COLUMNS = ", ".join(User._fields)
_PARAMETERS = ", ".join("?" for _ in User._fields)


class UserStore:
    """Users by id. Every method takes the connection of the piece it is part of."""

    def add(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        """Insert all of `users` or none. Raises UserExists for the first whose id is taken."""
        before = connection.total_changes
        try:
            connection.executemany(f"INSERT INTO users ({_COLUMNS}) VALUES ({_PARAMETERS})", users)
        except sqlite3.IntegrityError as error:
            raise UserExists(users[connection.total_changes - before].user_id) from error

    def add_missing(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        """Insert those of `users` whose ids are free."""
        connection.executemany(
            f"INSERT INTO users ({_COLUMNS}) VALUES ({_PARAMETERS}) ON CONFLICT (user_id) DO NOTHING",
            users,
        )

    def rename(self, connection: sqlite3.Connection, user_id: str, nickname: str, face_url: str) -> None:
        """Write the nickname, and the face URL unless it is empty."""
        connection.execute(
            """
            UPDATE users
            SET nickname = :nickname, face_url = CASE :face_url WHEN '' THEN face_url ELSE :face_url END
            WHERE user_id = :user_id
            """,
            {"user_id": user_id, "nickname": nickname, "face_url": face_url},
        )

    def get(self, connection: sqlite3.Connection, user_id: str) -> User | None:
        """Return one user, or None."""
        row = connection.execute(f"SELECT {_COLUMNS} FROM users WHERE user_id = ?", (user_id,)).fetchone()
        return User(*row) if row else None

    def known(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> frozenset[str]:
        """Return those of `user_ids` that are registered."""
        rows = connection.execute(
            "SELECT user_id FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(user_ids)),),
        )
        return frozenset(user_id for (user_id,) in rows)
