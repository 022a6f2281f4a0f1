"""Find out which packages the project's code imports at the top of its modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from django_k8s.adopt.rules.settings_module import development, folders
from django_k8s.adopt.tree import Tree

# Packages whose module has a different name.
_MODULES = {
    "beautifulsoup4": "bs4",
    "factory-boy": "factory",
    "pillow": "PIL",
    "python-dateutil": "dateutil",
    "python-dotenv": "dotenv",
    "pyyaml": "yaml",
    "vcrpy": "vcr",
}
_TOP = re.compile(r"^(?:import|from) +([A-Za-z_]\w*)", re.MULTILINE)
_TESTS = re.compile(r"^(?:import|from) +[\w.]*\b(?:tests?|conftest|testing)\b", re.MULTILINE)
# Programs for developers, which no process imports in production.
_PROGRAMS = frozenset(["setup.py", "noxfile.py", "fabfile.py", "locustfile.py", "tasks.py", "factories.py"])


def modules(package: str) -> set[str]:
    """Return the module names that a package may have. The package's name must be normalized."""
    name = package.replace("-", "_")
    return {name, name.removeprefix("django_"), _MODULES.get(package, name)}


def importing(tree: Tree, project: str, names: set[str]) -> str:
    """Return the first file that imports one of ``names`` at its top, or an empty string.

    Tests do not count unless other code imports them. Management commands do not count either.
    """
    waiting = [
        file
        for file in tree.code(project)
        if "/management/commands/" not in file
        and PurePosixPath(file).name not in _PROGRAMS
        and not development(PurePosixPath(file).stem)
    ]
    seen = set(waiting)
    while waiting:
        file = waiting.pop(0)
        text = tree.text(file)
        if names & set(_TOP.findall(text)):
            return file
        if _TESTS.search(text) or tree.aside(file):
            more = [one for one in own(tree, project, file) if one not in seen]
            seen.update(more)
            waiting += more
    return ""


def own(tree: Tree, project: str, file: str) -> Iterator[str]:
    """Yield the project's files that a file imports at its top, with the packages that contain them."""
    parsed = tree.parsed(file)
    for node in parsed.body if parsed else ():
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = PurePosixPath(file).parents
                above = parents[min(node.level, len(parents)) - 1].as_posix()
                base = f"{above}/{base}".strip("./").replace("/", ".")
            named = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in named:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                if found := tree.module_file(".".join(parts[:end]), (*folders(project), ".")):
                    yield found
