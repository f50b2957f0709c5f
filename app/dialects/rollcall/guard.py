"""Access checks, by a token of any dialect, and their order: token, body, permission."""

from __future__ import annotations

from typing import TypeVar

from ...errors import ArgumentMissing, NotAdministrator, NotPermitted, TokenMissing
from ...formats.json_body import unmarshal
from ...formats.schema import bind, bind_json
from ...http.dialect import Access, RequestContext
from ...models import Platform, Token
from .query import pairs_of_query
from .schemas import PLATFORMS, Checked

R = TypeVar("R")


def authorize_and_bind(context: RequestContext, schema: type[R], access: Access[RequestContext, R]) -> R:
    """Check the caller, then bind and check the body or the query."""
    access.identify(context)
    http_request = context.http_request
    if context.endpoint.method == "GET":
        request = bind(schema, pairs_of_query(schema, http_request))
    else:
        # An empty body is an empty object, as all members are optional.
        request = bind_json(schema, unmarshal(http_request.json) if http_request.body else None)
    context.request = request
    if isinstance(request, Checked):
        request.check()
    access.permit(context, request)
    return request


def _by_token(context: RequestContext) -> None:
    """Require a valid token of any dialect. Raises TokenRefused."""
    text = context.http_request.header("TOKEN")
    if not text:
        raise TokenMissing
    services = context.services
    context.token = services.tokens.verify(services.codecs.decode(text), signature_first=True)


def _by_administrator(context: RequestContext) -> None:
    """Require an administrator's token, before the body is read. Raises AccessDenied."""
    _by_token(context)
    if not _is_administrator(context):
        raise NotAdministrator(context.caller_id)


def _is_administrator(context: RequestContext) -> bool:
    """Return whether the caller is an administrator; RongCloud's tokens are ordinary users'."""
    return context.is_administrator and not bearer(context).issuer


TOKEN: Access[RequestContext, object] = Access(_by_token)
ADMINISTRATOR: Access[RequestContext, object] = Access(_by_administrator)


def bearer(context: RequestContext) -> Token:
    """Return the caller's token."""
    assert context.token is not None, "every call of this dialect asks for a token"
    return context.token


def target(context: RequestContext, user_id: str, platform_id: int | None) -> tuple[str, int]:
    """Return the user and the platform whose presence a request is about.

    By default they are the token's. A token without a platform, as RongCloud's, or with one that has no name
    is for any platform: the request may name one, the default is web. Administrators may name any user and
    platform. Raises NotAdministrator, NotPermitted, ArgumentMissing or UserNotFound.
    """
    caller = bearer(context)
    if user_id and user_id != caller.user_id:
        return _other_user(context, user_id, platform_id)
    has_platform = caller.platform_id in PLATFORMS
    if platform_id is None:
        return caller.user_id, caller.platform_id if has_platform else Platform.WEB
    if platform_id != caller.platform_id and has_platform and not _is_administrator(context):
        raise NotPermitted(f"the token is for platform {caller.platform_id}")
    return caller.user_id, platform_id


def _other_user(context: RequestContext, user_id: str, platform_id: int | None) -> tuple[str, int]:
    if not _is_administrator(context):
        raise NotAdministrator(context.caller_id)
    if platform_id is None:
        raise ArgumentMissing("platformID is required", "platformID")
    return context.services.users.get(user_id).user_id, platform_id
