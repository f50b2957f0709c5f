"""Pass many values as one parameter of a statement."""

from __future__ import annotations

import json
from collections.abc import Iterable


def json_array(user_ids: Iterable[str]) -> str:
    """Return user ids as a JSON array for `json_each(?)`.

    Leaves out ids with a NUL, which no user has: SQLite would cut them off there and match another user.
    """
    return json.dumps([user_id for user_id in user_ids if "\0" not in user_id])
