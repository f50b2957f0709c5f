"""How dialects send webhooks: the receiver's URL, and the conversion of events to deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..capacity import ThreadAllowance
from ..clock import Clock
from ..domain.events import Hooks
from ..models import PresenceChange, UserEvent
from ..settings import Settings
from .delivery import Delivery
from .http_client import HttpClient


@dataclass(frozen=True)
class SenderSetup:
    """The dependencies of senders."""

    settings: Settings
    http: HttpClient
    clock: Clock
    allowance: ThreadAllowance
    """Bounds the threads that wait for answers to hooks."""


class Sender:
    """The webhooks of one receiver; a dialect overrides what it sends."""

    #: The receiver's URL.
    url: str
    #: The kinds of user events that are sent, and so kept in the outbox.
    wanted_events: frozenset[str] = frozenset()
    #: Whether presence changes are sent.
    wants_presence: bool = False
    #: Called before users are registered or updated; None if nothing is.
    hooks: Hooks | None = None

    def notify_event(self, delivery_id: str, event: UserEvent) -> str | None:
        """Send a user event; return the reason of a failure, or None."""
        raise NotImplementedError

    def presence_deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        """Return the deliveries of changes, in order."""
        raise NotImplementedError

    def reset_deliveries(self, epoch: str, number: int) -> list[Delivery]:
        """Return deliveries that tell the receiver to discard presence before a change; may be empty."""
        return []
