"""Everything that Rollcall refuses, as one tree. No codes and no HTTP statuses: those are each dialect's.

A dialect may add a leaf for what only it knows (openim_v2: BirthStrUnreadable; rongcloud: BodyEmpty).

RollcallError
├── StartupError                the process cannot serve, and the text says why
│   ├── SettingInvalid
│   ├── InstanceBusy
│   └── DatabaseRefused
└── DomainError                 a request cannot be served
    ├── BadRequest
    │   ├── BodyTooLarge
    │   ├── BodyInvalid
    │   ├── HeaderMissing
    │   ├── PatternInvalid
    │   └── ArgumentInvalid
    │       ├── ArgumentMissing
    │       ├── ArgumentTooLong
    │       ├── ArgumentRepeated
    │       └── UserIDInvalid
    ├── AccessDenied
    │   ├── DefaultSecretsInUse
    │   ├── SecretWrong
    │   ├── TooManyWrongSecrets
    │   ├── AppKeyUnknown
    │   ├── SignatureWrong
    │   ├── NotAdministrator
    │   ├── NotOwner
    │   ├── NotPermitted
    │   ├── AdministratorProtected
    │   ├── UserBlocked
    │   └── TokenRefused
    │       ├── TokenMissing
    │       ├── TokenMalformed
    │       ├── TokenExpired
    │       ├── TokenNotYetValid
    │       ├── TokenSignatureInvalid
    │       ├── TokenKicked
    │       └── TokenNotIssued
    ├── UserExists
    ├── UserNotFound
    ├── CommandNotFound
    ├── NoFreeUserID
    ├── ReactivationTooEarly
    ├── TooManyUsers
    ├── TokenAlreadyIssued
    ├── TooManyConnections
    ├── WebhookRejected
    ├── WebhookUnavailable
    │   └── WebhookResponseInvalid
    ├── NoSuchCall
    │   ├── NoSuchPath
    │   └── NoSuchMethod
    ├── ServiceUnavailable
    │   └── StorageUnavailable
    └── InternalError
"""

from __future__ import annotations

from collections.abc import Sequence


class RollcallError(Exception):
    """The root; catching it catches all that is ours."""


class StartupError(RollcallError):
    """The process cannot serve. The text is a sentence for whoever started it."""


class SettingInvalid(StartupError):
    """A setting is unknown, mistyped or at odds with another; the text names it."""


class InstanceBusy(StartupError):
    """Another process serves this instance folder."""


class DatabaseRefused(StartupError):
    """The database file is foreign, newer than this Rollcall, damaged or out of reach."""


class DomainError(RollcallError):
    """A request cannot be served."""


class BadRequest(DomainError):
    """What was sent cannot be taken as it is; `str()` of the error says what is wrong with it."""


class BodyTooLarge(BadRequest):
    """The body is larger than Rollcall reads."""


class BodyInvalid(BadRequest):
    """The body is not JSON, or holds a value of another type than the call takes."""


class HeaderMissing(BadRequest):
    """A header that the dialect needs is absent or empty."""

    def __init__(self, name: str) -> None:
        super().__init__(f"header must have {name}")
        #: The header's name as its dialect spells it.
        self.name = name


class PatternInvalid(BadRequest):
    """A pattern to search for is no regular expression, or matching it takes too long."""


class ArgumentInvalid(BadRequest):
    """A parameter was understood and refused."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        #: The parameter's name on the wire, where one parameter is to blame.
        self.name = name


class ArgumentMissing(ArgumentInvalid):
    """A required parameter is absent or blank."""


class ArgumentTooLong(ArgumentInvalid):
    """A parameter is longer than the call takes."""


class ArgumentRepeated(ArgumentInvalid):
    """A list that must not repeat itself does."""


class UserIDInvalid(ArgumentInvalid):
    """An id cannot become a user's (see ids.py)."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"userID {reason}", "userID")
        #: Why, as the rest of a sentence that begins with the parameter's name.
        self.reason = reason


class AccessDenied(DomainError):
    """The caller may not do this."""


