"""What the documents promise: settings, calls, commands, and the examples with their answers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rollcall_server.control.calls import CALLS
from rollcall_server.dialects import BUILT_IN, VENDORS, setting_groups
from rollcall_server.http.dispatch import AnyDialect
from rollcall_server.settings import Settings, rows, variable
from rollcall_server.webhooks.signing import signed_headers

from tests.support.server import PATIENCE, ROOT, Server

README = (ROOT / "README.md").read_text()
DIALECTS = (*VENDORS, *BUILT_IN)


def folder_of(dialect: AnyDialect) -> str:
    """Return the folder of a dialect; the gateways' callbacks are part of what the OpenIM dialects share."""
    return dialect.name.removesuffix("_callbacks")


def table(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, without its header."""
    section = re.split(r"^#+ ", text.split(f"# {heading}\n")[1], flags=re.M)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip("| ") for cell in row] for row in rows[2:]]


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    documented = [line for line in README.splitlines() if line.startswith("| `ROLLCALL_")]
    expected = []
    for row in rows([Settings, *setting_groups()]):
        default = f"`{row.metadata['default']}` " if row.metadata["default"] else ""
        expected.append(f"| `{variable(row.name)}` | {default}| {row.metadata['meaning']} |")
    assert documented == expected


@pytest.mark.parametrize("dialect", DIALECTS, ids=[dialect.name for dialect in DIALECTS])
def test_a_dialects_readme_lists_every_call(dialect: AnyDialect) -> None:
    text = (ROOT / "app" / "dialects" / folder_of(dialect) / "README.md").read_text()
    documented = [row[0].strip("`") for row in table(text, "Calls")]
    assert documented == [endpoint.path for endpoint in dialect.endpoints]


def test_the_control_apis_document_lists_every_call_with_its_group() -> None:
    rows = table((ROOT / "docs" / "control.md").read_text(), "Calls")
    paths = [re.sub("<[a-z]+:(.*?)>", r"{\1}", call.path) for call in CALLS]
    expected = [
        (f"{call.method} /_rollcall{path}", call.group.name.lower())
        for call, path in zip(CALLS, paths, strict=True)
    ]
    assert [(row[0].strip("`"), row[1]) for row in rows] == expected


def test_the_readme_lists_every_prefix_and_links_every_dialects_readme() -> None:
    rows = table(README, "Point your client at it")
    documented = {row[0].strip("`").removeprefix("http://127.0.0.1:10002") for row in rows}
    assert documented == {"", *(prefix for dialect in DIALECTS for prefix in dialect.base_paths)}
    for dialect in DIALECTS:
        assert f"(app/dialects/{folder_of(dialect)}/README.md)" in README


def test_the_changes_name_every_call() -> None:
    changes = README.split("## Changes")[1]
    for dialect in DIALECTS:
        for endpoint in dialect.endpoints:
            assert f"`{re.sub(r'[.](json|xml)$', '', endpoint.path)}`" in changes


def test_the_readme_lists_the_makefiles_targets() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    assert targets == [row[0].strip("`").removeprefix("make ") for row in table(README, "Work on it")]


def test_relative_links_have_a_target() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("*/**/README.md"), *ROOT.glob("deploy/*.md")]:
        if ".venv" in document.parts:
            continue
        for target in re.findall(r"\]\(([^):#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document}: {target}"


def test_the_example_of_the_bench_passes_its_tests(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "bench.md").read_text()
    application, tests = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    (tmp_path / "chat.py").write_text(application)
    (tmp_path / "test_chat.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, "5 passed" in done.stdout) == (0, True), done.stdout
    # The report that the document shows is that of the last test, if it fails.
    (tmp_path / "test_chat.py").write_text(tests + '    assert refused["number"] == 0\n')
    done = subprocess.run(
        [*command, "-k", "wrong_secret", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True
    )
    for line in text.split("requests to Rollcall ---", 1)[1].split("```")[0].splitlines()[1:]:
        assert line in done.stdout


def test_the_readmes_code_verifies_a_signature() -> None:
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.S) if "webhook-id" in code]
    body = b'{"a":1}'
    for sent, genuine in ((body, True), (body + b" ", False)):
        headers = signed_headers("a-secret-to-sign-with", "id", 1_700_000_000, sent)
        names: dict[str, object] = {"headers": headers, "body": body, "secret": "a-secret-to-sign-with"}
        exec(code, names)
        assert names["genuine"] is genuine


def examples() -> list[tuple[str, str]]:
    """Return the README's shell commands, each with the answer below it."""
    found = re.findall(r"```sh\n(.*?)```\n\n```json\n(.*?)\n```", README, re.S)
    assert len(found) == README.count("```sh\n") == README.count("```json\n")
    return found


@pytest.mark.serving
@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's commands need curl")
def test_every_command_of_the_readme_gives_the_answer_below_it(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", tmp_path / "log").start()
    try:
        script = "\nprintf '\\n%s\\n' ----\n".join(command for command, _ in examples())
        script = script.replace("http://127.0.0.1:10002", f"http://127.0.0.1:{server.port}")
        pasted = subprocess.run(
            ["sh", "-eu"], input=script, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    finally:
        server.stop()
    answers = [answer.strip() for answer in pasted.stdout.split("\n----\n")]
    assert len(answers) == len(examples())
    for answer, (command, documented) in zip(answers, examples(), strict=True):
        # An ellipsis stands for a value that varies: the rest of a token, a time.
        pattern = r'[^",}]+'.join(map(re.escape, documented.split("…")))
        assert re.fullmatch(pattern, answer), f"{command}\n{answer}\nis not\n{documented}"
