"""The tree of error classes in the docstring of app.errors."""

from __future__ import annotations

import re

from rollcall_server import errors
from rollcall_server.errors import RollcallError


def documented() -> list[tuple[int, str]]:
    lines = [
        line for line in (errors.__doc__ or "").splitlines() if re.match(r"[│ ]*[├└]── |RollcallError$", line)
    ]
    found = []
    for line in lines:
        branch, name = re.fullmatch(r"([│├└─ ]*)(\w+).*", line).groups()  # type: ignore[union-attr]
        found.append((len(branch) // 4, name))
    return found


def defined(error: type[RollcallError], depth: int = 0) -> list[tuple[int, str]]:
    children = [child for child in error.__subclasses__() if child.__module__ == errors.__name__]
    return [(depth, error.__name__), *(row for child in children for row in defined(child, depth + 1))]


def test_the_documented_tree_has_every_class_in_its_place() -> None:
    assert documented() == defined(RollcallError)
