"""The calls about the journal: what was asked, and why it was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from ..devtools.curl import command
from ..devtools.journal import Journal
from ..devtools.journal_entry import Entry
from ..devtools.masking import Masker
from ..formats.strict import check_range
from ..http.times import timestamp
from .access import Group
from .call import MAX_PAGE, PAGE, Call, Context, Nothing
from .problems import Problem

MAX_WAIT = 30


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Conditions on requests, all of which must hold; `path` may hold `*` for any text."""

    after: int | None = None
    """The number after which they begin."""
    dialect: str | None = None
    path: str | None = None
    user_id: str | None = None
    outcome: str | None = None
    status: int | None = None

    def matcher(self) -> Callable[[Entry], bool]:
        """Return a function that tells whether an entry matches."""
        plain = {"dialect": self.dialect, "outcome": self.outcome}
        wanted = {name: value for name, value in plain.items() if value is not None}
        parts = None if self.path is None else self.path.split("*")

        def matches(entry: Entry) -> bool:
            return (
                all(getattr(entry, name) == value for name, value in wanted.items())
                and (parts is None or _has_path(entry.path, parts))
                and self.status in (None, entry.status)
                and (self.user_id is None or self.user_id in entry.user_ids)
            )

        return matches


@dataclass(frozen=True, kw_only=True)
class ListRequests(Filter):
    """Requests that match; `wait` seconds for `count` of them."""

    limit: int = PAGE
    wait: float = 0.0
    count: int = 1

    def __post_init__(self) -> None:
        check_range("limit", self.limit, 1, MAX_PAGE)
        check_range("wait", self.wait, 0, MAX_WAIT)
        check_range("count", self.count, 0, MAX_PAGE)


@dataclass(frozen=True)
class OneRequest:
    """A request by its number."""

    number: int


def list_requests(context: Context, request: ListRequests) -> object:
    """Return the requests that match after a number, oldest first; without one the newest.

    Raises Overloaded if too many wait.
    """
    journal, matches = _journal(context), request.matcher()
    after = request.after or 0
    if request.wait:
        journal.wait(after, request.count, matches, request.wait, context.services.waiting)
    found = [entry for entry in journal.entries(after) if matches(entry)]
    page = found[-request.limit :] if request.after is None else found[: request.limit]
    show = context.devtools.masker
    return {"requests": [_row(entry, show) for entry in page], "last": journal.last}


def count_requests(context: Context, request: Filter) -> object:
    """Return how many of the requests that are kept match."""
    matches = request.matcher()
    return {"count": sum(matches(entry) for entry in _journal(context).entries(request.after or 0))}


def get_request(context: Context, request: OneRequest) -> object:
    """Return all that is kept of a request, and why it was refused. Raises Problem."""
    entry = _journal(context).get(request.number)
    if entry is None:
        raise Problem(
            "request-not-found",
            HTTPStatus.NOT_FOUND,
            f"the journal has no request {request.number} (any more)",
        )
    show = context.devtools.masker
    body = show.text(entry.body.decode("utf-8", "replace"))
    return {
        **_row(entry, show),
        "request": {
            "headers": [{"name": name, "value": value} for name, value in _headers(entry, show)],
            "body": body,
            "isCut": entry.is_cut,
        },
        "answer": {
            "headers": [{"name": name, "value": show.text(value)} for name, value in entry.answer_headers],
            "body": show.text(entry.answer_text.decode("utf-8", "replace")),
            "isCut": len(entry.answer_body) < entry.answer_bytes,
        },
        "recognisedAs": _recognised(entry),
        "why": [show.text(sentence) for sentence in entry.why],
        "curl": _curl(entry, show),
    }


def delete_requests(context: Context, request: Nothing) -> object:
    """Empty the journal; numbers go on."""
    _journal(context).forget()
    return {}


def _journal(context: Context) -> Journal:
    journal = context.devtools.journal
    if journal is None:
        raise Problem(
            "journal-off",
            HTTPStatus.NOT_FOUND,
            "there is a journal with ROLLCALL_BENCH=1, or a number in ROLLCALL_JOURNAL_REQUESTS",
        )
    return journal


def _has_path(path: str, parts: Sequence[str]) -> bool:
    """Return whether a path has the parts of a pattern in order, with any text between them."""
    if len(parts) == 1:
        return path == parts[0]
    first, *middle, last = parts
    if not (path.startswith(first) and path.endswith(last) and len(path) >= len(first) + len(last)):
        return False
    place, end = len(first), len(path) - len(last)
    for part in middle:
        found = path.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _row(entry: Entry, show: Masker) -> Mapping[str, object]:
    return {
        "number": entry.number,
        "at": timestamp(entry.at),
        "dialect": entry.dialect or None,
        "generation": entry.generation or None,
        "method": entry.method,
        "path": show.text(entry.path),
        "target": show.text(entry.target),
        "userID": _masked(next(iter(entry.user_ids), None), show),
        "platformID": entry.platform_id,
        "outcome": entry.outcome,
        "status": entry.status,
        "code": entry.code,
        "ms": round(entry.seconds * 1000, 3),
    }


def _masked(text: str | None, show: Masker) -> str | None:
    return None if text is None else show.text(text)


def _recognised(entry: Entry) -> object:
    """Return the dialect and the generation, each with why it was taken for that."""
    return {
        "dialect": entry.dialect or None,
        "because": entry.recognised_by or None,
        "generation": entry.generation or None,
        "generationBecause": entry.generation_because or None,
    }


def _headers(entry: Entry, show: Masker) -> Sequence[tuple[str, str]]:
    return [(name, show.header(name, value)) for name, value in entry.headers]


def _curl(entry: Entry, show: Masker) -> str | None:
    """Return a command that sends the request again; None if not all of the body was kept."""
    if entry.is_cut:
        return None
    # A target may be a whole URL, and curl would take what follows # for itself.
    target = "/" + entry.target.partition("://")[2].partition("/")[2]
    if entry.target.startswith("/"):
        target = entry.target
    url = entry.origin + show.text(target).replace("#", "%23")
    return command(entry.method, url, _headers(entry, show), show.body(entry.body))


CALLS = (
    Call("GET", "/requests", Group.OPERATE, ListRequests, list_requests, waits=True),
    Call("GET", "/requests/count", Group.OPERATE, Filter, count_requests),
    Call("GET", "/requests/<int:number>", Group.OPERATE, OneRequest, get_request),
    Call("DELETE", "/requests", Group.OPERATE, Nothing, delete_requests),
)
