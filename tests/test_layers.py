"""Imports between packages: dialects -> domain -> storage, models and errors at the bottom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"

#: What a package may import of app, besides itself; the longest name that fits a module applies.
BOTTOM = {"app.errors", "app.ids", "app.models", "app.clock"}
ALLOWED: dict[str, set[str]] = {
    "app.errors": set(),
    "app.ids": set(),
    "app.models": set(),
    "app.clock": set(),
    "app.signatures": set(),
    "app.setting_types": {"app.ids"},
    "app.settings": {"app.errors", "app.setting_types"},
    "app.storage": {"app.errors", "app.models"},
    "app.domain": {*BOTTOM, "app.storage"},
    "app.services": {
        *BOTTOM,
        "app.settings",
        "app.storage",
        "app.domain",
        "app.webhooks",
        "app.wire.codecs",
    },
    "app.webhooks": {
        *BOTTOM,
        "app.settings",
        "app.setting_types",
        "app.signatures",
        "app.domain",
        "app.wire.body",
        "app.wire.go_json",
        "app.wire.go_scanner",
        "app.wire.loopback",
        "app.wire.schema",
    },
    "app.wire": {*BOTTOM, "app.settings", "app.services"},
    "app.cli": {"app.errors", "app.settings", "app.storage"},
    "app.metrics": {"app.errors", "app.services", "app.wire"},
    "app.health": {"app.errors", "app.services"},
    "app.dialects": {
        *BOTTOM,
        "app.settings",
        "app.setting_types",
        "app.services",
        "app.signatures",
        "app.wire",
    },
}
#: The packages that may import a library.
LIBRARIES = {
    "sqlite3": {"app.storage"},
    "jwt": {"app.wire.jwt"},
    "itsdangerous": {"app.wire.opaque"},
    "flask": {"app", "app.health", "app.metrics", "app.wire", "app.dialects"},
    "werkzeug": {"app", "app.wire"},
    "gunicorn": set(),
    "prometheus_client": {"app.metrics"},
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(APP.rglob("*.py")):
        parts = path.relative_to(APP.parent).with_suffix("").parts
        found.append((".".join(parts).removesuffix(".__init__"), path))
    return found


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import in {path}"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def package_of(module: str) -> str:
    """Return the longest entry of ALLOWED that the module is in."""
    return max((package for package in ALLOWED if within(module, package)), key=len, default="app")


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_a_module_imports_only_lower_layers(module: str, path: Path) -> None:
    own = package_of(module)
    if own == "app":
        return  # the factory connects the layers
    for name in imports(path):
        if within(name, "app") and not within(name, own):
            assert any(within(name, allowed) for allowed in ALLOWED[own]), f"{module} imports {name}"


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_no_dialect_imports_another(module: str, path: Path) -> None:
    if module.count(".") < 2 or not within(module, "app.dialects"):
        return
    own = ".".join(module.split(".")[:3])
    for name in imports(path):
        assert not within(name, "app.dialects") or within(name, own), f"{module} imports {name}"


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_a_library_is_imported_only_by_its_packages(module: str, path: Path) -> None:
    for name in imports(path):
        library = name.split(".")[0]
        if library in LIBRARIES:
            places = LIBRARIES[library]
            assert any(module == place or (place != "app" and within(module, place)) for place in places), (
                f"{module} imports {name}"
            )


def test_no_module_imports_the_factory() -> None:
    assert [module for module, path in modules() if {"app", "app.create_app"} & imports(path)] == []


VIEWS = [path for _, path in modules() if "= Routes(" in path.read_text()]


@pytest.mark.parametrize("path", VIEWS, ids=[str(path.relative_to(APP)) for path in VIEWS])
def test_views_catch_no_exception(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try)]


def test_the_views_of_every_dialect_are_checked() -> None:
    assert {path.parent.name for path in VIEWS} == {
        "openim_callbacks",
        "openim_v2",
        "openim_v3",
        "rongcloud",
        "rollcall",
    }
