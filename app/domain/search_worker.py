"""Match regular expressions: a process of its own, without anything of Rollcall's (see search.py).

Standard input: a line of JSON with the patterns, then lines with rows of as many texts. Standard output: the
first texts of the rows in which a pattern is found in the text in its place, as a line with a list in JSON;
or, as a line with a text, what is wrong with a pattern.
"""

import contextlib
import json
import os
import re
import resource
import sys
from collections.abc import Iterator

#: Bytes; there are patterns that match quickly and take all the memory there is.
_MAX_MEMORY_BYTES = 512 * 1024 * 1024
#: Seconds of computing, should nobody be left to end this process.
_MAX_CPU_SECONDS = 5


def main() -> None:
    """Do what the module says."""
    _keep_modest()
    lines = iter(sys.stdin.buffer)
    try:
        patterns = [re.compile(text, re.IGNORECASE) if text else None for text in json.loads(next(lines))]
        answer: object = list(_matching(patterns, lines))
    except (re.error, RecursionError, ValueError, OverflowError, MemoryError) as error:
        answer = str(error)
    print(json.dumps(answer))


def _keep_modest() -> None:
    """Give way to the server, take any core rather than its own, and end by oneself."""
    os.nice(10)
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
    for limit, most in ((resource.RLIMIT_CPU, _MAX_CPU_SECONDS), (resource.RLIMIT_AS, _MAX_MEMORY_BYTES)):
        # Some systems have no such limit, and some a lower one already.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))


def _matching(patterns: list[re.Pattern[str] | None], lines: Iterator[bytes]) -> Iterator[str]:
    rows = (row for line in lines for row in json.loads(line))
    for row in rows:
        if any(pattern and pattern.search(text) for pattern, text in zip(patterns, row, strict=True)):
            yield row[0]


if __name__ == "__main__":
    main()
