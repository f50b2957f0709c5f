"""`why`: a refusal and its sentences, for every leaf of the error tree in each dialect that can answer it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from rollcall_server import errors
from rollcall_server.dialects.openim_v2.errors import BirthStrInvalid, SomeNotDeleted
from rollcall_server.dialects.rongcloud.errors import BodyEmpty, TooFrequent
from rollcall_server.models import User
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.control.test_access import KEY, send
from tests.support.clock import FakeClock
from tests.support.sink import Behaviour, Sink, answering, hung_up
from tests.support.tokens import jwt, signature_of, v3_8

NOW = 1_700_000_000
V2, V3, RONG, OWN, GATEWAYS = "openim_v2", "openim_v3", "rongcloud", "rollcall", "openim_callbacks"
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


class Bench:
    """A server, and requests to it in every dialect."""

    def __init__(self, app: Flask, clock: FakeClock) -> None:
        self.app, self.clock = app, clock
        self.services: Services = app.extensions["rollcall"]
        self.client = app.test_client()

    def post(self, path: str, body: Any = None, token: str | None = None, **given: Any) -> Any:
        headers = {"operationID": "op", **({"token": token} if token else {}), **given.pop("headers", {})}
        kind = {"data": body} if isinstance(body, bytes) else {"json": {} if body is None else body}
        return self.client.post(path, headers=headers, **kind, **given)

    def v2(self, path: str, body: Any = None, token: str | None = None, **given: Any) -> Any:
        fields = {"operationID": "op", **body} if isinstance(body, dict) else body
        return self.post(f"/v2{path}", fields, token, **given)

    def signed(self, path: str, form: Any = None, app: str = "your-app-key", **given: Any) -> Any:
        secret = {"your-app-key": "your-app-secret", "live-app-key": "live-app-secret"}[app]
        headers = {"App-Key": app, "Nonce": "1", "Timestamp": "2"}
        headers["Signature"] = signature_of(secret, "1", "2")
        headers |= given.pop("headers", {})
        return self.client.post(path, data=form, headers=headers, **given)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        response = send(self.app, f"/_rollcall{path}", method, json=body or {}, headers=headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def user(self, *user_ids: str, **profile: Any) -> None:
        self.services.start()
        self.services.users.register([User(user_id, **profile) for user_id in user_ids])

    def token(self, user_id: str = "imAdmin", **wanted: Any) -> str:
        self.services.start()
        return str(self.control("POST", f"/users/{user_id}/tokens", wanted)["token"])

    def alice(self, **wanted: Any) -> str:
        """Register alice; return a token of hers."""
        self.user("alice")
        return self.token("alice", **wanted)


@dataclass(frozen=True)
class Row:
    """A refusal: its dialect and error, how it is provoked, and the sentences."""

    name: str
    dialect: str
    error: type[errors.DomainError]
    provoke: Callable[[Bench], object]
    why: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    receiver: Behaviour | None = None


Do = Callable[[Bench], object]
DoWith = Callable[[Bench, str], object]


def kicked(bench: Bench, call: DoWith) -> None:
    token = bench.alice()
    bench.clock.advance(1)
    bench.post("/v3.8/auth/get_user_token", {"userID": "alice", "platformID": 1}, bench.token())
    bench.clock.advance(1)
    call(bench, token)


def by_control(bench: Bench, call: DoWith) -> None:
    token = bench.alice()
    bench.control("DELETE", "/users/alice/tokens")
    call(bench, token)


def blocked(bench: Bench, call: DoWith) -> None:
    token = bench.alice()
    bench.control("PUT", "/users/alice/block", {"for": 60})
    call(bench, token)


def replaced(bench: Bench, call: DoWith) -> None:
    token = bench.alice()
    bench.control("DELETE", "/users/alice/tokens")
    bench.clock.advance(1)
    bench.token("alice")
    call(bench, token)


def made_expired(bench: Bench, call: DoWith) -> None:
    token = bench.alice()
    bench.clock.advance(5)
    bench.control("POST", "/users/alice/tokens/expire")
    call(bench, token)


def before_reset(bench: Bench, call: DoWith) -> None:
    token = bench.alice()
    bench.clock.advance(5)
    bench.control("POST", "/reset")
    call(bench, token)


def deactivated(bench: Bench, call: Do) -> None:
    bench.user("alice")
    bench.services.deletion.deactivate(["alice"])
    call(bench)


def busy(bench: Bench, call: Do) -> None:
    """Leave no memory for large bodies, and no thread that may wait for some."""
    with bench.services.waiting.waiting("large bodies"):
        bench.services.bodies._taken = 64 * 1024 * 1024
        call(bench)


def no_database(bench: Bench, call: Do) -> None:
    bench.services.start()
    bench.services.storage.database.close()
    call(bench)


def stopped(bench: Bench, call: Do) -> None:
    bench.services.start()
    bench.services.stop()
    call(bench)


def broken(bench: Bench, call: Do) -> None:
    """Make what looks users up fail with an exception that nothing expects."""
    bench.services.start()
    del bench.services.users._store
    call(bench)


def throttled(bench: Bench, call: Do) -> None:
    bench.services.start()
    for _ in range(40):
        bench.services.auth_throttle.record_failure("192.0.2.7")
    call(bench)


def with_token(call: Do | None, prepare: Callable[[Bench, Do], None], send: DoWith) -> Do:
    """Return a function that issues a token before it prepares what the request meets."""

    def provoke(bench: Bench) -> None:
        token = bench.alice() if call is None else str(call(bench))
        prepare(bench, lambda bench: send(bench, token))

    return provoke


ALICE = {"userId": "alice", "name": "A", "portraitUri": "http://a.example/"}
REGISTER_V2 = {"secret": "tuoyun", "platform": 1, "userID": "alice", "nickname": "A"}
LOGIN = {"secret": "tuoyun", "platform": 1, "userID": "imAdmin"}
ADMIN = {"secret": "openIM123", "userID": "imAdmin"}
ONLINE = {"userID": "a", "platformID": 1}
BIG = b"{" + b" " * 1024 * 1024
LARGE = b'{"secret":"' + b"x" * 70000 + b'"}'
MANY = {"allow_documented_secrets": True}
HOOK = {"openim_callbacks": "beforeUserRegister:5:refuse"}
REFUSING = answering(b'{"actionCode":0,"errCode":5001,"errMsg":"Full","errDlt":"no more","nextCode":1}')


def v2(bench: Bench, path: str = "/auth/user_token", body: Any = None, **given: Any) -> Any:
    return bench.v2(path, LOGIN if body is None else body, **given)


def v2_header(bench: Bench, token: str) -> Any:
    return bench.v2("/auth/parse_token", {}, token)


def v3_header(bench: Bench, token: str) -> Any:
    return bench.post("/v3.8/user/get_users_info", {"userIDs": ["alice"]}, token)


def own_header(bench: Bench, token: str) -> Any:
    return bench.post("/presence/heartbeat", {}, token)


def users(bench: Bench, *user_ids: str, path: str = "/v3.8/user/user_register") -> Any:
    body = {"users": [{"userID": user_id, "nickname": "N"} for user_id in user_ids]}
    return bench.post(path, body, bench.token())


def register_v2(bench: Bench) -> Any:
    return bench.v2("/auth/user_register", REGISTER_V2)


def register_v3(bench: Bench) -> Any:
    return users(bench, "alice")


def get_token(bench: Bench) -> Any:
    return bench.signed("/user/getToken.json", ALICE)


def claims(**changes: Any) -> str:
    """Return a JWT of OpenIM v3 for alice on platform 1, signed with the right secret."""
    return jwt({"UserID": "alice", "PlatformID": 1, "exp": NOW + 9999, **changes}, "openIM123")


# Sentences of several rows.
REMOTE_REFUSED = (
    "The request comes from another machine: with the documented or short secret in "
    "ROLLCALL_OPENIM_V2_SECRET, ROLLCALL_OPENIM_V2_ACCESS_SECRET, ROLLCALL_OPENIM_SECRET, "
    "ROLLCALL_RONGCLOUD_APPS only requests from this machine are served; set a secret of your own."
)
ADMINS = (
    "The administrators are imAdmin, openIMAdmin, openIM123456, openIM654321, openIM333 (ROLLCALL_ADMINS)."
)
ALLOW = "ROLLCALL_ALLOW_DOCUMENTED_SECRETS=1 serves other machines all the same."
TOO_LARGE = "The request body is larger than 1048576 bytes."
BUSY = "Rollcall has too much to do: too many requests wait at a time, try again later."
FAULT = "This is a fault in Rollcall; its log has the details."
THROTTLED = (
    "The address 192.0.2.7 has sent too many wrong secrets; another is looked at after some "
    "seconds. A right one is always accepted."
)
MADE_OF = "It is SHA-1 over secret, nonce and timestamp; the secret is in ROLLCALL_RONGCLOUD_APPS."
ALICES = "This is a token of openim_v3 3.8 for alice on platform 1."
NO_ALICE = "There is no user alice (any more)."
STOPPING = "The server is stopping."
UNCHANGED = "Nothing was changed."
NOT_OPEN = "The database cannot be used: the database is not open."
HUNG_UP = (
    "The receiver of a callback (ROLLCALL_OPENIM_CALLBACK_URL) gave no usable answer: "
    "beforeUserRegister: RemoteDisconnected: Remote end closed connection without response."
)
NO_JSON = (
    "The receiver of a callback (ROLLCALL_OPENIM_CALLBACK_URL) gave no usable answer: "
    "beforeUserRegister: invalid character 'h' looking for beginning of value."
)
REQUIRED = "ROLLCALL_OPENIM_CALLBACKS says `refuse` for it, so nothing is done without one."
REFUSED = "The receiver in ROLLCALL_OPENIM_CALLBACK_URL refused this, code 5001: Full no more"
BY_REQUEST = "It was cancelled at 2023-11-14T22:13:21.250Z by request 1."
NO_TOKEN = "The header token is missing or empty."
EMPTY = "The body is empty, and the call has required parameters."


ROWS = [
    Row(
        "a body over the limit",
        V2,
        errors.BodyTooLarge,
        lambda b: b.v2("/auth/parse_token", BIG),
        [TOO_LARGE],
    ),
    Row(
        "no JSON",
        V2,
        errors.BodyInvalid,
        lambda b: b.v2("/auth/user_token", b'{"a": 1,\n "b" 2}'),
        ["The body is not JSON from line 2, column 6 on: invalid character '2' after object key."],
    ),
    Row(
        "an empty body",
        V2,
        errors.BodyInvalid,
        lambda b: b.v2("/auth/user_token", b""),
        ["The body is empty; this call takes JSON."],
    ),
    Row(
        "a form",
        V2,
        errors.BodyInvalid,
        lambda b: b.v2("/auth/user_token", b"secret=tuoyun&platform=1"),
        [
            "The body is not JSON from line 1, column 1 on: invalid character 's' looking for "
            "beginning of value.",
            "It looks like a form, which this protocol does not use.",
        ],
    ),
    Row(
        "a wrong type",
        V2,
        errors.BodyInvalid,
        lambda b: v2(b, body={**LOGIN, "platform": "1"}),
        [
            "The body is JSON, but does not fit the call: json: cannot unmarshal string into Go "
            "struct field UserTokenReq.platform of type int32."
        ],
    ),
    Row(
        "no operationID",
        V2,
        errors.ArgumentInvalid,
        lambda b: b.client.post("/v2/auth/user_token", json={**LOGIN, "platform": 0}),
        [
            "The field Platform does not pass the rule required.",
            "The field OperationID does not pass the rule required.",
            "If the request is meant for OpenIM v3, send it below /v3, or set ROLLCALL_OPENIM_DEFAULT=v3.",
        ],
    ),
    Row(
        "an empty list",
        V2,
        errors.ArgumentMissing,
        lambda b: b.v2("/user/get_users_info", {"userIDList": []}, b.token()),
        ["The request does not fit: userIDList is empty."],
    ),
    Row(
        "too long texts",
        V2,
        errors.ArgumentTooLong,
        lambda b: b.v2("/user/get_users_info", {"userIDList": [str(n) for n in range(10001)]}, b.token()),
        ["The request does not fit: the list has over 10000 entries."],
    ),
    Row(
        "a control character",
        V2,
        errors.UserIDInvalid,
        lambda b: b.v2("/auth/user_register", {**REGISTER_V2, "userID": "a\x01"}),
        [
            "The user id holds a control character or is not valid Unicode; ids have 1 to 64 "
            "characters and no control characters."
        ],
    ),
    Row(
        "another machine",
        V2,
        errors.DefaultSecretsInUse,
        lambda b: v2(b, environ_overrides=REMOTE),
        [
            REMOTE_REFUSED,
            ALLOW,
        ],
    ),
    Row(
        "a wrong secret",
        V2,
        errors.SecretWrong,
        lambda b: v2(b, body={**LOGIN, "secret": "wrong"}),
        ["The secret in the body, of 5 characters, is not the one in ROLLCALL_OPENIM_V2_SECRET."],
    ),
    Row(
        "v3's secret",
        V2,
        errors.SecretWrong,
        lambda b: v2(b, body={**LOGIN, "secret": "openIM123"}),
        [
            "The secret in the body, of 9 characters, is not the one in ROLLCALL_OPENIM_V2_SECRET.",
            "It is the one in ROLLCALL_OPENIM_SECRET.",
        ],
    ),
    Row(
        "the access secret",
        V2,
        errors.SecretWrong,
        lambda b: v2(b, body={**LOGIN, "secret": "open_im_server"}),
        [
            "The secret in the body, of 14 characters, is not the one in ROLLCALL_OPENIM_V2_SECRET.",
            "It is the one in ROLLCALL_OPENIM_V2_ACCESS_SECRET.",
        ],
    ),
    Row(
        "a secret in capitals",
        V2,
        errors.SecretWrong,
        lambda b: v2(b, body={**LOGIN, "secret": "Tuoyun "}),
        [
            "The secret in the body, of 7 characters, is not the one in ROLLCALL_OPENIM_V2_SECRET.",
            "It differs from the right one in blanks, quotation marks or upper and lower case only.",
        ],
    ),
    Row(
        "many wrong secrets",
        V2,
        errors.TooManyWrongSecrets,
        lambda b: throttled(b, lambda b: v2(b, body={**LOGIN, "secret": "wrong"}, environ_overrides=REMOTE)),
        [THROTTLED],
        settings=MANY,
    ),
    Row(
        "a user's token",
        V2,
        errors.NotAdministrator,
        lambda b: b.v2("/user/account_check", {"checkUserIDList": ["a"]}, b.alice()),
        ["The token is that of alice, for platform 1; this call takes an administrator's.", ADMINS],
    ),
    Row(
        "another user's token",
        V2,
        errors.NotOwner,
        lambda b: b.v2("/user/update_user_info", {"userID": "bob"}, b.alice()),
        ["The request is about bob, the token is that of alice, who is no administrator.", ADMINS],
    ),
    Row(
        "no token",
        V2,
        errors.TokenMissing,
        lambda b: b.v2("/auth/parse_token", {"token": "x"}, headers={"Authorization": "Bearer x"}),
        [
            NO_TOKEN,
            "There is an Authorization header, which is not read.",
            "There is a token in the body; this call takes it from the header.",
        ],
    ),
    Row(
        "a token: undefined",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, "undefined"),
        ["The token is the text undefined: a client sent a variable that had no value."],
    ),
    Row(
        "a token: Bearer",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, "Bearer x.y.z"),
        ["The token begins with Bearer; the header token takes the token alone."],
    ),
    Row(
        "a token: quotes",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, '"x"'),
        ["The token is in quotation marks."],
    ),
    Row(
        "a token: two parts",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, "a.b"),
        ["A JWT has three parts with dots between them; this text of 3 has 2."],
    ),
    Row(
        "a token: no JSON inside",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, "a.b.c"),
        ["The token is not a JWT: its header is not JSON in Base64url."],
    ),
    Row(
        "a token: too long",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, "x" * 9000),
        ["The token has over 8192 characters."],
    ),
    Row(
        "RongCloud's token",
        V2,
        errors.TokenMalformed,
        lambda b: v2_header(b, b.alice(dialect="rongcloud")),
        ["This is a token of rongcloud, which this call does not take."],
    ),
    Row(
        "an expired token",
        V2,
        errors.TokenExpired,
        lambda b: v2_header(b, b.alice(dialect="openim_v2", platformID=5, expiresIn=-10)),
        [
            "This is a token of openim_v2 for alice on platform 5.",
            "It expired at 2023-11-14T22:13:10.000Z, 10 s ago.",
        ],
    ),
    Row(
        "a token of tomorrow",
        V2,
        errors.TokenNotYetValid,
        lambda b: v2_header(
            b,
            jwt(
                {"UID": "alice", "Platform": "IOS", "exp": NOW + 9999, "nbf": NOW + 60, "iat": NOW},
                "open_im_server",
            ),
        ),
        [
            "This has the claims of a token of openim_v2.",
            "It is valid from 2023-11-14T22:14:20.000Z on, in 60 s: the clock of its issuer is ahead "
            "of this machine's.",
        ],
    ),
    Row(
        "a token that another secret signed",
        V2,
        errors.TokenSignatureInvalid,
        lambda b: v2_header(
            b, jwt({"UID": "alice", "Platform": "IOS", "exp": NOW + 9999, "nbf": NOW, "iat": NOW}, "tuoyun")
        ),
        [
            "This has the claims of a token of openim_v2.",
            "It is signed with the secret in ROLLCALL_OPENIM_V2_SECRET; this kind is signed with "
            "ROLLCALL_OPENIM_V2_ACCESS_SECRET.",
        ],
    ),
    Row("a cancelled token", V2, errors.TokenKicked, lambda b: kicked(b, v2_header), [ALICES, BY_REQUEST]),
    Row(
        "a token from before a reset",
        V2,
        errors.TokenNotIssued,
        lambda b: before_reset(b, v2_header),
        [
            ALICES,
            NO_ALICE,
            "It says that it was issued at 2023-11-14T22:13:15.000Z; a reset at "
            "2023-11-14T22:13:25.250Z has ended all tokens.",
        ],
    ),
    Row(
        "a taken id",
        V2,
        errors.UserExists,
        lambda b: (b.user("alice"), b.v2("/auth/user_register", REGISTER_V2)),
        ["The id alice is taken: there is such a user."],
    ),
    Row(
        "a reserved id",
        V2,
        errors.UserExists,
        lambda b: deactivated(b, register_v2),
        ["The id alice is reserved: its user was deactivated, and can be reactivated."],
    ),
    Row(
        "an unknown user",
        V2,
        errors.UserNotFound,
        lambda b: (b.user("alice"), v2(b, body={**LOGIN, "userID": "Alice"})),
        ["There is no user Alice.", "There is a user alice: ids have to match in every character."],
    ),
    Row(
        "no date",
        V2,
        BirthStrInvalid,
        lambda b: b.v2("/auth/user_register", {**REGISTER_V2, "birthStr": "yesterday"}),
        [
            'The field birthStr is not a date: TimeStringToTime failed:parsing time "yesterday" '
            'as "2006-01-02".'
        ],
    ),
    Row(
        "administrators to delete",
        V2,
        SomeNotDeleted,
        lambda b: b.v2("/manager/delete_user", {"deleteUserIDList": ["imAdmin", "bob"]}, b.token()),
        ["Not registered, or administrators (ROLLCALL_ADMINS): imAdmin, bob. The others were deleted."],
    ),
    Row(
        "a receiver that refuses",
        V2,
        errors.WebhookRejected,
        register_v2,
        [REFUSED],
        settings=HOOK,
        receiver=REFUSING,
    ),
    Row(
        "a receiver that hangs up",
        V2,
        errors.WebhookUnavailable,
        register_v2,
        [HUNG_UP, REQUIRED],
        settings=HOOK,
        receiver=hung_up,
    ),
    Row(
        "a receiver that answers something else",
        V2,
        errors.WebhookResponseInvalid,
        register_v2,
        [NO_JSON, REQUIRED],
        settings=HOOK,
        receiver=answering(b"hello"),
    ),
    Row(
        "an unknown path",
        V2,
        errors.NoSuchPath,
        lambda b: b.v2("/auth/user_tokens", {}),
        ["openim_v2 has no path /auth/user_tokens.", "The nearest known path is /auth/user_token."],
    ),
    Row(
        "another method",
        V2,
        errors.NoSuchMethod,
        lambda b: b.client.get("/v2/auth/user_token"),
        ["The path /auth/user_token takes POST, not GET."],
    ),
    Row(
        "too much at a time",
        V2,
        errors.Overloaded,
        lambda b: busy(b, lambda b: b.v2("/auth/parse_token", LARGE)),
        [BUSY],
        settings={"threads": "4"},
    ),
    Row("no database", V2, errors.StorageUnavailable, lambda b: no_database(b, v2), [NOT_OPEN, UNCHANGED]),
    Row("the end of the server", V2, errors.ServiceUnavailable, lambda b: stopped(b, v2), [STOPPING]),
    Row(
        "a fault",
        V2,
        errors.InternalError,
        with_token(
            Bench.token, broken, lambda b, t: b.v2("/user/account_check", {"checkUserIDList": ["a"]}, t)
        ),
        [FAULT],
    ),
    Row(
        "a body over the limit",
        V3,
        errors.BodyTooLarge,
        lambda b: b.post("/v3.8/auth/get_admin_token", BIG),
        [TOO_LARGE],
    ),
    Row(
        "no JSON",
        V3,
        errors.BodyInvalid,
        lambda b: b.post("/auth/get_admin_token", b'{"a": 1'),
        ["The body is not JSON from line 1, column 8 on: unexpected end of JSON input."],
    ),
    Row(
        "text behind the JSON",
        V3,
        errors.BodyInvalid,
        lambda b: b.post("/v3.8/auth/get_admin_token", b"{} x"),
        ["The body is not JSON from line 1, column 4 on: invalid character 'x' after top-level value."],
    ),
    Row(
        "no operationID",
        V3,
        errors.HeaderMissing,
        lambda b: b.client.post("/v3/auth/get_admin_token", json={"operationID": "x"}),
        [
            "The header operationID is missing or empty; any text will do.",
            "There is an operationID in the body, where OpenIM v2 has it.",
            "If the request is meant for OpenIM v2, send it below /v2, or set ROLLCALL_OPENIM_DEFAULT=v2.",
        ],
    ),
    Row(
        "an operationID in the wrong place",
        V3,
        errors.HeaderMissing,
        lambda b: b.client.post("/user/user_register", json={"operationID": "x", "users": []}),
        [
            "The header operationID is missing or empty; any text will do.",
            "There is an operationID in the body, where OpenIM v2 has it.",
            "If the request is meant for OpenIM v2, send it below /v2, or set ROLLCALL_OPENIM_DEFAULT=v2.",
            "The request was treated as OpenIM 3.8: nothing in the request decides, and 3.8 is the "
            "default. /v3.4 or /v3.8 before the path, or ROLLCALL_OPENIM_V3_GENERATION, pins the "
            "generation.",
        ],
    ),
    Row(
        "an id that 3.8 refuses",
        V3,
        errors.ArgumentInvalid,
        lambda b: users(b, "ok", "a-b", "c d", path="/user/user_register"),
        [
            "The parameters do not fit the call: userID is legal.",
            "In 3.8 a new id has letters, digits and _ only: 'a-b' has '-', 'c d' has ' '.",
            "The request was treated as OpenIM 3.8: the token was issued in 3.8. /v3.4 or /v3.8 "
            "before the path, or ROLLCALL_OPENIM_V3_GENERATION, pins the generation.",
        ],
    ),
    Row(
        "an administrator that is none",
        V3,
        errors.ArgumentInvalid,
        lambda b: b.post("/auth/get_admin_token", {"secret": "openIM123", "userID": "alice"}),
        [
            "The parameters do not fit the call: userID is error., userID=alice, adminUserID=[imAdmin].",
            "The administrators that it knows are in ROLLCALL_OPENIM_V3_ADMINS.",
        ],
    ),
    Row(
        "an empty id in 3.4",
        V3,
        errors.ArgumentMissing,
        lambda b: b.post("/v3.4/user/user_register", {"secret": "openIM123", "users": [{"userID": ""}]}),
        ["The parameter userID does not fit the call: userID is empty."],
    ),
    Row(
        "a repeated id",
        V3,
        errors.ArgumentRepeated,
        lambda b: users(b, "a", "a"),
        ["The parameters do not fit the call: userID repeated."],
    ),
    Row(
        "too many ids",
        V3,
        errors.ArgumentTooLong,
        lambda b: b.post(
            "/v3.8/user/account_check", {"checkUserIDs": [str(n) for n in range(10001)]}, b.token()
        ),
        ["The parameters do not fit the call: the list has over 10000 entries."],
    ),
    Row(
        "a long id",
        V3,
        errors.UserIDInvalid,
        lambda b: users(b, "x" * 65),
        ["The user id has over 64 characters; ids have 1 to 64 characters and no control characters."],
    ),
    Row(
        "another machine",
        V3,
        errors.DefaultSecretsInUse,
        lambda b: b.post("/v3/auth/get_admin_token", {}, headers={"X-Forwarded-For": "1.2.3.4"}),
        [
            "The request was forwarded by a proxy: with the documented or short secret in "
            "ROLLCALL_OPENIM_V2_SECRET, ROLLCALL_OPENIM_V2_ACCESS_SECRET, ROLLCALL_OPENIM_SECRET, "
            "ROLLCALL_RONGCLOUD_APPS only requests from this machine are served; set a secret of your"
            " own.",
            ALLOW,
        ],
    ),
    Row(
        "no secret",
        V3,
        errors.SecretWrong,
        lambda b: b.post("/v3.4/auth/user_token", {"userID": "imAdmin", "platformID": 1}),
        ["The body has no secret; the right one is in ROLLCALL_OPENIM_SECRET."],
    ),
    Row(
        "v2's secret",
        V3,
        errors.SecretWrong,
        lambda b: b.post("/auth/get_admin_token", {"secret": "tuoyun", "userID": "imAdmin"}),
        [
            "The secret in the body, of 6 characters, is not the one in ROLLCALL_OPENIM_SECRET.",
            "It is the one in ROLLCALL_OPENIM_V2_SECRET.",
        ],
    ),
    Row(
        "many wrong secrets",
        V3,
        errors.TooManyWrongSecrets,
        lambda b: throttled(
            b,
            lambda b: b.post(
                "/v3.8/auth/get_admin_token", {"secret": "x", "userID": "imAdmin"}, environ_overrides=REMOTE
            ),
        ),
        [THROTTLED],
        settings=MANY,
    ),
    Row(
        "a user's token",
        V3,
        errors.NotAdministrator,
        lambda b: b.post("/user/account_check", {"checkUserIDs": ["a"]}, b.alice()),
        [
            "The token is that of alice; this call takes an administrator's (ROLLCALL_ADMINS).",
            "/auth/get_admin_token issues one to imAdmin (ROLLCALL_OPENIM_V3_ADMINS).",
            "The request was treated as OpenIM 3.8: the token was issued in 3.8. /v3.4 or /v3.8 "
            "before the path, or ROLLCALL_OPENIM_V3_GENERATION, pins the generation.",
        ],
    ),
    Row(
        "another user's token",
        V3,
        errors.NotOwner,
        lambda b: b.post("/v3.8/user/update_user_info", {"userInfo": {"userID": "bob"}}, b.alice()),
        ["The request is about bob, the token is that of alice, who is no administrator.", ADMINS],
    ),
    Row(
        "a token for an administrator",
        V3,
        errors.NotPermitted,
        lambda b: b.post("/v3.8/auth/get_user_token", {"userID": "imAdmin", "platformID": 1}, b.token()),
        [
            "The caller may make this call, but not so: don't get Admin token.",
            "The token is that of imAdmin, for platform 1.",
        ],
    ),
    Row(
        "no token",
        V3,
        errors.TokenMissing,
        lambda b: b.post("/user/get_users_info", {"userIDs": ["a"]}),
        [
            NO_TOKEN,
            "The request was treated as OpenIM 3.8: nothing in the request decides, and 3.8 is the "
            "default. /v3.4 or /v3.8 before the path, or ROLLCALL_OPENIM_V3_GENERATION, pins the "
            "generation.",
        ],
    ),
    Row(
        "a token in the body",
        V3,
        errors.TokenMalformed,
        lambda b: b.post("/v3.8/auth/parse_token", {"token": "null"}),
        ["The token is the text null: a client sent a variable that had no value."],
    ),
    Row(
        "an expired token",
        V3,
        errors.TokenExpired,
        lambda b: v3_header(b, b.alice(platformID=5, expiresIn=-10)),
        [
            "This is a token of openim_v3 3.8 for alice on platform 5.",
            "It expired at 2023-11-14T22:13:10.000Z, 10 s ago.",
        ],
    ),
    Row(
        "a token made to answer as expired",
        V3,
        errors.TokenExpired,
        lambda b: made_expired(b, v3_header),
        [ALICES, "It was made to answer as expired at 2023-11-14T22:13:25.250Z."],
    ),
    Row(
        "a token of tomorrow",
        V3,
        errors.TokenNotYetValid,
        lambda b: v3_header(b, claims(nbf=NOW + 60, iat=NOW)),
        [
            "This has the claims of a token of openim_v3 3.4.",
            "It is valid from 2023-11-14T22:14:20.000Z on, in 60 s: the clock of its issuer is ahead "
            "of this machine's.",
        ],
    ),
    Row(
        "a token that v2's secret signed",
        V3,
        errors.TokenSignatureInvalid,
        lambda b: v3_header(
            b, jwt({"UserID": "alice", "PlatformID": 1, "exp": NOW + 9999, "iat": NOW}, "open_im_server")
        ),
        [
            "This has the claims of a token of openim_v3 3.8.",
            "It is signed with the secret in ROLLCALL_OPENIM_V2_ACCESS_SECRET; this kind is signed "
            "with ROLLCALL_OPENIM_SECRET.",
        ],
    ),
    Row(
        "a token that an unknown secret signed",
        V3,
        errors.TokenSignatureInvalid,
        lambda b: v3_header(
            b, jwt({"UserID": "alice", "PlatformID": 1, "exp": NOW + 9999, "iat": NOW}, "other")
        ),
        [
            "This has the claims of a token of openim_v3 3.8.",
            "It is signed with none of the secrets in the settings; this kind is signed with "
            "ROLLCALL_OPENIM_SECRET: another server issued it, the secret has been changed, or its "
            "text was.",
        ],
    ),
    Row(
        "a token without an algorithm",
        V3,
        errors.TokenSignatureInvalid,
        lambda b: v3_header(b, jwt({"UserID": "alice", "PlatformID": 1}, "x", {"alg": "none", "typ": "JWT"})),
        [
            "This has the claims of a token of openim_v3 3.8.",
            "Its algorithm is not accepted ('none' signature type is not allowed); tokens are signed "
            "with HS256.",
        ],
    ),
    Row(
        "a token issued in the future",
        V3,
        errors.TokenSignatureInvalid,
        lambda b: v3_header(b, claims(iat=NOW + 60)),
        [
            ALICES,
            "Its iat, 2023-11-14T22:14:20.000Z, is in the future: the clock of its issuer is ahead of"
            " this machine's.",
        ],
    ),
    Row(
        "a JWT of something else",
        V3,
        errors.TokenSignatureInvalid,
        lambda b: v3_header(b, jwt({"sub": "alice"}, "other")),
        [
            "This is a JWT without the claims of OpenIM v2 (UID) or v3 (UserID).",
            "It is signed with none of the secrets in the settings: another server issued it, the "
            "secret has been changed, or its text was.",
        ],
    ),
    Row(
        "a token that another replaced",
        V3,
        errors.TokenKicked,
        lambda b: kicked(b, v3_header),
        [ALICES, BY_REQUEST],
    ),
    Row(
        "a token that the control API cancelled",
        V3,
        errors.TokenKicked,
        lambda b: by_control(b, v3_header),
        [ALICES, "It was cancelled at 2023-11-14T22:13:20.250Z by a call of the control API."],
    ),
    Row(
        "a blocked user's token",
        V3,
        errors.TokenKicked,
        lambda b: blocked(b, v3_header),
        [ALICES, "alice is blocked until 2023-11-14T22:14:20.000Z."],
    ),
    Row(
        "a token that was cancelled and forgotten",
        V3,
        errors.TokenNotIssued,
        lambda b: replaced(b, v3_header),
        [
            ALICES,
            "It was cancelled at 2023-11-14T22:13:20.250Z by a call of the control API, and is not on"
            " record any more.",
        ],
    ),
    Row(
        "a token from before a reset",
        V3,
        errors.TokenNotIssued,
        lambda b: before_reset(b, v3_header),
        [
            ALICES,
            NO_ALICE,
            "It says that it was issued at 2023-11-14T22:13:15.000Z; a reset at "
            "2023-11-14T22:13:25.250Z has ended all tokens.",
        ],
    ),
    Row(
        "another server's token",
        V3,
        errors.TokenNotIssued,
        lambda b: (b.user("alice"), v3_header(b, v3_8("alice", 5, NOW - 3600))),
        [
            "This is a token of openim_v3 3.8 for alice on platform 5.",
            "It is not on record: it was cancelled long ago, issued before a reset, or by another server.",
        ],
    ),
    Row(
        "a token written otherwise",
        V3,
        errors.TokenNotIssued,
        lambda b: v3_header(
            b, jwt({"PlatformID": 1, "UserID": "alice", "exp": NOW + 9999, "iat": NOW}, "openIM123")
        ),
        [
            "This has the claims of a token of openim_v3 3.8.",
            "Its signature is valid, but its claims are not written as here: another server issued it.",
        ],
    ),
    Row(
        "a taken id",
        V3,
        errors.UserExists,
        lambda b: (b.user("alice"), users(b, "alice")),
        ["The id alice is taken: there is such a user."],
    ),
    Row(
        "an unknown user",
        V3,
        errors.UserNotFound,
        lambda b: b.post("/v3.8/auth/get_user_token", {"userID": "unknown", "platformID": 1}, b.token()),
        ["There is no user unknown."],
    ),
    Row(
        "an unknown command",
        V3,
        errors.CommandNotFound,
        lambda b: b.post(
            "/v3.8/user/process_user_command_update",
            {"userID": "alice", "type": 1, "uuid": "x", "value": "v"},
            b.alice(),
        ),
        ["The user has no command of this type and uuid."],
    ),
    Row(
        "no free id",
        V3,
        errors.NoFreeUserID,
        lambda b: (
            b.post("/v3.8/user/add_notification_account", {"nickName": "N", "appMangerLevel": 3}, b.token()),
            b.post("/v3.8/user/add_notification_account", {"nickName": "N", "appMangerLevel": 3}, b.token()),
        ),
        ["All ids that were generated were taken."],
    ),
    Row(
        "a receiver that refuses",
        V3,
        errors.WebhookRejected,
        register_v3,
        [REFUSED],
        settings=HOOK,
        receiver=REFUSING,
    ),
    Row(
        "a receiver that hangs up",
        V3,
        errors.WebhookUnavailable,
        register_v3,
        [HUNG_UP, REQUIRED],
        settings=HOOK,
        receiver=hung_up,
    ),
    Row(
        "a receiver that answers something else",
        V3,
        errors.WebhookResponseInvalid,
        register_v3,
        [NO_JSON, REQUIRED],
        settings=HOOK,
        receiver=answering(b"hello"),
    ),
    Row(
        "an unknown path",
        V3,
        errors.NoSuchPath,
        lambda b: b.post("/v3/user/user_registr", {}, b.token()),
        ["openim_v3 has no path /user/user_registr.", "The nearest known path is /user/user_register."],
    ),
    Row(
        "v2's path",
        V3,
        errors.NoSuchPath,
        lambda b: b.post("/v3/manager/delete_user", {}, b.token()),
        ["openim_v3 has no path /manager/delete_user; openim_v2 has."],
    ),
    Row(
        "another method",
        V3,
        errors.NoSuchMethod,
        lambda b: b.client.get("/v3/auth/get_admin_token"),
        ["The path /auth/get_admin_token takes POST, not GET."],
    ),
    Row(
        "too much at a time",
        V3,
        errors.Overloaded,
        lambda b: busy(b, lambda b: b.post("/v3.8/auth/get_admin_token", LARGE)),
        [BUSY],
        settings={"threads": "4"},
    ),
    Row(
        "no database",
        V3,
        errors.StorageUnavailable,
        lambda b: no_database(b, lambda b: b.post("/v3.8/auth/get_admin_token", ADMIN)),
        [NOT_OPEN, UNCHANGED],
    ),
    Row(
        "the end of the server",
        V3,
        errors.ServiceUnavailable,
        lambda b: stopped(b, lambda b: b.post("/v3.8/auth/get_admin_token", ADMIN)),
        [STOPPING],
    ),
    Row(
        "a fault",
        V3,
        errors.InternalError,
        lambda b: broken(
            b,
            lambda b: b.post("/v3.4/user/user_register", {"secret": "openIM123", "users": [{"userID": "a"}]}),
        ),
        [FAULT],
    ),
    Row(
        "a body over the limit",
        RONG,
        errors.BodyTooLarge,
        lambda b: b.signed("/user/info.json", b"userId=" + b"x" * 1024 * 1024),
        [TOO_LARGE],
    ),
    Row(
        "a broken body",
        RONG,
        errors.BodyInvalid,
        lambda b: b.signed("/user/info.json", b"userId=\xff"),
        ["The body is not the form that the call takes: the body is no form in UTF-8."],
    ),
    Row("an empty body", RONG, BodyEmpty, lambda b: b.signed("/user/info.json"), [EMPTY]),
    Row(
        "a wrong number",
        RONG,
        errors.ArgumentInvalid,
        lambda b: b.signed("/user/block.json", {"userId": "alice", "minute": "x"}),
        ["The parameter minute does not fit the call: minute must be a number from 1 to 43200."],
    ),
    Row(
        "a missing parameter",
        RONG,
        errors.ArgumentMissing,
        lambda b: b.signed("/user/info.json", {"userID": ""}, app="live-app-key"),
        ["The parameter userId is missing or empty."],
    ),
    Row(
        "a long name",
        RONG,
        errors.ArgumentTooLong,
        lambda b: b.signed("/user/tag/set.json", b"userId=alice&tags=" + b"x" * 41),
        ["The parameter tags does not fit the call: tags is too long."],
    ),
    Row(
        "a long id",
        RONG,
        errors.UserIDInvalid,
        lambda b: b.signed(
            "/user/getToken.json", {"userId": "a b", "name": "A", "portraitUri": "http://a.example/"}
        ),
        [
            "The user id holds characters that are not allowed; ids have 1 to 64 characters and no "
            "control characters."
        ],
    ),
    Row(
        "another machine",
        RONG,
        errors.DefaultSecretsInUse,
        lambda b: b.signed("/user/info.json", {"userId": "a"}, environ_overrides=REMOTE),
        [
            REMOTE_REFUSED,
            ALLOW,
        ],
    ),
    Row(
        "many wrong signatures",
        RONG,
        errors.TooManyWrongSecrets,
        lambda b: throttled(
            b,
            lambda b: b.signed(
                "/user/info.json", {"userId": "a"}, headers={"Signature": "0" * 40}, environ_overrides=REMOTE
            ),
        ),
        [THROTTLED],
        settings=MANY,
    ),
    Row(
        "no app key",
        RONG,
        errors.AppKeyUnknown,
        lambda b: b.client.post("/user/info.json"),
        ["The App-Key header is missing."],
    ),
    Row(
        "an unknown app key",
        RONG,
        errors.AppKeyUnknown,
        lambda b: b.signed("/user/info.json", headers={"App-Key": "other"}),
        ["ROLLCALL_RONGCLOUD_APPS has no app with the App-Key header's key of 5 characters."],
    ),
    Row(
        "the secret as app key",
        RONG,
        errors.AppKeyUnknown,
        lambda b: b.signed("/user/info.json", headers={"App-Key": "your-app-secret"}),
        ["The App-Key header holds an app's secret instead of its key."],
    ),
    Row(
        "no signature",
        RONG,
        errors.SignatureWrong,
        lambda b: b.client.post("/user/info.json", headers={"App-Key": "your-app-key", "Nonce": "1"}),
        ["The signature is refused: missing: Timestamp, Signature.", MADE_OF],
    ),
    Row(
        "a signature in another order",
        RONG,
        errors.SignatureWrong,
        lambda b: b.signed(
            "/user/info.json", headers={"Signature": signature_of("your-app-secret", "2", "1")}
        ),
        ["The signature is refused: it was made of secret, timestamp, nonce, in this order.", MADE_OF],
    ),
    Row(
        "another app's signature",
        RONG,
        errors.SignatureWrong,
        lambda b: b.signed(
            "/user/info.json", headers={"Signature": signature_of("live-app-secret", "1", "2")}
        ),
        ["The signature is refused: it was made with the secret of the app live-app-key.", MADE_OF],
    ),
    Row(
        "a signature of something else",
        RONG,
        errors.SignatureWrong,
        lambda b: b.signed("/user/info.json", headers={"Signature": "0" * 40}),
        [
            "The signature is refused: it was made with another secret, or of another nonce or "
            "timestamp than the headers have.",
            MADE_OF,
        ],
    ),
    Row(
        "an old timestamp",
        RONG,
        errors.SignatureWrong,
        lambda b: b.signed("/user/info.json"),
        ["The signature is refused: its timestamp is more than 60 s off, or no number.", MADE_OF],
        settings={"rongcloud_timestamp_window": "60"},
    ),
    Row(
        "a nonce used again",
        RONG,
        errors.SignatureWrong,
        lambda b: (
            b.signed("/user/info.json", {"userId": "a"}),
            b.signed("/user/info.json", {"userId": "a"}),
        ),
        ["The signature is refused: its nonce was used before.", MADE_OF],
        settings={"rongcloud_nonce_once": True},
    ),
    Row(
        "an administrator to delete",
        RONG,
        errors.AdministratorProtected,
        lambda b: b.signed("/user/delusers.json", {"userId": "imAdmin"}),
        [
            "imAdmin is an administrator (ROLLCALL_ADMINS), and those cannot be blocked, deactivated "
            "or deleted."
        ],
    ),
    Row(
        "a reserved id",
        RONG,
        errors.UserExists,
        lambda b: deactivated(b, lambda b: b.signed("/user/getToken.json", ALICE, app="live-app-key")),
        ["The id alice is reserved: its user was deactivated, and can be reactivated."],
    ),
    Row(
        "an unknown user",
        RONG,
        errors.UserNotFound,
        lambda b: b.signed("/user/refresh.json", {"userId": " alice", "name": "A"}, app="live-app-key"),
        ["There is no user ' alice'."],
    ),
    Row(
        "too early",
        RONG,
        errors.ReactivationTooEarly,
        lambda b: deactivated(b, lambda b: b.signed("/user/reactivate.json", {"userId": "alice"})),
        ["A user can be reactivated an hour after the deactivation, and one of these has to wait."],
    ),
    Row(
        "too many users",
        RONG,
        errors.TooManyUsers,
        lambda b: (b.user("bob"), b.signed("/user/getToken.json", ALICE)),
        ["There are 1 users, as many as ROLLCALL_RONGCLOUD_MAX_USERS allows."],
        settings={"rongcloud_max_users": "1"},
    ),
    Row(
        "a second token",
        RONG,
        errors.TokenAlreadyIssued,
        lambda b: [get_token(b) for _ in "ab"],
        [
            "alice has a valid token of the app your-app-key, whose profile in "
            "ROLLCALL_RONGCLOUD_APPS is documented: it issues one at a time.",
            "The profile live issues another at each call; /user/token/expire cancels the one there is.",
        ],
    ),
    Row(
        "too often",
        RONG,
        TooFrequent,
        lambda b: [b.signed("/user/info.json", {"userId": "a"}) for _ in "ab"],
        ["The app makes this call more than 1 times a second (ROLLCALL_RONGCLOUD_RATE_LIMIT)."],
        settings={"rongcloud_rate_limit": "1"},
    ),
    Row(
        "a receiver that refuses",
        RONG,
        errors.WebhookRejected,
        get_token,
        [REFUSED],
        settings=HOOK,
        receiver=REFUSING,
    ),
    Row(
        "a receiver that hangs up",
        RONG,
        errors.WebhookUnavailable,
        get_token,
        [HUNG_UP, REQUIRED],
        settings=HOOK,
        receiver=hung_up,
    ),
    Row(
        "a receiver that answers something else",
        RONG,
        errors.WebhookResponseInvalid,
        get_token,
        [NO_JSON, REQUIRED],
        settings=HOOK,
        receiver=answering(b"hello"),
    ),
    Row(
        "an unknown path",
        RONG,
        errors.NoSuchPath,
        lambda b: b.signed("/user/getTokens.json"),
        ["rongcloud has no path /user/getTokens.json.", "The nearest known path is /user/getToken.json."],
    ),
    Row(
        "another method",
        RONG,
        errors.NoSuchMethod,
        lambda b: b.client.get("/user/getToken.json"),
        ["The path /user/getToken.json takes POST, not GET."],
    ),
    Row(
        "too much at a time",
        RONG,
        errors.Overloaded,
        lambda b: busy(b, lambda b: b.signed("/user/info.json", LARGE)),
        [BUSY],
        settings={"threads": "4"},
    ),
    Row(
        "no database",
        RONG,
        errors.StorageUnavailable,
        lambda b: no_database(b, lambda b: b.signed("/user/info.json", {"userId": "a"})),
        [NOT_OPEN, UNCHANGED],
    ),
    Row(
        "the end of the server",
        RONG,
        errors.ServiceUnavailable,
        lambda b: stopped(b, lambda b: b.signed("/user/info.json", {"userId": "a"})),
        [STOPPING],
    ),
    Row(
        "a fault",
        RONG,
        errors.InternalError,
        lambda b: broken(b, lambda b: b.signed("/user/info.json", {"userId": "a"})),
        [FAULT],
    ),
    Row(
        "a body over the limit",
        OWN,
        errors.BodyTooLarge,
        lambda b: b.post("/presence/heartbeat", BIG, b.alice()),
        [TOO_LARGE],
    ),
    Row(
        "no JSON",
        OWN,
        errors.BodyInvalid,
        lambda b: b.post("/presence/heartbeat", b"[1,]", b.alice()),
        [
            "The body is not JSON from line 1, column 4 on: invalid character ']' looking for "
            "beginning of value."
        ],
    ),
    Row(
        "a wrong ttl",
        OWN,
        errors.ArgumentInvalid,
        lambda b: b.post("/presence/heartbeat", {"ttl": 0}, b.alice()),
        ["The parameter ttl does not fit the call: ttl must be from 1 to 86400 seconds."],
    ),
    Row(
        "no users",
        OWN,
        errors.ArgumentMissing,
        lambda b: b.post("/presence/heartbeats", {}, b.token()),
        ["The parameter users does not fit the call: users is required."],
    ),
    Row(
        "too many users",
        OWN,
        errors.ArgumentTooLong,
        lambda b: b.post("/presence/heartbeats", {"users": [{"userID": "a"}] * 1001}, b.token()),
        ["The parameter users does not fit the call: users has over 1000 entries."],
    ),
    Row(
        "another machine",
        OWN,
        errors.DefaultSecretsInUse,
        lambda b: b.post("/presence/heartbeat", {}, environ_overrides=REMOTE),
        [
            REMOTE_REFUSED,
            ALLOW,
        ],
    ),
    Row(
        "a user's token",
        OWN,
        errors.NotAdministrator,
        lambda b: b.post("/presence/heartbeat", {"userID": "bob", "platformID": 1}, b.alice()),
        ["The token is that of alice; requests about others take an administrator's.", ADMINS],
    ),
    Row(
        "RongCloud's token",
        OWN,
        errors.NotAdministrator,
        lambda b: b.post("/presence/heartbeats", {}, b.token(dialect="rongcloud")),
        [
            "The token is that of imAdmin; requests about others take an administrator's.",
            ADMINS,
            "A RongCloud token is never an administrator's.",
        ],
    ),
    Row(
        "another platform",
        OWN,
        errors.NotPermitted,
        lambda b: b.post("/presence/heartbeat", {"platformID": 5}, b.alice()),
        [
            "The request names platform 5, and the token is for platform 1; only an administrator may"
            " name another."
        ],
    ),
    Row(
        "a blocked user",
        OWN,
        errors.UserBlocked,
        lambda b: (
            b.user("alice"),
            b.control("PUT", "/users/alice/block", {"for": 60}),
            b.post("/presence/heartbeat", {"userID": "alice", "platformID": 5}, b.token()),
        ),
        ["alice is blocked until 2023-11-14T22:14:20.000Z."],
    ),
    Row(
        "an unknown user",
        OWN,
        errors.UserNotFound,
        lambda b: b.post("/presence/heartbeat", {"userID": "unknown", "platformID": 5}, b.token()),
        ["There is no user unknown."],
    ),
    Row(
        "no token",
        OWN,
        errors.TokenMissing,
        lambda b: b.post("/presence/heartbeat", {"token": "x"}),
        [NO_TOKEN, "There is a token in the body; this call takes it from the header."],
    ),
    Row(
        "undefined",
        OWN,
        errors.TokenMalformed,
        lambda b: own_header(b, "undefined"),
        ["The token is the text undefined: a client sent a variable that had no value."],
    ),
    Row(
        "an expired token",
        OWN,
        errors.TokenExpired,
        lambda b: own_header(b, b.alice(dialect="rongcloud", expiresIn=-10)),
        ["This is a token of rongcloud for alice.", "It expired at 2023-11-14T22:13:10.000Z, 10 s ago."],
    ),
    Row(
        "a token of tomorrow",
        OWN,
        errors.TokenNotYetValid,
        lambda b: own_header(b, claims(nbf=NOW + 60, iat=NOW)),
        [
            "This has the claims of a token of openim_v3 3.4.",
            "It is valid from 2023-11-14T22:14:20.000Z on, in 60 s: the clock of its issuer is ahead "
            "of this machine's.",
        ],
    ),
    Row(
        "RongCloud's token of another app",
        OWN,
        errors.TokenSignatureInvalid,
        lambda b: own_header(b, b.alice(dialect="rongcloud").replace("@", "@x")),
        [
            "This has the claims of a token of rongcloud.",
            "Its signature is not by the secret in ROLLCALL_RONGCLOUD_APPS, or its text was changed "
            "on the way.",
        ],
    ),
    Row(
        "a token that another replaced",
        OWN,
        errors.TokenKicked,
        lambda b: kicked(b, own_header),
        [ALICES, BY_REQUEST],
    ),
    Row(
        "a token from before a reset",
        OWN,
        errors.TokenNotIssued,
        lambda b: before_reset(b, own_header),
        [
            ALICES,
            NO_ALICE,
            "It says that it was issued at 2023-11-14T22:13:15.000Z; a reset at "
            "2023-11-14T22:13:25.250Z has ended all tokens.",
        ],
    ),
    Row(
        "too many connections",
        OWN,
        errors.TooManyConnections,
        lambda b: [
            b.post("/presence/heartbeat", {"connID": str(n)}, t) for t in [b.alice()] for n in range(31)
        ],
        ["The user has more than 30 connections on platform 1; they end at their ttl or by a call."],
    ),
    Row(
        "too much at a time",
        OWN,
        errors.Overloaded,
        with_token(None, busy, lambda b, t: b.post("/presence/heartbeat", LARGE, t)),
        [BUSY],
        settings={"threads": "4"},
    ),
    Row(
        "no database",
        OWN,
        errors.StorageUnavailable,
        with_token(None, no_database, own_header),
        [NOT_OPEN, UNCHANGED],
    ),
    Row(
        "the end of the server",
        OWN,
        errors.ServiceUnavailable,
        lambda b: stopped(b, lambda b: own_header(b, "x")),
        [STOPPING],
    ),
    Row(
        "a fault",
        OWN,
        errors.InternalError,
        with_token(Bench.token, broken, lambda b, t: b.post("/presence/heartbeat", ONLINE, t)),
        [FAULT],
    ),
    Row(
        "no JSON",
        GATEWAYS,
        errors.BodyInvalid,
        lambda b: b.post("/callback/callbackUserOnlineCommand", b"x"),
        [
            "The body is not JSON from line 1, column 1 on: invalid character 'x' looking for "
            "beginning of value."
        ],
    ),
    Row(
        "a body over the limit",
        GATEWAYS,
        errors.BodyTooLarge,
        lambda b: b.post("/callback/callbackUserOnlineCommand", BIG),
        [TOO_LARGE],
    ),
    Row(
        "no user",
        GATEWAYS,
        errors.ArgumentMissing,
        lambda b: b.post("/callback/callbackUserOnlineCommand", {"platformID": 1}),
        ["The parameter userID does not fit the call: userID is empty."],
    ),
    Row(
        "no platform",
        GATEWAYS,
        errors.ArgumentInvalid,
        lambda b: b.post("/callback/callbackUserOnlineCommand", {"userID": "a"}),
        ["The parameter platformID does not fit the call: platformID is invalid."],
    ),
    Row(
        "another machine",
        GATEWAYS,
        errors.NotPermitted,
        lambda b: b.post("/callback/callbackUserOnlineCommand", {}, environ_overrides=REMOTE),
        [
            "The caller may make this call, but not so: the request comes from another machine, and "
            "its URL does not end with ROLLCALL_CALLBACK_KEY."
        ],
        settings=MANY,
    ),
    Row(
        "another machine with documented secrets",
        GATEWAYS,
        errors.DefaultSecretsInUse,
        lambda b: b.post("/callback/x", {}, environ_overrides=REMOTE),
        [
            REMOTE_REFUSED,
            ALLOW,
        ],
    ),
    Row(
        "many wrong keys",
        GATEWAYS,
        errors.TooManyWrongSecrets,
        lambda b: throttled(b, lambda b: b.post("/callback/x", {}, environ_overrides=REMOTE)),
        [THROTTLED],
        settings={**MANY, "callback_key": "callback-key-0123456789"},
    ),
    Row(
        "no database",
        GATEWAYS,
        errors.StorageUnavailable,
        lambda b: no_database(
            b, lambda b: b.post("/callback/callbackUserOnlineCommand", {"userID": "a", "platformID": 1})
        ),
        [NOT_OPEN, UNCHANGED],
    ),
    Row(
        "the end of the server",
        GATEWAYS,
        errors.ServiceUnavailable,
        lambda b: stopped(
            b, lambda b: b.post("/callback/callbackUserOnlineCommand", {"userID": "a", "platformID": 1})
        ),
        [STOPPING],
    ),
    Row(
        "a fault",
        GATEWAYS,
        errors.InternalError,
        lambda b: broken(
            b, lambda b: b.post("/callback/callbackUserOnlineCommand", {"userID": "a", "platformID": 1})
        ),
        [FAULT],
    ),
    Row(
        "an unknown path",
        None,
        errors.NoSuchPath,
        lambda b: b.post("/user/accountcheck"),
        [
            "No protocol here has the path /user/accountcheck.",
            "The nearest known path is /user/account_check of openim_v2 and openim_v3.",
        ],
    ),
    Row(
        "an unknown path like no other",
        None,
        errors.NoSuchPath,
        lambda b: b.post("/quite/different"),
        ["No protocol here has the path /quite/different."],
    ),
    Row(
        "another method",
        None,
        errors.NoSuchMethod,
        lambda b: b.client.put("/user/account_check"),
        ["The path /user/account_check takes POST, not PUT."],
    ),
]


@pytest.fixture(name="sink")
def _sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.dialect}: {row.name}" for row in ROWS])
def test_a_refusal_is_explained(
    row: Row, make_app: MakeApp, clock: FakeClock, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda below: 7)
    receiver = {"openim_callback_url": sink.url} if row.receiver else {}
    if row.receiver:
        sink.behave = row.receiver
    app = make_app(control_key=KEY, **row.settings, **receiver)
    bench = Bench(app, clock)
    row.provoke(bench)
    (journal,) = bench.services.attached
    entry = journal.entries()[-1]  # type: ignore[attr-defined]
    assert (entry.dialect or None, entry.outcome) == (row.dialect, row.error.__name__)
    assert list(entry.why) == list(row.why)
    for _, secret in bench.services.settings.secrets:
        assert not re.search(rf"\b{re.escape(secret)}\b", str(entry.why))
    if bench.services.started and row.error is not errors.StorageUnavailable:
        number = entry.number
        headers = {"Authorization": f"Bearer {KEY}"}
        shown = send(app, f"/_rollcall/requests/{number}", headers=headers).get_json()
        assert shown["why"] == list(row.why)


def leaves(error: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    children = error.__subclasses__()
    if not children:
        yield error
    for child in children:
        yield from leaves(child)


def test_every_leaf_of_the_error_tree_is_explained() -> None:
    # Errors of a test's own dialect are no part of the tree.
    tree = {leaf for leaf in leaves(errors.DomainError) if leaf.__module__.startswith("rollcall_server")}
    assert tree - {row.error for row in ROWS} == set()


def test_a_token_that_is_good_is_said_to_be(app: Flask, clock: FakeClock) -> None:
    bench = Bench(app, clock)
    answer = explained(app, bench.alice(platformID=5))
    assert answer == {
        "kind": {"dialect": "openim_v3", "generation": "3.8"},
        "claims": {
            "userID": "alice",
            "platformID": 5,
            "app": None,
            "issuedAt": "2023-11-14T22:13:15.000Z",
            "notBefore": None,
            "expiresAt": "2024-02-12T22:13:20.000Z",
        },
        "valid": True,
        "why": [],
    }


def explained(app: Flask, token: str) -> Any:
    response = send(app, "/_rollcall/explain", "POST", json={"token": token})
    assert response.status_code == 200
    return response.get_json()


def test_any_token_is_explained(app: Flask, clock: FakeClock) -> None:
    bench = Bench(app, clock)
    token = bench.alice(dialect="rongcloud", app="live-app-key", expiresIn=-5)
    rongcloud = explained(app, token)
    assert (rongcloud["kind"], rongcloud["valid"]) == ({"dialect": "rongcloud", "generation": None}, False)
    assert (rongcloud["claims"]["app"], rongcloud["claims"]["userID"]) == ("live-app-key", "alice")
    assert rongcloud["why"] == [
        "This is a token of rongcloud for alice.",
        "It expired at 2023-11-14T22:13:15.000Z, 5 s ago.",
    ]
    foreign = jwt({"UID": "alice", "Platform": "IOS", "exp": 10**300, "nbf": NOW, "iat": NOW}, "mine")
    assert explained(app, foreign)["claims"] == {
        "userID": None,
        "platformID": None,
        "app": None,
        "issuedAt": "2023-11-14T22:13:20.000Z",
        "notBefore": "2023-11-14T22:13:20.000Z",
        "expiresAt": str(10**300),
    }
    assert explained(app, "not a token") == {
        "kind": None,
        "claims": None,
        "valid": False,
        "why": ["A JWT has three parts with dots between them; this text of 11 has 1."],
    }
    assert explained(app, "")["why"] == ["The token is empty."]
    assert explained(app, "x ")["why"] == ["There are blanks or line breaks around the token."]
    assert explained(app, jwt({"sub": "x"}, "tuoyun"))["why"] == [
        "This is a JWT without the claims of OpenIM v2 (UID) or v3 (UserID).",
        "It is signed with the secret in ROLLCALL_OPENIM_V2_SECRET.",
    ]


@pytest.mark.parametrize("body", [{}, {"token": 1}, {"token": None}, {"tokens": ""}, []])
def test_a_wrong_request_for_an_explanation_is_refused(app: Flask, body: Any) -> None:
    response = send(app, "/_rollcall/explain", "POST", json=body)
    assert (response.status_code, response.get_json()["type"]) == (400, "urn:rollcall:request-invalid")
