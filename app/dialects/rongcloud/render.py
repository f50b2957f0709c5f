"""Render RongCloud's answers: JSON or, for a path that ends in `.xml`, XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ...http.responses import Answer

if TYPE_CHECKING:
    from .context import Context

#: Longest X-Request-ID that is returned; the documentation allows 36.
MAX_REQUEST_ID_CHARS = 128
#: Times in answers are local to the vendor's data centre in China.
_BEIJING = timedelta(hours=8)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render_success(context: Context, data: object) -> Answer:
    """Render a successful call; `code` comes first and is a number."""
    assert isinstance(data, Mapping), "RongCloud's views return members of the answer"
    return render(context, {"code": 200, **data}, 200)


def local_time(seconds: float) -> str:
    """Render Unix seconds as `2018-08-31 14:39:15` in Beijing."""
    return (_EPOCH + timedelta(seconds=int(seconds)) + _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def render(context: Context, body: Mapping[str, Any], status: int) -> Answer:
    """Return the body in the format of the path, with the request's X-Request-ID."""
    if (context.endpoint.path or context.http_request.path).endswith(".xml"):
        data, content_type = _xml(body), "application/xml; charset=utf-8"
    else:
        data, content_type = _encode(body).encode(), "application/json; charset=utf-8"
    request_id = _request_id(context)
    more = (("X-Request-ID", request_id),) if request_id else ()
    return Answer(data, status, (("Content-Type", content_type), *more))


def _request_id(context: Context) -> str:
    """Return the client's id of the request; without a valid one, a new id in a `live` app, else none."""
    http_request = context.http_request
    given = http_request.header("X_REQUEST_ID") or http_request.header("RC_REQUEST_ID")
    is_valid = len(given) <= MAX_REQUEST_ID_CHARS and given.isascii() and given.isprintable()
    if given and is_valid:
        return given
    return "" if context.app.is_documented else token_hex(16)


def _xml(body: Mapping[str, Any]) -> bytes:
    root = Element("result")
    _fill(root, body)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: Element, value: Any) -> None:
    """Put a JSON value into an element: an object as children, an array as `<item>`s.

    A name that is not a valid element name, as most user ids, becomes `<item name="">`.
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
