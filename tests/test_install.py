"""The package as it is installed: from a wheel, beside an application's own `app`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

import pytest

from tests.support.server import ROOT

pytestmark = pytest.mark.serving

#: What runs in the fresh environment: nothing of Rollcall, and nothing of Flask, before create_app.
CLIENT_ONLY = """
import sys, rollcall_server
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ("flask", "rollcall_server"))
print(loaded, callable(rollcall_server.create_app))
"""


@pytest.fixture(scope="module", name="python")
def _python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has the wheel, its requirements, and another package called `app`."""
    folder = tmp_path_factory.mktemp("install")
    # From a copy, as a build leaves files behind that the next one would pack again.
    shutil.copytree(ROOT / "app", folder / "source" / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / "source")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    build = [*build, folder, folder / "source"]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("rollcall_server-*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "app").mkdir()
    (site / "app" / "__init__.py").write_text("NAME = 'an application of its own'\n")
    return python


def run(python: Path, code: str, cwd: Path) -> str:
    done = subprocess.run([python, "-c", code], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_importing_the_package_loads_no_flask(python: Path, tmp_path: Path) -> None:
    assert run(python, CLIENT_ONLY, tmp_path) == "['rollcall_server'] True"


def test_an_application_keeps_its_own_package_called_app(python: Path, tmp_path: Path) -> None:
    code = "import app, rollcall_server as r; r.create_app(); print(app.NAME, app.__file__ != r.__file__)"
    assert run(python, code, tmp_path) == "an application of its own True"


def test_the_wheel_has_the_types_and_the_schema(python: Path, tmp_path: Path) -> None:
    code = (
        "import rollcall_server as r, pathlib as p; f = p.Path(r.__file__).parent; "
        "print(*sorted(str(x.relative_to(f)) for x in f.rglob('*') if x.suffix in ('.typed', '.sql')))"
    )
    migrations = sorted(file.relative_to(ROOT / "app").as_posix() for file in (ROOT / "app").rglob("*.sql"))
    assert run(python, code, tmp_path) == " ".join(["py.typed", *migrations])


@pytest.mark.parametrize(
    ("options", "folder"), [(["--instance", "data"], "data"), (["--bind", "localhost:0"], "instance")]
)
def test_serve_prints_its_address_as_the_one_line_on_stdout(
    python: Path, tmp_path: Path, options: list[str], folder: str
) -> None:
    port = [] if "--bind" in options else ["--port", "0"]
    command = [python.with_name("rollcall"), "serve", *port, *options]
    with (
        (tmp_path / "log").open("w+") as log,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), (tmp_path / "log").read_text()
            body = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
            request = urllib.request.Request(f"{address}/auth/user_token", json.dumps(body).encode())
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert json.load(answer)["errCode"] == 0
            assert (tmp_path / folder / "rollcall.db").exists()
        finally:
            server.terminate()
        assert (server.stdout.read(), server.wait(30)) == ("", 0)


def test_serve_refuses_a_port_and_an_address_together(python: Path, tmp_path: Path) -> None:
    command = [python.with_name("rollcall"), "serve", "--port", "0", "--bind", "127.0.0.1:0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: give --bind or --port, not both\n")
    assert list(tmp_path.iterdir()) == []
