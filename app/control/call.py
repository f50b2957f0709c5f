"""What a call of the control API is, and how its request is bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import parse_qsl

from ..errors import BodyInvalid, NoSuchPath
from ..formats.strict import bind
from ..http.request import Request
from ..limits import MAX_BODY_BYTES
from ..services import Services
from .access import Group

if TYPE_CHECKING:
    from ..devtools.devtools import DevTools

R = TypeVar("R")
#: The longest list of a page, and its default.
MAX_PAGE, PAGE = 1000, 100


@dataclass(frozen=True)
class Context:
    """A request to the control API."""

    http_request: Request
    devtools: DevTools

    @property
    def services(self) -> Services:
        """The services of this Rollcall."""
        return self.http_request.services


@dataclass(frozen=True)
class Nothing:
    """A request without parameters."""


@dataclass(frozen=True)
class Call(Generic[R]):
    """A call of the control API."""

    method: str
    path: str
    """Below `/_rollcall`."""
    group: Group
    schema: type[R]
    """Its parameters: those in the path, and the query's or, of POST and PUT, the body's."""
    view: Callable[[Context, R], object]
    """Returns the answer as JSON values. Raises DomainError or Problem."""
    max_body_bytes: int = MAX_BODY_BYTES
    waits: bool = False
    """Whether it may wait for other requests, which a reset then does not wait for."""

    @property
    def has_body(self) -> bool:
        """Whether its parameters are in a body."""
        return self.method in ("POST", "PUT")

    def bind(self, http_request: Request, path: Mapping[str, object]) -> R:
        """Return the bound request. Raises BadRequest or NoSuchPath."""
        _check_slashes(http_request, self.path)
        query = tuple(parse_qsl(http_request.query, keep_blank_values=True))
        if not self.has_body:
            return bind(self.schema, (*map(_as_text, path.items()), *query), kind="parameter")
        bind(Nothing, query, kind="parameter")
        return bind(self.schema, (*path.items(), *_members(http_request)))


def _check_slashes(http_request: Request, rule: str) -> None:
    """Check that no slash within an id was taken for the end of one. Raises NoSuchPath."""
    sent = str(http_request.environ.get("RAW_URI") or http_request.path).partition("?")[0]
    if sent.rpartition("/_rollcall")[2].count("/") != rule.count("/"):
        raise NoSuchPath("the control API has no such path; a slash in an id is written %2F")


def _as_text(item: tuple[str, object]) -> tuple[str, str]:
    return item[0], str(item[1])


def _members(http_request: Request) -> tuple[tuple[str, object], ...]:
    """Return the members of the body, which has to be a JSON object or empty. Raises BadRequest."""
    if not http_request.body:
        return ()
    decoded = http_request.json
    error = decoded.error or decoded.extra_data_error
    if error:
        raise BodyInvalid(f"the body is not JSON: {error}")
    if type(decoded.value) is not tuple:
        raise BodyInvalid("the body has to be a JSON object")
    return decoded.value
