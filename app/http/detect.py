"""Detect the dialect of a request to a path that several dialects share, so that clients need no base path.

Only OpenIM v2 and v3 share paths. RULES are tried in order until one decides. The keys of the body come
first, because the call itself needs them, whereas interceptors of third-party clients add an operationID or a
token to any request; then the operationID, which a real v3 server never reads from the body nor a real v2
server from the header. The token comes last: it shows which dialect issued it, not which one is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .dialect import DetectionHints, Dialect, Endpoint, RequestContext
from .request import Request


class Candidate(NamedTuple):
    """A dialect that has the path, and its endpoint there."""

    dialect: Dialect[RequestContext]
    endpoint: Endpoint[RequestContext]


Candidates = Sequence[Candidate]
Rule = Callable[[Candidates, Request], "Candidate | None"]


def choose(candidates: Candidates, http_request: Request) -> Candidate:
    """Return the candidate whose dialect the request uses."""
    for rule, because in RULES.items():
        chosen = rule(candidates, http_request)
        if chosen is not None:
            http_request.recognised_by = because
            return chosen
    raise AssertionError(f"no rule decides about {candidates[0].endpoint.path}")


def lone_token(candidates: Candidates, http_request: Request) -> Candidate | None:
    """Choose the call that takes a token in the body, if there is one there and none in the header."""
    if http_request.header("TOKEN"):
        return None
    return _only(candidates, lambda candidate: "token" in _found_keys(candidate, http_request))


def body_keys(candidates: Candidates, http_request: Request) -> Candidate | None:
    """Choose by the parameters that only one call takes; interceptors never add those."""
    return _only(candidates, lambda candidate: bool(_found_keys(candidate, http_request)))


def operation_id(candidates: Candidates, http_request: Request) -> Candidate | None:
    """Choose v2 for an operationID in the body only, v3 for one in the header only."""
    in_body = bool(http_request.lower_keys.get("operationid"))
    in_header = bool(http_request.header("OPERATIONID"))
    if in_body == in_header:
        return None
    place = "body" if in_body else "header"
    return _only(candidates, lambda candidate: _hints(candidate).operation_id_in == place)


def newest_keys(candidates: Candidates, http_request: Request) -> Candidate | None:
    """Choose v3 for a body with the keys of both dialects: its server ignores the others."""
    newest = candidates[-1]
    return newest if _found_keys(newest, http_request) else None


def token_format(candidates: Candidates, http_request: Request) -> Candidate | None:
    """Choose the dialect that issued the token in the header, according to its claims."""
    token = http_request.token
    if token is None:
        return None
    return _only(candidates, lambda candidate: token.format in _hints(candidate).token_formats)


def default(candidates: Candidates, http_request: Request) -> Candidate | None:
    """Choose by setting, v2 by default: a v3 server would refuse such a request before reading the body."""
    settings = http_request.services.settings
    return _only(candidates, lambda candidate: _hints(candidate).is_default(settings))


#: The rules in order, and what each says of a request that it has decided.
RULES: Mapping[Rule, str] = {
    lone_token: "the token is in the body, and none in the header",
    body_keys: "the body has fields that only this protocol's call takes",
    operation_id: "the operationID is where this protocol has it: v2 in the body, v3 in the header",
    newest_keys: "the body has fields of both protocols, and v3 ignores the others",
    token_format: "the token in the header was issued by this protocol",
    default: "nothing in the request decides; ROLLCALL_OPENIM_DEFAULT does",
}


def _only(candidates: Candidates, fits: Callable[[Candidate], bool]) -> Candidate | None:
    fitting = [candidate for candidate in candidates if fits(candidate)]
    return fitting[0] if len(fitting) == 1 else None


def _found_keys(candidate: Candidate, http_request: Request) -> frozenset[str]:
    found = candidate.endpoint.body_keys.intersection(http_request.lower_keys)
    # An operationID in the body shows v2, unless an interceptor adds it to body and header.
    return found - {"operationid"} if http_request.header("OPERATIONID") else found


def _hints(candidate: Candidate) -> DetectionHints:
    hints = candidate.dialect.detection_hints
    assert hints is not None, f"{candidate.dialect.name} shares {candidate.endpoint.path} without hints"
    return hints
