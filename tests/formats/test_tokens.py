"""Token encodings: golden values, tampered tokens, foreign tokens."""

from __future__ import annotations

import gc
import json
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rollcall_server.dialects import VENDORS
from rollcall_server.dialects import load_settings as load
from rollcall_server.errors import TokenMalformed
from rollcall_server.formats.codecs import Codecs
from rollcall_server.formats.signed_tokens import MAX_TOKEN_CHARS
from rollcall_server.models import DecodedToken, Token

from tests.support import seeds, tokens
from tests.support.tokens import claims_of, jwt

IAT = 1_700_000_000


def codecs(**settings: Any) -> Codecs:
    made = load(settings, environ={})
    return Codecs([codec for dialect in VENDORS for codec in dialect.token_formats(made)])


def token(format: str, user_id: str, platform_id: int, iat: int, days: int, using: Codecs) -> Token:
    request = using[format].request(user_id, platform_id)
    return Token(user_id, platform_id, format, "", iat, iat + days * 86400, request.signing_keys[0])


@pytest.mark.parametrize(
    ("format", "user_id", "iat", "days", "settings", "golden"),
    [
        ("v2", "openIM1111", 1645675304, 7, {}, seeds.V2_REGISTER),
        ("v2", "openIM1111", 1645688859, 7, {}, seeds.V2_TOKEN),
        ("v3.4", "11111112", 1698819340, 90, {}, seeds.V3_USER),
        # Made by a 3.0 server, whose default secret differs from the documented one.
        ("v3.4", "openIMAdmin", 1688978805, 90, {"openim_secret": "tuoyun"}, seeds.V3_ADMIN),
    ],
    ids=["seed 000 register", "seed 000 token", "seed 002", "seed 004"],
)
def test_the_seeds_tokens_are_encoded_byte_for_byte(
    format: str, user_id: str, iat: int, days: int, settings: dict[str, Any], golden: str
) -> None:
    using = codecs(**settings)
    issued = token(format, user_id, 1, iat, days, using)
    assert using[issued.format].encode(issued) == golden
    nbf = iat if format == "v2" else iat - 300
    assert using.decode(golden) == DecodedToken(format, iat, nbf, issued.exp, None, issued)


@pytest.mark.parametrize(
    "user_id",
    ["u", "名", "<a&b>", 'q"\\', "x" * 64, "🦜" * 64],
    ids=["ASCII", "CJK", "HTML", "JSON", "long", "longest"],
)
@pytest.mark.parametrize(
    ("format", "platform_id"),
    [("v2", 1), ("v2", 10), ("v2", 0), ("v3.4", 5), ("v3.8", 10), ("v3.8", 0), ("v3.8", -1)],
)
def test_an_encoded_token_decodes_to_itself(format: str, platform_id: int, user_id: str) -> None:
    using = codecs()
    issued = token(format, user_id, platform_id, IAT, 1, using)
    text = using[issued.format].encode(issued)
    assert using.decode(text).token == issued
    assert using.decode(text).token == issued
    assert claims_of(text)["UID" if format == "v2" else "UserID"] == user_id


def test_a_token_of_3_8_has_no_nbf() -> None:
    using = codecs()
    issued = token("v3.8", "u", 10, IAT - 5, 90, using)
    text = using[issued.format].encode(issued._replace(exp=IAT + 90 * 86400))
    assert text == tokens.v3_8("u", 10, IAT)
    assert list(claims_of(text)) == ["UserID", "PlatformID", "exp", "iat"]


