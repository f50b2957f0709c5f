"""One incoming request, whose parts are read once and on demand."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.utils import cached_property

from ..errors import BodyInvalid, BodyTooLarge, DomainError, Overloaded, TokenMalformed
from ..formats.json_body import LARGE, DecodedJson, check_values, decode
from ..formats.schema import MAX_KEY_CHARS
from ..limits import MAX_BODY_BYTES
from . import loopback

if TYPE_CHECKING:
    from ..models import DecodedToken
    from ..services import Services

_log = logging.getLogger(__name__)

#: Bodies are read in parts of this many bytes. What is longer counts against the sum of all bodies.
_PART = 64 * 1024
#: A decoded body may take fifty times its size, so only two large ones are processed at a time.
_large_bodies = threading.Semaphore(2)
_SECONDS = 2.0
# The path of a gateway's callback may contain ROLLCALL_CALLBACK_KEY.
_CALLBACK_KEY = re.compile(r"(/callback(?:Example)?/)(?!onlinestatus$).*", re.DOTALL)
_MAX_LENGTH_DIGITS = 20

#: How headers are usually written; WSGI has their names in upper case.
_NAMES = {"OPERATIONID": "operationID", "TOKEN": "token", "X_REQUEST_ID": "X-Request-ID"}

#: Key in the WSGI environment of the path as it was sent, if a base path was stripped.
SENT_PATH = "rollcall.sent_path"


class Request:
    """An HTTP request, independent of any dialect."""

    def __init__(
        self, environ: dict[str, Any], services: Services, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self.environ = environ
        self.services = services
        self._max_body_bytes = max_body_bytes
        self._is_large = False
        #: Why the request was taken for one of its dialect.
        self.recognised_by = ""

    def close(self) -> None:
        """Return the memory that the request holds."""
        self.services.bodies.release()
        self.services.answers.release()
        if self._is_large:
            self._is_large = False
            _large_bodies.release()

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def address(self) -> str:
        """The client's address; empty if unknown."""
        return str(self.environ.get("REMOTE_ADDR") or "")

    @property
    def throttled_address(self) -> str | None:
        """The address to count wrong secrets under; None if the request is local."""
        return loopback.throttled_address(self.environ)

    @property
    def path(self) -> str:
        """The path without its base path, percent-decoded."""
        return from_wsgi(self.environ["PATH_INFO"])

    @property
    def sent_path(self) -> str:
        """The path as it was sent, percent-decoded."""
        return from_wsgi(self.environ.get(SENT_PATH) or self.environ["PATH_INFO"])

    @property
    def loggable_path(self) -> str:
        """The path as it was sent, truncated and without the callback key."""
        return _CALLBACK_KEY.sub(r"\1...", self.sent_path)[:200]

    def log_wrong_secret(self) -> None:
        """Log that the request had a wrong secret."""
        _log.warning("wrong secret from %a for %a", self.address, self.loggable_path)

    @property
    def query(self) -> str:
        """The query string, still percent-encoded."""
        return str(self.environ.get("QUERY_STRING", ""))

    def header(self, name: str) -> str:
        """Return a header by its WSGI name without HTTP_ (`OPERATIONID`); empty if it is absent."""
        value: str = self.environ.get("HTTP_" + name, "")
        return value if value.isascii() else from_wsgi(value)

    @property
    def head(self) -> bytes:
        """The request line and the headers, as they were sent if the server tells."""
        sent: bytes = getattr(self.environ.get("gunicorn.socket"), "head", b"")
        return sent or _head_of(self.environ)

    @property
    def body(self) -> bytes:
        """The bytes of the body. Each access raises why reading failed: BadRequest or Overloaded."""
        if isinstance(self._body, DomainError):
            raise self._body
        return self._body

    @property
    def has_read_body(self) -> bool:
        """Whether reading the body was tried."""
        return "_body" in self.__dict__

    @property
    def body_so_far(self) -> bytes:
        """The bytes of the body; empty if it was not read, or could not be."""
        body = self.__dict__.get("_body")
        return body if isinstance(body, bytes) else b""

    @cached_property
    def _body(self) -> bytes | DomainError:
        # The stream can be read once, so a failure has to be remembered too.
        try:
            return self._read()
        except DomainError as error:
            return error

    def _read(self) -> bytes:
        """Read the body. Raises BodyTooLarge, Overloaded, or BodyInvalid if it is incomplete.

        Werkzeug would silently truncate a chunked body that is too long.
        """
        too_large = BodyTooLarge(f"request body is larger than {self._max_body_bytes} bytes")
        announced = _announced(self.environ, self._max_body_bytes + 1)
        if self.environ.get("CONTENT_LENGTH") and announced > self._max_body_bytes:
            raise too_large
        data = self._parts(min(announced, self._max_body_bytes + 1))
        if len(data) > self._max_body_bytes:
            raise too_large
        if self.environ.get("CONTENT_LENGTH") and len(data) < announced:
            raise BodyInvalid("unexpected EOF")
        return data

    def _parts(self, wanted: int) -> bytes:
        """Read up to `wanted` bytes in parts, counting those after the first against all bodies."""
        data = _read_part(self.environ, min(wanted, _PART))
        if len(data) < _PART or len(data) == wanted:
            return data
        parts, size = [data], len(data)
        while size < wanted and data:
            self.services.bodies.take(min(wanted - size, _PART))
            data = _read_part(self.environ, min(wanted - size, _PART))
            parts.append(data)
            size += len(data)
        return b"".join(parts)

    @cached_property
    def json(self) -> DecodedJson:
        """The decoded body, or why it is not JSON. Raises what `body` raises."""
        body = self.body
        check_values(body)
        if len(body) > LARGE and not self._is_large:
            if not _large_bodies.acquire(timeout=_SECONDS):
                raise Overloaded("too many large requests at a time, try again later")
            self._is_large = True
        return decode(body)

    @cached_property
    def lower_keys(self) -> Mapping[str, Any]:
        """The non-null members of a JSON object by lower-case key; empty for any other body."""
        try:
            value = self.json.value
        except DomainError:
            return {}
        if type(value) is not tuple:
            return {}
        return {key.lower(): item for key, item in value if item is not None and len(key) <= MAX_KEY_CHARS}

    @cached_property
    def token(self) -> DecodedToken | None:
        """The token in the header `token`, unverified; None if it cannot be decoded."""
        return self.decode_token(self.header("TOKEN"))

    def decode_token(self, text: str) -> DecodedToken | None:
        """Decode a token without verifying it; return None if it cannot be decoded."""
        try:
            return self.services.codecs.decode(text)
        except TokenMalformed:
            return None


