"""Strict binding of Rollcall's own documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from rollcall_server.errors import ArgumentInvalid
from rollcall_server.formats.json_body import decode
from rollcall_server.formats.strict import bind


@dataclass(frozen=True)
class Part:
    expires_in: int
    name: str = ""


@dataclass(frozen=True)
class Document:
    user_id: str
    face_url: str = ""
    parts: Sequence[Part] = ()
    platform_id: int | None = None
    for_: float = 1.0
    is_on: bool = False
    part: Part | None = None
    answer: object = None


def read(text: str) -> Document:
    return bind(Document, decode(text.encode()).value)


def test_a_document_is_bound() -> None:
    found = read(
        '{"userID": "alice", "faceURL": "f", "parts": [{"expiresIn": -1}, {"expiresIn": 2, "name": "n"}],'
        '"platformID": 5, "for": 2.5, "isOn": true, "part": null, "answer": [1]}'
    )
    parts = (Part(-1), Part(2, "n"))
    assert found == Document("alice", "f", parts, 5, 2.5, is_on=True, part=None, answer=[1])
    assert bind(Document, {"userID": "a", "for": 2, "parts": []}) == Document("a", for_=2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "the body has to be an object"),
        ("null", "the body has to be an object"),
        ("{}", "userID is required"),
        ('{"userID": null}', "userID has to be text"),
        ('{"userID": 1}', "userID has to be text"),
        ('{"userid": ""}', "'userid' is not a field of this call"),
        ('{"userID": "", "userID": ""}', "userID is given twice"),
        ('{"userID": "", "parts": {}}', "parts has to be a list"),
        ('{"userID": "", "parts": [1]}', "parts[0] has to be an object"),
        ('{"userID": "", "parts": [{}]}', "parts[0].expiresIn is required"),
        ('{"userID": "", "parts": [{"expiresIn": 1.0}]}', "parts[0].expiresIn has to be a whole number"),
        ('{"userID": "", "parts": [{"expiresIn": true}]}', "parts[0].expiresIn has to be a whole number"),
        ('{"userID": "", "parts": [{"expiresIn": 99999999999999999999}]}', "parts[0].expiresIn has to be a"),
        ('{"userID": "", "part": {"x": 1}}', "'x' is not a field of part"),
        ('{"userID": "", "for": "1"}', "for has to be a number"),
        ('{"userID": "", "for": true}', "for has to be a number"),
        ('{"userID": "", "isOn": 1}', "isOn has to be true or false"),
        ('{"userID": "", "platformID": "1"}', "platformID has to be a whole number"),
    ],
)
def test_what_does_not_fit_is_named(text: str, message: str) -> None:
    with pytest.raises(ArgumentInvalid) as refused:
        read(text)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"platformID": "x"}, "platformID has to be a whole number"),
        ({"platformID": "1" * 30}, "platformID has to be a whole number"),
        ({"platformID": "٣"}, "platformID has to be a whole number"),
        ({"for": "inf"}, "for has to be a number"),
        ({"isOn": "yes"}, "isOn has to be true or false"),
        ({"nme": "x"}, "'nme' is not a parameter of this call"),
    ],
)
def test_a_query_has_texts(given: dict[str, Any], message: str) -> None:
    fits = {"userID": "1", "platformID": "-5", "for": "0.5", "isOn": "true"}
    assert bind(Document, fits, kind="parameter") == Document("1", platform_id=-5, for_=0.5, is_on=True)
    with pytest.raises(ArgumentInvalid) as refused:
        bind(Document, {"userID": "1", **given}, kind="parameter")
    assert str(refused.value) == message
