"""The control API below `/_rollcall`: calls that look at a running server and change it."""

from .blueprint import PREFIX, blueprint, refuse

__all__ = ["PREFIX", "blueprint", "refuse"]
