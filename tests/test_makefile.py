"""Which Python and which versions the Makefile's environment has.

`make --dry-run` prints the commands and runs none.
"""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.server import PATIENCE, ROOT

PINS = Path("deploy", "constraints.txt")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def python(path: Path, version: str) -> str:
    """Write a program that prints a Python's version; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Python {version}\n")
    path.chmod(0o755)
    return str(path)


def commands(folder: Path, *arguments: str) -> list[str]:
    """Return what `make check` would run in a folder with the project's Makefile."""
    (folder / PINS).parent.mkdir(exist_ok=True)
    for name in ("Makefile", "setup.cfg", "pyproject.toml", PINS):
        shutil.copy2(ROOT / name, folder / name)
    # In `make test`, the variables of that make would apply to this one.
    foreign = ("PYTHON", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environ = {name: value for name, value in os.environ.items() if name not in foreign}
    command = ["make", "--dry-run", "check", *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


INSTALL = [
    f".venv/bin/python -m pip install --quiet --constraint {PINS} --editable '.[dev]'",
    "touch .venv/.dev",
]
CHECK = [".venv/bin/ruff format --check .", ".venv/bin/ruff check .", ".venv/bin/mypy"]


@needs_make
def test_an_environment_is_made_once(tmp_path: Path) -> None:
    assert commands(tmp_path) == ["python3 -m venv --clear .venv", *INSTALL, *CHECK]
    python(tmp_path / ".venv" / "bin" / "python", "3.11.7")
    assert commands(tmp_path) == [*INSTALL, *CHECK]
    (tmp_path / ".venv" / ".dev").touch()
    assert commands(tmp_path) == CHECK


@needs_make
def test_an_environment_of_another_python_than_the_one_given_is_made_anew(tmp_path: Path) -> None:
    python(tmp_path / ".venv" / "bin" / "python", "3.11.7")
    same, other = (python(tmp_path / version, version) for version in ("3.11.7", "3.12.1"))
    commands(tmp_path)
    (tmp_path / ".venv" / ".dev").touch()
    assert commands(tmp_path, f"PYTHON={same}") == CHECK
    assert commands(tmp_path, f"PYTHON={other}") == [f"{other} -m venv --clear .venv", *INSTALL, *CHECK]


def test_the_pinned_versions_are_those_that_setup_cfg_admits() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    texts = [config["options"]["install_requires"], *config["options.extras_require"].values()]
    required = [Requirement(line) for text in texts for line in text.split()]
    pins = dict(line.split("==") for line in (ROOT / PINS).read_text().splitlines()[1:])
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    refused = [
        str(each)
        for each in required
        if each.name != "rollcall-server" and pinned.get(each.name, "") not in each.specifier
    ]
    assert refused == []
