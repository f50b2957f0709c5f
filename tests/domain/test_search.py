"""Patterns: which are plain text, which a worker process matches, and that none of them stalls Rollcall."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain import search as search_module
from app.domain.search import PatternSearch, plain
from app.errors import PatternInvalid, ServiceUnavailable
from tests.support.server import PATIENCE, ROOT


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
def test_plain_returns_the_text_of_a_literal_pattern_or_none(pattern: str, text: str | None) -> None:
    assert plain(pattern) == text


SEARCH = PatternSearch()
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
def test_a_row_matches_if_either_pattern_matches(patterns: tuple[str, str], found: list[str]) -> None:
    assert SEARCH.matching(patterns, ROWS) == found


def test_no_rows_give_no_matches() -> None:
    assert SEARCH.matching(("a+", ""), []) == []


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?P<n>", "*", "(?<=a+)b", "(" * 10_000])
def test_an_invalid_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternInvalid, match="Regular expression is invalid"):
        SEARCH.matching((pattern, ""), ROWS)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("^(a+)+$", "a" * 60 + "!"), ("(x+x+)+y", "x" * 60), ("(.*)*(.*)*(.*)*z", "a" * 40)],
)
def test_a_match_that_takes_too_long_is_aborted(pattern: str, text: str) -> None:
    search = PatternSearch(most_seconds=0.5)
    begun = time.monotonic()
    with pytest.raises(PatternInvalid, match=r"takes over 0\.5 s"):
        search.matching((pattern, ""), [[(text, "")]] * 1000)
    assert time.monotonic() - begun < 10


def test_above_the_limit_of_concurrent_matches_a_pattern_is_refused_at_once() -> None:
    search = PatternSearch(most_seconds=1.0, most_at_once=3)
    begun = threading.Semaphore(0)

    def rows() -> Iterator[list[tuple[str, str]]]:
        begun.release()
        yield [("a" * 60 + "!", "")]

    def match_slowly() -> None:
        with pytest.raises(PatternInvalid, match="takes over"):
            search.matching(("^(a+)+$", ""), rows())

    threads = [threading.Thread(target=match_slowly) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert begun.acquire(timeout=10)
    with pytest.raises(PatternInvalid, match="being matched for others"):
        search.matching(("u", ""), ROWS)
    for thread in threads:
        thread.join()
    assert search.matching(("^u", ""), ROWS) == ["u1", "u2"]


def test_a_failure_to_read_the_rows_frees_the_slot() -> None:
    def rows() -> Iterator[list[tuple[str, str]]]:
        yield ROWS[0]
        raise ZeroDivisionError

    search = PatternSearch(most_at_once=1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            search.matching(("^u", ""), rows())


def test_a_timeout_never_returns_partial_matches() -> None:
    """The output is long enough for the timeout to hit while the worker writes it."""
    rows = [
        [(f"{number}-" + "u" * 1000, "") for number in range(start, start + 1000)]
        for start in range(0, 50_000, 1000)
    ]
    found = PatternSearch(most_seconds=60).matching(("u.", ""), rows)
    assert len(found) == 50_000
    search = PatternSearch(most_seconds=0.2)
    for seconds in (0.1, 0.2, 0.3, 0.4):
        search = PatternSearch(most_seconds=seconds)
        with contextlib.suppress(PatternInvalid):
            assert search.matching(("u.", ""), rows) == found


def test_a_worker_that_cannot_start_makes_the_service_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    search = PatternSearch(most_at_once=1)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable, match="no process to match in"):
            search.matching(("^u", ""), ROWS)


def test_matching_works_under_a_lower_memory_limit() -> None:
    """The limit is set in a child process, because it cannot be raised again."""
    script = (
        "import resource; from app.domain.search import PatternSearch; "
        "resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20)); "
        "print(PatternSearch().matching(('^u', ''), [[('u1', 'x'), ('v', 'x')]]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (finished.stdout, finished.stderr) == ("['u1']\n", "")


def test_an_orphaned_worker_ends_at_its_cpu_limit() -> None:
    lines = [json.dumps(["(a|aa)+$", ""]), json.dumps([["a" * 60 + "!", ""]])]
    worker = Path(search_module.__file__).with_name("search_worker.py")
    finished = subprocess.run(
        [sys.executable, "-I", "-S", str(worker)],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stdout) == (-signal.SIGXCPU, "") or (
        finished.returncode == -signal.SIGKILL
    )
