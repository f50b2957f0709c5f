"""Which dialect a path without prefix belongs to: each rule, and the order of the rules."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from rollcall_server.dialects import VENDORS
from rollcall_server.http import detect
from rollcall_server.http.detect import Candidate, Rule, choose
from rollcall_server.http.dispatch import AnyDialect
from rollcall_server.http.request import Request
from rollcall_server.services import Services

from tests.support import tokens
from tests.support.clock import START

PATH = "/auth/user_token"
NOW = int(START)
V2_TOKEN = tokens.v2("u", "IOS", NOW)
V3_TOKEN = tokens.v3_8("u", 1, NOW)
V3_OLD_TOKEN = tokens.v3_4("u", 1, NOW)


def candidates(path: str = PATH, dialects: tuple[AnyDialect, ...] = VENDORS) -> list[Candidate]:
    return [
        Candidate(dialect, endpoint)
        for dialect in dialects
        for endpoint in dialect.endpoints
        if endpoint.path == path
    ]


def make_request(services: Services, body: Any, **headers: str) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return Request({**environ, "CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)}, services)


def name_of(chosen: Candidate | None) -> str | None:
    return chosen.dialect.name.removeprefix("openim_") if chosen else None


RULE_CASES: list[tuple[Rule, Any, dict[str, str], str | None]] = [
    (detect.body_keys, {"platform": 1}, {}, "v2"),
    (detect.body_keys, {"platformID": 1}, {}, "v3"),
    (detect.body_keys, {"PLATFORMID": 1}, {}, "v3"),
    (detect.body_keys, {"platform": None, "platformID": 1}, {}, "v3"),
    (detect.body_keys, {"platform": 1, "platformID": 1}, {}, None),
    (detect.body_keys, {"userID": "u"}, {}, None),
    (detect.body_keys, [], {}, None),
    (detect.body_keys, b"", {}, None),
    (detect.body_keys, b'{"platform":1', {}, None),
    (detect.operation_id, {"operationID": "1"}, {}, "v2"),
    (detect.operation_id, {"OperationId": "1"}, {}, "v2"),
    (detect.operation_id, {}, {"operationid": "1"}, "v3"),
    (detect.operation_id, {"operationID": ""}, {"operationid": "1"}, "v3"),
    (detect.operation_id, {"operationID": "1"}, {"operationid": "1"}, None),
    (detect.operation_id, {"operationID": "1"}, {"operationid": ""}, "v2"),
    (detect.operation_id, {}, {}, None),
    (detect.operation_id, b"{", {"operationid": "1"}, "v3"),
    (detect.token_format, {}, {"token": V2_TOKEN}, "v2"),
    (detect.token_format, {}, {"token": V3_TOKEN}, "v3"),
    (detect.token_format, {}, {"token": V3_OLD_TOKEN}, "v3"),
    (detect.token_format, {}, {"token": tokens.v2("u", "IOS", 1, key="forged")}, "v2"),
    (detect.token_format, {}, {"token": "garbage"}, None),
    (detect.token_format, {}, {}, None),
    (detect.newest_keys, {"platform": 1, "platformID": 1}, {}, "v3"),
    (detect.newest_keys, {"platform": 1}, {}, None),
    (detect.default, {}, {}, "v2"),
]


@pytest.mark.parametrize(("rule", "body", "headers", "expected"), RULE_CASES)
def test_a_rule_returns_its_candidate_or_none(
    services: Services, rule: Rule, body: Any, headers: dict[str, str], expected: str | None
) -> None:
    assert name_of(rule(candidates(), make_request(services, body, **headers))) == expected


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        # Body keys outrank the place of the operationID and the token, which interceptors add.
        ({"platform": 1}, {"operationid": "1", "token": V3_TOKEN}, "v2"),
        ({"platformID": 1, "operationID": "1"}, {"token": V2_TOKEN}, "v3"),
        # Without distinctive keys, the operationID outranks the token.
        ({"operationID": "1"}, {"token": V3_TOKEN}, "v2"),
        ({}, {"operationid": "1", "token": V2_TOKEN}, "v3"),
        # With an operationID in both places or in neither, the token decides.
        ({"operationID": "1"}, {"operationid": "1", "token": V3_TOKEN}, "v3"),
        ({}, {"token": V2_TOKEN}, "v2"),
        # An unresolved tie goes to v3 if the body has v3's keys, otherwise to the setting's version.
        ({"platform": 1, "platformID": 1}, {}, "v3"),
        ({"platform": 1, "platformID": 1, "operationID": "1"}, {}, "v2"),
        ({}, {}, "v2"),
        # A body without keys.
        (b"", {}, "v2"),
        (b"{", {"operationid": "1"}, "v3"),
        ([], {"token": V3_TOKEN}, "v3"),
        (b"null", {"token": "garbage"}, "v2"),
    ],
)
def test_the_first_rule_with_a_result_decides(
    services: Services, body: Any, headers: dict[str, str], expected: str
) -> None:
    assert name_of(choose(candidates(), make_request(services, body, **headers))) == expected


def test_the_default_version_is_a_setting(make_app: Any) -> None:
    services = make_app(openim_default="v3").extensions["rollcall"]
    assert name_of(choose(candidates(), make_request(services, b""))) == "v3"


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/auth/user_register", ["errCode", "errMsg"]),
        ("/user/user_register", ["errCode", "errMsg", "errDlt"]),
        ("/auth/get_admin_token", ["errCode", "errMsg", "errDlt"]),
        ("/user/getToken.json", ["url", "code", "errorMessage"]),
    ],
)
def test_an_unshared_path_belongs_to_its_dialect_whatever_the_request(
    client: FlaskClient, path: str, keys: list[str]
) -> None:
    misleading = {"platform": 1, "platformID": 1, "operationID": "1"}
    answer = client.post(path, json=misleading, headers={"token": V2_TOKEN}).get_json()
    assert list(answer) == keys


def test_a_disabled_dialect_is_never_chosen(services: Services) -> None:
    only = candidates(PATH, VENDORS[:1])
    assert name_of(choose(only, make_request(services, {"platformID": 1}))) == "v2"


#: The body keys that identify OpenIM v2 and v3 on each shared path.
BODY_KEYS = {
    "/auth/user_token": ({"platform"}, {"platformid"}),
    "/auth/parse_token": ({"operationid"}, {"token"}),
    "/auth/force_logout": ({"platform", "fromuserid"}, {"platformid", "userid"}),
    "/user/get_users_online_status": ({"useridlist"}, {"userids"}),
    "/user/get_users_info": ({"useridlist"}, {"userids"}),
    "/user/update_user_info": (set(), {"userinfo"}),
    "/user/account_check": ({"checkuseridlist"}, {"checkuserids"}),
    "/user/get_all_users_uid": (set(), {"pagination"}),
    "/user/get_users": ({"pagenumber", "shownumber"}, {"pagination", "nickname"}),
    "/user/set_global_msg_recv_opt": ({"operationid"}, {"userid"}),
}


def test_shared_paths_are_identified_by_these_body_keys() -> None:
    paths = [endpoint.path for dialect in VENDORS for endpoint in dialect.endpoints]
    shared = {path for path in paths if paths.count(path) > 1}
    found = {path: tuple(set(each.endpoint.body_keys) for each in candidates(path)) for path in shared}
    assert found == BODY_KEYS


IN_HEADER = {"operationid": "1"}
NAMED = {"operationID": "1", "userID": "u"}


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        # Requests of real clients of both versions.
        ("/auth/parse_token", {"operationID": "1"}, {"token": V2_TOKEN}, "v2"),
        ("/auth/parse_token", {"token": V3_TOKEN}, IN_HEADER, "v3"),
        ("/auth/force_logout", {"platform": 1, "fromUserID": "u", "operationID": "1"}, {}, "v2"),
        ("/auth/force_logout", {"platformID": 1, "userID": "u"}, IN_HEADER, "v3"),
        ("/user/get_users_info", {"userIDList": [], "operationID": "1"}, {}, "v2"),
        ("/user/get_users_info", {"userIDs": []}, IN_HEADER, "v3"),
        ("/user/update_user_info", {"userID": "u", "operationID": "1"}, {}, "v2"),
        ("/user/update_user_info", {"userInfo": {}}, IN_HEADER, "v3"),
        ("/user/account_check", {"checkUserIDList": [], "operationID": "1"}, {}, "v2"),
        ("/user/account_check", {"checkUserIDs": []}, IN_HEADER, "v3"),
        ("/user/get_all_users_uid", {"operationID": "1"}, {}, "v2"),
        ("/user/get_all_users_uid", {"pagination": {}}, IN_HEADER, "v3"),
        ("/user/get_users", {"pageNumber": 1, "showNumber": 1, "operationID": "1"}, {}, "v2"),
        ("/user/get_users", {"pagination": {}}, IN_HEADER, "v3"),
        ("/user/set_global_msg_recv_opt", {"operationID": "1", "globalRecvMsgOpt": 1}, {}, "v2"),
        ("/user/set_global_msg_recv_opt", {"userID": "u", "globalRecvMsgOpt": 1}, IN_HEADER, "v3"),
        # A v2 client that also sends a userID, and a v3 client with a stray operationID.
        ("/user/set_global_msg_recv_opt", NAMED, {}, "v2"),
        ("/user/set_global_msg_recv_opt", {"userID": "u"}, {}, "v3"),
        (
            "/user/set_global_msg_recv_opt",
            {"operationID": "1", "userID": "u"},
            {**IN_HEADER, "token": V3_TOKEN},
            "v3",
        ),
        (
            "/user/set_global_msg_recv_opt",
            {"operationID": "1", "userID": "u"},
            {**IN_HEADER, "token": V2_TOKEN},
            "v3",
        ),
        ("/user/set_global_msg_recv_opt", {"operationID": "1"}, {**IN_HEADER, "token": V3_TOKEN}, "v3"),
        ("/user/set_global_msg_recv_opt", {"operationID": "1"}, {**IN_HEADER, "token": V2_TOKEN}, "v2"),
        (
            "/auth/user_token",
            {"platform": 1, "platformID": 1, "operationID": "1"},
            {**IN_HEADER, "token": V2_TOKEN},
            "v3",
        ),
        # A token in the body means v3 if the header has none.
        ("/auth/parse_token", {"operationID": "1", "token": V3_TOKEN}, {}, "v3"),
        ("/auth/parse_token", {"operationID": "1", "token": V3_TOKEN}, {"token": V2_TOKEN}, "v2"),
        ("/auth/parse_token", {"token": V2_TOKEN}, {"token": V2_TOKEN}, "v3"),
        ("/auth/parse_token", {}, {**IN_HEADER, "token": V2_TOKEN}, "v3"),
        (
            "/auth/parse_token",
            {"operationID": "1", "token": V3_TOKEN},
            {**IN_HEADER, "token": V2_TOKEN},
            "v3",
        ),
        ("/auth/parse_token", {"operationID": "1"}, {**IN_HEADER, "token": V3_TOKEN}, "v3"),
        ("/auth/parse_token", {"operationID": "1"}, {**IN_HEADER, "token": V2_TOKEN}, "v2"),
        ("/auth/parse_token", {}, {"token": V2_TOKEN}, "v2"),
        ("/auth/parse_token", b"", {"token": V3_TOKEN}, "v3"),
        ("/auth/parse_token", b"", {}, "v2"),
        # A half-migrated client: v2's keys, the operationID in the header.
        ("/user/get_users_info", {"userIDList": []}, IN_HEADER, "v2"),
        # With keys of both versions, the place of the operationID decides, otherwise it is v3.
        ("/user/get_users_info", {"userIDList": [], "userIDs": [], "operationID": "1"}, {}, "v2"),
        ("/user/get_users_info", {"userIDList": [], "userIDs": []}, IN_HEADER, "v3"),
        ("/user/get_users_info", {"userIDList": [], "userIDs": []}, {}, "v3"),
        ("/user/get_users_info", {"userIDList": [], "userIDs": []}, {"token": V2_TOKEN}, "v3"),
        ("/user/get_users", {"nickName": "a"}, {}, "v3"),
        # null counts as absent.
        ("/user/get_users_info", {"userIDList": None, "userIDs": []}, {}, "v3"),
        # No distinctive keys.
        ("/user/update_user_info", {"userID": "u"}, {}, "v2"),
        ("/user/update_user_info", {"userID": "u"}, {"token": V3_TOKEN}, "v3"),
        ("/user/get_users_info", b"[]", {}, "v2"),
        ("/user/get_users_info", b'{"userIDs":', IN_HEADER, "v3"),
    ],
)
def test_a_shared_path_goes_to_the_version_of_the_request(
    services: Services, path: str, body: Any, headers: dict[str, str], expected: str
) -> None:
    assert name_of(choose(candidates(path), make_request(services, body, **headers))) == expected


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("path", BODY_KEYS)
def test_an_empty_body_on_a_shared_path_gets_v2s_error(client: FlaskClient, prefix: str, path: str) -> None:
    response = client.post(prefix + path, data=b"")
    assert response.status_code == 400
    assert response.get_json()["errMsg"].removeprefix(" BindJSON failed ") == "EOF"
    assert set(response.get_json()) == {"errCode", "errMsg"}
