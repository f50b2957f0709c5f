"""The command line: `rollcall ...`, also available as `flask ...`."""

from __future__ import annotations

import click

from ..errors import StartupError
from .control import clock, explain, online, requests, reset, seed, status, token, users
from .database import backup, check, restore
from .server import health, secret, serve


class _Commands(click.Group):
    """Report a StartupError as a one-line error, with exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except StartupError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands)
def main() -> None:
    """Operate a Rollcall server. The instance folder is ROLLCALL_INSTANCE, by default `instance`."""


_COMMANDS = (
    *(serve, status, users, token, online, requests, explain, clock, seed, reset),
    *(backup, restore, check, secret, health),
)
for command in _COMMANDS:
    main.add_command(command)
