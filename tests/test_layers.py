"""The arrows between packages, and the measures by which the structure stays easy to follow."""

from __future__ import annotations

import ast
import configparser
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import ROOT

APP = ROOT / "app"
PACKAGE = "rollcall_server"

#: What a package or top-level module may import of the others.
BOTTOM = {"errors", "models", "limits", "clock", "capacity"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "models": set(),
    "limits": {"errors", "models"},
    "clock": set(),
    "capacity": {"errors"},
    "logs": set(),
    "setting_types": {"limits"},
    "settings": {"errors", "setting_types"},
    "storage": {"errors", "models"},
    "domain": {*BOTTOM, "storage"},
    "formats": {"errors", "models", "limits"},
    "webhooks": {*BOTTOM, "settings", "domain"},
    "services": {*BOTTOM, "settings", "storage", "domain", "formats", "webhooks"},
    "http": {*BOTTOM, "settings", "services", "formats", "webhooks"},
    "dialects": {*BOTTOM, "domain", "setting_types", "settings", "services", "formats", "webhooks", "http"},
    "operations": {*BOTTOM, "domain", "services", "http"},
    "devtools": {*BOTTOM, "settings", "storage", "domain", "services", "formats", "http"},
    "control": {*BOTTOM, "devtools", "domain", "settings", "services", "formats", "http"},
    "cli": {"client", "errors", "settings", "dialects", "storage", "serving"},
    "serving": {"", "errors", "limits", "logs", "settings", "services", "dialects", "http"},
    # The composition, and the doors to it.
    "application": {*BOTTOM, "logs", "settings", "services", "storage", "domain", "formats", "webhooks"}
    | {"http", "dialects", "operations", "devtools", "control", "cli"},
    "client": set(),
    "pytest_plugin": {"client"},
    "": {"application", "clock"},
    "__main__": {"cli"},
}
#: The packages that may import a library.
ONLY = {
    "sqlite3": {"storage.sqlite"},
    "jwt": {"formats.jwt"},
    "itsdangerous": {"formats.signed_tokens"},
    "flask": {"", "application", "operations", "control", "http"},
    "werkzeug": {"http"},
    "gunicorn": {"serving"},
    "pytest": {"pytest_plugin"},
    "prometheus_client": {"operations.metrics"},
}
MAX_DEPTH = 14


def name_of(path: Path) -> str:
    """Return a module's name below the package; empty for the package itself."""
    parts = path.relative_to(APP).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").rstrip(".")


MODULES = {name_of(path): path for path in sorted(APP.rglob("*.py"))}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def nodes(tree: ast.AST, *, at_load: bool) -> Iterator[ast.AST]:
    """Yield all nodes; with `at_load`, only those that run when the module is loaded."""
    for child in ast.iter_child_nodes(tree):
        if not at_load or not (is_for_types(child) or isinstance(child, ast.FunctionDef)):
            yield child
            yield from nodes(child, at_load=at_load)


@functools.cache
def imports(module: str, at_load: bool = False) -> tuple[str, ...]:
    """Return the modules that a module imports: our own without the package, others in full."""
    path, found = MODULES[module], []
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in nodes(ast.parse(path.read_text()), at_load=at_load):
        if isinstance(node, ast.Import):
            found += [f"library:{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module != PACKAGE, f"{module} imports {PACKAGE} by its name"
            found.append(f"library:{node.module}")
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1]
            base = ".".join([*[part for part in above if part], *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}".lstrip(".")
                found.append(full if full in MODULES else base)
    return tuple(dict.fromkeys(found))


def own_imports(module: str, at_load: bool = False) -> list[str]:
    return [name for name in imports(module, at_load) if not name.startswith("library:") and name != module]


def top(module: str) -> str:
    return module.split(".")[0]


def within(name: str, package: str) -> bool:
    return name == package or (package != "" and name.startswith(package + "."))


@pytest.mark.parametrize("module", MODULES)
def test_a_package_imports_only_what_lies_below_it(module: str) -> None:
    for name in own_imports(module):
        assert top(name) == top(module) or top(name) in ALLOWED[top(module)], f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "domain")])
