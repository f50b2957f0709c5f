"""One incoming request, whose parts are read once and on demand."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.utils import cached_property

from ..errors import BadRequest, BodyInvalid, BodyTooLarge, TokenMalformed
from ..formats.json_body import LARGE, DecodedJson, decode
from . import loopback

if TYPE_CHECKING:
    from ..models import DecodedToken
    from ..services import Services

_log = logging.getLogger(__name__)

#: Maximum bytes of a body.
MAX_BODY_BYTES = 16 * 1024 * 1024
#: Maximum commas, and so roughly values, of a JSON body: ten thousand users with fifty values each.
MAX_COMMAS = 500_000
#: A decoded body may take fifty times its size, so only a few large ones are processed at a time.
_large_bodies = threading.Semaphore(4)
# The path of a gateway's callback may contain ROLLCALL_CALLBACK_KEY.
_CALLBACK_KEY = re.compile(r"(/callback(?:Example)?/)(?!onlinestatus$).*", re.DOTALL)
_MAX_LENGTH_DIGITS = 20

#: Key in the WSGI environment of the path as it was sent, if a base path was stripped.
SENT_PATH = "rollcall.sent_path"


class Request:
    """An HTTP request, independent of any dialect."""

    def __init__(self, environ: dict[str, Any], services: Services) -> None:
        self.environ = environ
        self.services = services
        self._is_large = False

    def close(self) -> None:
        """Release the slot of a large body."""
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
    def body(self) -> bytes:
        """The bytes of the body. Each access raises BodyTooLarge or BodyInvalid if reading failed."""
        if isinstance(self._body, BadRequest):
            raise self._body
        return self._body

    @cached_property
    def _body(self) -> bytes | BadRequest:
        # The stream can be read once, so a failure has to be remembered too.
        try:
            return _read(self.environ)
        except BadRequest as error:
            return error

    @cached_property
    def json(self) -> DecodedJson:
        """The decoded body, or why it is not JSON. Raises what `body` raises."""
        body = self.body
        if body.count(b",") > MAX_COMMAS:
            raise BodyTooLarge(f"request body has over {MAX_COMMAS} values")
        if len(body) > LARGE and not self._is_large:
            _large_bodies.acquire()
            self._is_large = True
        return decode(body)

    @cached_property
    def lower_keys(self) -> Mapping[str, Any]:
        """The non-null members of a JSON object by lower-case key; empty for any other body."""
        try:
            value = self.json.value
        except BadRequest:
            return {}
        if type(value) is not tuple:
            return {}
        return {key.lower(): item for key, item in value if item is not None}

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


def _read(environ: Mapping[str, Any]) -> bytes:
    """Read the body. Raises BodyTooLarge, or BodyInvalid if it is incomplete.

    Werkzeug would silently truncate a chunked body that is too long.
    """
    announced = _announced(environ)
    try:
        data: bytes = environ["wsgi.input"].read(min(announced, MAX_BODY_BYTES + 1))
    except Exception as error:
        # The client disconnected or sent bad chunks; each WSGI server has its own exceptions for that.
        raise BodyInvalid("unexpected EOF") from error
    if len(data) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"request body is larger than {MAX_BODY_BYTES} bytes")
    if environ.get("CONTENT_LENGTH") and len(data) < announced:
        raise BodyInvalid("unexpected EOF")
    return data


def _announced(environ: Mapping[str, Any]) -> int:
    """Return how many bytes to expect; a chunked body has no length. Raises BodyInvalid."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return MAX_BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    # gunicorn refuses a malformed header itself, the development server does not.
    if not (length.isascii() and length.isdigit() and len(length) < _MAX_LENGTH_DIGITS):
        raise BodyInvalid("bad Content-Length")
    return int(length)
