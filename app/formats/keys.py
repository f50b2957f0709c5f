"""The keys that sign tokens, and their fingerprints, which stored tokens refer to."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple


class Key(NamedTuple):
    """A signing secret with its fingerprint."""

    fingerprint: str
    secret: bytes


def keys_of(secrets: Iterable[str]) -> tuple[Key, ...]:
    """Return the keys of secrets from the settings, in their order."""
    return tuple(map(_key_of, secrets))


def _key_of(secret: str) -> Key:
    raw = secret.encode()
    return Key(hmac.new(raw, b"rollcall signing key", hashlib.sha256).hexdigest()[:16], raw)
