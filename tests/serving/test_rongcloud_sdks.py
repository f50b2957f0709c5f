"""RongCloud's published SDKs against a real server: all their user calls, on both profiles.

The SDKs are fetched from PyPI and npm. If that fails, the tests are skipped, unless REQUIRE_SDKS is set.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import ROOT, Server

pytestmark = pytest.mark.serving

SCRIPTS = ROOT / "tests" / "support" / "sdks"
LIVE = ("live-app-key", "live-app-secret")
DOCUMENTED = ("your-app-key", "your-app-secret")
#: Timeout in seconds for fetching an SDK and for a script that uses it.
PATIENCE = 240
DONE = {"code": 200}


def fetch(*command: str) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    if finished.returncode == 0:
        return
    if os.environ.get("REQUIRE_SDKS"):
        raise AssertionError(finished.stderr)
    pytest.skip(f"the SDK cannot be fetched: {finished.stderr.strip().splitlines()[-1:]}")


def from_pypi(folder: Path, *packages: str) -> dict[str, str]:
    """Install packages into a separate folder, as two of the SDKs share an import name."""
    fetch(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *packages)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def rc_server_sdk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    # It imports jinja2 without declaring the dependency.
    return from_pypi(tmp_path_factory.mktemp("sdk"), "rc-server-sdk==3.2.0", "jinja2")


@pytest.fixture(scope="module")
def rongcloud_2(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return from_pypi(tmp_path_factory.mktemp("sdk"), "rongcloud==2.0.1")


@pytest.fixture(scope="module")
def rongcloud_sdk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if shutil.which("npm") is None and not os.environ.get("REQUIRE_SDKS"):
        pytest.skip("npm is missing")
    folder = tmp_path_factory.mktemp("sdk")
    options = ("--silent", "--no-audit", "--no-fund", "--prefix", str(folder))
    fetch("npm", "install", *options, "rongcloud-sdk@3.1.1")
    return {"NODE_PATH": str(folder / "node_modules")}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server without users."""
    server = Server(tmp_path / "instance", tmp_path / "log").start()
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log


def run(server: Server, script: str, sdk: dict[str, str], key: str, secret: str) -> list[Any]:
    """Run an SDK script; return its results, with placeholders for tokens and times."""
    program = "node" if script.endswith(".js") else sys.executable
    command = [program, str(SCRIPTS / script), f"http://127.0.0.1:{server.port}", key, secret]
    finished = subprocess.run(
        command, env={**os.environ, **sdk}, capture_output=True, text=True, timeout=PATIENCE
    )
    assert finished.returncode == 0, finished.stderr
    text = finished.stdout.splitlines()[-1]
    text = re.sub(r'"token": ?"[\w=.-]{40,}@[\w-]{43}"', '"token":"T"', text)
    text = re.sub(r'"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"', '"D"', text)
    found: list[Any] = json.loads(text)
    return found


def refused(path: str, code: int, text: str) -> dict[str, Any]:
    return {"url": f"/user/{path}.json", "code": code, "errorMessage": text}


def users(*user_ids: Any) -> dict[str, Any]:
    return {"code": 200, "users": list(user_ids)}


def blocked(*user_ids: str) -> dict[str, Any]:
    return users(*({"userId": user_id, "blockEndTime": "D"} for user_id in user_ids))


EXISTS = refused("getToken", 1004, "用户ID已存在")
UNSIGNED = "签名错误，请检查。"
LONG = "ParamError:userId is too long."
MINUTE = "ParamError:minute must be a number from 1 to 43200."
FACE = "https://www.baidu.com/img/bd_logo1.png?where=super"
#: By whether the app is `live`.
NO_BLACK = {True: "The parameter blackUserId is required.", False: "ParamError:blackUserId is required."}
TAGS = {"31232": ["bj", "男"], "id1": ["x"], "id2": ["x"], "id3": []}


