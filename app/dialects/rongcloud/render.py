"""Domain to wire: JSON or, for a path that ends so, XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response

from app.dialects.rongcloud.call import Call

#: Characters of an X-Request-ID that is sent back; the documents allow 36.
LONGEST_REQUEST_ID = 128

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def success(call: Call, data: Mapping[str, Any]) -> Response:
    """Render the answer of a call that went well; `code` comes first and is a number."""
    return answer(call, {"code": 200, **data}, 200)


def get_token(user_id: str, token: str) -> dict[str, Any]:
    """Render an issued token."""
    return {"userId": user_id, "token": token}


def answer(call: Call, body: Mapping[str, Any], status: int) -> Response:
    """Return the body in the format that the path asks for, with the request's X-Request-ID."""
    if (call.endpoint.path or call.incoming.path).endswith(".xml"):
        response = Response(_xml(body), status, content_type="application/xml; charset=utf-8")
    else:
        response = Response(_encode(body), status, content_type="application/json; charset=utf-8")
    request_id = call.incoming.header("X_REQUEST_ID")
    if (
        request_id
        and len(request_id) <= LONGEST_REQUEST_ID
        and request_id.isascii()
        and request_id.isprintable()
    ):
        response.headers["X-Request-ID"] = request_id
    return response


def _xml(body: Mapping[str, Any]) -> bytes:
    root = Element("result")
    for name, value in body.items():
        SubElement(root, name).text = _NO_XML.sub("\ufffd", str(value))
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text
