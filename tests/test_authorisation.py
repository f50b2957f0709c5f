"""Every path of the URL map requires authorisation, or is listed here as open."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from rollcall_server.control import PREFIX
from rollcall_server.control.calls import CALLS
from rollcall_server.dialects import BUILT_IN, VENDORS
from rollcall_server.http.dialect import EndpointInfo

from tests.conftest import MakeApp

DIALECTS = (*VENDORS, *BUILT_IN)
#: Calls of the control API, and where their access is tested.
CONTROL = {PREFIX + call.path: "tests/control/test_access.py" for call in CALLS}
#: Paths without a check in the dialects, and why.
OPEN = {
    "/healthz": "reveals nothing",
    "/readyz": "reveals nothing",
    "/metrics": "checks the key itself",
    **CONTROL,
}
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}

ENDPOINTS: list[tuple[str, EndpointInfo]] = [
    (dialect.name, endpoint)
    for dialect in DIALECTS
    for endpoint in (*dialect.endpoints, *([dialect.unknown] if dialect.unknown else []))
]


def paths(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_every_path_is_an_endpoint_of_a_dialect_or_listed_as_open(make_app: MakeApp) -> None:
    known = {endpoint.path for dialect in DIALECTS for endpoint in dialect.endpoints}
    assert paths(make_app()) == known | set(OPEN)


@pytest.mark.parametrize(("dialect", "endpoint"), ENDPOINTS, ids=[f"{d} {e.path}" for d, e in ENDPOINTS])
def test_every_endpoint_declares_its_access(dialect: str, endpoint: EndpointInfo) -> None:
    assert endpoint.access, f"{dialect} {endpoint.path} declares no access"


REFUSED = re.compile(
    r'"errCode":(?!0[,}])\d+|"code":(?!200[,}])\d+|<code>(?!200<)\d+|"actionCode":1|404 page not found'
)


def send(app: Flask, rule: str, method: str) -> str:
    """Send a remote request without a valid secret, token or signature; return the answer."""
    path = re.sub("<[^>]+>", "x", rule)
    given: dict[str, Any] = {"headers": {"operationID": "1"}, "environ_overrides": REMOTE}
    if method == "POST":
        # A body that is valid for every call, so that the authorisation is what refuses.
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


def test_every_path_refuses_remote_requests_without_a_secret_a_token_or_a_signature(
    make_app: MakeApp,
) -> None:
    app = make_app(allow_documented_secrets=True)
    before = {"", *(base for dialect in DIALECTS for base in (*dialect.base_paths, *dialect.aliases))}
    served = {
        base + rule.rule: send(app, base + rule.rule, "GET" if "GET" in rule.methods else "POST")
        for rule in app.url_map.iter_rules()
        for base in before
        if rule.rule not in OPEN
    }
    assert len(served) > 900
    assert {path: answer for path, answer in served.items() if not REFUSED.search(answer)} == {}
