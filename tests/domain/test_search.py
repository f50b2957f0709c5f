"""Patterns: which are plain, which are matched elsewhere, and that none stalls anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from app.domain import search
from app.errors import PatternRefused


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("abc", "abc"),
        ("user_1-2 @x", "user_1-2 @x"),
        ("用户", "用户"),
        (r"a\.b\+c", "a.b+c"),
        ("\\\\", "\\"),
        (r"a\-b", "a-b"),
        ("a.b", None),
        ("+86", None),
        (r"\d", None),
        (r"\n", None),
        ("a\\", None),
        ("a|b", None),
        ("[a]", None),
        ("a{2}", None),
        ("a\0", None),
        ("é", None),
        ("Straße", None),
    ],
)
def test_what_is_plain(pattern: str, text: str | None) -> None:
    assert search.plain(pattern) == text


ROWS = [[("u1", "Ann"), ("u2", "Bob")], [("v1", "ÉVE"), ("v2", "dan\nu")]]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (("^u", ""), ["u1", "u2"]),
        (("", "^.{3}$"), ["u1", "u2", "v1"]),
        (("1$", "b+"), ["u1", "u2", "v1"]),
        (("", "éve"), ["v1"]),
        (("", ""), []),
        (("x", "x"), []),
        (("", "u$"), ["v2"]),
    ],
)
def test_rows_are_found_by_either_pattern(patterns: tuple[str, str], found: list[str]) -> None:
    assert search.matching(patterns, ROWS) == found


def test_no_rows_are_none() -> None:
    assert search.matching(("a+", ""), []) == []


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?P<n>", "*", "(?<=a+)b", "(" * 10_000])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused, match="Regular expression is invalid"):
        search.matching((pattern, ""), ROWS)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("^(a+)+$", "a" * 60 + "!"), ("(x+x+)+y", "x" * 60), ("(.*)*(.*)*(.*)*z", "a" * 40)],
)
def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, pattern: str, text: str) -> None:
    monkeypatch.setattr(search, "MOST_SECONDS", 0.5)
    begun = time.monotonic()
    with pytest.raises(PatternRefused, match=r"takes over 0\.5 s"):
        search.matching((pattern, ""), [[(text, "")]] * 1000)
    assert time.monotonic() - begun < 10


def test_while_patterns_are_matched_others_are_refused_at_once_and_then_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MOST_SECONDS", 1.0)
    begun = threading.Semaphore(0)

    def rows() -> Iterator[list[tuple[str, str]]]:
        begun.release()
        yield [("a" * 60 + "!", "")]

    def stall() -> None:
        with pytest.raises(PatternRefused, match="takes over"):
            search.matching(("^(a+)+$", ""), rows())

    threads = [threading.Thread(target=stall) for _ in range(search.MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert begun.acquire(timeout=10)
    with pytest.raises(PatternRefused, match="being matched for others"):
        search.matching(("u", ""), ROWS)
    for thread in threads:
        thread.join()
    assert search.matching(("^u", ""), ROWS) == ["u1", "u2"]


def test_a_failure_to_read_the_rows_leaves_no_process_and_frees_the_place() -> None:
    def rows() -> Iterator[list[tuple[str, str]]]:
        yield ROWS[0]
        raise ZeroDivisionError

    for _ in range(search.MOST_AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError):
            search.matching(("^u", ""), rows())
