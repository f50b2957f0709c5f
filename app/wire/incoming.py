"""One request as it came in, before anybody has judged it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.utils import cached_property

from app.errors import BadRequest, TokenMalformed
from app.models import PresentedToken
from app.services import Services
from app.wire.body import Json, decode, read


class Incoming:
    """The parts of a request, each taken once and only when it is asked for."""

    def __init__(self, environ: dict[str, Any], services: Services) -> None:
        self.environ = environ
        self.services = services

    @property
    def path(self) -> str:
        """The path as it was sent, percent-decoded."""
        return text(self.environ["PATH_INFO"])

    def header(self, name: str) -> str:
        """Return a header, given as WSGI spells it without the HTTP_ (`OPERATIONID`); empty if absent."""
        value: str = self.environ.get("HTTP_" + name, "")
        return value if value.isascii() else text(value)

    @property
    def body(self) -> bytes:
        """The bytes of the body. Raises BodyTooLarge or BodyUnreadable, each time that it is asked."""
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
    def json(self) -> Json:
        """The body as JSON, or why it is none. Raises what `body` raises."""
        return decode(self.body)

    @cached_property
    def keys(self) -> Mapping[str, Any]:
        """The keys of a JSON object that are not null, in lower case; nothing if the body is no object."""
        try:
            value = self.json.value
        except BadRequest:
            return {}
        if type(value) is not tuple:
            return {}
        return {key.lower(): item for key, item in value if item is not None}

    @cached_property
    def token(self) -> PresentedToken | None:
        """The JSON Web Token in the `token` header, unproven; None if there is none that can be read."""
        return self.presented(self.header("TOKEN"))

    def presented(self, token: str) -> PresentedToken | None:
        """Read a JSON Web Token, unproven; None if it cannot be read."""
        try:
            return self.services.codecs.read(token)
        except TokenMalformed:
            return None


def text(value: str) -> str:
    """Turn what WSGI hands over (bytes spelled as Latin-1) into the text that it was."""
    return value.encode("latin-1").decode("utf-8", "replace")
