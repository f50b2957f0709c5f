"""Every path of the URL map says who may call it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from app.dialects import BUILT_IN, VENDORS
from app.wire.dialect import Endpoint
from tests.conftest import MakeApp

DIALECTS = (*VENDORS, *BUILT_IN)
#: Paths that ask for nothing, and why.
OPEN = {"/healthz": "tells nothing", "/readyz": "tells nothing", "/metrics": "judges by itself"}
#: Calls that let anybody in whom nothing identifies, and why.
FOR_ANYBODY = {"/<path:unknown_path>": "answers that there is no such call"}
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}

ENDPOINTS: list[tuple[str, Endpoint]] = [
    (dialect.name, endpoint)
    for dialect in DIALECTS
    for endpoint in (*dialect.endpoints, *([dialect.unknown] if dialect.unknown else []))
]


def paths(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_every_path_is_an_endpoint_of_a_dialect_or_open_on_purpose(make_app: MakeApp) -> None:
    known = {endpoint.path for _, endpoint in ENDPOINTS}
    before = "|".join(
        re.escape(prefix) for dialect in DIALECTS for prefix in (*dialect.prefixes, *dialect.aliases)
    )
    strangers = {
        path
        for path in paths(make_app())
        if path not in OPEN and re.sub(rf"^({before})/?(?=/)", "", path) not in known and path not in known
    }
    assert strangers == set()


@pytest.mark.parametrize(("dialect", "endpoint"), ENDPOINTS, ids=[f"{d} {e.path}" for d, e in ENDPOINTS])
def test_every_endpoint_says_who_may_call(dialect: str, endpoint: Endpoint) -> None:
    assert endpoint.access, f"{dialect} {endpoint.path} declares no access"


REFUSED = re.compile(
    r'"errCode":(?!0[,}])\d+|"code":(?!200[,}])\d+|<code>(?!200<)\d+|"actionCode":1|404 page not found'
)


def call(app: Flask, rule: Any) -> str:
    """Call a path without a token, a secret or a signature, from another machine."""
    path = re.sub("<[^>]+>", "x", rule.rule)
    method = "GET" if "GET" in rule.methods else "POST"
    given: dict[str, Any] = {"headers": {"operationID": "1"}, "environ_overrides": ELSEWHERE}
    if method == "POST":
        # Enough of a body for every call to get to the question who is asking.
        given["json"] = {
            "operationID": "1",
            "secret": "x",
            "platform": 1,
            "platformID": 1,
            "userID": "alice",
            "fromUserID": "alice",
            "users": [{"userID": "a", "nickname": "n"}],
            "userIDs": ["alice"],
            "userIDList": ["alice"],
            "checkUserIDs": ["alice"],
            "checkUserIDList": ["alice"],
            "deleteUserIDList": ["alice"],
            "pagination": {"pageNumber": 1, "showNumber": 1},
            "token": "x",
            "callbackCommand": "callbackUserOnlineCommand",
        }
    return app.test_client().open(path, method=method, **given).get_data(as_text=True)


def test_nobody_gets_anything_from_elsewhere_without_a_secret_a_token_or_a_signature(
    make_app: MakeApp,
) -> None:
    app = make_app(allow_documented_secrets=True)
    served = {
        rule.rule: call(app, rule)
        for rule in app.url_map.iter_rules()
        if rule.rule not in OPEN and "<path:unknown_path>" not in rule.rule
    }
    assert len(served) > 300
    assert {path: answer for path, answer in served.items() if not REFUSED.search(answer)} == {}
