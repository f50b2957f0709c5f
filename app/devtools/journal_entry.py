"""One request in the journal: what was kept of it, and what is worked out when it is read."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..http.request import from_wsgi

if TYPE_CHECKING:
    from ..http.dispatch import Exchange
    from ..models import Token

#: Bytes that are kept of a body.
MAX_BODY_BYTES = 64 * 1024
#: What an entry takes besides head and bodies, in bytes.
_ENTRY_BYTES = 1024
#: Names of fields that hold ids of users, in any dialect.
_USER_IDS = re.compile("userids?(list)?$", re.IGNORECASE)
_PLATFORMS = ("platformid", "platform")
_XML_CODE = re.compile(rb"<code>(-?[0-9]+)</code>")
_HOST = re.compile(r"[\w.-]+(:[0-9]+)?|\[[0-9a-fA-F:.]+\](:[0-9]+)?", re.ASCII)
_MAX_DEPTH = 4
_MAX_IDS = 1000
_GZIP = b"\x1f\x8b"


class Entry:
    """A request and its answer. Made on every request, so it only takes references."""

    __slots__ = (
        "_head",
        "_path",
        "answer_body",
        "answer_bytes",
        "answer_headers",
        "at",
        "body",
        "body_bytes",
        "dialect",
        "generation",
        "generation_because",
        "method",
        "number",
        "outcome",
        "recognised_by",
        "seconds",
        "size",
        "status",
        "token",
        "why",
    )

    def __init__(self, exchange: Exchange, at: float, body: bytes) -> None:
        """Take an exchange at `at` (Unix seconds) with its body, empty if that was not read."""
        context = exchange.context
        #: The request's number; 0 until it is recorded.
        self.number = 0
        self.at = at
        self.seconds = exchange.seconds
        self.dialect = exchange.dialect_name
        self.outcome = exchange.outcome
        #: Why it was refused.
        self.why: Sequence[str] = ()
        #: Why it was taken for one of its dialect.
        self.recognised_by = exchange.http_request.recognised_by
        if context is None:
            self.generation = self.generation_because = ""
            self.token: Token | None = None
        else:
            self.generation = context.generation_name
            #: Why it was taken for one of its generation.
            self.generation_because = context.generation_because
            #: The caller's verified token.
            self.token = context.token
        #: The beginnings of the bodies, with their whole lengths.
        self.body_bytes, self.answer_bytes = len(body), len(exchange.answer.body)
        self.body = body if len(body) <= MAX_BODY_BYTES else body[:MAX_BODY_BYTES]
        answer = exchange.answer
        #: The answer, its body with all that was kept of it.
        self.status, self.answer_headers = answer.status, answer.headers
        self.answer_body = (
            answer.body if self.answer_bytes <= MAX_BODY_BYTES else answer.body[:MAX_BODY_BYTES]
        )
        environ = exchange.http_request.environ
        self._path, self.method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        self._head = exchange.http_request.head
        #: About how many bytes it takes.
        self.size = _ENTRY_BYTES + len(self.body) + len(self.answer_body) + len(self._head)

    @property
    def path(self) -> str:
        """The path without base path and query."""
        return from_wsgi(self._path)

    @property
    def target(self) -> str:
        """The path and the query as they were sent."""
        parts = _text(self._head.partition(b"\r\n")[0]).split(" ")
        return parts[1] if len(parts) > 1 else self.path

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers."""
        lines = self._head.rstrip(b"\r\n").split(b"\r\n")[1:]
        pairs = (line.partition(b":") for line in lines)
        return [(_text(name), _text(value).strip(" \t")) for name, _, value in pairs]

    @property
    def origin(self) -> str:
        """Scheme and host of the server, as the client named them."""
        host = next((value for name, value in self.headers if name.lower() == "host"), "")
        return f"http://{host if _HOST.fullmatch(host) else '127.0.0.1'}"

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning of the request's body was kept."""
        return len(self.body) < self.body_bytes

    @property
    def pairs(self) -> Sequence[tuple[str, object]]:
        """The fields of the body, JSON's or a form's, with those of objects within."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return parse_qsl(self.body.decode("utf-8", "replace"))
        return tuple(_fields(value, _MAX_DEPTH))

    @property
    def user_ids(self) -> Sequence[str]:
        """The users whom the request is about: those in the body, else the token's."""
        found: dict[str, None] = {}
        for name, value in self.pairs:
            if _USER_IDS.search(name):
                for each in value if isinstance(value, list) else [value]:
                    if isinstance(each, str) and each and len(found) < _MAX_IDS:
                        found[each] = None
        if not found and self.token is not None:
            return (self.token.user_id,)
        return tuple(found)

    @property
    def platform_id(self) -> int | None:
        """The platform that the body names as a number, else the token's."""
        for name, value in self.pairs:
            if name.lower() in _PLATFORMS and type(value) is int:
                return value
        return self.token.platform_id if self.token and self.token.platform_id else None

    @property
    def answer_text(self) -> bytes:
        """The answer's body, decompressed as far as it was kept."""
        body = self.answer_body
        if not body.startswith(_GZIP):
            return body
        try:
            return gzip.decompress(body)
        except (EOFError, OSError, zlib.error):
            return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body)

    @property
    def code(self) -> int | None:
        """The code in the answer; None if it has none."""
        text = self.answer_text
        try:
            value = json.loads(text)
        except ValueError:
            found = _XML_CODE.search(text)
            return int(found[1]) if found else None
        code = value.get("errCode", value.get("code")) if isinstance(value, dict) else None
        return code if type(code) is int else None


def _text(head: bytes) -> str:
    return head.decode("utf-8", "replace")


def _fields(value: Any, depth: int) -> Iterator[tuple[str, object]]:
    """Yield the members of an object, and of those within it."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name, item
            if depth:
                yield from _fields(item, depth - 1)
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _fields(item, depth - 1)
