"""Many values as one parameter of a statement."""

from __future__ import annotations

import json
from collections.abc import Iterable


def json_array(user_ids: Iterable[str]) -> str:
    """Return ids for a `json_each(?)`.

    Without those that hold a NUL: SQLite would cut them off there and find somebody else, and nobody has one.
    """
    return json.dumps([user_id for user_id in user_ids if "\0" not in user_id])
