"""A fourth dialect beside the others: all that it takes in the package is its name in the list."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server import dialects

from tests.conftest import MakeApp
from tests.support import fourth_dialect
from tests.support.drivers import OpenIMv2, RongCloud
from tests.support.fourth_dialect import SECRET, signature_of

NAMES = "openim_v2,openim_v3,rongcloud,acme"


@pytest.fixture
def app(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(dialects, "VENDORS", (*dialects.VENDORS, fourth_dialect.DIALECT))
    return make_app(dialects=NAMES)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post_token(client: FlaskClient, user: str, prefix: str = "") -> tuple[int, Any]:
    query = {"user": user, "sig": signature_of(SECRET, user)}
    response = client.post(f"{prefix}/acme/token", query_string=query)
    assert response.content_type == "application/acme+json"
    return response.status_code, response.get_json()


def get_me(client: FlaskClient, token: str, secret: str = SECRET) -> tuple[int, Any]:
    response = client.get("/acme/me", query_string={"token": token, "sig": signature_of(secret, token)})
    return response.status_code, response.get_json()


def test_it_registers_users_for_all_dialects(client: FlaskClient) -> None:
    status, answer = post_token(client, "alice")
    assert (status, list(answer)) == (200, ["token"])
    assert get_me(client, answer["token"]) == (200, {"user": "alice"})
    assert OpenIMv2(client).register("alice") == "exists"
    assert OpenIMv2(client).register("bob") == "done"
    assert post_token(client, "bob") == (409, {"fault": 4, "text": "bob is taken"})


def test_two_dialects_with_opaque_tokens_read_their_own(client: FlaskClient) -> None:
    theirs = RongCloud(client).token("carol")
    assert theirs is not None
    own = post_token(client, "dave")[1]["token"]
    assert theirs.count("@") == own.count("@") == 1
    assert get_me(client, theirs) == (403, {"fault": 2, "text": "denied"})
    # Rollcall's own calls take the tokens of every dialect.
    for token, user_id in ((own, "dave"), (theirs, "carol")):
        answer = client.post("/presence/heartbeat", json={"platformID": 5}, headers={"token": token})
        assert answer.get_json()["data"]["userID"] == user_id


def test_its_errors_are_its_own_and_differ_by_variant(client: FlaskClient) -> None:
    assert post_token(client, "quota-1") == (429, {"fault": 7, "text": "slow down"})
    assert post_token(client, "quota-1", "/terse") == (429, {"fault": 7, "text": "no"})
    assert get_me(client, "x", "another secret") == (403, {"fault": 2, "text": "denied"})


def test_its_settings_are_read_and_its_secrets_guarded(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "VENDORS", (*dialects.VENDORS, fourth_dialect.DIALECT))
    client = make_app(dialects="acme", acme_secret="short").test_client()
    assert get_me(client, "x", "short") == (403, {"fault": 2, "text": "denied"})
    response = client.get("/acme/me", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert (response.status_code, response.get_json()["fault"]) == (403, 3)
    assert "ROLLCALL_ACME_SECRET" in response.get_json()["text"]


def test_an_unknown_call_behind_its_base_path_is_its_own(client: FlaskClient) -> None:
    response = client.post("/terse/nothing")
    assert (response.status_code, response.get_json()) == (404, {"fault": 5, "text": "no such call"})
