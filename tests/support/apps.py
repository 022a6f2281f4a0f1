"""Small apps with migrations, written into a folder for one test."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

HEAD = """
import time
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = {dependencies}
"""


def app(folder: Path, name: str, *bodies: str) -> None:
    """An app whose migrations 0001_m, 0002_m … have these class bodies, each after the one before."""
    package = folder / name / "migrations"
    package.mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    (package / "__init__.py").touch()
    add(folder, name, *bodies)


def add(folder: Path, name: str, *bodies: str) -> None:
    """More migrations for the app."""
    package = folder / name / "migrations"
    for body in bodies:
        number = len(list(package.glob("0*.py")))
        dependencies = [(name, f"{number:04}_m")] if number else []
        text = HEAD.format(dependencies=dependencies) + textwrap.indent(textwrap.dedent(body), "    ")
        (package / f"{number + 1:04}_m.py").write_text(text)


def sql(statement: str, *, atomic: bool = True) -> str:
    """The body of a migration that runs one statement."""
    return f"atomic = {atomic}\noperations = [migrations.RunSQL({statement!r})]\n"


def python(code: str, *, atomic: bool = True) -> str:
    """The body of a migration that runs code with ``schema_editor`` at hand."""
    function = "def run(apps, schema_editor):\n" + textwrap.indent(textwrap.dedent(code), "    ")
    return f"{function}\natomic = {atomic}\noperations = [migrations.RunPython(run)]\n"


def table(name: str, **columns: str) -> str:
    """The body of a migration that makes a table with an id and these columns."""
    fields: Mapping[str, str] = columns or {"value": "models.IntegerField(default=0)"}
    listed = "".join(f', ("{column}", {kind})' for column, kind in fields.items())
    return f"operations = [migrations.CreateModel({name!r}, [('id', models.BigAutoField(primary_key=True)){listed}])]\n"
