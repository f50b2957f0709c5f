"""Rollcall: users, tokens and presence for instant messaging, in several vendors' wire protocols.

Importing the package loads nothing else, so that its client needs no server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .clock import Clock


def create_app(overrides: Mapping[str, object] | None = None, clock: Clock | None = None) -> Flask:
    """Build the application: settings, services, dialects, operations, error handlers.

    Starts no thread, opens no file of the instance folder but `config.py`, takes no lock: the first request
    does that, or a call of `app.extensions["rollcall"].start()` before it. Raises SettingInvalid.
    """
    from .application import build

    return build(overrides, clock)
