"""OpenIM v2: every call's answer to a bad body, a bad token and a caller who is no administrator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.dialects.conftest import NOW
from tests.dialects.openim_v2.expected import ALICE, CAUSES, JSON, OP, TEXT, bind_error, invalid
from tests.support import tokens
from tests.support.scenario import CORS, Scenario, play

PREFIXED = " BindJSON failed "
_MISSING = object()


class Endpoint(NamedTuple):
    """A call and its error answers."""

    path: str
    body: dict[str, Any]
    struct: str
    required: tuple[str, ...]
    bind: tuple[int, str] = (400, "")
    token: tuple[int, int] = (400, 500)
    refusal: str = "op GetUserIDFromToken failed "
    no_manager: Any = None
    """The answer to a caller who is no administrator; None if any user may call."""


def no_permission(data: Any = _MISSING) -> dict[str, Any]:
    body = {"errCode": 801, "errMsg": "no permission"}
    return body if data is _MISSING else {**body, "data": data}


OPERATION = ("OperationID",)
LIST = {**OP, "userIDList": ["alice"]}
CHECK = {**OP, "checkUserIDList": ["alice"]}
PAGE = {**OP, "pageNumber": 2, "showNumber": 3}
REFUSAL_WITHOUT_ID = "GetUserIDFromToken failed "
ENDPOINTS = [
    Endpoint(
        "/auth/parse_token",
        OP,
        "ParseTokenReq",
        OPERATION,
        (1001, PREFIXED),
        (200, 1001),
        "op GetUserIDFromTokenExpireTime failed ",
    ),
    Endpoint(
        "/auth/force_logout",
        {**OP, "platform": 1, "fromUserID": "bob"},
        "ForceLogoutReq",
        ("Platform", "FromUserID", "OperationID"),
        (400, PREFIXED),
        (500, 500),
        no_manager={"errCode": 801, "errMsg": "op IsManagerUserID false alice"},
    ),
    Endpoint("/user/get_users_info", LIST, "GetUsersInfoReq", (*OPERATION, "UserIDList"), token=(200, 500)),
    Endpoint(
        "/user/get_users_info_from_cache",
        LIST,
        "GetUsersInfoReq",
        (*OPERATION, "UserIDList"),
        refusal=REFUSAL_WITHOUT_ID,
    ),
    Endpoint(
        "/user/get_self_user_info",
        {**OP, "userID": "bob"},
        "GetSelfUserInfoReq",
        (*OPERATION, "UserID"),
        (1001, PREFIXED),
        (200, 1001),
        no_manager=no_permission(None),
    ),
    Endpoint(
        "/v2/user/update_user_info",
        {**OP, "userID": "bob"},
        "UpdateSelfUserInfoReq",
        ("ApiUserInfo.UserID", "OperationID"),
        no_manager=no_permission(),
    ),
    Endpoint("/user/set_global_msg_recv_opt", OP, "SetGlobalRecvMessageOptReq", OPERATION),
    Endpoint(
        "/user/get_users_online_status",
        LIST,
        "GetUsersOnlineStatusReq",
        (*OPERATION, "UserIDList"),
        token=(200, 500),
    ),
    Endpoint("/v2/user/get_all_users_uid", OP, "GetAllUsersUidReq", OPERATION, no_manager=no_permission([])),
    Endpoint(
        "/user/account_check",
        CHECK,
        "AccountCheckReq",
        (*OPERATION, "CheckUserIDList"),
        no_manager=no_permission([]),
    ),
    Endpoint(
        "/user/get_users",
        PAGE,
        "GetUsersReq",
        (*OPERATION, "PageNumber", "ShowNumber"),
        no_manager=no_permission({"userList": None, "totalNum": 0, "currentPage": 2, "showNumber": 3}),
    ),
    Endpoint(
        "/user/get_user_friend_from_cache",
        OP,
        "GetFriendIDListFromCacheReq",
        OPERATION,
        token=(500, 500),
        refusal=REFUSAL_WITHOUT_ID,
    ),
    Endpoint(
        "/user/get_black_list_from_cache", OP, "GetBlackIDListFromCacheReq", OPERATION, token=(500, 500)
    ),
    Endpoint(
        "/manager/delete_user",
        {**OP, "deleteUserIDList": ["bob", "nobody"]},
        "DeleteUsersReq",
        (*OPERATION, "DeleteUserIDList"),
        token=(500, 500),
        no_manager=no_permission(["bob", "nobody"]),
    ),
    Endpoint("/manager/get_all_users_uid", OP, "GetAllUsersUidReq", OPERATION, no_manager=no_permission([])),
    Endpoint(
        "/manager/account_check",
        CHECK,
        "AccountCheckReq",
        (*OPERATION, "CheckUserIDList"),
        no_manager=no_permission([]),
    ),
    Endpoint(
        "/manager/get_users_online_status",
        LIST,
        "GetUsersOnlineStatusReq",
        (*OPERATION, "UserIDList"),
        token=(500, 500),
        no_manager={"errCode": 0, "errMsg": "", "data": [{"userID": "alice", "status": "offline"}]},
    ),
]
every_call = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[endpoint.path for endpoint in ENDPOINTS])
AS_ALICE = {"token": ALICE}


def prefixed_path(endpoint: Endpoint) -> str:
    """Return the path under /v2, which selects the dialect even if the body does not."""
    return endpoint.path if endpoint.path.startswith("/v2") else "/v2" + endpoint.path


@every_call
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "EOF"),
        (b" ", "EOF"),
        (b"{", "unexpected EOF"),
        (b"operationID=op", "invalid character 'o' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type base_info.{struct}"),
        (b'"x"', "json: cannot unmarshal string into Go value of type base_info.{struct}"),
        (
            b'{"operationID":1}',
            "json: cannot unmarshal number into Go struct field {struct}.operationID of type string",
        ),
    ],
)
def test_a_body_that_cannot_be_bound_is_a_400(
    client: FlaskClient, endpoint: Endpoint, body: bytes, text: str
) -> None:
    code, prefix = endpoint.bind
    answer = bind_error(text.replace("{struct}", endpoint.struct), prefix, code)
    play(client, Scenario("", prefixed_path(endpoint), body, answer, 400, {"token": "garbage"}), JSON, CORS)


@every_call
@pytest.mark.parametrize("body", [b"{}", b"null"])
def test_missing_fields_are_listed_in_struct_order(
    client: FlaskClient, endpoint: Endpoint, body: bytes
) -> None:
    code, prefix = endpoint.bind
    lines = invalid(endpoint.struct, *((name, "required") for name in endpoint.required))
    answer = bind_error(lines, prefix, code)
    play(client, Scenario("", prefixed_path(endpoint), body, answer, 400), JSON, CORS)


BAD_TOKENS = [
    ("malformed", ""),
    ("malformed", "garbage"),
    ("malformed", "Bearer " + ALICE),
    ("expired", tokens.v2("alice", "IOS", NOW - 7 * 86400)),
    ("expired", tokens.v2("alice", "IOS", 5, key="forged")),
    ("early", tokens.v2("alice", "IOS", NOW + 60)),
    ("forged", tokens.v2("alice", "IOS", NOW, key="forged")),
    ("unknown", tokens.v2("alice", "Web", NOW)),
    ("kicked", tokens.v3_8("bob", 1, NOW)),
]


@every_call
@pytest.mark.parametrize(("cause", "token"), BAD_TOKENS)
def test_a_bad_token_is_refused_with_its_cause_and_not_echoed(
    client: FlaskClient, endpoint: Endpoint, cause: str, token: str
) -> None:
    status, code = endpoint.token
    answer = {"errCode": code, "errMsg": endpoint.refusal + CAUSES[cause]}
    headers = {"token": token} if token else {}
    play(client, Scenario("", prefixed_path(endpoint), endpoint.body, answer, status, headers), JSON, CORS)


@every_call
def test_a_user_gets_the_calls_answer_for_non_administrators(client: FlaskClient, endpoint: Endpoint) -> None:
    if endpoint.no_manager is None:
        response = client.post(endpoint.path, json=endpoint.body, headers=AS_ALICE)
        assert (response.status_code, response.get_json()["errCode"]) == (200, 0)
        return
    scenario = Scenario("", endpoint.path, endpoint.body, endpoint.no_manager, headers=AS_ALICE)
    play(client, scenario, JSON, CORS)


@every_call
def test_an_api_prefix_left_by_a_proxy_is_ignored(client: FlaskClient, endpoint: Endpoint) -> None:
    path = "/api" + endpoint.path.removeprefix("/v2")
    status, code = endpoint.token
    answer = {"errCode": code, "errMsg": endpoint.refusal + CAUSES["malformed"]}
    play(client, Scenario("", path, endpoint.body, answer, status, {"token": "garbage"}), JSON, CORS)


@every_call
def test_another_method_or_an_upper_case_path_is_a_404(client: FlaskClient, endpoint: Endpoint) -> None:
    scenario = Scenario("", endpoint.path, b"", "404 page not found", 404, AS_ALICE, method="GET")
    play(client, scenario, TEXT, CORS)
    play(client, replace(scenario, path=endpoint.path.upper()), TEXT, CORS)


@every_call
def test_the_operation_id_may_be_sent_in_the_header(client: FlaskClient, endpoint: Endpoint) -> None:
    """As from a client that migrates to v3; the /v2 prefix selects the dialect."""
    body = {key: value for key, value in endpoint.body.items() if key != "operationID"}
    status, code = endpoint.token
    answer = {"errCode": code, "errMsg": endpoint.refusal + CAUSES["malformed"]}
    headers = {"operationID": "op", "token": "garbage"}
    play(client, Scenario("", prefixed_path(endpoint), body, answer, status, headers), JSON, CORS)
