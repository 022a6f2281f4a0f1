"""``python -m django_k8s.cli.image.inputs``: collect the inputs of later steps, as a step of the Dockerfiles.

It reads the whole context, so it runs again whenever a file changes. Later steps depend only on what it writes: they run
again if a lock file, or something that belongs to it, has changed, but not for a line of code.
"""

from __future__ import annotations

import argparse
import posixpath
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from django_k8s.cli.image import locks
from django_k8s.cli.image.context import Context
from django_k8s.cli.image.frontend import front_end
from django_k8s.cli.image.plan import Refusal
from django_k8s.environment.exit_codes import EX_NOINPUT


def main(argv: Sequence[str] | None = None) -> int:
    """Write the inputs. Return 0, or an exit status after one sentence about a wrong argument."""
    parser = argparse.ArgumentParser(prog="django_k8s.cli.image.inputs", description=__doc__)
    parser.add_argument("context", type=Path, help="the build context")
    parser.add_argument("target", type=Path, help="where the inputs of each step are written to")
    parser.add_argument(
        "--lock",
        default="requirements.txt",
        help="the lock file, or requirements files, relative to the context",
    )
    for name in (
        "project-dir",
        "groups",
        "extras",
        "packages",
        "frontend-dir",
        "frontend-build",
        "build-env",
    ):
        parser.add_argument(f"--{name}", default="", help=f"the argument {name.upper().replace('-', '_')}")
    options = parser.parse_args(argv)
    try:
        _write(options)
    except Refusal as refusal:
        print(f"django-k8s: {refusal}", file=sys.stderr)
        return refusal.status
    return 0


def _write(options: argparse.Namespace) -> None:
    for name in ("python", "frontend", "frontend-install", "frontend-build", "static"):
        (options.target / name).mkdir(parents=True, exist_ok=True)
    context = Context(options.context, options.target / "python")
    project = context.directory("PROJECT_DIR", options.project_dir)
    lock = posixpath.normpath(options.lock).removeprefix("/")
    plan = locks.plan(context, lock, project, _words(options.groups), _words(options.extras))
    plan.write(options.target / "python")
    packages = _words(options.packages)
    if locks.uses_git(context, plan):
        packages += ["git", "ca-certificates"]
    if {"gcc", "g++", "clang"} & set(packages):
        packages.append("libc6-dev")  # every compiler needs it
    (options.target / "packages").write_text("".join(f"{name}\n" for name in packages))
    if options.frontend_dir:
        scripts = front_end(
            Context(options.context, options.target / "frontend"),
            options.frontend_dir,
            options.frontend_build,
        )
        # Separate folders: if only the build command changes, nothing is installed again.
        (options.target / "frontend-install" / "install.sh").write_text(scripts.install)
        (options.target / "frontend-build" / "build.sh").write_text(scripts.build)
    if options.build_env:
        file = options.context / options.build_env
        if not file.is_file():
            raise Refusal(f"BUILD_ENV: {options.build_env} is not a file of the build context.", EX_NOINPUT)
        shutil.copyfile(file, options.target / "static" / "build.env")


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


if __name__ == "__main__":
    raise SystemExit(main())
