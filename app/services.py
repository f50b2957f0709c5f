"""The services of one Rollcall instance, built, started and stopped together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .capacity import RequestGate
from .clock import AdjustableClock, ClockState
from .errors import DatabaseRefused, DomainError, ServiceUnavailable, StartupError, StorageUnavailable

if TYPE_CHECKING:
    from .capacity import MemoryBudget, ThreadAllowance
    from .clock import Clock
    from .domain.auth_throttle import AuthThrottle
    from .domain.blocks import Blocks
    from .domain.commands import Commands
    from .domain.deletion import Deletion
    from .domain.events import Events
    from .domain.gateways import Gateways
    from .domain.heartbeats import Heartbeats
    from .domain.presence import Presence
    from .domain.rate_limits import NonceCache, RateLimiter
    from .domain.registration import Registration
    from .domain.revocations import Revocations
    from .domain.subscriptions import Subscriptions
    from .domain.tokens import Tokens
    from .domain.user_attributes import UserAttributes
    from .domain.users import Users
    from .formats.codecs import Codecs
    from .settings import Settings
    from .storage import Storage, Transaction
    from .storage.lock import InstanceLock
    from .webhooks.webhooks import Webhooks


class Seeding(Protocol):
    """The seed in the settings, if there is one."""

    def write_configured(self, transaction: Transaction) -> bool:
        """Write it within a transaction; return whether there is one. Raises DomainError."""
        ...

    def finish_configured(self) -> None:
        """Finish after the commit: put users online."""
        ...


class Attached(Protocol):
    """What the services do not use, and what is reset and stopped with them."""

    def clear(self) -> None:
        """Return to the state after a start."""
        ...

    def close(self) -> None:
        """End what waits."""
        ...


#: Seconds that a reset waits for requests that have begun; a hook before a change may take 15.
_RESET_SECONDS = 20.0


@dataclass
class Services:
    """The services of one instance. Building them opens nothing; `start` does, in the serving process."""

    settings: Settings
    clock: Clock
    lock: InstanceLock
    storage: Storage
    codecs: Codecs
    users: Users
    tokens: Tokens
    registration: Registration
    deletion: Deletion
    blocks: Blocks
    user_attributes: UserAttributes
    commands: Commands
    subscriptions: Subscriptions
    presence: Presence
    heartbeats: Heartbeats
    gateways: Gateways
    events: Events
    webhooks: Webhooks
    auth_throttle: AuthThrottle
    rate_limiter: RateLimiter
    nonces: NonceCache
    bodies: MemoryBudget
    """Bytes of large bodies that are being read or processed."""
    answers: MemoryBudget
    """Characters of large answers that are being built."""
    waiting: ThreadAllowance
    """Of threads that wait for something."""
    restricting_secrets: tuple[str, ...]
    """The settings with weak secrets, because of which only this machine is served."""
    seeding: Seeding | None = None
    """Set by the application once it is built, as are those attached."""
    attached: list[Attached] = field(default_factory=list)
    started: bool = False
    started_at: float = 0.0
    """When the services started, in Unix seconds."""
    reset_at: float | None = None
    """When the services were last reset, in Unix seconds."""
    stopped: bool = False
    gate: RequestGate = field(default_factory=RequestGate)
    """Through which requests go while the bench is on, so that a reset is whole."""
    _starting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def revocations(self) -> Revocations:
        """Which tokens were revoked lately."""
        return self.tokens.revocations

    def start(
        self, parent: int = 0, timeout: float = 0.0, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Lock the instance folder, open the database, register the administrators. Idempotent.

        The arguments are those of InstanceLock.acquire. Raises StartupError.
        """
        with self._starting:
            if self.started:
                return
            try:
                is_seeded = self._open(parent, timeout, on_wait)
            except BaseException:
                self._release()
                raise
            self.presence.start()
            if is_seeded and self.seeding:
                self.seeding.finish_configured()
            self.webhooks.start()
            self.started_at = self.clock.now()
            self.started, self.stopped = True, False

    def _open(self, parent: int, timeout: float, on_wait: Callable[[], None]) -> bool:
        """Open the database; return whether it was empty and the seed in the settings is in it now."""
        folder = self.settings.instance
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.lock.acquire(parent, timeout, on_wait)
            self.storage.database.open()
            is_seeded = self.storage.database.write(self._begin)
            self.blocks.load()
            self.events.load()
            return is_seeded
        except OSError as error:
            raise StartupError(f"the instance folder {folder} cannot be used: {error}") from error
        except StorageUnavailable as error:
            raise DatabaseRefused(f"the database in {folder} cannot be used: {error}") from error
        except DomainError as error:
            raise StartupError(f"the seed of ROLLCALL_SEED cannot be applied: {error}") from error

    def _begin(self, transaction: Transaction) -> bool:
        """Register the administrators; seed an empty database, and return whether."""
        self.users.register_administrators_in(transaction)
        is_empty = not self.storage.users.count(transaction, self.users.administrators)
        return is_empty and self.seeding is not None and self.seeding.write_configured(transaction)

    def start_if_new(self) -> None:
        """Start on the first request unless the server already has; never after a stop.

        Raises StartupError, or ServiceUnavailable for a request that comes after the stop.
        """
        if self.stopped:
            raise ServiceUnavailable("the server is stopping")
        self.start()

    def reset(self, *, with_seed: bool) -> bool:
        """Return to the state after a first start, with the seed in the settings or without.

        Requests that have begun are finished before, others wait. If it fails, nothing has changed. Returns
        whether there was a seed. Raises ServiceUnavailable.
        """
        with self._starting:
            if not self.started:
                raise ServiceUnavailable("the server is stopping")
            with self.gate.closed(_RESET_SECONDS), self._clock_set_back():
                is_seeded = self.storage.database.write(
                    lambda transaction: self._clear(transaction, with_seed)
                )
                self.webhooks.stop()
                self.presence.stop()
                self.gateways.clear()
                self.auth_throttle.clear()
                self.rate_limiter.clear()
                self.nonces.clear()
                self.revocations.clear()
                for part in self.attached:
                    part.clear()
                self.blocks.load()
                self.events.load()
                self.presence.start()
                if is_seeded and self.seeding:
                    self.seeding.finish_configured()
                self.webhooks.start()
                self.reset_at = self.clock.now()
                return is_seeded

    @contextlib.contextmanager
    def _clock_set_back(self) -> Iterator[None]:
        """Let the clock follow the machine's again, unless the block fails."""
        clock = self.clock
        if not isinstance(clock, AdjustableClock):
            yield
            return
        before = clock.state
        clock.restore(ClockState())
        try:
            yield
        except BaseException:
            clock.restore(before)
            raise

    def _clear(self, transaction: Transaction, with_seed: bool) -> bool:
        self.tokens.retire(self.tokens.issued_lately(transaction))
        self.storage.clear(transaction)
        if with_seed:
            return self._begin(transaction)
        self.users.register_administrators_in(transaction)
        return False

    def stop(self) -> None:
        """Finish the waiting writes, close the database, unlock the instance folder."""
        with self._starting:
            self.started, self.stopped = False, True
            for part in self.attached:
                part.close()
            self.webhooks.stop()
            self.presence.stop()
            self.gateways.clear()
            self._release()

    def _release(self) -> None:
        self.storage.database.close()
        self.lock.release()
