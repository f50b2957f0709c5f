"""How gunicorn serves Rollcall: its settings and hooks, and a worker that slow clients cannot occupy."""

from __future__ import annotations

from .configuration import Server, load_configuration

__all__ = ["Server", "load_configuration"]
