"""Who may use the control API: by the group of a call and the control key, and no page of another site."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from ipaddress import ip_address

from ..domain.auth_throttle import is_one_of
from ..errors import AccessDenied, NoSuchPath
from ..http.dispatch import ensure_started, keep_local
from ..http.loopback import host_of
from ..http.request import SENT_PATH, Request
from ..services import Services
from ..settings import Settings
from .problems import Problem

_BEARER = "Bearer "
#: What browsers say of requests that no page of another site made (Fetch Metadata, Sec-Fetch-Site).
_OWN_SITES = {"", "same-origin", "none"}
_BODY_TYPE = "application/json"


class Group(Enum):
    """What a call is for, which decides when it is served."""

    OPERATE = "looking after a server: always"
    BENCH = "development and tests: while ROLLCALL_BENCH allows it"


def check(http_request: Request, group: Group) -> None:
    """Check whether a request may make a call of a group. Raises Problem or a DomainError."""
    services = http_request.services
    if SENT_PATH in http_request.environ:
        # A proxy that keeps /_rollcall from others would let /v3/_rollcall through.
        raise NoSuchPath("the control API has no base path: /_rollcall comes first")
    _check_is_served(services.settings)
    keep_local(http_request.environ, services)
    _check_host(http_request, services.settings)
    _check_origin(http_request)
    _check_key(http_request, services)
    _check_body_type(http_request)
    _check_group(group, services.settings)
    ensure_started(http_request.environ, services)


def _check_group(group: Group, settings: Settings) -> None:
    if group is Group.BENCH and not settings.is_bench_on():
        raise Problem("bench-off", HTTPStatus.NOT_FOUND, "this call is served if ROLLCALL_BENCH is 1")


def _check_is_served(settings: Settings) -> None:
    if not settings.control_key and not settings.documented_secrets():
        raise Problem(
            "control-off",
            HTTPStatus.NOT_FOUND,
            "with secrets of your own the control API is served if ROLLCALL_CONTROL_KEY is set",
        )


def _check_host(http_request: Request, settings: Settings) -> None:
    """Refuse names that another site can make point here (DNS rebinding)."""
    host = host_of("//" + http_request.header("HOST"))
    target = str(http_request.environ.get("RAW_URI", "/"))
    if not target.startswith("/") or not (_is_own_name(host) or host in map(str.lower, settings.hosts)):
        raise Problem(
            "host-not-allowed",
            HTTPStatus.FORBIDDEN,
            "the Host has to be an IP address, localhost or a name without a dot, or be in ROLLCALL_HOSTS",
        )


def _is_own_name(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost") or (host and not set(".:") & set(host)):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_origin(http_request: Request) -> None:
    origin, site = http_request.header("ORIGIN"), http_request.header("SEC_FETCH_SITE")
    is_own = not origin or origin.partition("://")[2].lower() == http_request.header("HOST").lower()
    if not is_own or site not in _OWN_SITES:
        raise Problem(
            "cross-site", HTTPStatus.FORBIDDEN, "pages of other sites may not use the control API (Origin)"
        )


def _check_key(http_request: Request, services: Services) -> None:
    key = services.settings.control_key
    if not key:
        return
    given = http_request.header("AUTHORIZATION")
    is_right = given.startswith(_BEARER) and is_one_of(given.removeprefix(_BEARER), [key])
    refusal = AccessDenied("Authorization has to be Bearer and the key in ROLLCALL_CONTROL_KEY")
    if not given:
        raise refusal
    services.auth_throttle.check(
        http_request.throttled_address, is_right, refusal, http_request.log_wrong_secret
    )


def _check_body_type(http_request: Request) -> None:
    environ = http_request.environ
    has_body = environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ
    content_type = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if has_body and content_type != _BODY_TYPE:
        raise Problem(
            "body-type-not-supported", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body has to be {_BODY_TYPE}"
        )
