"""Hide credentials in what the journal shows, unless the documented secrets make them worthless."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_VALUE = r'("(?:[^"\\]|\\.)*"?|[^\s,}\]&<]+)'
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_SECRET = re.compile(r'("[\w-]*(?:secret|signature|key)"\s*:\s*)' + _VALUE, re.IGNORECASE)
_TOKEN = re.compile(r'("\w*token"\s*:\s*)' + _VALUE, re.IGNORECASE)
_FORM = re.compile(r"((?:^|[?&])\w*(?:secret|signature|key)=)([^&\s]*)", re.IGNORECASE)
_FORM_TOKEN = re.compile(r"((?:^|[?&])\w*token=)([^&\s]*)", re.IGNORECASE)
_XML_TOKEN = re.compile(r"(<token>)([^<]*)")
_HIDDEN = "***"
_SECRET_HEADERS = {"authorization", "cookie", "app-key", "rc-app-key", "signature", "rc-signature"}


class Masker:
    """Hides secrets, and shows of tokens only a digest."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are hidden wherever they stand."""
        known = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        """Return a body or a URL without credentials."""
        if self._known is not None:
            text = self._known.sub(_HIDDEN, text)
        text = _SECRET.sub(rf'\1"{_HIDDEN}"', text)
        text = _FORM.sub(rf"\1{_HIDDEN}", text)
        for pattern in (_TOKEN, _FORM_TOKEN, _XML_TOKEN):
            text = pattern.sub(lambda found: found[1] + _kept_quotes(found[2]), text)
        return _JWT.sub(lambda found: digest(found[0]), text)

    def header(self, name: str, value: str) -> str:
        """Return a header's value without credentials."""
        if name.lower() in _SECRET_HEADERS:
            return _HIDDEN
        return digest(value) if name.lower() == "token" else self.text(value)


def digest(token: str) -> str:
    """Return what is shown of a token: enough to tell two apart."""
    return f"sha256:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _kept_quotes(value: str) -> str:
    is_empty = value in ('""', "null", "")
    if is_empty:
        return value
    return f'"{digest(value.strip(chr(34)))}"' if value.startswith('"') else digest(value)
