"""Shared data of the RongCloud tests: signed headers, error answers."""

from __future__ import annotations

from typing import Any

from tests.support.scenario import as_bytes
from tests.support.tokens import signature_of

PATH = "/user/getToken.json"
JSON, XML = "application/json; charset=utf-8", "application/xml; charset=utf-8"
#: RongCloud sends no CORS headers, and neither does its dialect.
NO_CORS: dict[str, Any] = {"Access-Control-Allow-Origin": None}


def signed(key: str = "live-app-key", secret: str = "live-app-secret", **headers: str) -> dict[str, str]:
    return {
        "App-Key": key,
        "Nonce": "5577006791947779410",
        "Timestamp": "1795212821",
        "Signature": signature_of(secret, "5577006791947779410", "1795212821"),
        **headers,
    }


DOCUMENTED = signed("your-app-key", "your-app-secret")
LIVE = signed()


def error(code: int, text: str, path: str = PATH) -> dict[str, object]:
    return {"url": path, "code": code, "errorMessage": text}


def text_of(value: Any) -> str:
    return as_bytes(value).decode()
