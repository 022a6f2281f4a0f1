"""``python -m django_k8s.cli.image.toolkit``: install this library and gunicorn, over the project's if necessary.

The project's lock file is not changed. Replaced packages are reported.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django_k8s
from django_k8s.cli.image import bytecode
from django_k8s.cli.image.plan import Refusal
from django_k8s.cli.image.records import forget_build
from django_k8s.cli.image.trim import trim
from django_k8s.cli.image.uv import BUILD_ONLY, VENV, installed, report, uv

NAME = "django-k8s-toolkit"
# Lock files of what the build itself installs.
LOCKS = Path(django_k8s.__file__).parent / "_assets" / "image"


def main(argv: Sequence[str] | None = None) -> int:
    """Install, and report what changed. Return 0, or an exit status after one sentence."""
    parser = argparse.ArgumentParser(prog="django_k8s.cli.image.toolkit", description=__doc__)
    parser.add_argument("library", help="the argument LIBRARY")
    parser.add_argument("wheels", type=Path, help="a directory with a wheel of this library, or an empty one")
    parser.add_argument("more", nargs="*", help="further packages, for development")
    parser.add_argument("--trim", action="store_true", help="remove what a production image does not read")
    options = parser.parse_args(argv)
    try:
        before = installed()
        _install(options.library, sorted(options.wheels.glob("*.whl")), before, options.more)
        after = installed()
        _report(before, after)
    except Refusal as refusal:
        print(f"django-k8s: {refusal}", file=sys.stderr)
        return refusal.status
    _keep_entrypoints()
    if options.trim:
        removed = trim(VENV, BUILD_ONLY, {*map(_normal, before)}, {*map(_normal, after)})
        print(f"django-k8s: {removed / 1e6:.1f} MB that production does not read are removed", flush=True)
    forget_build(VENV / "lib")
    return bytecode.main([str(VENV / "lib")])


def _install(library: str, wheels: list[Path], before: dict[str, str], more: list[str]) -> None:
    wanted, again = library, []
    if wheels:
        extras = re.match(r"[^\[@=<>~! ]*(\[[^\]]*\])?", library)
        wanted = f"{NAME}{(extras and extras[1]) or ''} @ {wheels[0].absolute().as_uri()}"
        again = ["--reinstall-package", NAME]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(_constraints(before)))
        constraints.flush()
        uv("pip", "install", "--constraints", constraints.name, *again, wanted, *more)
    if not _files():
        raise Refusal(f"LIBRARY: {library} does not install {NAME}.")


def _constraints(before: dict[str, str]) -> list[str]:
    """Return the tested releases of the dependencies that the project lacks, and the project's own Django.

    Django is never replaced.
    """
    lines = re.findall(r"^[\w.\-]+==[^\\\n]*", (LOCKS / "toolkit.txt").read_text(), re.MULTILINE)
    tested = [line for line in lines if _normal(line.partition("==")[0]) not in {*map(_normal, before)}]
    django = next((version for name, version in before.items() if _normal(name) == "django"), "")
    return [*tested, *([f"django=={django}"] if re.fullmatch(r"[\w.]+", django) else [])]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _report(before: dict[str, str], after: dict[str, str]) -> None:
    replaced = [
        f"{name} {before[name]} by {after[name]}"
        for name in after
        if before.get(name, after[name]) != after[name]
    ]
    report("replaced, in the image only", replaced)
    report("added", [f"{name} {version}" for name, version in after.items() if name not in before])


def _files() -> list[Path]:
    return list(VENV.glob("lib/python3*/site-packages/django_k8s/_assets/entrypoints"))


def _keep_entrypoints() -> None:
    """Remove the files that the library carries for copying, except for the entrypoints, which the image runs."""
    (entrypoints,) = _files()
    for path in entrypoints.parent.iterdir():
        if path != entrypoints:
            shutil.rmtree(path)
    link = VENV / "entrypoints"
    link.unlink(missing_ok=True)
    link.symlink_to(entrypoints)


if __name__ == "__main__":
    raise SystemExit(main())
