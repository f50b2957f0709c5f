"""The interface of dialects, the wire protocols that Rollcall serves.

A request goes through `make_context` (which refuses nothing), the endpoint (which authorizes, binds and calls
the view), and `render_success` or `render_error`. `C` is the dialect's request context, `R` a bound request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ..formats.schema import takes_list
from ..limits import MAX_BATCH_BYTES, MAX_BODY_BYTES
from .error_rows import ErrorTable
from .explanation_rows import ExplanationTable

if TYPE_CHECKING:
    from ..errors import DomainError
    from ..formats.codecs import TokenCodec
    from ..models import Token
    from ..services import Services
    from ..settings import SettingGroup, Settings
    from ..webhooks.senders import Sender, SenderSetup
    from .request import Request
    from .responses import Answer


@dataclass
class RequestContext:
    """The state of one request; dialects add fields for the results of their checks."""

    http_request: Request
    endpoint: EndpointInfo
    variant: str
    """The variant that the base path selects; empty if it selects none."""
    operation_id: str = field(default="", init=False)
    """The client's id of the request, once the dialect has read it."""
    request: object = field(default=None, init=False)
    """The bound request; None before binding."""
    token: Token | None = field(default=None, init=False)
    """The caller's verified token; None in calls that take none."""

    @property
    def generation_name(self) -> str:
        """The generation of the dialect in which the request is answered; empty if it has none."""
        return ""

    @property
    def generation_because(self) -> str:
        """Why it is that one."""
        return ""

    @property
    def services(self) -> Services:
        """The services of this Rollcall."""
        return self.http_request.services

    @property
    def caller_id(self) -> str:
        """The user id of the caller; empty in calls that take no token."""
        return self.token.user_id if self.token else ""

    @property
    def is_administrator(self) -> bool:
        """Whether the caller is an administrator."""
        return self.services.users.is_administrator(self.caller_id)


#: Takes a value of a seed and its place in there; returns a user's attributes, namespace to name to value.
#: Raises ArgumentInvalid.
SeedReader = Callable[[object, str], Mapping[str, Mapping[str, str]]]

C = TypeVar("C", bound=RequestContext)
C_contra = TypeVar("C_contra", bound=RequestContext, contravariant=True)
# A dialect only receives contexts that it made, so others can treat it as a dialect of RequestContext.
C_co = TypeVar("C_co", bound=RequestContext, covariant=True)
R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)
T = TypeVar("T")


def anyone(context: RequestContext) -> None:
    """Require no credential."""


def everything(context: RequestContext, request: object) -> None:
    """Permit every request."""


@dataclass(frozen=True)
class Access(Generic[C_contra, R_contra]):
    """The access rules of a call: the credential that it requires, and a check of the bound request."""

    identify: Callable[[C_contra], None] = anyone
    """Identify the caller. Raises AccessDenied."""
    permit: Callable[[C_contra, R_contra], None] = everything
    """Check that the caller may make this request. Raises AccessDenied."""


class Steps(Protocol[C]):
    """A dialect's checks before a view, in its own order."""

    def __call__(self, context: C, schema: type[R], access: Access[C, R]) -> R:
        """Return the bound request. Raises DomainError."""
        ...


@dataclass(frozen=True)
class EndpointInfo:
    """The declaration of one call."""

    path: str
    group: str
    """The name of its blueprint."""
    method: str
    schema: type
    access: object
    """An Access of the dialect."""
    body_keys: frozenset[str]
    """Keys of the body, in lower case, that no other dialect takes at this path."""
    errors: ErrorTable
    """Rows that override the dialect's error table."""
    max_body_bytes: int = field(default=MAX_BODY_BYTES, kw_only=True)
    """The longest body that it takes."""


@dataclass(frozen=True)
class Endpoint(EndpointInfo, Generic[C_co]):
    """One call of a dialect, with its implementation."""

    call: Callable[[C_co], object]
    """Authorize, bind and run the view; return what the dialect renders. Raises DomainError."""


class Routes(Generic[C]):
    """A collector of the endpoints that a module declares."""

    def __init__(self, group: str, authorize_and_bind: Steps[C]) -> None:
        self._group = group
        self._authorize_and_bind = authorize_and_bind
        self.endpoints: list[Endpoint[C]] = []

    def post(
        self,
        path: str,
        schema: type[R],
        *,
        access: Access[C, R],
        body_keys: Sequence[str] = (),
        errors: ErrorTable | None = None,
        method: str = "POST",
    ) -> Callable[[Callable[[C, R], T]], Callable[[C, R], T]]:
        """Declare the decorated view as the call at `path`; a list may have a longer body."""

        def declare(view: Callable[[C, R], T]) -> Callable[[C, R], T]:
            steps = self._authorize_and_bind

            def call(context: C) -> object:
                return view(context, steps(context, schema, access))

            keys = frozenset(key.lower() for key in body_keys)
            size = MAX_BATCH_BYTES if takes_list(schema) else MAX_BODY_BYTES
            table = errors or ErrorTable()
            self.endpoints.append(
                Endpoint(path, self._group, method, schema, access, keys, table, call, max_body_bytes=size)
            )
            return view

        return declare

    def get(
        self, path: str, schema: type[R], *, access: Access[C, R]
    ) -> Callable[[Callable[[C, R], T]], Callable[[C, R], T]]:
        """Declare the decorated view as the GET call at `path`, with its parameters in the query."""
        return self.post(path, schema, access=access, method="GET")


@dataclass(frozen=True)
class DetectionHints:
    """The marks of a dialect's requests on a path that it shares with another."""

    operation_id_in: str
    """`body` or `header`."""
    token_formats: frozenset[str]
    """The formats of the tokens that its clients hold."""
    is_default: Callable[[Settings], bool]
    """Whether a request without any hint is meant for this dialect."""


@dataclass(frozen=True)
class Dialect(Generic[C_co]):
    """A wire protocol."""

    name: str
    endpoints: Sequence[Endpoint[C_co]]
    base_paths: Mapping[str, str]
    """Path prefix -> the variant that it selects; empty where it selects none."""
    make_context: Callable[[Request, EndpointInfo, str], C_co]
    render_success: Callable[[C_co, object], Answer]
    render_error: Callable[[C_co, DomainError], Answer]
    token_formats: Callable[[Settings], Sequence[TokenCodec]] = lambda settings: ()
    webhooks: Callable[[SenderSetup], Sequence[Sender]] = lambda setup: ()
    settings: type[SettingGroup] | None = None
    """Its group of settings."""
    detection_hints: DetectionHints | None = None
    """None for a dialect that shares no path with another."""
    explanations: ExplanationTable = field(default_factory=ExplanationTable)
    """Why its requests are refused, as far as only it can say."""
    seed: SeedReader | None = None
    """Reads what a seed says of a user under the dialect's name."""
    unknown: Endpoint[C_co] | None = None
    """Handles a POST to an unknown path below a base path; None answers 404 without any check."""
    suffixes: tuple[str, ...] = ()
    """Endings that make even unknown paths this dialect's."""
    aliases: tuple[str, ...] = ()
    """Prefixes, possibly shared with other dialects, that proxies leave in front of its paths."""
    takes_double_slash: bool = False
    """Whether a path may begin with two slashes, as some of its clients send it."""