V3 = {"UserID": "u", "PlatformID": 1, "exp": IAT + 10, "iat": IAT}
V2 = {"UID": "u", "Platform": "IOS", "exp": IAT + 10, "nbf": IAT, "iat": IAT}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "a.b",
        "a.b.c.d",
        "Bearer " + jwt(V3, tokens.V3_KEY),
        jwt(V3, tokens.V3_KEY) + ".",
        "ä." + jwt(V3, tokens.V3_KEY),
        jwt(V3, tokens.V3_KEY, header="[]"),
        jwt(V3, tokens.V3_KEY, header="{"),
        jwt("[]", tokens.V3_KEY),
        jwt("no json", tokens.V3_KEY),
        jwt("[" * 100_000, tokens.V3_KEY),
        jwt({**V3, "UserID": 1}, tokens.V3_KEY),
        jwt({**V3, "PlatformID": "1"}, tokens.V3_KEY),
        jwt({**V3, "PlatformID": True}, tokens.V3_KEY),
        jwt({**V3, "PlatformID": 2**31}, tokens.V3_KEY),
        jwt({**V2, "UID": None}, tokens.V2_KEY),
        jwt({**V2, "Platform": 1}, tokens.V2_KEY),
        jwt({**V3, "exp": "soon"}, tokens.V3_KEY),
        jwt({**V3, "exp": True}, tokens.V3_KEY),
        jwt('{"UserID":"u","PlatformID":1,"exp":1e400}', tokens.V3_KEY),
        jwt('{"UserID":"u","PlatformID":1,"exp":NaN}', tokens.V3_KEY),
        jwt('{"UserID":"u","PlatformID":1,"exp":' + "9" * 5000 + "}", tokens.V3_KEY),
        jwt({**V3, "exp": 10**400}, "signed by anybody"),
        jwt({**V3, "iat": -(10**400)}, tokens.V3_KEY),
        jwt(V3, tokens.V3_KEY) + "AA",
        jwt(V3, tokens.V3_KEY, {"alg": "HS256", "typ": "JWT", "kid": 5}),
        jwt(V3, tokens.V3_KEY, {"alg": "HS256", "typ": "JWT", "crit": ["x"]}),
        jwt(V3, tokens.V3_KEY, {"alg": "HS256", "typ": "JWT", "b64": False}),
    ],
)
def test_a_text_that_is_not_a_token_is_malformed(text: str) -> None:
    with pytest.raises(TokenMalformed):
        codecs().decode(text)


def flipped(text: str) -> str:
    head, signature = text.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def test_a_changed_last_character_is_refused() -> None:
    """The last character has two unused bits, which have to be zero: then the signature is another one."""
    text = jwt(V3, tokens.V3_KEY)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    outcomes: Counter[str | None] = Counter()
    for char in alphabet.replace(text[-1], ""):
        try:
            decoded = codecs().decode(text[:-1] + char)
            assert decoded.token is None
            outcomes[decoded.signature_error] += 1
        except TokenMalformed:
            outcomes["malformed"] += 1
    assert outcomes == {"signature is invalid": 15, "malformed": 48}


def with_payload(text: str, claims: dict[str, Any]) -> str:
    header, _, signature = text.split(".")
    return f"{header}.{jwt(claims, 'x').split('.')[1]}.{signature}"


@pytest.mark.parametrize(
    ("text", "signature_error"),
    [
        (flipped(jwt(V3, tokens.V3_KEY)), "signature is invalid"),
        (jwt(V3, "another secret"), "signature is invalid"),
        (jwt(V3, tokens.V2_KEY), "signature is invalid"),
        (jwt(V2, tokens.V3_KEY), "signature is invalid"),
        (with_payload(jwt(V3, tokens.V3_KEY), {**V3, "UserID": "imAdmin"}), "signature is invalid"),
        (jwt(V3, tokens.V3_KEY).rsplit(".", 1)[0] + ".", "signature is invalid"),
        (jwt({"sub": "u", "exp": IAT + 10}, tokens.V3_KEY), "signature is invalid"),
        (jwt(V3, tokens.V3_KEY, digest="sha512"), "signature is invalid"),
        (jwt(V3, tokens.V3_KEY, {"alg": "none"}), "'none' signature type is not allowed"),
        (jwt(V3, tokens.V3_KEY, {"alg": "RS256"}), "key is of invalid type"),
        (jwt(V3, tokens.V3_KEY, {"alg": "hs256"}), "signing method (alg) is unavailable."),
        (jwt(V3, tokens.V3_KEY, {"typ": "JWT"}), "signing method (alg) is unspecified."),
        (jwt(V3, tokens.V3_KEY, {"alg": ["HS256"]}), "signing method (alg) is unspecified."),
    ],
)
def test_a_signature_that_does_not_verify_is_reported_with_a_reason(text: str, signature_error: str) -> None:
    decoded = codecs().decode(text)
    assert (decoded.signature_error, decoded.token) == (signature_error, None)


@pytest.mark.parametrize(
    "text",
    [
        jwt(V3, tokens.V3_KEY, {"alg": "HS512", "typ": "JWT"}, "sha512"),
        jwt(V3, tokens.V3_KEY, {"typ": "JWT", "alg": "HS256"}),
        jwt(V3, tokens.V3_KEY, {"alg": "HS256", "typ": "JWT", "jku": "http://127.0.0.1/"}),
        jwt(V3, tokens.V3_KEY, {"alg": "HS256", "typ": "JWT", "kid": "x"}),
        jwt(dict(reversed(V3.items())), tokens.V3_KEY),
        jwt(json.dumps(V3), tokens.V3_KEY),
        jwt({**V3, "admin": True}, tokens.V3_KEY),
        jwt('{"UserID":"\\ud800","PlatformID":1,"exp":9999999999,"iat":1}', tokens.V3_KEY),
        jwt('{"UID":"\\ud800","Platform":"IOS","exp":9999999999,"nbf":1,"iat":1}', tokens.V2_KEY),
        jwt({**V3, "iat": IAT + 0.0}, tokens.V3_KEY),
        jwt({**V3, "exp": 2**63}, tokens.V3_KEY),
        jwt({key: value for key, value in V3.items() if key != "exp"}, tokens.V3_KEY),
        jwt({**V2, "Platform": "Toaster"}, tokens.V2_KEY),
        jwt({**V2, "nbf": IAT - 1}, tokens.V2_KEY),
    ],
)
def test_a_correctly_signed_text_that_rollcall_never_writes_is_not_its_token(text: str) -> None:
    decoded = codecs().decode(text)
    assert (decoded.signature_error, decoded.token) == (None, None)