@pytest.mark.parametrize("app", [LIVE, DOCUMENTED], ids=["live", "documented"])
def test_every_user_call_of_rc_server_sdk_gets_its_answer(
    server: Server, rc_server_sdk: dict[str, str], app: tuple[str, str]
) -> None:
    issued = {"code": 200, "userId": "AAA", "token": "T"}
    is_live = app == LIVE
    assert run(server, "rc_server_sdk.py", rc_server_sdk, *app) == [
        issued,
        issued if is_live else {"bytes": EXISTS},
        DONE,
        {"code": 200, "userName": "青花瓷", "userPortrait": FACE, "createTime": "D"},
        {"code": 200, "userName": "", "userPortrait": "", "createTime": ""},
        {"code": 200, "status": "0"},
        DONE,
        blocked("AAA", "BBB"),
        DONE,
        DONE,
        users(),
        DONE,
        users("CCC", "BBB"),
        DONE,
        users(),
        DONE,
        users("BBB"),
        DONE,
        users(),
        DONE,
        DONE,
        {"code": 200, "result": TAGS},
        {"code": 200, "groups": []},
        {"bytes": refused("getToken", 1005, LONG if is_live else "用户ID格式错误")},
        {"bytes": refused("block", 1002, MINUTE)},
    ]


@pytest.mark.parametrize("app", [LIVE, DOCUMENTED], ids=["live", "documented"])
def test_every_user_call_of_rongcloud_2_0_1_gets_its_answer(
    server: Server, rongcloud_2: dict[str, str], app: tuple[str, str]
) -> None:
    issued = {"code": 200, "userId": "userId1", "token": "T"}
    is_live = app == LIVE
    missing = (1002, "The parameter userId is required.") if is_live else (1003, "参数错误")
    too_long = (1005, LONG if is_live else "用户ID格式错误")
    black = NO_BLACK[is_live]
    assert run(server, "rongcloud_2.py", rongcloud_2, *app) == [
        [True, 200, issued],
        [True, 200, issued] if is_live else [False, 409, EXISTS],
        [True, 200, DONE],
        [True, 200, {"code": 200, "status": "0"}],
        [True, 200, DONE],
        [True, 200, blocked("userId4")],
        [True, 200, DONE],
        [True, 200, users()],
        [True, 200, DONE],
        [True, 200, users("userId2")],
        [True, 200, DONE],
        [True, 200, users()],
        [False, 400, refused("getToken", *missing)],
        [False, 400, refused("getToken", *too_long)],
        [False, 400, refused("block", 1002, MINUTE)],
        [False, 400, refused("blacklist/add", 1002, black)],
    ]


#: The Node SDK's own result for every 1004, whatever the server's message.
OWN_1004 = {"code": "20000", "msg": "签名错误, 请排查 Appkey、Secret 是否正确"}


def renamed(path: str, code: int, text: str) -> dict[str, Any]:
    return {"url": f"/user/{path}.json", "code": code, "msg": text}


@pytest.mark.parametrize("app", [LIVE, DOCUMENTED], ids=["live", "documented"])
def test_every_user_call_of_rongcloud_sdk_gets_its_answer(
    server: Server, rongcloud_sdk: dict[str, str], app: tuple[str, str]
) -> None:
    issued = {"code": 200, "userId": "AAA", "token": "T"}
    assert run(server, "rongcloud_sdk.js", rongcloud_sdk, *app) == [
        issued,
        issued if app == LIVE else OWN_1004,
        DONE,
        {"code": 200, "status": "0"},
        DONE,
        blocked("AAA"),
        DONE,
        users(),
        DONE,
        users({"id": "C"}, {"id": "B"}),
        DONE,
        users(),
        DONE,
        DONE,
        {"code": 200, "tags": {"AAA": ["bj", "男"], "B": ["x"]}},
        DONE,
        DONE,
        renamed("block", 1005, LONG),
        renamed("blacklist/remove", 1002, NO_BLACK[app == LIVE]),
        renamed("checkOnline", 1005, LONG),
    ]


def test_a_wrong_secret_is_refused_and_the_log_has_the_diagnosis(
    server: Server,
    rc_server_sdk: dict[str, str],
    rongcloud_2: dict[str, str],
    rongcloud_sdk: dict[str, str],
) -> None:
    key = "live-app-key"
    results = run(server, "rc_server_sdk.py", rc_server_sdk, key, key)
    assert {row["bytes"]["errorMessage"] for row in results} == {UNSIGNED}
    assert "it was made with the app key instead of the secret" in server.log
    results = run(server, "rongcloud_2.py", rongcloud_2, key, "live-app-secret ")
    assert {(ok, status, row["errorMessage"]) for ok, status, row in results} == {(False, 401, UNSIGNED)}
    assert "there is a blank or a line break behind the secret" in server.log
    results = run(server, "rongcloud_sdk.js", rongcloud_sdk, key, "your-app-secret")
    assert all(row == OWN_1004 for row in results)
    assert "it was made with the secret of the app your-app-key" in server.log
    for secret in ("live-app-secret", "your-app-secret"):
        assert secret not in server.log
