"""`python -m rollcall_server` is the command `rollcall`."""

from __future__ import annotations

from .cli import main

main(prog_name="rollcall")
