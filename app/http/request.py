"""One request as it came in; its parts are read once, and only when they are asked for."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.utils import cached_property

from ..errors import BadRequest, BodyInvalid, BodyTooLarge, TokenMalformed
from ..formats.json_body import LARGE, DecodedJson, decode

if TYPE_CHECKING:
    from ..models import DecodedToken
    from ..services import Services

_log = logging.getLogger(__name__)

#: Bytes of a body that are read.
MAX_BODY_BYTES = 16 * 1024 * 1024
#: Commas in a JSON body, and so roughly its values: ten thousand users with fifty values each.
MAX_COMMAS = 500_000
#: A decoded body may take fifty times its bytes, so only a few large ones are in work at a time.
_large_bodies = threading.Semaphore(4)
# The path of a gateway's callback may contain ROLLCALL_CALLBACK_KEY.
_CALLBACK_KEY = re.compile(r"(/callback(?:Example)?/)(?!onlinestatus$).*", re.DOTALL)
_MAX_LENGTH_DIGITS = 20

#: Under this key of the WSGI environment stands the path as it was sent, where a base address was taken off.
SENT_PATH = "rollcall.sent_path"


class Request:
    """A request that no dialect has judged yet."""

    def __init__(self, environ: dict[str, Any], services: Services) -> None:
        self.environ = environ
        self.services = services
        self._is_large = False

    def close(self) -> None:
        """Let the next large body in."""
        if self._is_large:
            self._is_large = False
            _large_bodies.release()

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def address(self) -> str:
        """The client's address; empty if it is not known."""
        return str(self.environ.get("REMOTE_ADDR") or "")

    @property
    def path(self) -> str:
        """The path without its base address, percent-decoded."""
        return from_wsgi(self.environ["PATH_INFO"])

    @property
    def sent_path(self) -> str:
        """The path as it was sent, percent-decoded."""
        return from_wsgi(self.environ.get(SENT_PATH) or self.environ["PATH_INFO"])

    @property
    def loggable_path(self) -> str:
        """The path as sent, cut to a useful length and without a key."""
        return _CALLBACK_KEY.sub(r"\1...", self.sent_path)[:200]

    def log_wrong_secret(self) -> None:
        """Log that the request brought a wrong secret."""
        _log.warning("a wrong secret from %a for %a", self.address, self.loggable_path)

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
        """The bytes of the body. Raises BodyTooLarge or BodyInvalid, every time."""
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
        """The body as JSON, or why it is none. Raises what `body` raises."""
        body = self.body
        if body.count(b",") > MAX_COMMAS:
            raise BodyTooLarge(f"request body has over {MAX_COMMAS} values")
        if len(body) > LARGE and not self._is_large:
            _large_bodies.acquire()
            self._is_large = True
        return decode(body)

    @cached_property
    def lower_keys(self) -> Mapping[str, Any]:
        """The members of a JSON object that are not null, by key in lower case; empty for any other body."""
        try:
            value = self.json.value
        except BadRequest:
            return {}
        if type(value) is not tuple:
            return {}
        return {key.lower(): item for key, item in value if item is not None}

    @cached_property
    def token(self) -> DecodedToken | None:
        """The token in the header `token`, unproven; None if it cannot be decoded."""
        return self.decode_token(self.header("TOKEN"))

    def decode_token(self, text: str) -> DecodedToken | None:
        """Decode a token, unproven; None if it cannot be decoded."""
        try:
            return self.services.codecs.decode(text)
        except TokenMalformed:
            return None


def from_wsgi(value: str) -> str:
    """Return the text that WSGI hands over as bytes in Latin-1."""
    return value.encode("latin-1").decode("utf-8", "replace")


def _read(environ: Mapping[str, Any]) -> bytes:
    """Read the body. Raises BodyTooLarge, or BodyInvalid if it does not arrive whole.

    Werkzeug would cut off a chunked body that is too long without a word.
    """
    announced = _announced(environ)
    try:
        data: bytes = environ["wsgi.input"].read(min(announced, MAX_BODY_BYTES + 1))
    except Exception as error:
        # The client went away, or sent bad chunks; every server raises exceptions of its own for that.
        raise BodyInvalid("unexpected EOF") from error
    if len(data) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"request body is larger than {MAX_BODY_BYTES} bytes")
    if environ.get("CONTENT_LENGTH") and len(data) < announced:
        raise BodyInvalid("unexpected EOF")
    return data


def _announced(environ: Mapping[str, Any]) -> int:
    """Return how many bytes to expect; a chunked body ends by itself, if the server says so."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return MAX_BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    # gunicorn has refused any other header, the development server has not.
    if not (length.isascii() and length.isdigit() and len(length) < _MAX_LENGTH_DIGITS):
        raise BodyInvalid("bad Content-Length")
    return int(length)
