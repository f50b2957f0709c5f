"""One request as it came in, before anybody has judged it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from werkzeug.utils import cached_property

from app.errors import BadRequest, BodyTooLarge, TokenMalformed
from app.models import DecodedToken
from app.services import Services
from app.wire.body import LARGE, MAX_COMMAS, DecodedJson, decode, read

#: What is made of a large body may take fifty times its bytes, so only so many are dealt with at once.
_room_for_large = threading.Semaphore(4)
# A gateway's callbacks may have their key in the path.
_KEYED = re.compile(r"(/callback(?:Example)?/)(?!onlinestatus$).*", re.DOTALL)


class Request:
    """The parts of a request, each taken once and only when it is asked for."""

    def __init__(self, environ: dict[str, Any], services: Services) -> None:
        self.environ = environ
        self.services = services
        self._has_room = False

    def close(self) -> None:
        """Make room for the next large body."""
        if self._has_room:
            self._has_room = False
            _room_for_large.release()

    @property
    def path(self) -> str:
        """The path as it was sent, percent-decoded."""
        return text(self.environ["PATH_INFO"])

    @property
    def loggable_path(self) -> str:
        """The path as it may be logged: no longer than useful, and without a key."""
        return _KEYED.sub(r"\1...", self.path)[:200]

    def header(self, name: str) -> str:
        """Return a header, given as WSGI spells it without the HTTP_ (`OPERATIONID`); empty if absent."""
        value: str = self.environ.get("HTTP_" + name, "")
        return value if value.isascii() else text(value)

    @property
    def body(self) -> bytes:
        """The bytes of the body. Raises BodyTooLarge or BodyInvalid, each time that it is asked."""
        if isinstance(self._outcome, BadRequest):
            raise self._outcome
        return self._outcome

    @cached_property
    def _outcome(self) -> bytes | BadRequest:
        # The stream can be read once, so what was wrong with it has to be remembered as well.
        try:
            return read(self.environ)
        except BadRequest as error:
            return error

    @cached_property
    def json(self) -> DecodedJson:
        """The body as JSON, or why it is none. Raises what `body` raises."""
        body = self.body
        if body.count(b",") > MAX_COMMAS:
            raise BodyTooLarge(f"request body has over {MAX_COMMAS} values")
        if len(body) > LARGE and not self._has_room:
            _room_for_large.acquire()
            self._has_room = True
        return decode(body)

    @cached_property
    def lower_keys(self) -> Mapping[str, Any]:
        """The keys of a JSON object that are not null, in lower case; nothing if the body is no object."""
        try:
            value = self.json.value
        except BadRequest:
            return {}
        if type(value) is not tuple:
            return {}
        return {key.lower(): item for key, item in value if item is not None}

    @cached_property
    def token(self) -> DecodedToken | None:
        """The JSON Web Token in the `token` header, unproven; None if there is none that can be read."""
        return self.decode_token(self.header("TOKEN"))

    def decode_token(self, token: str) -> DecodedToken | None:
        """Read a JSON Web Token, unproven; None if it cannot be read."""
        try:
            return self.services.codecs.decode(token)
        except TokenMalformed:
            return None


def text(value: str) -> str:
    """Turn what WSGI hands over (bytes spelled as Latin-1) into the text that it was."""
    return value.encode("latin-1").decode("utf-8", "replace")
