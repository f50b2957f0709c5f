"""Why a request was refused: the dialect's explanation, or which known call an unknown path is like."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import DomainError, NoSuchCall
from ..http.explanation_rows import ExplanationTable
from ..http.explanations import explain

if TYPE_CHECKING:
    from ..http.dispatch import AnyDialect, Exchange

_log = logging.getLogger(__name__)
_NO_TABLE = ExplanationTable()
#: Longest path that is compared with the known ones.
_MAX_PATH = 100
_MIN_LIKENESS = 0.6
#: Most sentences, and characters of one.
_MAX_SENTENCES, _MAX_CHARS = 10, 1000


class Explainer:
    """Explains refusals."""

    def __init__(self, dialects: Sequence[AnyDialect]) -> None:
        self._methods: dict[str, dict[str, list[str]]] = {}
        for dialect in dialects:
            for endpoint in dialect.endpoints:
                by_dialect = self._methods.setdefault(endpoint.path, {})
                by_dialect.setdefault(dialect.name, []).append(endpoint.method)

    def why(self, exchange: Exchange) -> Sequence[str]:
        """Return why a request was refused, in few and short sentences; never raises."""
        return [_cut(sentence) for sentence in self._why(exchange)[:_MAX_SENTENCES]]

    def _why(self, exchange: Exchange) -> list[str]:
        error = exchange.error
        try:
            if isinstance(error, NoSuchCall):
                return list(self._unknown(exchange))
            if exchange.context is None or not isinstance(error, DomainError):
                return [str(error)]
            table = exchange.dialect.explanations if exchange.dialect else _NO_TABLE
            return explain(exchange.context, error, table)
        except Exception:
            _log.exception("a refusal cannot be explained")
            return ["It is not known why: explaining it has failed, and the log says how."]

    def _unknown(self, exchange: Exchange) -> Iterable[str]:
        path, method = exchange.http_request.path, exchange.http_request.method
        known = self._methods.get(path)
        name = exchange.dialect_name
        if known and (not name or name in known):
            methods = sorted({each for found in known.values() for each in found})
            yield f"The path {path} takes {' and '.join(methods)}, not {method}."
        elif known:
            yield f"{name} has no path {path}; {' and '.join(known)} has."
        else:
            yield f"{name or 'No protocol here'} has {'no ' if name else 'the '}path {_short(path)}."
            yield from self._alike(path, name)

    def _alike(self, path: str, dialect: str) -> Iterable[str]:
        candidates = [known for known, found in self._methods.items() if not dialect or dialect in found]
        for alike in difflib.get_close_matches(path[:_MAX_PATH], candidates, 1, _MIN_LIKENESS):
            owners = "" if dialect else f" of {' and '.join(self._methods[alike])}"
            yield f"The nearest known path is {alike}{owners}."


def _cut(sentence: str) -> str:
    """Return a sentence that may quote what a client sent without end."""
    return sentence if len(sentence) <= _MAX_CHARS else sentence[:_MAX_CHARS] + " ..."


def _short(path: str) -> str:
    return ascii(path[:_MAX_PATH])[1:-1]
