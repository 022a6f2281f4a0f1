"""The commands that the project runs along with its migrations: at each start or release, or once by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.tree import Tree

_COMMAND = re.compile(
    r"(?:manage(?:\.py)?|django-admin|-m django)[\"',]*\s+[\"']?([a-z]\w+)((?:\s+(?!\|\||&&)[^\s&|;)\"'#>]+)*)"
)
_ASIDE = re.compile(
    r"(^|[/_.-])(dev|devel|development|local|test|tests|testing|ci|docs?|e2e|override)([/_.-]|$)"
)
_SCRIPT = re.compile(r"(^|[/_.-])(entrypoint|start|release|predeploy|postdeploy|web|server|run)([/_.-]|$)")
# Commands of other packages that fill a database. Apart from these, only the project's own commands count.
_KNOWN = frozenset(["createcachetable", "loaddata", "update_index", "createinitialrevisions"])
_NEVER = frozenset(
    ["migrate", "collectstatic", "createsuperuser", "check", "test", "shell", "runserver", "makemigrations"]
)
_NOT_A_STEP = re.compile(
    r"wait|health|check|run|serve|work|consum|flush|reset|drop|delete|clear|dump|backup|test|admin_|superuser"
)
# Commands that create files for collectstatic belong in the build of the image.
BUILDS = re.compile(r"(^|_)(compile|compress|build|bundle|webpack|sass|scss|css|js|i18n)")
_FILLS = re.compile(r"init|setup|bootstrap|populate|load|seed|initial|import|create_")
_NEAR = 25  # the most lines between the migrations and the command in a README


@dataclass(frozen=True)
class Step:
    """A management command with its arguments, and its place."""

    words: tuple[str, ...]
    place: str
    before_static: bool = False


def after_migrate(tree: Tree, project: str) -> Fact:
    """Return the commands that run after the migrations at each start or release, as lists of words."""
    found: dict[tuple[str, ...], Step] = {}
    for step in starts(tree, project):
        if not (step.before_static and BUILDS.search(step.words[0])):
            found.setdefault(step.words, step)
    source = ", ".join(dict.fromkeys(step.place for step in found.values()))
    value = [list(step.words) for step in found.values()]
    return Fact("after_migrate", value, source or "no start runs one", "likely" if found else "read")


def builds(tree: Tree, project: str, known: list[str]) -> tuple[list[str], str]:
    """Return the commands that each start runs before collectstatic to create files for it, and the first place."""
    found = [
        step
        for step in starts(tree, project)
        if step.before_static
        and BUILDS.search(step.words[0])
        and not any(f" {step.words[0]}" in one for one in known)
    ]
    return [f"python manage.py {' '.join(step.words)}" for step in found], found[0].place if found else ""


def starts(tree: Tree, project: str) -> Iterator[Step]:
    """Yield the commands that follow the migrations in the files that start or release production."""
    own = _own(tree, project)
    for name in _places(tree):
        yield from _steps(tree, name, own)


def by_hand(tree: Tree, project: str, known: list[str]) -> str:
    """Return a note about a command that fills the database after the migrations in a README, or an empty string."""
    own = _own(tree, project) - {*known}
    for name in tree.files:
        path = PurePosixPath(name)
        if len(path.parts) > 2 or not re.match(
            r"(readme|install|setup|deploy).*\.(md|rst|txt)$", path.name.lower()
        ):
            continue
        migrated = 0
        for number, text in enumerate(tree.text(name).splitlines(), 1):
            for match in _COMMAND.finditer(text):
                if match[1] == "migrate" and not match[2].strip():
                    migrated = number
                elif not migrated or number - migrated > _NEAR or match[1] not in own:
                    continue
                elif _FILLS.search(match[1]) and not _NOT_A_STEP.search(match[1]):
                    job = f"{label(match[1])}: {{args: [manage, {match[1]}], once: true}}"
                    return (
                        f"{name}:{number} runs `manage.py {match[1]}` once after the migrations: if production needs it,"
                        f" add `jobs: {{{job}}}` to deploy/values.yaml."
                    )
    return ""


def label(name: str) -> str:
    """Return a name as a Kubernetes label of at most 20 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:20].strip("-")


def labels(names: Iterable[str]) -> list[str]:
    """Return a label for each name. Equal labels are numbered."""
    found: list[str] = []
    for name in names:
        made, number = label(name), 1
        while made in found:
            number += 1
            made = f"{label(name)[:17].strip('-')}-{number}"
        found.append(made)
    return found


def _own(tree: Tree, project: str) -> set[str]:
    """Return the project's own commands, except those that open an SQLite file, which no pod has."""
    return {
        PurePosixPath(file).stem
        for file in tree.code(project)
        if "/management/commands/" in file
        and not PurePosixPath(file).stem.startswith("_")
        and "sqlite3.connect(" not in tree.text(file)
    }


def _places(tree: Tree) -> Iterator[str]:
    """Yield the files that start or release production."""
    named = " ".join(tree.text(name) for name in dockerfiles.files(tree) if not _ASIDE.search(name.lower()))
    for name in tree.files:
        path = PurePosixPath(name)
        if tree.aside(name) or _ASIDE.search(name.lower()) or len(path.parts) > 5:
            continue
        if path.name in ("Procfile", "fly.toml", "heroku.yml", "render.yaml") or re.search(
            r"compose[^/]*\.ya?ml$", path.name
        ):
            yield name
        elif path.suffix in ("", ".sh") and (_SCRIPT.search(name.lower()) or path.name in named):
            text = tree.text(name)
            if "migrate" in text and text.startswith("#!"):
                yield name


def _steps(tree: Tree, name: str, own: set[str]) -> Iterator[Step]:
    """Yield the commands after ``migrate`` that are in the same branch of the script, or in a branch around it."""
    blocks: list[int] = []
    migrated: list[int] | None = None
    found: list[Step] = []
    lines = tree.text(name).splitlines()
    collected = max((number for number, text in enumerate(lines, 1) if "collectstatic" in text), default=0)
    for number, text in enumerate(lines, 1):
        bare = text.strip()
        if bare.startswith("#") and not bare.startswith("#!"):
            continue
        if re.match(r"(if|case|for|while)\b", bare) and not re.search(r"\b(fi|esac|done)$", bare):
            blocks.append(number)
        if re.match(r"(fi|esac|done)\b", bare) and blocks:
            blocks.pop()
        if re.match(r"[\w-]+: *$", bare) and not text.startswith("    "):
            migrated = None  # the next service of a compose file
        for match in _COMMAND.finditer(text):
            words = (match[1], *match[2].split())
            if match[1] == "migrate":
                migrated = list(blocks)
            elif (
                migrated is not None
                and blocks == migrated[: len(blocks)]
                and match[1] in own | _KNOWN
                and match[1] not in _NEVER
                and not _NOT_A_STEP.search(match[1])
                and not any("$" in word for word in words)
            ):
                found.append(Step(words, f"{name}:{number}", number < collected))
    yield from found
