"""Find the repository and the project in it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from django_k8s.adopt.facts import Choice
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.tree import Tree, called

_DEPTH = 4  # the most parts that the path of manage.py may have


def git_root(start: Path) -> Path:
    """Return the directory with ``.git`` at or above ``start``. Raise CannotAdopt if there is none."""
    start = start.resolve()
    if not start.is_dir():
        raise CannotAdopt(f"{start} is not a directory. Name the directory of your repository.")
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    raise CannotAdopt(
        f"{start} is not in a git repository. Run `git init` there and commit your files: what is written can then"
        " be seen as one diff, and undone."
    )


def projects(tree: Tree) -> list[Choice]:
    """Return the directories with a manage.py of Django, those nearest to the root first."""
    found = [
        name
        for name in tree.files
        if PurePosixPath(name).name == "manage.py"
        and len(PurePosixPath(name).parts) <= _DEPTH
        and not tree.aside(name)
        and _is_django(tree, name)
    ]
    found.sort(key=lambda name: (len(PurePosixPath(name).parts), name))
    return [Choice(PurePosixPath(name).parent.as_posix(), name) for name in found]


def nearest(choices: list[Choice]) -> list[Choice]:
    """Return those of ``choices`` that are nearest to the root. The others do not count."""
    depths = [0 if choice.value == "." else len(PurePosixPath(choice.value).parts) for choice in choices]
    return [choice for choice, depth in zip(choices, depths, strict=True) if depth == min(depths)]


def no_project(tree: Tree) -> str:
    """Return the error message for a repository without manage.py."""
    programs = [name for name in tree.code() if "get_wsgi_application" in tree.text(name)]
    if programs:
        return (
            f"There is no manage.py in {tree.root}, but {programs[0]} has a WSGI application, so the project is started by"
            ' a program of its own. Follow the page "Put an existing project on Kubernetes" of the documentation by hand:'
            " write the settings module, and name it in DJANGO_SETTINGS_MODULE."
        )
    return (
        f"There is no manage.py in {tree.root}. Run this in the repository of a Django project, or name its folder with"
        " --project."
    )


def _is_django(tree: Tree, name: str) -> bool:
    module = tree.parsed(name)
    if module is None:
        return True  # a broken one is reported later, with its line
    text = tree.text(name)
    return "django" in text.lower() and (
        "DJANGO_SETTINGS_MODULE" in text
        or "execute_from_command_line" in text
        or any(called(node).endswith("execute_from_command_line") for node in module.body)
    )
