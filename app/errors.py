"""All errors, as one tree, without error codes or HTTP statuses: each dialect maps the classes to its own.

A dialect may add leaves of its own (openim_v2: BirthStrInvalid; rongcloud: BodyEmpty).

RollcallError
├── StartupError                the process cannot start; the text says why
│   ├── SettingInvalid
│   ├── InstanceBusy
│   └── DatabaseRefused
└── DomainError                 a request cannot be served
    ├── BadRequest
    │   ├── BodyTooLarge
    │   ├── BodyInvalid
    │   ├── HeaderMissing
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
    │   ├── Overloaded
    │   └── StorageUnavailable
    └── InternalError
"""

from __future__ import annotations

from collections.abc import Sequence


class RollcallError(Exception):
    """The base class of all errors of Rollcall."""


class StartupError(RollcallError):
    """The process cannot start. The text is a message for the operator."""


class SettingInvalid(StartupError):
    """A setting is unknown, malformed or in conflict with another; the text names it."""


class InstanceBusy(StartupError):
    """Another process holds the lock of the instance folder."""


class DatabaseRefused(StartupError):
    """The database file is another application's, from a newer version, damaged or inaccessible."""


class DomainError(RollcallError):
    """A request cannot be served."""


class BadRequest(DomainError):
    """The request is malformed or has an invalid parameter; `str()` says what is wrong."""


class BodyTooLarge(BadRequest):
    """The body exceeds the size limit."""


class BodyInvalid(BadRequest):
    """The body or the query cannot be parsed, or a value in it has the wrong type."""


class HeaderMissing(BadRequest):
    """A required header is missing or empty."""

    def __init__(self, name: str) -> None:
        super().__init__(f"header must have {name}")
        #: The header's name as written in the dialect.
        self.name = name


class ArgumentInvalid(BadRequest):
    """A parameter has a value that is not allowed."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        #: The parameter's wire name; empty if the error is not about a single parameter.
        self.name = name


class ArgumentMissing(ArgumentInvalid):
    """A required parameter is missing or empty."""


class ArgumentTooLong(ArgumentInvalid):
    """A parameter is too long, or stored data or the answer would exceed a limit."""


class ArgumentRepeated(ArgumentInvalid):
    """A list repeats an entry and must not."""


class UserIDInvalid(ArgumentInvalid):
    """A text cannot be a user id (see limits.py)."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"userID {reason}", "userID")
        #: Why, as a predicate that follows the parameter's name ("is empty").
        self.reason = reason


class AccessDenied(DomainError):
    """The caller is not allowed to do this."""


class DefaultSecretsInUse(AccessDenied):
    """A documented or short secret is configured, so only requests from this machine are served."""

    def __init__(self, settings: Sequence[str], reason: str) -> None:
        super().__init__(
            f"{reason}: with the documented or short secret in {', '.join(settings)} only requests from "
            "this machine are served; set a secret of your own"
        )
        #: The settings with such a secret, as environment variables.
        self.settings = tuple(settings)


class SecretWrong(AccessDenied):
    """The secret is not one of the configured ones."""


class TooManyWrongSecrets(AccessDenied):
    """The client address has sent too many wrong secrets and has to wait."""


class AppKeyUnknown(AccessDenied):
    """The RongCloud App-Key header is missing or names an unknown app."""


class SignatureWrong(AccessDenied):
    """The RongCloud signature is missing, stale or replayed, or matches none of the app's secrets.

    `str()` says so of a stale or a replayed one, for people who look after the server.
    """


class NotAdministrator(AccessDenied):
    """The call is for administrators only."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"user {user_id} is not an administrator")
        #: The caller.
        self.user_id = user_id


class NotOwner(AccessDenied):
    """The call is for the owner of the data or an administrator."""

    def __init__(self, owner_id: str) -> None:
        super().__init__(f"this is for {owner_id} or an administrator")
        #: The owner.
        self.owner_id = owner_id


class NotPermitted(AccessDenied):
    """The caller may make this call, but not with these parameters; `str()` says why."""


class AdministratorProtected(AccessDenied):
    """An administrator cannot be blocked, deactivated or deleted."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"{user_id} is an administrator")
        #: The administrator.
        self.user_id = user_id


class UserBlocked(AccessDenied):
    """The user is blocked."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"{user_id} is blocked")
        #: The user.
        self.user_id = user_id


class TokenRefused(AccessDenied):
    """The request has no valid token."""


class TokenMissing(TokenRefused):
    """The request has no token."""


class TokenMalformed(TokenRefused):
    """The text cannot be parsed as a token."""


class TokenExpired(TokenRefused):
    """The token has expired."""


class TokenNotYetValid(TokenRefused):
    """The token's `nbf` is in the future."""


class TokenSignatureInvalid(TokenRefused):
    """The token's signature is invalid, or its `iat` is in the future."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        #: The message of OpenIM's JWT library.
        self.reason = reason


class TokenKicked(TokenRefused):
    """The token was revoked, or its user is blocked."""


class TokenNotIssued(TokenRefused):
    """The token's signature is valid, but no such token is on record."""


class UserExists(DomainError):
    """The id is taken: by a registered user, or reserved by a deactivated one."""

    def __init__(self, user_id: str, *, is_reserved: bool = False) -> None:
        super().__init__(user_id)
        #: The id that is taken.
        self.user_id = user_id
        #: Whether its user was deactivated.
        self.is_reserved = is_reserved


class UserNotFound(DomainError):
    """The user is not registered."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        #: The unknown id.
        self.user_id = user_id


class CommandNotFound(DomainError):
    """The user has no such command."""


class NoFreeUserID(DomainError):
    """All ids generated for a new account were taken."""


class ReactivationTooEarly(DomainError):
    """The user was deactivated too recently to be reactivated."""


class TooManyUsers(DomainError):
    """The configured maximum number of users is reached."""


class TokenAlreadyIssued(DomainError):
    """The user already has a valid token of this issuer, which allows only one."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        #: The user with the token.
        self.user_id = user_id


class TooManyConnections(DomainError):
    """The user has reached the maximum number of connections on one platform."""


class WebhookRejected(DomainError):
    """The receiver of a before-callback rejected the operation, with its own code and texts."""

    def __init__(self, code: int, message: str, detail: str) -> None:
        super().__init__(detail or message)
        #: Passed on to the caller; the dialect chooses which.
        self.code, self.message, self.detail = code, message, detail


class WebhookUnavailable(DomainError):
    """The receiver of a required before-callback was unreachable or timed out."""


class WebhookResponseInvalid(WebhookUnavailable):
    """The receiver of a required before-callback gave an unreadable response."""


class NoSuchCall(DomainError):
    """There is no such endpoint."""


class NoSuchPath(NoSuchCall):
    """The dialect has no such path."""


class NoSuchMethod(NoSuchCall):
    """The path does not take this method."""


class ServiceUnavailable(DomainError):
    """Rollcall temporarily cannot serve the request; the client may retry."""


class Overloaded(ServiceUnavailable):
    """Too many requests of an expensive kind are being served."""


class StorageUnavailable(ServiceUnavailable):
    """The database could not be read or written; the request changed nothing."""


class InternalError(DomainError):
    """An unexpected error. The log has the details; the response has none."""
