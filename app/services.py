"""What the factory builds and everybody else is handed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from app.clock import Clock
from app.domain.auth_throttle import AuthThrottle
from app.domain.blocks import Blocks
from app.domain.commands import Commands
from app.domain.deletion import Deletion
from app.domain.events import Events
from app.domain.gateways import Gateways
from app.domain.heartbeats import Heartbeats
from app.domain.presence import Presence
from app.domain.rate_limits import NonceCache, RateLimiter
from app.domain.registration import Registration
from app.domain.subscriptions import Subscriptions
from app.domain.tokens import Tokens
from app.domain.user_attributes import UserAttributes
from app.domain.users import Users
from app.errors import DatabaseRefused, ServiceUnavailable, StartupError, StorageUnavailable
from app.settings import Settings
from app.storage.database import Database
from app.storage.lock import InstanceLock
from app.webhooks.webhooks import Webhooks
from app.wire.codecs import Codecs


class MetricsRecorder(Protocol):
    """Who counts requests and tells of them."""

    def observe(self, dialect: str, call: str, outcome: str, seconds: float) -> None:
        """Count a request that was answered."""
        ...

    def text(self) -> bytes:
        """Return all figures as text."""
        ...

    @property
    def content_type(self) -> str:
        """What the text is."""
        ...


@dataclass
class Services:
    """The parts of one Rollcall. Building them opens nothing; `start` does, in the process that serves."""

    #: What `start` raises; a server's configuration may have another import of `app`.
    Refused: ClassVar[type[StartupError]] = StartupError

    settings: Settings
    lock: InstanceLock
    database: Database
    users: Users
    tokens: Tokens
    registration: Registration
    presence: Presence
    events: Events
    webhooks: Webhooks
    auth_throttle: AuthThrottle
    rate_limiter: RateLimiter
    nonces: NonceCache
    clock: Clock
    blocks: Blocks
    heartbeats: Heartbeats
    gateways: Gateways
    user_attributes: UserAttributes
    deletion: Deletion
    commands: Commands
    subscriptions: Subscriptions
    codecs: Codecs
    metrics: MetricsRecorder | None
    """What counts requests; None where nobody does."""
    restricting_secrets: tuple[str, ...]
    """The settings because of which only this machine is served."""
    started: bool = False
    stopped: bool = False
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def start(
        self, parent: int = 0, timeout: float = 0.0, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Take the instance folder, open the database, register the administrators. Starting twice is once.

        The arguments are those of InstanceLock.acquire. Raises StartupError.
        """
        with self._starting:
            if self.started:
                return
            try:
                self._open(parent, timeout, on_wait)
            except BaseException:
                self._release()
                raise
            self.presence.start()
            self.webhooks.start()
            self.started, self.stopped = True, False

    def _open(self, parent: int, timeout: float, on_wait: Callable[[], None]) -> None:
        folder = self.settings.instance
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.lock.acquire(parent, timeout, on_wait)
            self.database.open()
            self.users.register_administrators()
            self.blocks.load()
            self.events.load()
        except OSError as error:
            raise StartupError(f"the instance folder {folder} cannot be used: {error}") from error
        except StorageUnavailable as error:
            raise DatabaseRefused(f"the database in {folder} cannot be used: {error}") from error

    def start_if_new(self) -> None:
        """Start on the first request, where no server has done it before; never after a stop.

        Raises StartupError, or ServiceUnavailable for a request that outlived the serving.
        """
        if self.stopped:
            raise ServiceUnavailable("the server is stopping")
        self.start()

    def stop(self) -> None:
        """Finish the writes that wait, close the database, let the instance folder go."""
        with self._starting:
            self.started, self.stopped = False, True
            self.webhooks.stop()
            self.presence.stop()
            self.gateways.clear()
            self._release()

    def _release(self) -> None:
        self.database.close()
        self.lock.release()
