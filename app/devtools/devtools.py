"""The development tools of one Rollcall."""

from __future__ import annotations

from dataclasses import dataclass

from .journal import Journal
from .masking import Masker
from .seed import Seeder


@dataclass(frozen=True)
class DevTools:
    """What the control API has besides the services."""

    seeder: Seeder
    journal: Journal | None
    """None if nothing is recorded."""
    masker: Masker
