"""The commands, on files and with a real server."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rollcall_server.cli import main
from rollcall_server.client import Rollcall
from rollcall_server.models import User
from rollcall_server.services import Services
from rollcall_server.storage.sqlite.migrate import prepare
from rollcall_server.storage.sqlite.schema import migrations

from tests.conftest import MakeApp
from tests.serving.conftest import MakeServer, make_server
from tests.support.storm import Storm, register, registered

__all__ = ["make_server"]


def rollcall(tmp_path: Path, *arguments: str, answer: str | None = None) -> Result:
    environ = {"ROLLCALL_INSTANCE": str(tmp_path / "instance")}
    return CliRunner().invoke(main, arguments, input=answer, env=environ)


def users_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT user_id FROM users ORDER BY seq")]


def test_a_backup_is_complete_and_private_and_can_be_restored(tmp_path: Path, make_app: MakeApp) -> None:
    services: Services = make_app(admins=["root"], openim_v3_admins=[]).extensions["rollcall"]
    services.start()
    services.users.register([User("a")])
    target = tmp_path / "copy.db"
    done = rollcall(tmp_path, "backup", str(target))
    path = tmp_path / "instance" / "rollcall.db"
    assert (done.exit_code, done.output) == (0, f"{target} is a complete copy of {path}\n")
    assert target.stat().st_mode & 0o777 == 0o600
    assert users_in(target) == ["root", "a"]
    services.users.register([User("b")])
    refused = rollcall(tmp_path, "restore", str(target))
    assert refused.exit_code == 1
    assert "is served by process" in refused.output
    services.stop()
    done = rollcall(tmp_path, "restore", str(target))
    kept = tmp_path / "instance" / "rollcall.db.replaced-1"
    assert (done.exit_code, done.output) == (
        0,
        f"{target} is in place as {path}, the database before it is {kept}\n",
    )
    assert users_in(kept) == ["root", "a", "b"]
    services.start()
    assert services.users.existing_ids(["a", "b"]) == {"a"}
    services.stop()
    assert {file.name for file in (tmp_path / "instance").iterdir()} == {
        "rollcall.db",
        "rollcall.db.replaced-1",
        "rollcall.lock",
    }


def test_a_backup_never_overwrites_a_file(tmp_path: Path, services: Services) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    refused = rollcall(tmp_path, "backup", str(target))
    assert refused.exit_code == 1
    assert refused.output == f"Error: {target} is there already; nothing was written\n"
    assert target.read_text() == "mine"


@pytest.mark.parametrize("command", [("backup", "copy.db"), ("check",)])
def test_a_command_without_a_database_says_where_it_looked_and_how_to_name_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(main, command)
    assert (refused.exit_code, refused.output) == (
        1,
        f"Error: there is no database {tmp_path / 'instance' / 'rollcall.db'}: name the folder of the "
        "server's data with --instance or ROLLCALL_INSTANCE\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_the_instance_can_be_named_by_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    path = tmp_path / "instance" / "rollcall.db"
    (tmp_path / "instance" / "config.py").write_text("ADMINS = 'imAdmin'")
    monkeypatch.chdir(tmp_path / "instance")
    done = CliRunner().invoke(main, ["backup", "copy.db", "--instance", "."])
    assert (done.exit_code, done.output) == (
        0,
        f"copy.db is a complete copy of {path}\n"
        f"not part of it: the settings and secrets in {tmp_path / 'instance' / 'config.py'}\n",
    )
    assert CliRunner().invoke(main, ["check", "--instance", "."]).output.endswith(f"\n{path} is intact\n")
    done = CliRunner().invoke(main, ["restore", "copy.db", "--instance", str(tmp_path / "other")])
    assert done.output == f"copy.db is in place as {tmp_path / 'other' / 'rollcall.db'}\n"


@pytest.mark.parametrize("content", [b"", b"garbage", b"SQLite format 3\0" + b"\0" * 4080])
def test_a_file_that_is_not_a_backup_is_not_restored(
    tmp_path: Path, services: Services, content: bytes
) -> None:
    services.stop()
    before = (tmp_path / "instance" / "rollcall.db").read_bytes()
    source = tmp_path / "copy.db"
    source.write_bytes(content)
    refused = rollcall(tmp_path, "restore", str(source))
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert refused.output.count("\n") == 1
    assert (tmp_path / "instance" / "rollcall.db").read_bytes() == before
    assert {file.name for file in (tmp_path / "instance").iterdir()} == {"rollcall.db", "rollcall.lock"}


def test_a_backup_is_restored_into_a_missing_folder(tmp_path: Path, services: Services) -> None:
    target = tmp_path / "copy.db"
    rollcall(tmp_path, "backup", str(target))
    other_environ = {"ROLLCALL_INSTANCE": str(tmp_path / "elsewhere")}
    done = CliRunner().invoke(main, ["restore", str(target)], env=other_environ)
    path = tmp_path / "elsewhere" / "rollcall.db"
    assert (done.exit_code, done.output) == (0, f"{target} is in place as {path}\n")
    assert users_in(path)


def test_check_verifies_a_served_database_or_a_backup(tmp_path: Path, services: Services) -> None:
    path = tmp_path / "instance" / "rollcall.db"
    done = rollcall(tmp_path, "check")
    lines = done.output.splitlines()
    version = migrations()[-1].version
    assert (done.exit_code, lines[0], lines[-1]) == (0, f"schema {version}", f"{path} is intact")
    assert "users 5" in lines
    target = tmp_path / "copy.db"
    rollcall(tmp_path, "backup", str(target))
    assert rollcall(tmp_path, "check", str(target)).exit_code == 0


def test_check_says_what_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO blocks VALUES (?, 1)", [(f"user-{number}",) for number in range(3000)]
        )
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'").fetchone()
        # A token of an unknown user; SQLite does not check that by default.
        connection.execute("INSERT INTO tokens VALUES ('gone', '', 1, 'v2', 0, 0, '', 0, 0)")
    refused = rollcall(tmp_path, "check", str(path))
    assert (refused.exit_code, refused.output) == (
        1,
        f"Error: {path} is damaged:\n  1 rows of tokens without a row of users\n",
    )
    whole = path.read_bytes()
    start = (page - 1) * 4096
    path.write_bytes(whole[:start] + b"\xff" * 4096 + whole[start + 4096 :])
    refused = rollcall(tmp_path, "check", str(path))
    first, *lines = refused.output.splitlines()
    assert (refused.exit_code, first) == (1, f"Error: {path} is damaged:")
    # The rest of the lines is SQLite's wording, which depends on its version.
    assert 1 <= len(lines) <= 10
    assert lines[0].startswith("  table blocks: ")


def test_secret_prints_a_new_secret_of_32_characters_each_time(tmp_path: Path) -> None:
    first, second = (rollcall(tmp_path, "secret").output.strip() for _ in range(2))
    assert first != second
    assert len(first) == 32


def test_an_unknown_setting_is_reported_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_THREDS", "1")
    refused = rollcall(tmp_path, "check")
    assert (refused.exit_code, refused.output) == (
        1,
        "Error: ROLLCALL_THREDS is not a Rollcall setting; did you mean ROLLCALL_THREADS?\n",
    )


def test_the_commands_are_available_in_flask_too(app: object, tmp_path: Path) -> None:
    environ = {**os.environ, "ROLLCALL_INSTANCE": str(tmp_path / "instance")}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "secret"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=20, check=True)
    assert len(done.stdout.strip()) == 32


@pytest.mark.serving
def test_backups_under_load_are_complete_and_fail_no_request(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server().start()
    script = Path(sys.executable).with_name("rollcall")
    environ = {**os.environ, "ROLLCALL_INSTANCE": str(server.instance)}
    with Storm(server, 4) as storm:
        for number in range(3):
            storm.wait_for(30 * number + 10)
            known = list(storm.acknowledged)
            target = tmp_path / f"{number}.db"
            subprocess.run([script, "backup", target], env=environ, timeout=30, check=True)
            assert set(known) <= set(users_in(target))
    assert (storm.failed, storm.refused) == ([], [])
    assert registered(server, storm.acknowledged) == storm.acknowledged


@pytest.mark.serving
def test_health_waits_for_a_server_and_reports_an_unreachable_one(
    make_server: MakeServer, tmp_path: Path
) -> None:
    nowhere = rollcall(tmp_path, "health", "--url", "http://127.0.0.1:1")
    assert nowhere.exit_code == 1
    answer = json.loads(nowhere.output)
    assert (answer["status"], answer["url"]) == ("unreachable", "http://127.0.0.1:1/readyz")
    server = make_server().start()
    url = f"http://127.0.0.1:{server.port}"
    done = rollcall(tmp_path, "health", "--wait", "5", "--url", url)
    assert done.exit_code == 0
    answer = json.loads(done.output)
    assert answer["disk"].pop("free") > 0
    assert answer == {
        "status": "ok",
        "reasons": [],
        "warnings": [],
        "writer": {"heldUpFor": 0.0, "lastFailure": ""},
        "disk": {},
    }
    assert register(server, "a-0")


@pytest.mark.serving
def test_health_finds_a_server_by_its_settings(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(ROLLCALL_PATH_PREFIX="/im").start()
    environ = {
        "ROLLCALL_INSTANCE": str(tmp_path / "instance"),
        "ROLLCALL_BIND": f"127.0.0.1:{server.port}",
        "ROLLCALL_PATH_PREFIX": "/im",
    }
    assert CliRunner().invoke(main, ["health"], env=environ).exit_code == 0
    other_environ = {**environ, "ROLLCALL_PATH_PREFIX": "/other"}
    assert CliRunner().invoke(main, ["health"], env=other_environ).exit_code == 1


@pytest.mark.serving
def test_status_and_reset_of_a_running_server(tmp_path: Path) -> None:
    key = "k3y-0123456789abcdef"
    (tmp_path / "key").write_text(key + "\n")
    with Rollcall.start(control_key=key) as own:
        server = own
        refused = rollcall(tmp_path, "status", "--url", server.url)
        assert (refused.exit_code, refused.output) == (
            1,
            "Error: GET /status: 401 Authorization has to be Bearer and the key in ROLLCALL_CONTROL_KEY\n",
        )
        options = ("--url", server.url, "--key-file", str(tmp_path / "key"))
        printed = json.loads(rollcall(tmp_path, "status", "--json", *options).output)
        assert printed | {"now": ""} == own.status() | {"now": ""}
        table = rollcall(tmp_path, "status", *options).output.splitlines()
        assert [line.split("  ")[0] for line in table] == list(printed)
        assert "dialects    openim_v2, openim_v3, rongcloud" in table
        assert "disposable  no" in table
        kept = rollcall(tmp_path, "reset", *options, answer="n\n")
        assert kept.exit_code == 1
        assert "Delete 0 users, and all that belongs to them? [y/N]" in kept.output
        assert own.status()["epoch"] == printed["epoch"]
        done = rollcall(tmp_path, "reset", "--yes", "--json", *options)
        assert json.loads(done.output) == {"epoch": own.status()["epoch"], "users": 0, "seeded": False}
        assert own.status()["epoch"] != printed["epoch"]
    gone = rollcall(tmp_path, "status", *options)
    assert gone.exit_code == 3
    assert gone.output.startswith(f"Error: no Rollcall answers at {server.url}: ConnectionRefusedError(")
    wrong = rollcall(tmp_path, "status", "--url", "nonsense")
    assert wrong.exit_code == 2
