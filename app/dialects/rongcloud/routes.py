"""Declare a call in both formats, and under its other names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.dialects.rongcloud.errors import Rows
from app.dialects.rongcloud.guard import signed_call
from app.wire.dialect import Endpoint, Routes, View

#: How a path ends; the end says in which format the answer is.
SUFFIXES = (".json", ".xml")


class RongCloudRoutes:
    """Collect the endpoints of a module: each path as `.json` and `.xml`."""

    def __init__(self) -> None:
        self._routes = Routes("user")

    @property
    def endpoints(self) -> list[Endpoint]:
        """What was declared so far."""
        return self._routes.endpoints

    def post(
        self, path: str, schema: type, *aliases: str, rows: Mapping[str, Rows] | None = None
    ) -> Callable[[View], View]:
        """Declare the view below at a path and its other names."""

        def declare(view: View) -> View:
            for name in (path, *aliases):
                for suffix in SUFFIXES:
                    self._routes.post(f"{name}{suffix}", schema, access=signed_call, rows=rows)(view)
            return view

        return declare
