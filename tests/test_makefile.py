"""Which Python the Makefile's environment has; `make --dry-run` prints the commands and runs none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.server import PATIENCE, ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def python(path: Path, version: str) -> str:
    """Write a program that prints a Python's version; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Python {version}\n")
    path.chmod(0o755)
    return str(path)


def commands(folder: Path, *arguments: str) -> list[str]:
    """Return what `make check` would run in a folder with the project's Makefile."""
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder)
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "MAKEFLAGS")}
    command = ["make", "--dry-run", "check", *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


INSTALL = [".venv/bin/python -m pip install --quiet --editable '.[dev]'", "touch .venv/.dev"]
CHECK = [".venv/bin/ruff format --check .", ".venv/bin/ruff check .", ".venv/bin/mypy"]


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    assert commands(tmp_path) == ["python3 -m venv --clear .venv", *INSTALL, *CHECK]
    python(tmp_path / ".venv" / "bin" / "python", "3.11.7")
    assert commands(tmp_path) == [*INSTALL, *CHECK]
    (tmp_path / ".venv" / ".dev").touch()
    assert commands(tmp_path) == CHECK


def test_an_environment_of_another_python_than_the_one_given_is_made_anew(tmp_path: Path) -> None:
    python(tmp_path / ".venv" / "bin" / "python", "3.11.7")
    same, other = (python(tmp_path / version, version) for version in ("3.11.7", "3.12.1"))
    commands(tmp_path)
    (tmp_path / ".venv" / ".dev").touch()
    assert commands(tmp_path, f"PYTHON={same}") == CHECK
    assert commands(tmp_path, f"PYTHON={other}") == [f"{other} -m venv --clear .venv", *INSTALL, *CHECK]
