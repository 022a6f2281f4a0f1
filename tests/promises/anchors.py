"""Find the text that a row replaces, wherever it is in the package and however it is formatted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from promises.row import Row

TABLE = "tests/promises/"


class Place(NamedTuple):
    """A piece of a file: what lies between two offsets."""

    path: Path
    start: int
    end: int

    def text(self) -> str:
        return source(self.path)[self.start : self.end]


@cache
def sources(package: Path) -> list[Path]:
    """Every file of ``package`` that a row may break: its modules, and the entrypoints and the chart it carries."""
    modules = [path for path in package.rglob("*.py") if "_assets" not in path.parts]
    entrypoints = [
        path
        for path in (package / "_assets" / "entrypoints").glob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]
    return sorted(modules + entrypoints + chart(package))


def chart(package: Path) -> list[Path]:
    """The templates of the chart, and the programs that its Jobs run."""
    folder = package / "_assets" / "charts" / "django"
    return [
        *folder.rglob("templates/**/*.tpl"),
        *folder.rglob("templates/**/*.yaml"),
        *folder.rglob("files/*.py"),
    ]


def name(package: Path, path: Path) -> str:
    """What a source is called: ``celery.lock``, ``celery`` for its ``__init__.py``, ``entrypoints/web``, ``charts/…``."""
    path = path.relative_to(package)
    if "_assets" in path.parts:
        return "/".join(path.parts[1:])
    return ".".join(path.with_suffix("").parts).removesuffix("__init__").rstrip(".") or package.name


def find(package: Path, row: Row) -> Place:
    """Return the only place that ``row`` means. Raise LookupError, which says what to do, if there is not exactly one."""
    places = [
        Place(area.path, area.start + match.start(), area.start + match.end())
        for area in _areas(package, row)
        if _word(row.old) in source(area.path)  # quick, unlike the pattern
        for match in pattern(row.old).finditer(area.text())
    ]
    if len(places) == 1:
        return places[0]
    inside = f" in {row.within}" if row.within else ""
    if not places:
        raise LookupError(
            f'the row "{row.promise}" is stale: nothing{inside} reads `{row.old}`. Find the code that keeps this promise '
            f"now and adapt the row in {TABLE}, or remove the row if the promise is gone."
        )
    found = ", ".join(f"{place.path.relative_to(package)}:{_line(place)}" for place in places)
    raise LookupError(
        f'the row "{row.promise}" is ambiguous: `{row.old}` occurs {len(places)} times{inside} ({found}). '
        f"Lengthen it in {TABLE}, or name its function or class in `within`."
    )


def broken(place: Place, new: str) -> str:
    """Return the whole file with ``new`` instead of the place. Further lines of ``new`` are indented as the first one."""
    text = source(place.path)
    line = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    indent = re.match(r"\s*", line)
    assert indent
    return text[: place.start] + new.replace("\n", f"\n{indent[0]}") + text[place.end :]


@cache
def pattern(old: str) -> re.Pattern[str]:
    """``old`` as words and signs with any white space between them; the comma before a closing bracket is optional."""
    pieces = re.findall(r"\w+|[^\w\s]", re.sub(r",(?=\s*[)\]}])", "", old))
    found = ""
    for before, piece in zip(["", *pieces], pieces, strict=False):
        if before:
            both_words = re.match(r"\w", before) and re.match(r"\w", piece)
            found += r"\s+" if both_words else r"(?:\s*,)?\s*" if piece in ")]}" else r"\s*"
        found += re.escape(piece)
    start, end = (r"\b" if re.match(r"\w", piece) else "" for piece in (pieces[0], pieces[-1]))
    return re.compile(start + found + end)


@cache
def _word(old: str) -> str:
    """The longest word of ``old``, or an empty string."""
    return max(re.findall(r"\w+", old), key=len, default="")


@cache
def source(path: Path) -> str:
    """The text of a file, read once."""
    return path.read_text()


def _areas(package: Path, row: Row) -> Iterator[Place]:
    """Where ``row`` may be: every file, or every definition of the name in ``within``."""
    for path in sources(package):
        whole = path.suffix != ".py" or "_assets" in path.parts
        if not row.within or (whole and path.name == row.within):
            yield Place(path, 0, len(source(path)))
        elif path.suffix == ".py":
            for name, place in _definitions(path):
                if f".{name}".endswith(f".{row.within}"):
                    yield place


@cache
def _definitions(path: Path) -> list[tuple[str, Place]]:
    """The functions and classes of a module by qualified name."""
    text = source(path)
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line.decode()))
    found: list[tuple[str, Place]] = []

    def visit(node: ast.AST, names: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                inner = (*names, child.name)
                # Whole lines: columns of the syntax tree count bytes.
                place = Place(path, starts[child.lineno - 1], starts[child.end_lineno or child.lineno])
                found.append((".".join(inner), place))
                visit(child, inner)
            else:
                visit(child, names)

    visit(ast.parse(text), ())
    return found


def _line(place: Place) -> int:
    return source(place.path).count("\n", 0, place.start) + 1
