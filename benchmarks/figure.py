"""One call that is measured with wrk, round after round."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Figure:
    """A call to measure, and the results of its rounds."""

    name: str
    address: str
    path: str
    body: str
    users: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    target: float | None = None
    against: int = 0
    """The index of the figure to compare with."""
    alike: int | None = None
    """The index of the bare view with the same answer."""
    rates: list[float] = field(default_factory=list)
    answered: int = 0
    waits: list[tuple[float, float, float]] = field(default_factory=list)
    """Median, 99th percentile and longest, in ms, of each round."""

    def measure(self, seconds: int, connections: int) -> None:
        """Run wrk once and record its results."""
        pairs = [text for pair in self.headers.items() for text in pair]
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--latency",
            "-s",
            "benchmarks/requests.lua",
            self.address,
        ]
        body = self.body.replace("ROUND", str(len(self.rates)))
        command += ["--", self.path, body, str(self.users), *pairs]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in printed or "Socket errors" in printed:
            raise SystemExit(f"{self.name}:\n{printed}")
        self.rates.append(float(_found(r"Requests/sec:\s+([\d.]+)", printed)))
        self.waits.append(
            (
                _milliseconds(_found(r"\n +50%\s+(\S+)", printed)),
                _milliseconds(_found(r"\n +99%\s+(\S+)", printed)),
                _milliseconds(_found(r"Latency\s+\S+\s+\S+\s+(\S+)", printed)),
            )
        )
        self.answered += int(_found(r"(\d+) requests in", printed))


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise SystemExit(f"no {pattern!r} in:\n{text}")
    return found[1]


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise SystemExit(f"{text} is not a duration")
