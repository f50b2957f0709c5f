"""Why RongCloud refuses a request, as far as only it can say."""

from __future__ import annotations

from collections.abc import Iterable

from ... import errors
from ...http.explanation_rows import Explanation, ExplanationTable, sentence
from . import diagnosis
from .context import Context
from .errors import BodyEmpty, TooFrequent


def _key(context: Context, error: errors.AppKeyUnknown) -> Iterable[str]:
    yield sentence(diagnosis.unknown_key(context))


def _signature(context: Context, error: errors.SignatureWrong) -> Iterable[str]:
    reason = str(error) or diagnosis.wrong_signature(context)
    yield f"The signature is refused: {reason}."
    yield "It is SHA-1 over secret, nonce and timestamp; the secret is in ROLLCALL_RONGCLOUD_APPS."


def _body(context: Context, error: errors.BodyInvalid) -> Iterable[str]:
    yield f"The body is not the form that the call takes: {error}."


def _empty(context: Context, error: BodyEmpty) -> Iterable[str]:
    yield "The body is empty, and the call has required parameters."


def _missing(context: Context, error: errors.ArgumentMissing) -> Iterable[str]:
    yield f"The parameter {error.name} is missing or empty."


def _frequent(context: Context, error: TooFrequent) -> Iterable[str]:
    limit = context.settings.rongcloud_rate_limit
    yield f"The app makes this call more than {limit} times a second (ROLLCALL_RONGCLOUD_RATE_LIMIT)."


def _too_many_users(context: Context, error: errors.TooManyUsers) -> Iterable[str]:
    limit = context.settings.rongcloud_max_users
    yield f"There are {limit} users, as many as ROLLCALL_RONGCLOUD_MAX_USERS allows."


def _already_issued(context: Context, error: errors.TokenAlreadyIssued) -> Iterable[str]:
    yield (
        f"{error.user_id} has a valid token of the app {context.app.key}, whose profile in "
        "ROLLCALL_RONGCLOUD_APPS is documented: it issues one at a time."
    )
    yield "The profile live issues another at each call; /user/token/expire cancels the one there is."


def _too_early(context: Context, error: errors.ReactivationTooEarly) -> Iterable[str]:
    yield "A user can be reactivated an hour after the deactivation, and one of these has to wait."


WHY = ExplanationTable(
    Explanation(errors.AppKeyUnknown, _key),
    Explanation(errors.SignatureWrong, _signature),
    Explanation(errors.BodyInvalid, _body),
    Explanation(BodyEmpty, _empty),
    Explanation(errors.ArgumentMissing, _missing),
    Explanation(TooFrequent, _frequent),
    Explanation(errors.TooManyUsers, _too_many_users),
    Explanation(errors.TokenAlreadyIssued, _already_issued),
    Explanation(errors.ReactivationTooEarly, _too_early),
)
