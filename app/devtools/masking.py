"""Hide credentials in what the journal shows, unless the documented secrets make them worthless."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_HIDDEN = "***"
#: What a name has that stands for a secret, in a body, a query or a header.
_SECRET_NAMES = "secret|signature|key|password"
# A quotation mark, possibly within text that is quoted itself; a value in quotation marks, a list, a word.
_MARK = r"""\\*["']"""
_VALUE = r"""(\[[^\]]*\]?|\\*"(?:[^"\\]|\\[^"]|\\+"(?=[^\s,:}\]]))*\\*"?|'[^']*'?|[^\s,}\]&<]+)"""
_SECRET = re.compile(rf"({_MARK}?[\w-]*(?:{_SECRET_NAMES}){_MARK}?\s*:\s*){_VALUE}", re.IGNORECASE)
_TOKEN = re.compile(rf"({_MARK}?[\w-]*token{_MARK}?\s*:\s*){_VALUE}", re.IGNORECASE)
_FORM = re.compile(rf"((?:^|[?&])[\w-]*(?:{_SECRET_NAMES})=)([^&\s]*)", re.IGNORECASE)
_FORM_TOKEN = re.compile(r"((?:^|[?&])[\w-]*token=)([^&\s]*)", re.IGNORECASE)
_XML_TOKEN = re.compile(r"(<token>)([^<]*)")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_SECRET_HEADER = re.compile(f"auth|cookie|{_SECRET_NAMES}", re.IGNORECASE)
# Letters, digits and marks that need no escape, but may have one.
_ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])|%([2-7][0-9a-fA-F])")
_UNRESERVED = re.compile(r"[\w.~:-]", re.ASCII)


class Masker:
    """Hides secrets, and shows of tokens only a digest."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are hidden wherever they stand, as they are or as JSON, a form or a URL has them."""
        known = {spelt for secret in secrets if secret for spelt in _spellings(secret)}
        ordered = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """Return a body or a URL without credentials, and without needless escapes."""
        text = _ESCAPED.sub(_plain, text)
        if self._known is not None:
            text = self._known.sub(_HIDDEN, text)
        text = _SECRET.sub(rf'\1"{_HIDDEN}"', text)
        text = _FORM.sub(rf"\1{_HIDDEN}", text)
        for pattern in (_TOKEN, _FORM_TOKEN, _XML_TOKEN):
            text = pattern.sub(lambda found: found[1] + _digested(found[2]), text)
        return _JWT.sub(lambda found: digest(found[0]), text)

    def body(self, body: bytes) -> bytes:
        """Return a body without credentials."""
        return self.text(body.decode("utf-8", "replace")).encode()

    def header(self, name: str, value: str) -> str:
        """Return a header's value without credentials."""
        if "token" in name.lower():
            return digest(value)
        return _HIDDEN if _SECRET_HEADER.search(name) else self.text(value)


class Unmasked(Masker):
    """Hides nothing: documented secrets, and tokens made with them, are worthless elsewhere."""

    def __init__(self) -> None:
        super().__init__(())

    def text(self, text: str) -> str:
        """Return the text."""
        return text

    def body(self, body: bytes) -> bytes:
        """Return the body, even if it is not UTF-8."""
        return body

    def header(self, name: str, value: str) -> str:
        """Return the value."""
        return value


def digest(token: str) -> str:
    """Return what is shown of a token: enough to tell two apart."""
    return f"sha256:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _spellings(secret: str) -> Iterable[str]:
    escaped = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    return {secret, *escaped, quote(secret, safe=""), quote_plus(secret), quote(secret)}


def _plain(found: re.Match[str]) -> str:
    """Return the character of an escape, unless that has a meaning of its own in JSON, a form or a URL."""
    character = chr(int(found[1] or found[2], 16))
    return character if _UNRESERVED.fullmatch(character) else found[0]


def _digested(value: str) -> str:
    if value in ('""', "null", ""):
        return value
    return f'"{digest(value.strip(chr(34)))}"' if value.startswith('"') else digest(value)