def from_wsgi(value: str) -> str:
    """Decode a WSGI string, which has the bytes of UTF-8 text as Latin-1 characters."""
    return value.encode("latin-1").decode("utf-8", "replace")


def _head_of(environ: Mapping[str, Any]) -> bytes:
    """Return a head with the values of a WSGI environment, which lacks how names were spelt."""
    target = str(
        environ.get("RAW_URI") or quote(environ.get(SENT_PATH) or environ["PATH_INFO"], encoding="latin-1")
    )
    lines = [f"{environ['REQUEST_METHOD']} {target} HTTP/1.1"]
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            lines.append(f"{_spelt(name[5:])}: {value}")
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            lines.append(f"{_spelt(name)}: {value}")
    return "\r\n".join(lines).encode("latin-1", "replace")


def _spelt(name: str) -> str:
    return _NAMES.get(name) or name.replace("_", "-").title()


def _read_part(environ: Mapping[str, Any], size: int) -> bytes:
    """Read up to `size` bytes of the body; fewer only at its end. Raises BodyInvalid."""
    try:
        data: bytes = environ["wsgi.input"].read(size)
    except Exception as error:
        # The client disconnected or sent bad chunks; each WSGI server has its own exceptions for that.
        raise BodyInvalid("unexpected EOF") from error
    return data


def _announced(environ: Mapping[str, Any], of_chunked: int) -> int:
    """Return how many bytes to expect, `of_chunked` if the body has no length. Raises BodyInvalid."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return of_chunked if environ.get("wsgi.input_terminated") else 0
    # gunicorn refuses a malformed header itself, the development server does not.
    if not (length.isascii() and length.isdigit() and len(length) < _MAX_LENGTH_DIGITS):
        raise BodyInvalid("bad Content-Length")
    return int(length)
