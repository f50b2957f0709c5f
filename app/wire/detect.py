"""Which dialect a bare path is spoken in.

No client needs to know about prefixes: a request gives its dialect away. The rules are asked in order and
the first that knows decides. Only OpenIM v2 and v3 share paths. The keys of the body come first, because the
handler consumes them, whereas interceptors of third-party clients add an operationID or a token anywhere;
then the operationID, which a real v3 server never reads from the body nor a real v2 server from the header.
The token comes last: it says who minted it and not who is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.wire.dialect import DetectionHints, Dialect, Endpoint
from app.wire.request import Request


class Candidate(NamedTuple):
    """A dialect that has the path, and its call there."""

    dialect: Dialect
    endpoint: Endpoint


Rule = Callable[[Sequence[Candidate], Request], "Candidate | None"]


def choose(candidates: Sequence[Candidate], http_request: Request) -> Candidate:
    """Return the candidate in whose dialect the request is."""
    for rule in RULES:
        chosen = rule(candidates, http_request)
        if chosen is not None:
            return chosen
    raise AssertionError(f"nobody takes {candidates[0].endpoint.path}")


def only_speaker(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """A path that one dialect has is that dialect's."""
    return candidates[0] if len(candidates) == 1 else None


def lone_token(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """A token in the body and none in the header is for the call that takes it there."""
    if http_request.header("TOKEN"):
        return None
    return _only(candidates, lambda candidate: "token" in _body_keys(candidate, http_request))


def structural_keys(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """The handler's own parameters tell, as an interceptor never adds those."""
    return _only(candidates, lambda candidate: bool(_body_keys(candidate, http_request)))


def operation_id(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """The operationID stands in the body in v2 and in the header in v3."""
    in_body = bool(http_request.lower_keys.get("operationid"))
    in_header = bool(http_request.header("OPERATIONID"))
    if in_body == in_header:
        return None
    place = "body" if in_body else "header"
    return _only(candidates, lambda candidate: _hints(candidate).operation_id_in == place)


def newest_keys(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """A body with both dialects' keys is v3's, whose server ignores the others."""
    newest = candidates[-1]
    return newest if _body_keys(newest, http_request) else None


def token_format(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """The claims of the token tell who minted it."""
    presented = http_request.token
    if presented is None:
        return None
    return _only(candidates, lambda candidate: presented.format in _hints(candidate).formats)


def default(candidates: Sequence[Candidate], http_request: Request) -> Candidate | None:
    """The setting: v2 unless told otherwise, as a v3 server would have refused before reading the body."""
    wanted = http_request.services.settings.openim_default
    return _only(candidates, lambda candidate: _hints(candidate).version == wanted)


RULES: tuple[Rule, ...] = (
    only_speaker,
    lone_token,
    structural_keys,
    operation_id,
    newest_keys,
    token_format,
    default,
)


def _only(candidates: Sequence[Candidate], fits: Callable[[Candidate], bool]) -> Candidate | None:
    fitting = [candidate for candidate in candidates if fits(candidate)]
    return fitting[0] if len(fitting) == 1 else None


def _body_keys(candidate: Candidate, http_request: Request) -> frozenset[str]:
    found = candidate.endpoint.body_keys.intersection(http_request.lower_keys)
    # An operationID in the body is v2's; where there is one in the header too, somebody adds it everywhere.
    return found - {"operationid"} if http_request.header("OPERATIONID") else found


def _hints(candidate: Candidate) -> DetectionHints:
    detection_hints = candidate.dialect.detection_hints
    assert detection_hints is not None, (
        f"{candidate.dialect.name} shares {candidate.endpoint.path} without traits"
    )
    return detection_hints
