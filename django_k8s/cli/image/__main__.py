"""``python -m django_k8s.cli.image CONTEXT TARGET``: copy the project, as a step of docker/Dockerfile."""

from __future__ import annotations

import argparse
import posixpath
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from django_k8s.cli.image.context import holds
from django_k8s.cli.image.selection import Selection, select
from django_k8s.environment.exit_codes import EX_CONFIG, EX_NOINPUT

# The most names that a message lists.
_LISTED = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Copy the project from the build context.

    Return 0, or an exit status after a message: 78 if files are refused, 66 if something cannot be read or copied.
    """
    parser = argparse.ArgumentParser(prog="django_k8s.cli.image", description=__doc__)
    parser.add_argument("context", type=Path, help="the build context")
    parser.add_argument("target", type=Path, help="where the project is copied to; must be empty or missing")
    parser.add_argument("--project-dir", default=".", help="the project's directory in the context")
    parser.add_argument(
        "--frontend-dir", default="", help="the front end's directory in the context, if it has one"
    )
    parser.add_argument("--allow", default="", help="patterns of files that are copied nevertheless")
    parser.add_argument(
        "--build-env", default="", help="the file with variables of the build phase: it is left out"
    )
    options = parser.parse_args(argv)

    folders: list[str] = []
    for argument, name in (("PROJECT_DIR", options.project_dir), ("FRONTEND_DIR", options.frontend_dir)):
        folder = posixpath.normpath(name or ".").removeprefix("/").removeprefix(".")
        if folder.startswith(".") or not (options.context / folder).is_dir():
            return _refuse(EX_NOINPUT, f"{argument}: {name} is not a directory of the build context.")
        if (name or not folders) and not any(holds(other, folder) for other in folders):
            folders.append(folder)
    try:
        allow = shlex.split(options.allow)
    except ValueError:
        return _refuse(EX_CONFIG, "ALLOW_FILES: a quotation mark is not closed.")
    selection = Selection()
    try:
        for folder in folders:
            selection += select(options.context, folder, allow)
        selection.leave_out(posixpath.normpath(options.build_env))
        if selection.suspects:
            return _refuse(EX_CONFIG, *_explain(selection.suspects))
        _copy(options.context, options.target, selection)
    except OSError as error:
        return _refuse(EX_NOINPUT, f"cannot copy {error.filename}: {error.strerror}.")
    _report(selection)
    if selection.aside:
        print(
            "Left out, because they look like secrets of tests or development: "
            f"{', '.join(map(_printable, selection.aside))}. If one belongs in the image, name it in ALLOW_FILES."
        )
    if not any((options.context / name).exists() for name in (".gitignore", ".dockerignore")):
        print(
            "The build context has neither .gitignore nor .dockerignore. If it is a directory of a repository, "
            "build from the top of the repository with --build-arg PROJECT_DIR, so that its ignore files apply."
        )
    return 0


def _refuse(status: int, *lines: str) -> int:
    print("django-k8s:", "\n".join(lines), file=sys.stderr)
    return status


def _explain(suspects: dict[str, str]) -> list[str]:
    listed = list(suspects)[:_LISTED]
    more = len(suspects) - len(listed)
    names = shlex.join(_pattern(path) for path in listed)
    return [
        "these files must not get into an image.",
        *(f"  {_printable(path)} {suspects[path]}." for path in listed),
        *([f"  And {more} more."] if more else []),
        "Exclude them in .dockerignore or .gitignore. If one belongs in the image, allow it by name:",
        f"  --build-arg ALLOW_FILES={shlex.quote(_printable(names))}",
    ]


def _pattern(path: str) -> str:
    """Return a pattern that matches only this path."""
    return "".join(f"\\{sign}" if sign in "*?[]\\" else sign for sign in path)


def _printable(text: str) -> str:
    return text.encode("unicode_escape").decode() if not text.isprintable() else text


def _copy(context: Path, target: Path, selection: Selection) -> None:
    """Copy each file to the same path, with its mode, time and symbolic links, as COPY does."""
    target.mkdir(parents=True, exist_ok=True)
    made = {""}

    def make(path: str) -> Path:
        place = target / path
        if path not in made:
            make(posixpath.dirname(path))
            place.mkdir()
            shutil.copymode(context / path, place)
            made.add(path)
        return place

    for path in selection.empty_directories:
        make(path)
    for path in selection.files:
        place = make(posixpath.dirname(path)) / posixpath.basename(path)
        shutil.copy2(context / path, place, follow_symlinks=False)


def _report(selection: Selection) -> None:
    names = ", ".join(map(_printable, selection.left_out[:_LISTED]))
    more = len(selection.left_out) - _LISTED
    left_out = f"; left out: {names}{f' and {more} more' if more > 0 else ''}" if names else ""
    print(f"{len(selection.files)} files are copied{left_out}")


if __name__ == "__main__":
    raise SystemExit(main())