class DefaultSecretsInUse(AccessDenied):
    """Documented or short secrets are in place, so only this machine is served."""

    def __init__(self, settings: Sequence[str], reason: str) -> None:
        super().__init__(
            f"{reason}: with the documented or short secret in {', '.join(settings)} only requests from "
            "this machine are served; set a secret of your own"
        )
        #: The offending settings, spelled as environment variables.
        self.settings = tuple(settings)


class SecretWrong(AccessDenied):
    """The secret in the body is not the configured one."""


class TooManyWrongSecrets(AccessDenied):
    """The address has sent so many wrong secrets that the next one is not looked at."""


class AppKeyUnknown(AccessDenied):
    """The RongCloud App-Key header is missing or names no app."""


class SignatureWrong(AccessDenied):
    """The RongCloud signature is missing or belongs to none of the app's secrets."""


class NotAdministrator(AccessDenied):
    """The call is an administrator's and the caller is none."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"user {user_id} is not an administrator")
        #: The caller.
        self.user_id = user_id


class NotOwner(AccessDenied):
    """The call is an administrator's or the owner's, and the caller is neither."""

    def __init__(self, owner_id: str) -> None:
        super().__init__(f"this is for {owner_id} or an administrator")
        #: Whose it is.
        self.owner_id = owner_id


class NotPermitted(AccessDenied):
    """The caller may make this call, but not with these arguments; `str()` says why."""


class AdministratorProtected(AccessDenied):
    """Administrators are neither blocked nor deactivated nor deleted."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"{user_id} is an administrator")
        #: The administrator.
        self.user_id = user_id


class UserBlocked(AccessDenied):
    """The user whom a call is about is blocked for some time."""


class TokenRefused(AccessDenied):
    """The token in the request does not let its bearer in."""


class TokenMissing(TokenRefused):
    """There is no token in the request."""


class TokenMalformed(TokenRefused):
    """The text is no token at all."""


class TokenExpired(TokenRefused):
    """The token has ended."""


class TokenNotYetValid(TokenRefused):
    """The token has not begun."""


class TokenSignatureInvalid(TokenRefused):
    """The token's signature does not hold, or it claims to be from the future."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        #: What is wrong, in the words of OpenIM's JWT library.
        self.reason = reason


class TokenKicked(TokenRefused):
    """The token was cancelled."""


class TokenNotIssued(TokenRefused):
    """The token is genuine but was not issued here, or is no longer on record."""


class UserExists(DomainError):
    """A user to be registered is registered already."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        #: The id that is taken.
        self.user_id = user_id


class UserNotFound(DomainError):
    """A user is not registered."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        #: The id that nobody has.
        self.user_id = user_id


class CommandNotFound(DomainError):
    """A user has no such command."""


class NoFreeUserID(DomainError):
    """Every id that was thought up for a new account was taken."""


class ReactivationTooEarly(DomainError):
    """What is asked may be done later, and not yet."""


class TooManyUsers(DomainError):
    """There are as many users as a setting allows."""


class TokenAlreadyIssued(DomainError):
    """The user holds a token of this issuer, and its rule is one at a time."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        #: The user who holds it.
        self.user_id = user_id


class TooManyConnections(DomainError):
    """A user has as many connections on one platform as Rollcall keeps."""


class WebhookRejected(DomainError):
    """Somebody who was asked before it was done has refused it, in words and with a code of its own."""

    def __init__(self, code: int, message: str, detail: str) -> None:
        super().__init__(detail or message)
        #: What the caller is to be told.
        self.code, self.message, self.detail = code, message, detail


class WebhookUnavailable(DomainError):
    """Somebody who has to be asked before could not be reached, or did not answer in time."""


class WebhookResponseInvalid(WebhookUnavailable):
    """Somebody who was asked before gave an answer that nobody can read."""


class NoSuchCall(DomainError):
    """There is nothing to call."""


class NoSuchPath(NoSuchCall):
    """The dialect has no such path."""


class NoSuchMethod(NoSuchCall):
    """The path takes another method."""


class ServiceUnavailable(DomainError):
    """Rollcall cannot serve at the moment; trying again later may help."""


class StorageUnavailable(ServiceUnavailable):
    """The database could not be read or written; nothing of the request was kept."""


class InternalError(DomainError):
    """A fault of Rollcall's own. The log has the details, the answer has none."""
