"""Explanations: sentences for a person that say why a request was refused, from the facts at that moment.

They name settings by their environment variable, ids, times and requests, never a secret. Each dialect has a
table of its own, for what only it can say; COMMON has what holds in all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import errors
from ..errors import DomainError
from . import token_reasons
from .explanation_rows import Explanation, ExplanationTable, administrators, sentence
from .times import timestamp

if TYPE_CHECKING:
    from .dialect import RequestContext


def explain(context: RequestContext, error: DomainError, own: ExplanationTable) -> list[str]:
    """Return why a request was refused; `own` is the dialect's table, which comes before COMMON."""
    for class_ in type(error).__mro__:
        row = own.find(class_) or COMMON.find(class_)
        if row is not None:
            return [*row.sentences(context, error), *own.more(context, error)]
    raise LookupError(f"no table has a row for {type(error).__name__}")


_BOM, _UTF_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


def _body(context: RequestContext, error: errors.BodyInvalid) -> Iterable[str]:
    try:
        body = context.http_request.body
    except DomainError:
        yield f"The body did not arrive whole: {error}."
        return
    if not body.strip():
        yield "The body is empty; this call takes JSON."
        return
    if body.startswith((_BOM, *_UTF_16)):
        yield f"The body begins with a byte order mark, and JSON is UTF-8 without one: {error}."
        return
    try:
        json.loads(body.decode(), parse_constant=_no_constant)
    except json.JSONDecodeError as place:
        yield f"The body is not JSON from line {place.lineno}, column {place.colno} on: {error}."
        if b"=" in body and body[:1] not in b'{["':
            yield "It looks like a form, which this protocol does not use."
    except (ValueError, RecursionError):
        yield f"The body is not JSON: {error}."
    else:
        yield f"The body is JSON, but does not fit the call: {error}."


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _argument(context: RequestContext, error: errors.ArgumentInvalid) -> Iterable[str]:
    about = f"The parameter {error.name} does" if error.name else "The parameters do"
    yield f"{about} not fit the call: {error}."


def _user_id(context: RequestContext, error: errors.UserIDInvalid) -> Iterable[str]:
    yield f"The user id {error.reason}; ids have 1 to 64 characters and no control characters."


def _documented(context: RequestContext, error: errors.DefaultSecretsInUse) -> Iterable[str]:
    yield sentence(str(error))
    yield "ROLLCALL_ALLOW_DOCUMENTED_SECRETS=1 serves other machines all the same."


def _throttled(context: RequestContext, error: errors.TooManyWrongSecrets) -> Iterable[str]:
    yield (
        f"The address {context.http_request.address} has sent too many wrong secrets; another is looked at "
        "after some seconds. A right one is always accepted."
    )


def _not_administrator(context: RequestContext, error: errors.NotAdministrator) -> Iterable[str]:
    token = context.token
    platform = f", for platform {token.platform_id}" if token and token.platform_id else ""
    yield f"The token is that of {error.user_id}{platform}; this call takes an administrator's."
    yield administrators(context)


def _not_owner(context: RequestContext, error: errors.NotOwner) -> Iterable[str]:
    caller = context.caller_id
    yield (
        f"The request is about {error.owner_id or 'a user without an id'}, the token is that of {caller}, "
        "who is no administrator."
    )
    yield administrators(context)


def _not_permitted(context: RequestContext, error: errors.NotPermitted) -> Iterable[str]:
    yield f"The caller may make this call, but not so: {error}."
    if context.token:
        yield f"The token is that of {context.token.user_id}, for platform {context.token.platform_id}."


def _protected(context: RequestContext, error: errors.AdministratorProtected) -> Iterable[str]:
    yield (
        f"{error.user_id} is an administrator (ROLLCALL_ADMINS), and those cannot be blocked, deactivated or "
        "deleted."
    )


def _blocked(context: RequestContext, error: errors.UserBlocked) -> Iterable[str]:
    until = context.services.blocks.until(error.user_id)
    yield f"{error.user_id} is blocked{f' until {timestamp(until)}' if until else ''}."


def _exists(context: RequestContext, error: errors.UserExists) -> Iterable[str]:
    if error.is_reserved:
        yield f"The id {error.user_id} is reserved: its user was deactivated, and can be reactivated."
    else:
        yield f"The id {error.user_id} is taken: there is such a user."


def _not_found(context: RequestContext, error: errors.UserNotFound) -> Iterable[str]:
    user_id = error.user_id
    yield f"There is no user {_shown(user_id)}."
    # Only what can be mistaken is looked for, as this costs a query.
    alike = {user_id.strip(), user_id.lower()} - {user_id, ""}
    for other in sorted(context.services.users.existing_ids(alike) if alike else ()):
        yield f"There is a user {other}: ids have to match in every character."


def _connections(context: RequestContext, error: errors.TooManyConnections) -> Iterable[str]:
    yield f"The user has {error}; they end at their ttl or by a call."


def _rejected(context: RequestContext, error: errors.WebhookRejected) -> Iterable[str]:
    texts = " ".join(filter(None, (error.message, error.detail)))
    yield f"The receiver in ROLLCALL_OPENIM_CALLBACK_URL refused this, code {error.code}: {texts}"


def _unavailable_webhook(context: RequestContext, error: errors.WebhookUnavailable) -> Iterable[str]:
    yield f"The receiver of a callback (ROLLCALL_OPENIM_CALLBACK_URL) gave no usable answer: {error}."
    yield "ROLLCALL_OPENIM_CALLBACKS says `refuse` for it, so nothing is done without one."


def _shown(user_id: str) -> str:
    """Return an id, in quotation marks if it would be hard to read without."""
    is_plain = user_id.isprintable() and user_id.split() == [user_id]
    return user_id if is_plain else repr(user_id)


COMMON = ExplanationTable(
    Explanation(DomainError, lambda context, error: (sentence(str(error) or type(error).__name__),)),
    Explanation(errors.BadRequest, lambda context, error: (f"The request does not fit the call: {error}.",)),
    Explanation(errors.BodyTooLarge, lambda context, error: (f"The {error}.",)),
    Explanation(errors.BodyInvalid, _body),
    Explanation(
        errors.HeaderMissing, lambda context, error: (f"The header {error.name} is missing or empty.",)
    ),
    Explanation(errors.ArgumentInvalid, _argument),
    Explanation(errors.UserIDInvalid, _user_id),
    Explanation(errors.DefaultSecretsInUse, _documented),
    Explanation(errors.TooManyWrongSecrets, _throttled),
    Explanation(errors.NotAdministrator, _not_administrator),
    Explanation(errors.NotOwner, _not_owner),
    Explanation(errors.NotPermitted, _not_permitted),
    Explanation(errors.AdministratorProtected, _protected),
    Explanation(errors.UserBlocked, _blocked),
    Explanation(errors.TokenRefused, token_reasons.refused),
    Explanation(errors.UserExists, _exists),
    Explanation(errors.UserNotFound, _not_found),
    Explanation(errors.NoFreeUserID, lambda context, error: ("All ids that were generated were taken.",)),
    Explanation(errors.TooManyConnections, _connections),
    Explanation(errors.WebhookRejected, _rejected),
    Explanation(errors.WebhookUnavailable, _unavailable_webhook),
    Explanation(errors.Overloaded, lambda context, error: (f"Rollcall has too much to do: {error}.",)),
    Explanation(
        errors.StorageUnavailable,
        lambda context, error: (f"The database cannot be used: {error}.", "Nothing was changed."),
    ),
    Explanation(
        errors.InternalError,
        lambda context, error: ("This is a fault in Rollcall; its log has the details.",),
    ),
)
