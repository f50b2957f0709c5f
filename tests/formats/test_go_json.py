"""Encoding JSON: whole values, and lists of objects that combine an id with encoded members."""

from __future__ import annotations

import pytest
from rollcall_server.formats import go_json


def test_values_are_encoded_as_go_encodes_them() -> None:
    value = {"b": "<&>\u2028\u2029", "a": [1, None, True, '名\u007f"\\\n']}
    assert go_json.dumps(value).decode() == (
        '{"b":"\\u003c\\u0026\\u003e\\u2028\\u2029","a":[1,null,true,"名\u007f\\"\\\\\\n"]}'
    )


@pytest.mark.parametrize("char", ["<", ">", "&", "\u2028", "\u2029"])
def test_each_html_character_is_escaped(char: str) -> None:
    assert go_json.dumps([char]) == f'["\\u{ord(char):04x}"]'.encode()


IDS = ["plain", "", '"<&>\\', "名\n\u2028", "plain"]


def test_rows_equal_the_encoded_list_of_objects() -> None:
    rests = [{"status": number, "more": None, "list": [{"a": "<"}]} for number in range(len(IDS))]
    objects = [{"userID": user_id, **rest} for user_id, rest in zip(IDS, rests, strict=True)]
    rows = go_json.objects("userID", IDS, map(go_json.members, rests))
    assert go_json.to_bytes(go_json.to_text(rows)) == go_json.dumps(objects)
    assert go_json.dumps(rows) == go_json.dumps(objects)


def test_omit_empty_omits_an_empty_id() -> None:
    rests = [go_json.members({"status": "offline"})] * len(IDS)
    objects = [{**({"userID": user_id} if user_id else {}), "status": "offline"} for user_id in IDS]
    assert go_json.dumps(go_json.objects("userID", IDS, rests, omit_empty=True)) == go_json.dumps(objects)


def test_rows_without_ids_are_an_empty_list() -> None:
    assert go_json.dumps(go_json.objects("userID", (), ())) == b"[]"


def test_ids_without_members_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        go_json.objects("userID", ["a", "b"], ["}"])
