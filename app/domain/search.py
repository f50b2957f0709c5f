"""Look for users by a pattern without letting anybody's regular expression stall the server.

OpenIM hands such patterns to MongoDB as regular expressions. Most are plain text, which the database finds by
itself. Python's `re` matches the others, but cannot be interrupted and lets no other thread run meanwhile, so
it does that in a process of its own, which has a second or two and then is ended.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from app.errors import PatternInvalid, ServiceUnavailable

#: Characters of a pattern, as MongoDB has it.
MAX_PATTERN_CHARS = 32764

_WORKER = Path(__file__).with_name("search_worker.py")
_META = re.compile(r"[\\.^$*+?{}\[\]|()\x00]")
_ESCAPED = re.compile(r"\\([^\w\s\x00])", re.ASCII)
# Stands for an escaped character while the others are looked at: any that is none of _META would do.
_MASK = "-"

#: Rows of texts, many at a time.
Chunks = Iterable[Sequence[Sequence[str]]]


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


class PatternSearch:
    """Match regular expressions, few at a time, each for so many seconds at the most.

    Whoever comes when all places are taken is refused, and does not hold a thread.
    """

    def __init__(self, most_seconds: float = 2.0, most_at_once: int = 2) -> None:
        self._most_seconds = most_seconds
        self._places = threading.BoundedSemaphore(most_at_once)

    def matching(self, patterns: Sequence[str], chunks: Chunks) -> list[str]:
        """Return the first texts of the rows in which a pattern is found, in either case, in its place.

        An empty pattern is found nowhere. Raises PatternInvalid or ServiceUnavailable.
        """
        if any(len(pattern) > MAX_PATTERN_CHARS for pattern in patterns):
            raise PatternInvalid(f"Regular expression has over {MAX_PATTERN_CHARS} characters")
        if not self._places.acquire(blocking=False):
            raise PatternInvalid("Regular expressions are being matched for others, try again")
        try:
            answer = self._ask(patterns, chunks)
        except OSError as error:
            raise ServiceUnavailable(f"no process to match in: {error}") from error
        finally:
            self._places.release()
        # Whoever was ended has not come to the end of the line.
        if not answer.endswith(b"\n"):
            raise PatternInvalid(f"Regular expression takes over {self._most_seconds:g} s to match")
        found: list[str] | str = json.loads(answer)
        if isinstance(found, str):
            raise PatternInvalid(f"Regular expression is invalid: {found}")
        return found

    def _ask(self, patterns: Sequence[str], chunks: Chunks) -> bytes:
        with _process() as worker, self._ended_in_time(worker):
            questions, answers = worker.stdin, worker.stdout
            if questions is None or answers is None:
                return b""
            _send(questions, patterns, chunks)
            return answers.read()

    @contextlib.contextmanager
    def _ended_in_time(self, worker: subprocess.Popen[bytes]) -> Iterator[None]:
        alarm = threading.Timer(self._most_seconds, worker.kill)
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()
            worker.kill()


def _process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _send(pipe: IO[bytes], patterns: Sequence[str], chunks: Chunks) -> None:
    # A worker whose time is up hangs up on us; that it says nothing then tells the caller.
    with contextlib.suppress(BrokenPipeError), contextlib.closing(pipe):
        for part in itertools.chain([patterns], chunks):
            pipe.write(json.dumps(part).encode() + b"\n")
