"""Look for users by a pattern without letting anybody's pattern stall the server.

OpenIM hands such patterns to MongoDB as regular expressions. Most are plain text, which the database finds by
itself. Python's `re` matches the others, but cannot be interrupted and lets no other thread run meanwhile, so
it does that in a process of its own, which has MOST_SECONDS and then is ended.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

from app.errors import PatternRefused

#: Seconds that matching may take.
MOST_SECONDS = 2.0
#: Characters of a pattern, as MongoDB has it.
LONGEST = 32764
#: Patterns that are matched at once; whoever comes then is refused, and does not hold a thread.
MOST_AT_ONCE = 2

_WORKER = Path(__file__).with_name("search_worker.py")
_slots = threading.BoundedSemaphore(MOST_AT_ONCE)
_META = re.compile(r"[\\.^$*+?{}\[\]|()\x00]")
_ESCAPED = re.compile(r"\\([^\w\s\x00])", re.ASCII)
# Whatever stands for an escaped character while the others are looked at; ids and patterns have it nowhere.
_MASK = "\ufffe"


def plain(pattern: str) -> str | None:
    """Return the text that a pattern is found by in either case; None if that takes more than looking.

    A letter beyond ASCII that has two cases takes more: the database knows only ASCII's.
    """
    if _META.search(_ESCAPED.sub(_MASK, pattern)):
        return None
    text = _ESCAPED.sub(r"\1", pattern)
    if text.isascii() or all(char.isascii() or char.lower() == char.upper() for char in text):
        return text
    return None


def matching(patterns: Sequence[str], chunks: Iterable[Sequence[Sequence[str]]]) -> list[str]:
    """Return the first texts of the rows in which a pattern is found, in any case, in the text in its place.

    An empty pattern is found nowhere. Raises PatternRefused.
    """
    if any(len(pattern) > LONGEST for pattern in patterns):
        raise PatternRefused(f"Regular expression has over {LONGEST} characters")
    if not _slots.acquire(blocking=False):
        raise PatternRefused("Regular expressions are being matched for others, try again")
    try:
        return _matching(patterns, chunks)
    finally:
        _slots.release()


def _matching(patterns: Sequence[str], chunks: Iterable[Sequence[Sequence[str]]]) -> list[str]:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        alarm = threading.Timer(MOST_SECONDS, worker.kill)
        alarm.start()
        try:
            _send(worker.stdin, patterns, chunks)
            answer = worker.stdout.read()
        finally:
            alarm.cancel()
            worker.kill()
    if not answer:
        raise PatternRefused(f"Regular expression takes over {MOST_SECONDS:g} s to match")
    found: list[str] | str = json.loads(answer)
    if isinstance(found, str):
        raise PatternRefused(f"Regular expression is invalid: {found}")
    return found


def _send(pipe: IO[bytes], patterns: Sequence[str], chunks: Iterable[Sequence[Sequence[str]]]) -> None:
    try:
        with closing(pipe):
            for part in (patterns, *chunks):
                pipe.write(json.dumps(part).encode() + b"\n")
    except BrokenPipeError:
        # Its time was up; that it says nothing tells the caller.
        pass
