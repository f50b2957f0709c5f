"""RongCloud: exact answers of getToken, in both profiles and in JSON and XML."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.rongcloud.expected import (
    DOCUMENTED,
    JSON,
    LIVE,
    NO_CORS,
    PATH,
    XML,
    error,
    signed,
    text_of,
)
from tests.support.clock import START, FakeClock
from tests.support.scenario import Scenario, as_bytes, play, scenarios

CURL = {
    "App-Key": "your-app-key",
    "Nonce": "14314",
    "Timestamp": "1408710653000",
    "Signature": "30be0bbca9c9b2e27578701e9fda2358a814c88f",
    "Content-Type": "application/x-www-form-urlencoded",
}
CURL_BODY = "userId=jlk456j5&name=Ironman&portraitUri=http%3A%2F%2Fabc.com%2Fmyportrait.jpg"


UNKNOWN_APP = error(1002, "AppKey不存在")
BAD_SIGNATURE = error(1004, "签名错误，请检查。")


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


AUTHENTICATION = [
    Scenario("no headers at all", PATH, CURL_BODY, UNKNOWN_APP, 400),
    Scenario("no app key", PATH, CURL_BODY, UNKNOWN_APP, 400, without(CURL, "App-Key")),
    Scenario("an empty app key", PATH, CURL_BODY, UNKNOWN_APP, 400, {**CURL, "App-Key": ""}),
    Scenario("an unknown app key", PATH, b"", UNKNOWN_APP, 400, {**CURL, "App-Key": "other"}),
    Scenario("an app key in another case", PATH, b"", UNKNOWN_APP, 400, {**CURL, "App-Key": "YOUR-APP-KEY"}),
    *(
        Scenario(f"no {name}", PATH, CURL_BODY, BAD_SIGNATURE, 401, without(CURL, name))
        for name in ("Nonce", "Timestamp", "Signature")
    ),
    Scenario("another nonce", PATH, CURL_BODY, BAD_SIGNATURE, 401, {**CURL, "Nonce": "14315"}),
    Scenario("another timestamp", PATH, CURL_BODY, BAD_SIGNATURE, 401, {**CURL, "Timestamp": "1408710653"}),
    Scenario(
        "signed with the app key",
        PATH,
        b"",
        BAD_SIGNATURE,
        401,
        signed("your-app-key", "your-app-key"),
    ),
    Scenario("other app's secret", PATH, b"", BAD_SIGNATURE, 401, signed("your-app-key", "live-app-secret")),
    Scenario("a non-ASCII signature", PATH, b"", BAD_SIGNATURE, 401, {**CURL, "Signature": "ä" * 40}),
    Scenario("checked before the body", PATH, b"", BAD_SIGNATURE, 401, {**CURL, "Signature": "0" * 40}),
]

#: Scenario name, body, then code and message in the documented and in the live profile.
PARAMETERS: list[tuple[str, Any, tuple[int, str], tuple[int, str]]] = [
    ("empty body", b"", (1003, "参数错误"), (1002, "The parameter userId is required.")),
    ("blank body", b" \r\n", (1003, "参数错误"), (1002, "The parameter userId is required.")),
    ("no userId", "name=n", (1003, "参数错误"), (1002, "The parameter userId is required.")),
    ("a blank userId", "userId=+&name=n", (1003, "参数错误"), (1002, "The parameter userId is required.")),
    ("no name", "userId=u", (1003, "参数错误"), (1002, "The parameter name is required.")),
    ("an empty name", "userId=u&name=", (1003, "参数错误"), (1002, "The parameter name is required.")),
    (
        "userId of 65 bytes",
        "userId=" + "x" * 65 + "&name=n",
        (1005, "用户ID格式错误"),
        (1005, "ParamError:userId is too long."),
    ),
    (
        "userId of 66 bytes in 22 characters",
        "userId=" + "名" * 22 + "&name=n",
        (1005, "用户ID格式错误"),
        (1005, "ParamError:userId is too long."),
    ),
    (
        "userId of 6600 characters",
        "userId=" + "x" * 6600 + "&name=n",
        (1005, "用户ID格式错误"),
        (1005, "ParamError:userId is too long."),
    ),
    (
        "name over 64 characters and 128 bytes",
        "userId=u&name=" + "名" * 65,
        (1006, "用户名称格式错误"),
        (1005, "ParamError:name is too long."),
    ),
    (
        "name of 129 letters",
        "userId=u&name=" + "n" * 129,
        (1006, "用户名称格式错误"),
        (1005, "ParamError:name is too long."),
    ),
    (
        "portraitUri of 1025 bytes",
        "userId=u&name=n&portraitUri=" + "x" * 1025,
        (1007, "用户头像URI格式错误"),
        (1005, "ParamError:portraitUri is too long."),
    ),
    *(
        (
            f"userId {name}",
            f"userId={user_id}&name=n",
            (1005, "用户ID格式错误"),
            (1002, "ParamError:userId holds characters that are not allowed."),
        )
        for name, user_id in (
            ("with a space", "a%20b"),
            ("with a comma", "a,b"),
            ("with a NUL", "a%00b"),
            ("with a newline", "a%0Ab"),
            ("with a no-break space", "a%C2%A0b"),
        )
    ),
    (
        "userId with the replacement character",
        "userId=a%EF%BF%BDb&name=n",
        (1005, "用户ID格式错误"),
        (1002, "ParamError:userId holds a control character or is not valid Unicode."),
    ),
    (
        "name with a control character",
        "userId=u&name=a%07",
        (1006, "用户名称格式错误"),
        (1002, "ParamError:name holds characters that are not allowed."),
    ),
    (
        "portraitUri with a newline",
        "userId=u&name=n&portraitUri=a%0Ab",
        (1007, "用户头像URI格式错误"),
        (1002, "ParamError:portraitUri holds characters that are not allowed."),
    ),
    (
        "a missing field is reported before a long one",
        "userId=" + "x" * 65,
        (1003, "参数错误"),
        (1002, "The parameter name is required."),
    ),
    (
        "invalid UTF-8",
        b"userId=u&name=\xff",
        (1003, "参数错误"),
        (1002, "ParamError:the body is no form in UTF-8."),
    ),
    (
        "percent-encoded invalid UTF-8",
        "userId=u&name=%FF",
        (1003, "参数错误"),
        (1002, "ParamError:the body is no form in UTF-8."),
    ),
    (
        "too many fields",
        "a=&" * 10_001,
        (1003, "参数错误"),
        (1002, "ParamError:the body is no form in UTF-8."),
    ),
    (
        "broken JSON is read as a form",
        '{"userId":',
        (1003, "参数错误"),
        (1002, "The parameter userId is required."),
    ),
    (
        "JSON with a boolean name",
        {"userId": "u", "name": True},
        (1003, "参数错误"),
        (1002, "The parameter name is required."),
    ),
    (
        "JSON with an object as userId",
        {"userId": {}, "name": [[], {}]},
        (1003, "参数错误"),
        (1002, "The parameter userId is required."),
    ),
    (
        "JSON with a lone surrogate",
        b'{"userId":"a\\ud800","name":"n"}',
        (1005, "用户ID格式错误"),
        (1002, "ParamError:userId holds a control character or is not valid Unicode."),
    ),
]


@scenarios(
    [
        *AUTHENTICATION,
        *(
            Scenario(f"documented: {name}", PATH, body, error(*documented), 400, DOCUMENTED)
            for name, body, documented, _ in PARAMETERS
        ),
        *(
            Scenario(f"live: {name}", PATH, body, error(*live), 400, LIVE)
            for name, body, _, live in PARAMETERS
        ),
        Scenario(
            "under the prefix",
            "/rongcloud" + PATH,
            b"",
            error(1002, "AppKey不存在", "/rongcloud" + PATH),
            400,
        ),
        Scenario(
            "an unknown path",
            "/user/nothing.json",
            b"",
            error(404, "no such call", "/user/nothing.json"),
            404,
        ),
        Scenario(
            "an unknown path under the prefix",
            "/rongcloud/user/nothing",
            b"",
            error(404, "no such call", "/rongcloud/user/nothing"),
            404,
        ),
        Scenario("GET", PATH, b"", error(405, "no such method"), 405, method="GET"),
        Scenario("OPTIONS", PATH, b"", error(405, "no such method"), 405, method="OPTIONS"),
        Scenario(
            "OPTIONS on an unknown path",
            "/rongcloud/x",
            b"",
            error(404, "no such call", "/rongcloud/x"),
            404,
            method="OPTIONS",
        ),
        Scenario(
            "GET of an unknown path", "/x.json", b"", error(404, "no such call", "/x.json"), 404, method="GET"
        ),
    ]
)
def test_refusals_match_rongcloud_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, NO_CORS, text_of)


def test_an_xml_path_gets_its_refusal_as_xml(client: FlaskClient) -> None:
    answer = (
        "<?xml version='1.0' encoding='utf-8'?>\n<result><url>/user/getToken.xml</url><code>1002</code>"
        "<errorMessage>AppKey不存在</errorMessage></result>"
    )
    play(client, Scenario("", "/user/getToken.xml", b"", answer, 400), XML, NO_CORS, text_of)
    answer = (
        answer.replace("getToken", "&lt;&amp;nothing")
        .replace("1002", "404")
        .replace("AppKey不存在", "no such call")
    )
    play(client, Scenario("", "/user/<&nothing.xml", b"", answer, 404), XML, NO_CORS, text_of)


def test_characters_that_xml_forbids_are_replaced(client: FlaskClient) -> None:
    response = client.post("/user/a%0B%EF%BF%BF.xml")
    assert "<url>/user/a\ufffd\ufffd.xml</url>" in response.data.decode()


def post(app: Flask, body: Any, headers: dict[str, str], path: str = PATH) -> tuple[int, dict[str, Any]]:
    response = app.test_client().post(path, data=as_bytes(body), headers=headers)
    answer: dict[str, Any] = response.get_json()
    return response.status_code, answer


def get_token(app: Flask, body: Any, headers: dict[str, str], user_id: str) -> str:
    """Send getToken, check that it succeeds and return the token."""
    status, answer = post(app, body, headers)
    token = str(answer.get("token"))
    assert (status, list(answer.items())) == (
        200,
        [("code", 200), ("userId", user_id), ("token", token)],
    )
    assert re.fullmatch(r"[A-Za-z0-9._@-]{60,256}", token)
    return token


def profile(app: Flask, user_id: str) -> tuple[str, str]:
    user = app.extensions["rollcall"].users.get(user_id)
    return user.nickname, user.face_url


def test_the_seeds_curl_command_registers_its_user(app: Flask) -> None:
    get_token(app, CURL_BODY, CURL, "jlk456j5")
    assert profile(app, "jlk456j5") == ("Ironman", "http://abc.com/myportrait.jpg")


AXIOS = '{"userId":"jlk456j5","name":"Ironman","portraitUri":"http://abc.com/myportrait.jpg"}'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (AXIOS, "application/x-www-form-urlencoded"),
        (
            "userId=jlk456j5&name=Ironman&portraitUri=http%3A%2F%2Fabc.com%2Fmyportrait.jpg",
            "application/json",
        ),
        (CURL_BODY, "application/x-www-form-urlencoded;charset=utf-8"),
    ],
    ids=["axios before 1: JSON labelled as a form", "form labelled as JSON", "axios 1: form"],
)
def test_the_seeds_javascript_works_as_axios_sends_it(app: Flask, body: str, content_type: str) -> None:
    nonce, timestamp = "48213", "1795212821000"
    signature = hashlib.sha1(f"your-app-secret{nonce}{timestamp}".encode()).hexdigest()
    headers = {
        "App-Key": "your-app-key",
        "Nonce": nonce,
        "Timestamp": timestamp,
        "Signature": signature,
        "Content-Type": content_type,
    }
    get_token(app, body, headers, "jlk456j5")
    assert profile(app, "jlk456j5") == ("Ironman", "http://abc.com/myportrait.jpg")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("userId=AAA&name=忘情水&portraitUri=https://x/?where=super", ("忘情水", "https://x/?where=super")),
        ("userId=AAA&name=a&b=c+d 100%&portraitUri=http://x/?a=1&b=2", ("a", "http://x/?a=1")),
        ("name=%E5%BF%98%20a%26b%2Bc&userId=AAA&portraitUri=", ("忘 a&b+c", "")),
        ("userId=AAA&name+=n&portraitUri=  x", ("n", "  x")),
        ("userId=AAA&userId=BBB&name=n&name=m", ("n", "")),
        ("userId=AAA&name=" + "n" * 128, ("n" * 128, "")),
        ("userId=AAA&name=" + "名" * 64, ("名" * 64, "")),
        ("userId=AAA&name=👩\u200d👩\u200d👧", ("👩\u200d👩\u200d👧", "")),
        ("userId=AAA&name=n&portraitUri=" + "x" * 1024, ("n", "x" * 1024)),
        ('{"userId":["AAA"],"name":1.50,"portraitUri":null}', ("1.50", "")),
        (' {"name":12,"userId":"AAA","other":{},"more":true} ', ("12", "")),
    ],
)
def test_the_content_decides_between_form_and_json(app: Flask, body: str, expected: tuple[str, str]) -> None:
    get_token(app, body, LIVE, "AAA")
    assert profile(app, "AAA") == expected


@pytest.mark.parametrize(
    ("parameter", "code", "text"),
    [
        ({"name": "名" * 43}, 1006, "用户名称格式错误"),
        *(
            ({"name": "n", "portraitUri": uri}, 1007, "用户头像URI格式错误")
            for uri in (
                "not a uri",
                "http://x y",
                "javascript:alert(1)",
                "http://",
                "http://[x",
                "//x/y",
                "ftp://x",
                " http://x",
            )
        ),
    ],
)
def test_a_documented_app_checks_the_name_and_the_portrait_as_the_page_does(
    app: Flask, parameter: dict[str, str], code: int, text: str
) -> None:
    body = {"userId": "u", **parameter}
    response = app.test_client().post(PATH, data=body, headers=DOCUMENTED)
    assert (response.status_code, response.get_json()) == (400, error(code, text))
    get_token(app, body, LIVE, "u")


@pytest.mark.parametrize(
    "uri", ["http://x", "https://x.y:8/a?b=c#d", "HTTPS://X/", "", " ", "http://[::1]/名"]
)
def test_a_documented_app_takes_web_addresses_and_no_portrait(app: Flask, uri: str) -> None:
    get_token(app, {"userId": "u", "name": "名" * 42, "portraitUri": uri}, DOCUMENTED, "u")


@pytest.mark.parametrize(
    "user_id", ["a@b.c", "+8618666667777", "rong_health_check.u58", "a|b-_=+", "名", "x" * 64]
)
def test_unusual_but_valid_user_ids_are_registered(app: Flask, user_id: str) -> None:
    get_token(app, {"userId": user_id, "name": "n"}, LIVE, user_id)


@pytest.mark.parametrize(
    "headers",
    [
        {name.upper(): value for name, value in LIVE.items()},
        {"RC-" + name: value for name, value in LIVE.items()},
        {("rc-" + name).lower(): value for name, value in LIVE.items()},
        {**LIVE, "Signature": LIVE["Signature"].upper()},
        signed("your-app-key", "Y1W2MeFwwwRxa0"),
        signed("your-app-key", "your-app-secret"),
    ],
    ids=["upper case", "RC-", "rc-", "upper-case signature", "first secret", "second secret"],
)
def test_every_accepted_form_of_signed_headers_authenticates(app: Flask, headers: dict[str, str]) -> None:
    get_token(app, "userId=u&name=n", headers, "u")


def test_a_documented_app_registers_an_id_once_until_its_token_expires(app: Flask, clock: FakeClock) -> None:
    get_token(app, "userId=u&name=one", DOCUMENTED, "u")
    refusal = (409, error(1004, "用户ID已存在"))
    clock.advance(29.9 * 86400)
    assert post(app, "userId=u&name=two", CURL) == refusal
    assert profile(app, "u") == ("one", "")
    clock.advance(0.1 * 86400)
    get_token(app, "userId=u&name=three", DOCUMENTED, "u")
    assert profile(app, "u") == ("three", "")
    assert post(app, "userId=u&name=four", DOCUMENTED) == refusal


def test_a_user_of_another_dialect_gets_a_first_token_and_a_new_name_and_portrait(app: Flask) -> None:
    register = {"secret": "tuoyun", "platform": 1, "userID": "u", "nickname": "two", "operationID": "1"}
    app.test_client().post("/auth/user_register", json=register)
    get_token(app, "userId=u&name=one&portraitUri=p", LIVE, "u")
    assert profile(app, "u") == ("one", "p")
    get_token(app, "userId=u&name=doc", DOCUMENTED, "u")
    assert profile(app, "u") == ("doc", "p")
    assert post(app, "userId=u&name=again", DOCUMENTED)[0] == 409


@pytest.mark.parametrize("user_id", ["a b", "a,b", "a\u00a0b", "👩\u200d👧"])
@pytest.mark.parametrize("headers", [DOCUMENTED, LIVE], ids=["documented", "live"])
def test_an_id_that_get_token_refuses_is_accepted_once_another_dialect_registered_it(
    app: Flask, user_id: str, headers: dict[str, str]
) -> None:
    body = {"userId": user_id, "name": "n"}
    assert post(app, body, headers)[0] == 400
    register = {"secret": "tuoyun", "platform": 1, "userID": user_id, "operationID": "1"}
    app.test_client().post("/auth/user_register", json=register)
    get_token(app, body, headers, user_id)


def test_removing_an_app_secret_invalidates_its_tokens(make_app: MakeApp) -> None:
    old = make_app(rongcloud_apps="mine:old")
    token = get_token(old, "userId=u&name=n", signed("mine", "old"), "u")
    old.extensions["rollcall"].stop()
    both = make_app(rongcloud_apps="mine:new,mine:old")
    assert post(both, "userId=u&name=n", signed("mine", "new"))[0] == 409
    assert both.test_client().post("/presence/leave", headers={"token": token}).get_json()["errCode"] == 0
    both.extensions["rollcall"].stop()
    new = make_app(rongcloud_apps="mine:new")
    assert new.test_client().post("/presence/leave", headers={"token": token}).get_json()["errCode"] == 1505
    get_token(new, "userId=u&name=n", signed("mine", "new"), "u")


def test_a_live_app_issues_again_and_older_tokens_stay_valid(app: Flask, clock: FakeClock) -> None:
    first = get_token(app, "userId=u&name=one&portraitUri=p", LIVE, "u")
    clock.advance(0.002)
    second = get_token(app, "userId=u&name=two", LIVE, "u")
    assert first != second
    assert profile(app, "u") == ("two", "p")
    for token in (first, second):
        response = app.test_client().post("/presence/heartbeat", headers={"token": token})
        assert response.get_json()["errCode"] == 0


def test_exactly_one_of_parallel_first_calls_gets_a_token(app: Flask) -> None:
    start = Barrier(16)

    def call(number: int) -> tuple[int, Any]:
        start.wait(10)
        status, answer = post(app, f"userId=u&name={number}", DOCUMENTED)
        return status, answer["code"]

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(call, range(16))) == [(200, 200)] + [(409, 1004)] * 15


@pytest.mark.parametrize(
    "path",
    [
        "/user/getToken.json",
        "//user/getToken.json",
        "/user/getToken.json/",
        "/rongcloud/user/getToken.json",
        "/rongcloud//user/getToken.json",
        "//rongcloud/user/getToken.json",
    ],
)
def test_the_path_may_have_a_prefix_and_extra_slashes(app: Flask, path: str) -> None:
    response = app.test_client().post(
        PATH, data=b"userId=u&name=n", headers=LIVE, environ_overrides={"PATH_INFO": path}
    )
    assert response.get_json()["code"] == 200


@pytest.mark.parametrize("path", ["/user/getToken.xml", "/rongcloud/user/getToken.xml/"])
def test_an_xml_path_gets_the_same_answer_as_xml(app: Flask, path: str) -> None:
    response = app.test_client().post(path, data=b"userId=u%3C%26&name=n", headers=LIVE)
    found = re.fullmatch(
        r"<\?xml version='1.0' encoding='utf-8'\?>\n<result><code>200</code><userId>u&lt;&amp;</userId>"
        r"<token>([^<]+)</token></result>",
        response.data.decode(),
    )
    assert found
    assert (response.status_code, response.headers["Content-Type"]) == (200, XML)
    heartbeat = app.test_client().post("/presence/heartbeat", headers={"token": found[1]})
    assert heartbeat.get_json()["data"]["userID"] == "u<&"


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("c6f62c0fcdd344ebbe4578eba4b32fb0", "c6f62c0fcdd344ebbe4578eba4b32fb0"),
        ("x" * 129, None),
        ("ä", None),
    ],
)
def test_a_valid_request_id_is_echoed(app: Flask, sent: str, echoed: str | None) -> None:
    headers = {**DOCUMENTED, "X-Request-ID": sent}
    response = app.test_client().post(PATH, data=b"userId=u&name=n", headers=headers)
    assert (response.status_code, response.headers.get("X-Request-ID")) == (200, echoed)


def test_apps_and_token_lifetime_are_configurable(make_app: MakeApp, clock: FakeClock) -> None:
    app = make_app(rongcloud_apps="mine:a-secret", rongcloud_token_days=1)
    assert post(app, "userId=u&name=n", CURL) == (400, UNKNOWN_APP)
    mine = signed("mine", "a-secret")
    token = get_token(app, "userId=u&name=n", mine, "u")
    clock.advance(86400 - 0.25)
    refusal = {"errCode": 1501, "errMsg": "TokenExpiredError", "errDlt": "TokenExpiredError"}
    response = app.test_client().post("/presence/heartbeat", headers={"token": token})
    assert response.get_json() == refusal


def test_without_configured_apps_every_app_key_is_unknown(make_app: MakeApp) -> None:
    assert post(make_app(rongcloud_apps=""), CURL_BODY, CURL) == (400, UNKNOWN_APP)


def test_renaming_a_user_keeps_created_at(app: Flask, clock: FakeClock) -> None:
    get_token(app, "userId=u&name=one", LIVE, "u")
    clock.advance(60)
    get_token(app, "userId=u&name=two", LIVE, "u")
    assert app.extensions["rollcall"].users.get("u").created_at == int(START * 1000)
