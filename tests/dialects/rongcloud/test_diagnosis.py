"""RongCloud: the log says why a request was refused, and no secret; the answer stays the vendor's."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.rongcloud.expected import LIVE, error
from tests.support.clock import START

KEY, SECRET = "live-app-key", "live-app-secret"
NONCE, TIMESTAMP = "5577006791947779410", "1795212821"
PATH = "/user/info.json"


def made_of(text: str, digest: str = "sha1") -> dict[str, str]:
    return {**LIVE, "Signature": hashlib.new(digest, text.encode()).hexdigest()}


ORDERED = NONCE + TIMESTAMP
SIGNED = [
    (made_of(KEY + ORDERED), "it was made with the app key instead of the secret"),
    (made_of(SECRET + " " + ORDERED), "there is a blank or a line break behind the secret"),
    (made_of(SECRET + "\n" + ORDERED), "there is a blank or a line break behind the secret"),
    (made_of("\t" + SECRET + ORDERED), "there is a blank or a line break before the secret"),
    (made_of(f'"{SECRET}"{ORDERED}'), "there are quotes around the secret"),
    (made_of(SECRET + TIMESTAMP + NONCE), "it was made of secret, timestamp, nonce, in this order"),
    (made_of(NONCE + TIMESTAMP + SECRET), "it was made of nonce, timestamp, secret, in this order"),
    (made_of(NONCE + SECRET + TIMESTAMP), "it was made of nonce, secret, timestamp, in this order"),
    (made_of(SECRET + TIMESTAMP), "it was made without the nonce"),
    (made_of(SECRET + NONCE), "it was made without the timestamp"),
    (made_of(SECRET.upper() + ORDERED), "the secret was put into upper case"),
    (made_of("your-app-secret" + ORDERED), "it was made with the secret of the app your-app-key"),
    (made_of(SECRET + ORDERED, "md5"), "it is MD5, not SHA-1, otherwise right"),
    (made_of("x", "md5"), "it is MD5, not SHA-1"),
    (made_of(SECRET + ORDERED, "sha256"), "it is SHA-256, not SHA-1, otherwise right"),
    ({**LIVE, "Signature": "0" * 39}, "a signature is 40 hexadecimal digits, this has 39 characters"),
    (
        {**LIVE, "Signature": "0" * 40},
        "it was made with another secret, or of another nonce or timestamp than the headers have",
    ),
    ({**LIVE, "Nonce": ""}, "missing: Nonce"),
    ({"App-Key": KEY}, "missing: Nonce, Timestamp, Signature"),
]


def said(
    client: FlaskClient, headers: dict[str, str], caplog: Any, body: bytes = b"userId=u"
) -> tuple[Any, ...]:
    """Send a call and return its status, its answer, and what the log has about it."""
    response = client.post(PATH, data=body, headers=headers)
    for secret in (SECRET, SECRET.upper(), "your-app-secret", headers.get("Signature") or "-" * 9):
        assert secret not in caplog.text
    return response.status_code, response.get_json(), *[record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(("headers", "reason"), SIGNED, ids=[reason for _, reason in SIGNED])
def test_a_wrong_signature(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, headers: dict[str, str], reason: str
) -> None:
    assert said(client, headers, caplog) == (
        401,
        error(1004, "签名错误，请检查。", PATH),
        f"RongCloud call '{PATH}' of the app {KEY}: signature refused: {reason}",
    )


def test_a_secret_in_lower_case(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(rongcloud_apps="Mine:MiXeD").test_client()
    headers = {**made_of("mixed" + ORDERED), "App-Key": "Mine"}
    reason = "signature refused: the secret was put into lower case"
    assert said(client, headers, caplog)[2:] == (f"RongCloud call '{PATH}' of the app Mine: {reason}",)
    assert "MiXeD" not in caplog.text


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "the App-Key header is missing"),
        (SECRET, "the App-Key header holds an app's secret instead of its key"),
        (SECRET.upper() + "x", "the App-Key header holds an app's secret instead of its key"),
        (KEY.upper(), "the App-Key header differs from an app's key in blanks or in upper and lower case"),
        ("other", "ROLLCALL_RONGCLOUD_APPS has no app with the key 'other'"),
        ("ä" * 70, "ROLLCALL_RONGCLOUD_APPS has no app with the key '" + "\\ufffd" * 64 + "'"),
    ],
)
def test_an_unknown_key(client: FlaskClient, caplog: pytest.LogCaptureFixture, key: str, reason: str) -> None:
    assert said(client, {**LIVE, "App-Key": key}, caplog) == (
        400,
        error(1002, "AppKey不存在", PATH),
        f"RongCloud call '{PATH}': {reason}",
    )


def test_a_body_that_is_no_utf_8(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    status, answer, *lines = said(client, LIVE, caplog, "userId=名".encode("gbk"))
    assert (status, answer["url"]) == (400, PATH)
    assert lines == [f"RongCloud call '{PATH}' of the app {KEY}: the body is no form in UTF-8"]


def test_a_nonce_again(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(rongcloud_nonce_once=True).test_client()
    assert said(client, LIVE, caplog)[2:] == ()
    reason = "signature refused: its nonce was used before"
    assert said(client, LIVE, caplog)[2:] == (f"RongCloud call '{PATH}' of the app {KEY}: {reason}",)


def test_a_timestamp_out_of_the_window(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(rongcloud_timestamp_window=60).test_client()
    assert abs(int(TIMESTAMP) - START) > 60
    reason = "signature refused: its timestamp is more than 60 s off, or no number"
    assert said(client, LIVE, caplog)[2:] == (f"RongCloud call '{PATH}' of the app {KEY}: {reason}",)
