"""RongCloud: XML answers that contain lists and objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.dialects.rongcloud.expected import LIVE, NO_CORS, XML, text_of
from tests.support.scenario import Scenario, play

START = "<?xml version='1.0' encoding='utf-8'?>\n<result><code>200</code>"
END = "</result>"


def send(app: Flask, path: str, body: Any, inner: str) -> None:
    play(
        app.test_client(),
        Scenario("", f"/user/{path}.xml", body, START + inner + END, headers=LIVE),
        XML,
        NO_CORS,
        text_of,
    )


def test_lists_and_objects_become_nested_elements(app: Flask) -> None:
    app.test_client().post(
        "/user/getToken.xml", data="userId=a&name=<名>&portraitUri=x%26y".encode(), headers=LIVE
    )
    send(
        app,
        "info",
        "userId=a",
        "<userName>&lt;名&gt;</userName><userPortrait>x&amp;y</userPortrait>"
        "<createTime>2023-11-15 06:13:20</createTime>",
    )
    send(app, "checkOnline", "userId=a", "<status>0</status>")
    send(app, "blacklist/add", "userId=a&blackUserId=b&blackUserId=<c>", "")
    send(app, "blacklist/query", "userId=a", "<users><item>&lt;c&gt;</item><item>b</item></users>")
    send(app, "blacklist/query", "userId=nobody", "<users />")
    remarks = json.dumps([{"id": "b", "remark": "R"}])
    send(app, "remarks/set", f"userId=a&remarks={remarks}", "")
    user = "<item><id>b</id><remark>R</remark></item>"
    send(app, "remarks/get", "userId=a", f"<total>1</total><users>{user}</users>")


@pytest.mark.parametrize(
    ("user_id", "start", "end"),
    [
        ("id1", "<id1>", "</id1>"),
        ("31232", '<item name="31232">', "</item>"),
        ("a-b", '<item name="a-b">', "</item>"),
    ],
)
def test_a_user_id_as_key_is_an_element_or_attribute(app: Flask, user_id: str, start: str, end: str) -> None:
    send(app, "tag/set", {"userId": user_id, "tags": ["x", "y"]}, "")
    items = "<item>x</item><item>y</item>"
    send(app, "tags/get", f"userIds={user_id}", f"<result>{start}{items}{end}</result>")
