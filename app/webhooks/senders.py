"""What a dialect brings to send webhooks: the receiver's address, and how events become deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..clock import Clock
from ..domain.events import Hooks
from ..models import PresenceChange, UserEvent
from ..settings import Settings
from .delivery import Delivery
from .http_client import HttpClient


@dataclass(frozen=True)
class SenderSetup:
    """What a dialect builds its senders of."""

    settings: Settings
    http: HttpClient
    clock: Clock


class Sender:
    """The webhooks of one receiver; a dialect overrides what it sends."""

    #: The receiver's address.
    url: str
    #: The kinds of user events that are sent, and so kept in the outbox.
    wanted_events: frozenset[str] = frozenset()
    #: Whether changes of presence are sent.
    wants_presence: bool = False
    #: What is asked before users are registered or updated; None if nothing is.
    hooks: Hooks | None = None

    def notify_event(self, delivery_id: str, event: UserEvent) -> str | None:
        """Send an event of users; return why that failed, or None."""
        raise NotImplementedError

    def presence_deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        """Return the deliveries of changes, in order."""
        raise NotImplementedError

    def reset_deliveries(self, epoch: str, number: int) -> list[Delivery]:
        """Return the deliveries that void all presence known before a change's number; there may be none."""
        return []