def test_the_domain_imports_of_storage_only_what_the_package_offers(module: str) -> None:
    assert [name for name in own_imports(module) if name.startswith("storage.")] == []


@pytest.mark.parametrize(
    "module", [name for name in MODULES if name.count(".") > 0 and top(name) == "dialects"]
)
def test_no_dialect_imports_another(module: str) -> None:
    own = ".".join(module.split(".")[:2])
    shared = "dialects.openim"
    for name in own_imports(module):
        is_shared = within(name, shared) and own.startswith(shared)
        assert not name.startswith("dialects.") or within(name, own) or is_shared, f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_library_is_imported_only_by_its_packages(module: str) -> None:
    for name in imports(module):
        library = name.removeprefix("library:").split(".")[0]
        if name.startswith("library:") and library in ONLY:
            assert any(within(module, package) for package in ONLY[library]), f"{module} imports {library}"


def test_the_packages_form_no_cycle() -> None:
    below: dict[str, set[str]] = {}
    for module in MODULES:
        below.setdefault(top(module), set()).update(top(name) for name in own_imports(module))
    # Importing the package itself loads nothing; create_app imports the composition when it is called.
    below[""] = set()

    def visit(package: str, path: tuple[str, ...]) -> None:
        assert package not in path, " -> ".join([*path, package])
        for name in below[package] - {package}:
            visit(name, (*path, package))

    for package in below:
        visit(package, ())


def test_the_longest_chain_of_imports_is_short() -> None:
    @functools.cache
    def depth(module: str) -> int:
        lower = [
            name
            for name in own_imports(module, at_load=True)
            if not MODULES[name].samefile(APP / "__init__.py")
        ]
        return 1 + max((depth(name) for name in lower), default=0)

    assert max(map(depth, MODULES)) <= MAX_DEPTH


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield f"{module}.{node.name}", node


def test_functions_are_short() -> None:
    long = {name: node.end_lineno - node.lineno + 1 for name, node in functions() if node.end_lineno}
    assert {name: lines for name, lines in long.items() if lines > 40} == {}


def test_signatures_are_small() -> None:
    """Commands of the command line are apart: their parameters are its options."""
    many = {
        name: len(parameters)
        for name, node in functions()
        if not any("click" in ast.unparse(each) for each in node.decorator_list)
        for parameters in [
            [each for each in (*node.args.args, *node.args.kwonlyargs) if each.arg not in ("self", "cls")]
        ]
        if len(parameters) > 6
    }
    assert many == {}


@pytest.mark.parametrize("module", ["http.dialect", "http.error_rows", "http.detect", "dialects"])
def test_the_contract_of_dialects_has_no_any(module: str) -> None:
    names = [
        node.id for node in ast.walk(ast.parse(MODULES[module].read_text())) if isinstance(node, ast.Name)
    ]
    assert "Any" not in names


def test_every_package_is_installed() -> None:
    listed = configparser.ConfigParser()
    listed.read(ROOT / "setup.cfg")
    folders = {path.parent.relative_to(APP) for path in APP.rglob("__init__.py")}
    packages = {".".join([PACKAGE, *folder.parts]) for folder in folders}
    assert set(listed["options"]["packages"].split()) == packages


VIEWS = [name for name, path in MODULES.items() if "routes = " in path.read_text()]


@pytest.mark.parametrize("module", VIEWS)
def test_no_view_catches_an_exception(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try)]


def test_the_views_of_every_dialect_are_checked() -> None:
    assert {module.split(".")[1] for module in VIEWS} == {
        "openim",
        "openim_v2",
        "openim_v3",
        "rongcloud",
        "rollcall",
    }
