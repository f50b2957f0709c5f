"""Match regular expressions: a process of its own, without anything of Rollcall's (see search.py).

Standard input: a line of JSON with the patterns, then lines with rows of as many texts. Standard output: the
first texts of the rows in which a pattern is found in the text in its place, as a list in JSON; or, as a text
in JSON, what is wrong with a pattern.
"""

import json
import os
import re
import resource
import sys
from collections.abc import Iterator

#: Bytes; there are patterns that match quickly and take all the memory there is.
_MOST_MEMORY = 512 * 1024 * 1024


def main() -> None:
    """Do what the module says."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    lines = iter(sys.stdin.buffer)
    try:
        patterns = [re.compile(text, re.IGNORECASE) if text else None for text in json.loads(next(lines))]
    except (re.error, RecursionError, OverflowError) as error:
        json.dump(str(error), sys.stdout)
        return
    json.dump(list(_matching(patterns, lines)), sys.stdout)


def _matching(patterns: list[re.Pattern[str] | None], lines: Iterator[bytes]) -> Iterator[str]:
    rows = (row for line in lines for row in json.loads(line))
    for row in rows:
        if any(pattern and pattern.search(text) for pattern, text in zip(patterns, row, strict=True)):
            yield row[0]


if __name__ == "__main__":
    main()