def test_the_algorithm_is_checked_before_the_claims() -> None:
    decoded = codecs().decode(jwt({**V3, "exp": 1}, tokens.V3_KEY, {"alg": "XS256"}))
    assert (decoded.exp, decoded.signature_error) == (None, "signing method (alg) is unavailable.")


def test_decoding_tokens_for_invalid_ids_keeps_no_memory() -> None:
    using, issuer = codecs(), codecs()
    texts = [
        issuer["v3.4"].encode(token("v3.4", f"{number}" * 5_000, 2, IAT, 90, issuer))
        for number in range(1, 9)
    ]
    gc.collect()
    tracemalloc.start()
    try:
        assert {using.decode(text).token is not None for text in texts} == {True}
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()


def test_short_keys_raise_no_warning() -> None:
    """PyJWT would warn at each token; Rollcall warns once, at start."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        using = codecs()
        using.decode(using["v3.8"].encode(token("v3.8", "u", 1, IAT, 1, using)))


def opaque(using: Codecs, app_key: str, user_id: str) -> Token:
    request = using["rongcloud"].request(user_id, issuer=app_key)
    return Token(
        user_id, 0, "rongcloud", app_key, IAT * 1000 + 250, IAT + 30 * 86400, request.signing_keys[0]
    )


@pytest.mark.parametrize("user_id", ["u", "a@b.c", "名" * 21, "x" * 64, '"' * 64])
def test_an_opaque_token_decodes_to_itself_and_is_within_the_limit(user_id: str) -> None:
    using = codecs(rongcloud_apps="k" * 64 + ":" + "s" * 20)
    issued = opaque(using, "k" * 64, user_id)
    text = using[issued.format].encode(issued)
    assert using.decode(text) == DecodedToken("rongcloud", IAT + 0.25, None, issued.exp, None, issued)
    assert len(text) <= MAX_TOKEN_CHARS == 256


def test_every_secret_of_an_app_verifies_and_the_first_one_signs() -> None:
    old, new = codecs(rongcloud_apps="key:old"), codecs(rongcloud_apps="key:new,key:old")
    issued = opaque(old, "key", "u")
    assert new.decode(old[issued.format].encode(issued)).token == issued
    assert (
        old.decode(new["rongcloud"].encode(opaque(new, "key", "u"))).signature_error == "signature is invalid"
    )


MALFORMED, FORGED = "malformed", "signature is invalid"


@pytest.mark.parametrize(
    ("tamper", "outcome"),
    [
        (lambda text: text[:-1] + ("A" if text[-1] != "A" else "E"), FORGED),
        (lambda text: "A" + text[1:], MALFORMED),
        (lambda text: text.split("@")[0] + "@", FORGED),
        (lambda text: "@" + text.split("@")[1], MALFORMED),
        (lambda text: text + "@x", MALFORMED),
        (lambda text: "." + text, MALFORMED),
        (lambda text: text * 10, MALFORMED),
        (lambda text: "ä@ä", MALFORMED),
        (lambda text: "W10@x", MALFORMED),
        (lambda text: "bm8@x", MALFORMED),
        (lambda text: encoded_by("your-app-key:forged", "your-app-key"), FORGED),
        (lambda text: encoded_by("other:secret", "other"), FORGED),
    ],
)
def test_a_tampered_opaque_token_is_refused(tamper: Callable[[str], str], outcome: str) -> None:
    using = codecs()
    text = tamper(using["rongcloud"].encode(opaque(using, "your-app-key", "u")))
    if outcome is MALFORMED:
        with pytest.raises(TokenMalformed):
            using.decode(text)
    else:
        decoded = using.decode(text)
        assert (decoded.signature_error, decoded.token) == (outcome, None)


def encoded_by(apps: str, app_key: str) -> str:
    """Return a token of a server with other apps."""
    using = codecs(rongcloud_apps=apps)
    return using["rongcloud"].encode(opaque(using, app_key, "u"))
