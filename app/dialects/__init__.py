"""The wire protocols that Rollcall speaks, in the order in which they are asked about a shared path."""

from __future__ import annotations

from app.dialects import openim_callbacks, openim_v2, openim_v3, rollcall, rongcloud
from app.wire.dialect import Dialect

#: Those that a setting can switch off, oldest first.
VENDORS: tuple[Dialect, ...] = (openim_v2.DIALECT, openim_v3.DIALECT, rongcloud.DIALECT)
#: What is always there: our own calls, and gateways' reports of who comes and goes.
BUILT_IN: tuple[Dialect, ...] = (rollcall.DIALECT, openim_callbacks.DIALECT)
