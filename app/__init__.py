"""Rollcall: users, tokens and presence for instant messaging, in several vendors' wire protocols.

Importing the package alone loads no submodule and no dependency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .clock import Clock


def create_app(overrides: Mapping[str, object] | None = None, clock: Clock | None = None) -> Flask:
    """Build the application: settings, services, dialects, operations, error handlers.

    This reads `config.py` of the instance folder, but starts no thread, takes no lock and opens no database:
    the first request does that, or `app.extensions["rollcall"].start()`. Raises SettingInvalid.
    """
    from .application import build

    return build(overrides, clock)
