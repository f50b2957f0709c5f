"""Settings: their sources, and the refusal of invalid ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from rollcall_server.dialects import load_settings as load
from rollcall_server.dialects import setting_groups
from rollcall_server.dialects.openim.settings import OpenIMSettings
from rollcall_server.dialects.rongcloud.settings import RongCloudApp, RongCloudSettings
from rollcall_server.domain.multi_login import POLICIES
from rollcall_server.errors import SettingInvalid
from rollcall_server.settings import RENAMED, Settings

STRONG = {
    "ROLLCALL_OPENIM_SECRET": "a-secret-of-our-own",
    "ROLLCALL_OPENIM_V2_SECRET": "a-secret-of-our-own",
    "ROLLCALL_OPENIM_V2_ACCESS_SECRET": "a-secret-of-our-own",
    "ROLLCALL_RONGCLOUD_APPS": "key:a-secret-of-our-own",
}
WITH_URL = {"ROLLCALL_OPENIM_CALLBACK_URL": "http://a/"}


def config(folder: Path, text: str) -> Path:
    (folder / "config.py").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"ROLLCALL_NOPE": "1"}, "ROLLCALL_NOPE is not a Rollcall setting"),
        ({"ROLLCALL_ONE_CORE": "1"}, "ROLLCALL_ONE_CORE is now called ROLLCALL_PIN_TO_ONE_CORE"),
        *(
            ({f"ROLLCALL_{old.upper()}": "1"}, f"ROLLCALL_{old.upper()} is now called ROLLCALL_{new.upper()}")
            for old, new in RENAMED.items()
        ),
        (
            {"ROLLCALL_THREDS": "1"},
            "ROLLCALL_THREDS is not a Rollcall setting; did you mean ROLLCALL_THREADS?",
        ),
        ({"ROLLCALL_THREADS": "many"}, "ROLLCALL_THREADS must be a whole number"),
        ({"ROLLCALL_THREADS": "-1"}, "ROLLCALL_THREADS must be a whole number"),
        ({"ROLLCALL_THREADS": "1.5"}, "ROLLCALL_THREADS must be a whole number"),
        ({"ROLLCALL_THREADS": "٣"}, "ROLLCALL_THREADS must be a whole number"),
        ({"ROLLCALL_THREADS": "0"}, "ROLLCALL_THREADS must be from 1 to 512"),
        *(
            (
                {"ROLLCALL_BIND": address},
                "ROLLCALL_BIND must be host:port, [IPv6 address]:port or unix:/path, with a port up to 65535",
            )
            for address in (
                "127.0.0.1",
                "21023",
                ":99999",
                ":10002",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "127.0.0.1:-1",
                "127.0.0.1:1,127.0.0.1:2",
                "::1:10002",
                "[::1]",
                "http://127.0.0.1:10002",
                "unix:",
            )
        ),
        ({"ROLLCALL_PIN_TO_ONE_CORE": "maybe"}, "ROLLCALL_PIN_TO_ONE_CORE must be 1 or 0"),
        (
            {"ROLLCALL_OPENIM_MULTI_LOGIN_POLICY": "2"},
            "ROLLCALL_OPENIM_MULTI_LOGIN_POLICY must be 0, 1, 4 or 5",
        ),
        ({"ROLLCALL_OPENIM_MAX_NUM_ONE_END": "0"}, "ROLLCALL_OPENIM_MAX_NUM_ONE_END must be from 1 to 1000"),
        ({"ROLLCALL_OPENIM_DEFAULT": "v4"}, "ROLLCALL_OPENIM_DEFAULT must be v2 or v3"),
        (
            {"ROLLCALL_OPENIM_V3_GENERATION": "3.9"},
            "ROLLCALL_OPENIM_V3_GENERATION must be empty or 3.4 or 3.8",
        ),
        ({"ROLLCALL_OPENIM_SECRET": ""}, "ROLLCALL_OPENIM_SECRET must not be empty"),
        (
            {"ROLLCALL_OPENIM_SECRET": "two\nlines"},
            "ROLLCALL_OPENIM_SECRET must be printable UTF-8 text on one line",
        ),
        (
            {"ROLLCALL_OPENIM_SECRET": "\udcff"},
            "ROLLCALL_OPENIM_SECRET must be printable UTF-8 text on one line",
        ),
        (
            {"ROLLCALL_OPENIM_V2_SECRET": "x" * 33},
            "ROLLCALL_OPENIM_V2_SECRET has over 32 characters, which OpenIM v2 refuses",
        ),
        *(
            (
                {"ROLLCALL_PROXY_ADDRESSES": text},
                "ROLLCALL_PROXY_ADDRESSES must be IP addresses or networks like 10.0.0.0/8, comma-separated",
            )
            for text in ("localhost", "10.0.0.1/8", "10.0.0.1:80", "*")
        ),
        (
            {"ROLLCALL_DIALECTS": "openim_v4"},
            "ROLLCALL_DIALECTS names 'openim_v4'; the dialects are openim_v2, openim_v3, rongcloud",
        ),
        (
            {"ROLLCALL_DIALECTS": " , "},
            "ROLLCALL_DIALECTS must name at least one of openim_v2, openim_v3, rongcloud",
        ),
        ({"ROLLCALL_ADMINS": "x" * 65}, "ROLLCALL_ADMINS lists an id that has over 64 characters"),
        (
            {"ROLLCALL_ADMINS": "a\ufffd"},
            "ROLLCALL_ADMINS lists an id that holds a control character or is not valid Unicode",
        ),
        (
            {"ROLLCALL_ADMINS": "root"},
            "ROLLCALL_OPENIM_V3_ADMINS lists imAdmin, ROLLCALL_ADMINS does not: set both",
        ),
        (
            {"ROLLCALL_RONGCLOUD_APPS": "a:topsecret,b"},
            "ROLLCALL_RONGCLOUD_APPS entry 2 is not key:secret[:profile], profile documented or live",
        ),
        (
            {"ROLLCALL_RONGCLOUD_APPS": "a:topsecret:dead"},
            "ROLLCALL_RONGCLOUD_APPS entry 1 is not key:secret[:profile], profile documented or live",
        ),
        (
            {"ROLLCALL_RONGCLOUD_APPS": "a:topsecret,a:other:live"},
            "ROLLCALL_RONGCLOUD_APPS entry 2 gives the app key a a second profile",
        ),
        (
            {"ROLLCALL_RONGCLOUD_APPS": "ä" * 33 + ":topsecret"},
            "ROLLCALL_RONGCLOUD_APPS entry 1 has a key of over 64 bytes",
        ),
        *(
            (
                {"ROLLCALL_CALLBACK_KEY": key},
                "ROLLCALL_CALLBACK_KEY must be 16 to 128 letters, digits, - or _",
            )
            for key in ("x" * 15, "x" * 129, "x" * 15 + "/", "x" * 16 + "\n", "ä" * 16)
        ),
        *(
            (
                {"ROLLCALL_OPENIM_CALLBACK_URL": url},
                "ROLLCALL_OPENIM_CALLBACK_URL must be an address like http://host:port/path, in ASCII",
            )
            for url in (
                "localhost:8080",
                "ftp://a/",
                "http://",
                "http://a:x/",
                "http://a:0/",
                "http://ä/",
                "http://a b/",
                "http://[::1/",
                "http://a..b/",
                f"http://{'x' * 64}.example/",
            )
        ),
        *(
            (
                {"ROLLCALL_OPENIM_CALLBACK_URL": url},
                "ROLLCALL_OPENIM_CALLBACK_URL must be an address without a user and without a #",
            )
            for url in ("http://user:pass@a/", "http://a/#b")
        ),
        (
            {"ROLLCALL_OPENIM_CALLBACKS": "afterUserOnline"},
            "ROLLCALL_OPENIM_CALLBACKS is set and ROLLCALL_OPENIM_CALLBACK_URL is not: set both",
        ),
        (
            {**WITH_URL, "ROLLCALL_OPENIM_CALLBACKS": "afterUserLogin"},
            "ROLLCALL_OPENIM_CALLBACKS names 'afterUserLogin'; the callbacks are beforeUserRegister, "
            "afterUserRegister, beforeUpdateUserInfo, afterUpdateUserInfo, beforeUpdateUserInfoEx, "
            "afterUpdateUserInfoEx, afterUserOnline, afterUserOffline, afterUserKickOff, presenceReset",
        ),
        (
            {**WITH_URL, "ROLLCALL_OPENIM_CALLBACKS": "afterUserOnline,afterUserOnline:3"},
            "ROLLCALL_OPENIM_CALLBACKS names a callback twice",
        ),
        (
            {**WITH_URL, "ROLLCALL_OPENIM_CALLBACKS": "afterUserOnline:16"},
            "ROLLCALL_OPENIM_CALLBACKS must be from 1 to 15",
        ),
        *(
            (
                {**WITH_URL, "ROLLCALL_OPENIM_CALLBACKS": value},
                "ROLLCALL_OPENIM_CALLBACKS may say `refuse` after the timeout of a callback that comes "
                "before, and nothing else",
            )
            for value in (
                "afterUserOnline:5:refuse",
                "beforeUserRegister:5:maybe",
                "beforeUserRegister:5:refuse:x",
            )
        ),
        (
            {
                **WITH_URL,
                "ROLLCALL_OPENIM_CALLBACKS": "afterUserOnline,afterUserRegister",
                "ROLLCALL_OPENIM_CALLBACK_GENERATION": "2.3",
            },
            "ROLLCALL_OPENIM_CALLBACKS lists afterUserRegister, which "
            "ROLLCALL_OPENIM_CALLBACK_GENERATION 2.3 does not have",
        ),
        *(
            (
                {"ROLLCALL_RONGCLOUD_CALLBACK_URLS": text},
                "ROLLCALL_RONGCLOUD_CALLBACK_URLS must be app-key=url, comma-separated",
            )
            for text in ("live-app-key", "=http://a/", "live-app-key=")
        ),
        (
            {"ROLLCALL_RONGCLOUD_CALLBACK_URLS": "live-app-key=http://a/,live-app-key=http://b/"},
            "ROLLCALL_RONGCLOUD_CALLBACK_URLS names an app twice",
        ),
        (
            {"ROLLCALL_RONGCLOUD_CALLBACK_URLS": "mine=http://a/"},
            "ROLLCALL_RONGCLOUD_CALLBACK_URLS names mine, ROLLCALL_RONGCLOUD_APPS does not: set both",
        ),
    ],
)
def test_an_invalid_setting_is_refused_with_its_name(environ: Mapping[str, str], message: str) -> None:
    with pytest.raises(SettingInvalid) as refusal:
        load(environ=environ)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("WEBHOOK_PRIVATE = 1", "WEBHOOK_PRIVATE in {path} is now called WEBHOOK_ALLOW_PRIVATE"),
        ("BIMD = 'x'", "BIMD in {path} is not a Rollcall setting; did you mean BIND?"),
        ("THREADS = 'x'", "THREADS in {path} must be a whole number"),
        ("THREADS = True", "THREADS in {path} must be a whole number"),
        ("ADMINS = [1]", "ADMINS in {path} must be words separated by commas"),
        ("BIND = 10002", "BIND in {path} must be text"),
        *(
            (
                f"import os\n{name} = 4",
                f"{name} in {{path}} has to be written THREADS: names are in upper case there, "
                "without ROLLCALL_",
            )
            for name in ("ROLLCALL_THREADS", "threads", "Threads", "rollcall_threads")
        ),
        (
            "ROLLCALL_THREDS = 4",
            "ROLLCALL_THREDS in {path} is not a Rollcall setting; did you mean THREADS?",
        ),
        ("INSTANCE = '/tmp'", "INSTANCE in {path} has no effect there; set ROLLCALL_INSTANCE"),
        ("\n1 / 0", "{path} does not run: ZeroDivisionError in line 2"),
        ("ä" * 3 + " = ", "{path} does not run: SyntaxError in line 1"),
        ("import json\njson.loads('{')", "{path} does not run: JSONDecodeError in line 2"),
        ("OPENIM_SECRET = unquoted", "{path} does not run: NameError in line 1"),
    ],
)
def test_an_invalid_config_file_is_refused_with_the_name_or_the_line(
    tmp_path: Path, text: str, message: str
) -> None:
    folder = config(tmp_path, text)
    with pytest.raises(SettingInvalid) as refusal:
        load({"instance": folder}, environ={})
    assert str(refusal.value) == message.format(path=folder / "config.py")


def test_a_config_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingInvalid, match="cannot be read"):
        load({"instance": tmp_path}, environ={})


def test_every_setting_has_a_default(tmp_path: Path) -> None:
    settings = load({"instance": tmp_path}, environ={})
    assert settings == Settings(instance=tmp_path, groups={group: group() for group in setting_groups()})
    assert settings.bind == "127.0.0.1:10002"
    assert settings.groups[RongCloudSettings].rongcloud_apps == (
        RongCloudApp("your-app-key", ("Y1W2MeFwwwRxa0", "your-app-secret"), "documented"),
        RongCloudApp("live-app-key", ("live-app-secret",), "live"),
    )


def test_the_environment_overrides_the_file_and_the_caller_overrides_both(tmp_path: Path) -> None:
    folder = config(tmp_path, "THREADS = 3\nBIND = '127.0.0.1:1'\nADMINS = ['imAdmin', 'root']\nlower = 1")
    settings = load(
        {"threads": 5}, environ={"ROLLCALL_THREADS": "4", "ROLLCALL_INSTANCE": str(folder), "PATH": "/bin"}
    )
    assert settings == Settings(
        instance=folder,
        threads=5,
        bind="127.0.0.1:1",
        admins=("imAdmin", "root"),
        groups=settings.groups,
    )


def test_variables_of_clients_are_not_settings() -> None:
    own = {"ROLLCALL_URL": "http://127.0.0.1:1", "ROLLCALL_TEST_URL": "http://127.0.0.1:2"}
    assert load(environ=own) == load(environ={})


@pytest.mark.parametrize(
    ("environ", "is_on"),
    [
        ({}, True),
        ({"ROLLCALL_BENCH": "0"}, False),
        ({"ROLLCALL_BENCH": "1", "ROLLCALL_OPENIM_SECRET": "0123456789abcdef"}, True),
        # A short secret is not a documented one.
        ({"ROLLCALL_DIALECTS": "openim_v3", "ROLLCALL_OPENIM_SECRET": "short"}, False),
        ({"ROLLCALL_DIALECTS": "openim_v3", "ROLLCALL_OPENIM_SECRET": "short,openIM123"}, True),
    ],
)
def test_the_bench_is_on_by_itself_with_a_documented_secret(environ: Mapping[str, str], is_on: bool) -> None:
    assert load(environ=environ).is_bench_on() is is_on


def test_an_empty_list_of_apps_means_no_app() -> None:
    assert load(environ={"ROLLCALL_RONGCLOUD_APPS": ""}).groups[RongCloudSettings].rongcloud_apps == ()


@pytest.mark.parametrize(
    ("environ", "weak"),
    [
        ({}, list(STRONG)),
        (STRONG, []),
        ({**STRONG, "ROLLCALL_OPENIM_SECRET": "openIM123"}, ["ROLLCALL_OPENIM_SECRET"]),
        ({**STRONG, "ROLLCALL_OPENIM_SECRET": "fifteen letters"}, ["ROLLCALL_OPENIM_SECRET"]),
        ({**STRONG, "ROLLCALL_OPENIM_SECRET": "sixteen letters!"}, []),
        (
            {**STRONG, "ROLLCALL_RONGCLOUD_APPS": "key:a-secret-of-our-own,key:short"},
            ["ROLLCALL_RONGCLOUD_APPS"],
        ),
        ({**STRONG, "ROLLCALL_RONGCLOUD_APPS": ""}, []),
        ({"ROLLCALL_DIALECTS": "openim_v3"}, ["ROLLCALL_OPENIM_SECRET"]),
        ({**STRONG, "ROLLCALL_OPENIM_V2_SECRET": "x", "ROLLCALL_DIALECTS": "openim_v3,rongcloud"}, []),
    ],
)
def test_weak_secrets_are_reported_for_enabled_dialects_only(
    environ: Mapping[str, str], weak: list[str]
) -> None:
    assert sorted(load(environ=environ).weak_secrets()) == sorted(weak)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:0", "localhost:65535", "0.0.0.0:10002", "[::1]:10002", "unix:/run/rollcall.sock"]
)
def test_an_address_to_listen_on_is_accepted(address: str) -> None:
    assert load(environ={"ROLLCALL_BIND": address}).bind == address


def test_every_multi_login_policy_can_be_set(tmp_path: Path) -> None:
    for policy in POLICIES:
        assert (
            load({"instance": tmp_path, "openim_multi_login_policy": policy})
            .groups[OpenIMSettings]
            .openim_multi_login_policy
            == policy
        )
