"""RongCloud: the log gives the reason for a refusal but no secret; the answer stays RongCloud's own."""

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


def signed_as(text: str, digest: str = "sha1") -> dict[str, str]:
    return {**LIVE, "Signature": hashlib.new(digest, text.encode()).hexdigest()}


ORDERED = NONCE + TIMESTAMP
SIGNATURES = [
    (signed_as(KEY + ORDERED), "it was made with the app key instead of the secret"),
    (signed_as(SECRET + " " + ORDERED), "there is a blank or a line break behind the secret"),
    (signed_as(SECRET + "\n" + ORDERED), "there is a blank or a line break behind the secret"),
    (signed_as("\t" + SECRET + ORDERED), "there is a blank or a line break before the secret"),
    (signed_as(f'"{SECRET}"{ORDERED}'), "there are quotes around the secret"),
    (signed_as(SECRET + TIMESTAMP + NONCE), "it was made of secret, timestamp, nonce, in this order"),
    (signed_as(NONCE + TIMESTAMP + SECRET), "it was made of nonce, timestamp, secret, in this order"),
    (signed_as(NONCE + SECRET + TIMESTAMP), "it was made of nonce, secret, timestamp, in this order"),
    (signed_as(SECRET + TIMESTAMP), "it was made without the nonce"),
    (signed_as(SECRET + NONCE), "it was made without the timestamp"),
    (signed_as(SECRET.upper() + ORDERED), "the secret was put into upper case"),
    (signed_as("your-app-secret" + ORDERED), "it was made with the secret of the app your-app-key"),
    (signed_as(SECRET + ORDERED, "md5"), "it is MD5, not SHA-1, otherwise right"),
    (signed_as("x", "md5"), "it is MD5, not SHA-1"),
    (signed_as(SECRET + ORDERED, "sha256"), "it is SHA-256, not SHA-1, otherwise right"),
    ({**LIVE, "Signature": "0" * 39}, "a signature is 40 hexadecimal digits, this has 39 characters"),
    (
        {**LIVE, "Signature": "0" * 40},
        "it was made with another secret, or of another nonce or timestamp than the headers have",
    ),
    ({**LIVE, "Nonce": ""}, "missing: Nonce"),
    ({"App-Key": KEY}, "missing: Nonce, Timestamp, Signature"),
]


def send(
    client: FlaskClient, headers: dict[str, str], caplog: Any, body: bytes = b"userId=u"
) -> tuple[Any, ...]:
    """Send a request; return its status, its answer and the log lines, which must hold no secret."""
    response = client.post(PATH, data=body, headers=headers)
    for secret in (SECRET, SECRET.upper(), "your-app-secret", headers.get("Signature") or "-" * 9):
        assert secret not in caplog.text
    return response.status_code, response.get_json(), *[record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(("headers", "reason"), SIGNATURES, ids=[reason for _, reason in SIGNATURES])
def test_the_log_tells_why_a_signature_is_wrong(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, headers: dict[str, str], reason: str
) -> None:
    assert send(client, headers, caplog) == (
        401,
        error(1004, "签名错误，请检查。", PATH),
        f"RongCloud call '{PATH}' of the app {KEY}: signature refused: {reason}",
    )


def test_the_log_tells_of_a_lower_cased_secret(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(rongcloud_apps="Mine:MiXeD").test_client()
    headers = {**signed_as("mixed" + ORDERED), "App-Key": "Mine"}
    reason = "signature refused: the secret was put into lower case"
    assert send(client, headers, caplog)[2:] == (f"RongCloud call '{PATH}' of the app Mine: {reason}",)
    assert "MiXeD" not in caplog.text


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "the App-Key header is missing"),
        (SECRET, "the App-Key header holds an app's secret instead of its key"),
        (SECRET.upper() + "x", "the App-Key header holds an app's secret instead of its key"),
        (KEY.upper(), "the App-Key header differs from an app's key in blanks or in upper and lower case"),
        *(
            (key, f"ROLLCALL_RONGCLOUD_APPS has no app with the App-Key header's key of {length} characters")
            for key, length in (("other", 5), ("ä" * 70, 70), (SECRET[:-1], 14), ("1" + SECRET[1:], 15))
        ),
    ],
)
def test_the_log_tells_why_an_app_key_is_unknown(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, key: str, reason: str
) -> None:
    assert send(client, {**LIVE, "App-Key": key}, caplog) == (
        400,
        error(1002, "AppKey不存在", PATH),
        f"RongCloud call '{PATH}': {reason}",
    )


def test_the_log_tells_of_a_body_not_in_utf_8(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    status, answer, *lines = send(client, LIVE, caplog, "userId=名".encode("gbk"))
    assert (status, answer["url"]) == (400, PATH)
    assert lines == [f"RongCloud call '{PATH}' of the app {KEY}: the body is no form in UTF-8"]


def test_the_log_tells_of_a_repeated_nonce(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(rongcloud_nonce_once=True).test_client()
    assert send(client, LIVE, caplog)[2:] == ()
    reason = "signature refused: its nonce was used before"
    assert send(client, LIVE, caplog)[2:] == (f"RongCloud call '{PATH}' of the app {KEY}: {reason}",)


def test_the_log_tells_of_a_stale_timestamp(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(rongcloud_timestamp_window=60).test_client()
    assert abs(int(TIMESTAMP) - START) > 60
    reason = "signature refused: its timestamp is more than 60 s off, or no number"
    assert send(client, LIVE, caplog)[2:] == (f"RongCloud call '{PATH}' of the app {KEY}: {reason}",)
