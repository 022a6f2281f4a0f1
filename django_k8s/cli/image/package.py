"""``python -m django_k8s.cli.image.package``: install the project itself into a directory, if it is a package.

It is installed without its dependencies, which are installed already. The directory is then copied into the image's
environment. In the development image nothing is installed, and Python finds the modules where they are mounted.
"""

from __future__ import annotations

import argparse
import posixpath
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from django_k8s.cli.image import bytecode
from django_k8s.cli.image.context import Context
from django_k8s.cli.image.plan import Plan, Refusal
from django_k8s.cli.image.records import forget_build
from django_k8s.cli.image.uv import pretend_version, uv

# The directory of the project in the image.
APP = Path("/app")


def main(argv: Sequence[str] | None = None) -> int:
    """Install the project's package. Return 0, or an exit status after one sentence."""
    parser = argparse.ArgumentParser(prog="django_k8s.cli.image.package", description=__doc__)
    parser.add_argument("inputs", type=Path, help="what django_k8s.cli.image.inputs wrote")
    parser.add_argument("context", type=Path, help="the build context")
    parser.add_argument("target", type=Path, help="where the package is installed")
    parser.add_argument(
        "--mounted", action="store_true", help="the context is mounted there when the image runs"
    )
    options = parser.parse_args(argv)
    options.target.mkdir(parents=True, exist_ok=True)
    plan = Plan.read(options.inputs)
    if plan.own is None:
        return 0
    if options.mounted:
        point_to(options.context / plan.own, options.target)
        return 0
    pretend_version()
    try:
        with tempfile.TemporaryDirectory() as folder:
            context = Context(options.context, Path(folder))
            context.copy_tree(plan.own)
            for name in _described_in(context, plan.own):
                context.copy(name, optional=True)
            uv("pip", "install", "--no-deps", "--prefix", str(options.target), str(Path(folder, plan.own)))
    except Refusal as refusal:
        if not plan.own_may_fail:
            print(f"django-k8s: {refusal}", file=sys.stderr)
            return refusal.status
        print(
            f"django-k8s: {plan.own or '.'} has a build system, but cannot be installed as a package: it runs from its directory."
        )
        point_to(APP / plan.own, options.target)
    forget_build(options.target)
    return bytecode.main([str(options.target)])


def _described_in(context: Context, own: str) -> list[str]:
    """Return the texts that the build of the package needs. A .dockerignore often excludes them."""
    pyproject = posixpath.join(own, "pyproject.toml")
    if not context.is_file(pyproject):
        return []
    project = tomllib.loads(context.read(pyproject)).get("project", {})
    named = [project.get(key) for key in ("readme", "license")]
    files = [value.get("file") if isinstance(value, dict) else value for value in named]
    return [posixpath.join(own, name) for name in (*files, *project.get("license-files", [])) if name]


def point_to(directory: Path, venv: Path) -> None:
    """Let the environment find the modules in a directory of the image, or in ``src`` below it."""
    packages = venv / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "project.pth").write_text(f"{directory}\n{directory / 'src'}\n")


if __name__ == "__main__":
    raise SystemExit(main())
