"""Domain to wire: JSON or, for a path that ends so, XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response

from app.dialects.rongcloud.context import Context

#: Characters of an X-Request-ID that is sent back; the documents allow 36.
MAX_REQUEST_ID_CHARS = 128
#: The vendor's data centre for China, whose local time stands in answers.
_BEIJING = timedelta(hours=8)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render_success(context: Context, data: Mapping[str, Any]) -> Response:
    """Render the answer of a call that went well; `code` comes first and is a number."""
    return answer(context, {"code": 200, **data}, 200)


def get_token(user_id: str, token: str) -> dict[str, Any]:
    """Render an issued token."""
    return {"userId": user_id, "token": token}


def local_time(seconds: float) -> str:
    """Render Unix seconds as `2018-08-31 14:39:15` in Beijing."""
    return (_EPOCH + timedelta(seconds=int(seconds)) + _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def answer(context: Context, body: Mapping[str, Any], status: int) -> Response:
    """Return the body in the format that the path asks for, with the request's X-Request-ID."""
    if (context.endpoint.path or context.http_request.path).endswith(".xml"):
        response = Response(_xml(body), status, content_type="application/xml; charset=utf-8")
    else:
        response = Response(_encode(body), status, content_type="application/json; charset=utf-8")
    request_id = context.http_request.header("X_REQUEST_ID") or context.http_request.header("RC_REQUEST_ID")
    if (
        request_id
        and len(request_id) <= MAX_REQUEST_ID_CHARS
        and request_id.isascii()
        and request_id.isprintable()
    ):
        response.headers["X-Request-ID"] = request_id
    return response


def _xml(body: Mapping[str, Any]) -> bytes:
    root = Element("result")
    _fill(root, body)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: Element, value: Any) -> None:
    """Put a value of JSON into an element: an object as children, an array as `<item>`s.

    What has no element's name, as most user ids, is an `<item name="">`.
    """
    if isinstance(value, Mapping):
        for name, part in value.items():
            _fill(_child(element, name), part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _fill(SubElement(element, "item"), part)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        element.text = _NO_XML.sub("\ufffd", text)


def _child(element: Element, name: str) -> Element:
    if re.fullmatch("[A-Za-z][A-Za-z0-9]*", name):
        return SubElement(element, name)
    return SubElement(element, "item", name=_NO_XML.sub("\ufffd", name))
