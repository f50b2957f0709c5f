"""Whose a bare path is: row by row, and the order of the rows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from app.dialects import VENDORS
from app.services import Services
from app.wire import select
from app.wire.dialect import Dialect
from app.wire.incoming import Incoming
from app.wire.select import Candidate, Rule, choose
from tests.support import tokens
from tests.support.clock import START

PATH = "/auth/user_token"
NOW = int(START)
V2_TOKEN = tokens.v2("u", "IOS", NOW)
V3_TOKEN = tokens.v3_8("u", 1, NOW)
V3_OLD_TOKEN = tokens.v3_4("u", 1, NOW)


def candidates(path: str = PATH, dialects: tuple[Dialect, ...] = VENDORS) -> list[Candidate]:
    return [
        Candidate(dialect, endpoint)
        for dialect in dialects
        for endpoint in dialect.endpoints
        if endpoint.path == path
    ]


def incoming(services: Services, body: Any, **headers: str) -> Incoming:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return Incoming({**environ, "CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)}, services)


def name_of(chosen: Candidate | None) -> str | None:
    return chosen.dialect.name.removeprefix("openim_") if chosen else None


ROWS: list[tuple[Rule, Any, dict[str, str], str | None]] = [
    (select.structural_keys, {"platform": 1}, {}, "v2"),
    (select.structural_keys, {"platformID": 1}, {}, "v3"),
    (select.structural_keys, {"PLATFORMID": 1}, {}, "v3"),
    (select.structural_keys, {"platform": None, "platformID": 1}, {}, "v3"),
    (select.structural_keys, {"platform": 1, "platformID": 1}, {}, None),
    (select.structural_keys, {"userID": "u"}, {}, None),
    (select.structural_keys, [], {}, None),
    (select.structural_keys, b"", {}, None),
    (select.structural_keys, b'{"platform":1', {}, None),
    (select.operation_id, {"operationID": "1"}, {}, "v2"),
    (select.operation_id, {"OperationId": "1"}, {}, "v2"),
    (select.operation_id, {}, {"operationid": "1"}, "v3"),
    (select.operation_id, {"operationID": ""}, {"operationid": "1"}, "v3"),
    (select.operation_id, {"operationID": "1"}, {"operationid": "1"}, None),
    (select.operation_id, {"operationID": "1"}, {"operationid": ""}, "v2"),
    (select.operation_id, {}, {}, None),
    (select.operation_id, b"{", {"operationid": "1"}, "v3"),
    (select.token_style, {}, {"token": V2_TOKEN}, "v2"),
    (select.token_style, {}, {"token": V3_TOKEN}, "v3"),
    (select.token_style, {}, {"token": V3_OLD_TOKEN}, "v3"),
    (select.token_style, {}, {"token": tokens.v2("u", "IOS", 1, key="forged")}, "v2"),
    (select.token_style, {}, {"token": "garbage"}, None),
    (select.token_style, {}, {}, None),
    (select.newest_keys, {"platform": 1, "platformID": 1}, {}, "v3"),
    (select.newest_keys, {"platform": 1}, {}, None),
    (select.default, {}, {}, "v2"),
]


@pytest.mark.parametrize(("rule", "body", "headers", "expected"), ROWS)
def test_a_rule_knows_or_passes_on(
    services: Services, rule: Rule, body: Any, headers: dict[str, str], expected: str | None
) -> None:
    assert name_of(rule(candidates(), incoming(services, body, **headers))) == expected


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        # The keys win over where the operationID stands and over the token, which interceptors add.
        ({"platform": 1}, {"operationid": "1", "token": V3_TOKEN}, "v2"),
        ({"platformID": 1, "operationID": "1"}, {"token": V2_TOKEN}, "v3"),
        # Where keys do not tell, the operationID wins over the token.
        ({"operationID": "1"}, {"token": V3_TOKEN}, "v2"),
        ({}, {"operationid": "1", "token": V2_TOKEN}, "v3"),
        # Both or none of the places: the token.
        ({"operationID": "1"}, {"operationid": "1", "token": V3_TOKEN}, "v3"),
        ({}, {"token": V2_TOKEN}, "v2"),
        # A tie that nothing breaks is v3's if the body has its keys, otherwise the setting's.
        ({"platform": 1, "platformID": 1}, {}, "v3"),
        ({"platform": 1, "platformID": 1, "operationID": "1"}, {}, "v2"),
        ({}, {}, "v2"),
        # A body that tells nothing.
        (b"", {}, "v2"),
        (b"{", {"operationid": "1"}, "v3"),
        ([], {"token": V3_TOKEN}, "v3"),
        (b"null", {"token": "garbage"}, "v2"),
    ],
)
def test_the_first_rule_that_knows_decides(
    services: Services, body: Any, headers: dict[str, str], expected: str
) -> None:
    assert name_of(choose(candidates(), incoming(services, body, **headers))) == expected


def test_the_default_is_a_setting(make_app: Any) -> None:
    services = make_app(openim_default="v3").extensions["rollcall"]
    assert name_of(choose(candidates(), incoming(services, b""))) == "v3"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/auth/user_register", "v2"),
        ("/user/user_register", "v3"),
        ("/auth/get_admin_token", "v3"),
        ("/user/getToken.json", "rongcloud"),
    ],
)
def test_a_path_of_one_dialect_is_that_dialects_whatever_is_sent(
    services: Services, path: str, expected: str
) -> None:
    misleading = {"platform": 1, "platformID": 1, "operationID": "1"}
    only = candidates(path)
    assert len(only) == 1
    assert name_of(choose(only, incoming(services, misleading, token=V2_TOKEN))) == expected


def test_a_dialect_that_is_switched_off_has_no_say(services: Services) -> None:
    only = candidates(PATH, VENDORS[:1])
    assert name_of(choose(only, incoming(services, {"platformID": 1}))) == "v2"
