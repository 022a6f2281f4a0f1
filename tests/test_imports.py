"""Imports point one way, and nobody pays for what is not used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import django_k8s

PACKAGE = Path(django_k8s.__file__).parent
OPTIONAL = (
    "boto3",
    "botocore",
    "storages",
    "redis",
    "celery",
    "kombu",
    "newrelic",
    "structlog",
    "prometheus_client",
    "gunicorn",
    "whitenoise",
    "psycopg",
    "psycopg_pool",
)

# Which modules may import an optional library when they are imported themselves.
OWNERS = {
    "boto3": ("storage",), "botocore": ("storage",), "storages": ("storage",),
    "gunicorn": ("servers.",), "whitenoise": ("middleware.static_files", "staticfiles"), "celery": ("celery.",), "kombu": ("celery.",),
    "prometheus_client": ("observability.metrics",),
}  # fmt: skip

# A part of the package may import only what stands beside it here.
LAYERS = {
    "roles": set(),
    "variables": {"roles"},
    "exits": set(),
    "sources": set(),
    "masking": {"sources"},
    "report": {"sources", "exits"},
    "parsing": set(),
    "env": {"parsing", "variables", "sources", "masking", "report", "exits"},
    "startup": {"env"},
    "state": {"startup"},
    "exports": {"env", "sources"},
    "identity": {"env"},
    "networks": {"env"},
    "stops": {"env"},
    "conf": set(),
    "gate": {"conf", "celery", "exits", "startup"},
    "settings": {
        "env",
        "variables",
        "sources",
        "identity",
        "networks",
        "conf",
        "report",
        "startup",
        "stops",
        "celery",
    },
    "overlay": {"env", "settings", "conf"},
    "mail": {"conf"},
    "reporting": {"masking"},
    "observability": {"env", "exits", "identity", "masking", "roles", "startup", "state"},
    "probe": {"env", "exits", "identity", "variables", "observability", "startup", "state", "stops"},
    "servers": {"env", "networks", "masking", "probe", "observability", "startup", "stops", "report", "gate"},
    "celery": {
        "env",
        "probe",
        "observability",
        "conf",
        "database",
        "locks",
        "models",
        "startup",
        "exits",
        "stops",
        "servers",
    },
    "health": {"conf", "database", "settings", "masking", "celery"},
    "middleware": {"conf", "gate", "health", "observability", "startup"},
}


def modules() -> list[str]:
    paths = [
        path
        for path in PACKAGE.rglob("*.py")
        if "_assets" not in path.parts and "migrations" not in path.parts
    ]
    return sorted(
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__") for path in paths
    )


def source(module: str) -> ast.Module:
    path = PACKAGE.joinpath(*module.split("."))
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())


@pytest.mark.parametrize(
    "module",
    [name for name in modules() if name.split(".")[0] in ("env", "exports", "probe", "startup", "stops")],
)
def test_stands_alone(module: str) -> None:
    """The environment and the probe are used where neither Django nor Celery is."""
    code = f"import sys, django_k8s.{module} as m; print([n for n in ('django', 'celery', 'environ') if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"


@pytest.mark.parametrize("module", modules())
def test_optional_libraries_have_one_owner(module: str) -> None:
    """A module imports an optional library at its top only when it is the module for that library."""
    for node in source(module).body:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in (name.split(".")[0] for name in names):
            if name in OPTIONAL:
                assert f"{module}.".startswith(OWNERS.get(name, ())), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in modules() if name.split(".")[0] in LAYERS])
def test_imports_point_one_way(module: str) -> None:
    """env <- settings, probe <- servers and celery, health <- middleware."""
    part = module.split(".")[0]
    for node in ast.walk(source(module)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [
                f"{node.module}.{alias.name}" if node.module == "django_k8s" else node.module or ""
                for alias in node.names
            ]
        for name in names:
            if name.startswith("django_k8s."):
                other = name.split(".")[1]
                assert other == part or other in LAYERS[part], f"{module} imports {name}"


def test_modules_stay_small() -> None:
    """A module of more than 300 lines is asking to be two; the table of variables is exempt."""
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text().splitlines())
        for path in PACKAGE.rglob("*.py")
        if "_assets" not in path.parts
    }
    long = {name: count for name, count in lengths.items() if count > 300 and name != "variables.py"}

    assert long == {}
