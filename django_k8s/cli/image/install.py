"""``python -m django_k8s.cli.image.install DIRECTORY``: install the packages of the lock file, as its tool would.

DIRECTORY has the files that ``django_k8s.cli.image.inputs`` wrote.
"""

from __future__ import annotations

import posixpath
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from django_k8s.cli.image import bytecode, pipfile
from django_k8s.cli.image.plan import Plan, Refusal
from django_k8s.cli.image.records import forget_build
from django_k8s.cli.image.toolkit import LOCKS
from django_k8s.cli.image.uv import VENV, environment, installed, pretend_versions, uv


def main(argv: Sequence[str] | None = None) -> int:
    """Install and compile the packages. Return 0, or an exit status after one sentence."""
    (folder,) = argv or sys.argv[1:]
    inputs = Path(folder)
    try:
        plan = Plan.read(inputs)
        pretend_versions(inputs)
        _INSTALLERS[plan.kind](plan, inputs)
        print(f"django-k8s: {len(installed())} packages of {plan.lock} are installed", flush=True)
    except Refusal as refusal:
        print(f"django-k8s: {refusal}", file=sys.stderr)
        return refusal.status
    forget_build(VENV / "lib")
    return bytecode.main([str(VENV / "lib")])


def _top(plan: Plan, inputs: Path) -> Path:
    return inputs / posixpath.dirname(plan.lock)


def _options(option: str, names: Sequence[str]) -> list[str]:
    return [item for name in names for item in (option, name)]


def _uv(plan: Plan, inputs: Path) -> None:
    chosen = [
        *_options("--group", plan.groups),
        *_options("--extra", plan.extras),
        *_options("--package", [plan.member] if plan.member else []),
    ]
    # In uv, --no-dev overrides --group dev.
    development = [] if "dev" in plan.groups else ["--no-dev"]
    uv(
        "sync",
        "--frozen",
        *development,
        "--no-editable",
        "--no-install-project",
        *chosen,
        cwd=_top(plan, inputs),
    )


def _poetry(plan: Plan, inputs: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tool = Path(folder, "poetry")
        uv("venv", "--quiet", str(tool))
        python = str(tool / "bin" / "python")
        uv(
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--require-hashes",
            "-r",
            str(LOCKS / "poetry.txt"),
        )
        lines = Path(folder, "requirements.txt")
        chosen = [*_options("--with", plan.groups), *_options("--extras", plan.extras)]
        export = [str(tool / "bin" / "poetry"), "export", "--no-interaction", "--output", str(lines), *chosen]
        done = subprocess.run(export, cwd=_top(plan, inputs), env=environment(), check=False)  # noqa: S603
        if done.returncode:
            raise Refusal(f"{plan.lock} cannot be installed: Poetry says why above.")
        # The lock file is complete. Poetry installs what it contains, even if a package requires something else.
        _pip("--no-deps", "-r", str(lines), cwd=_top(plan, inputs))


def _pylock(plan: Plan, inputs: Path) -> None:
    chosen = [*_options("--group", plan.groups), *_options("--extra", plan.extras)]
    _pip("-r", posixpath.basename(plan.lock), *chosen, cwd=_top(plan, inputs))


def _pipfile(plan: Plan, inputs: Path) -> None:
    text = (inputs / plan.lock).read_text()
    lines = inputs / "pipfile.txt"
    lines.write_text(
        "\n".join(pipfile.requirements(text, plan.groups, posixpath.dirname(plan.lock), plan.own)) + "\n"
    )
    _pip("--no-deps", "-r", str(lines), cwd=inputs)


def _pyproject(plan: Plan, inputs: Path) -> None:
    chosen = [*_options("--group", plan.groups), *_options("--extra", plan.extras)]
    name = posixpath.basename(plan.lock)
    # A file without a table [project] may still have groups, which uv reads from the current directory.
    declared = tomllib.loads((_top(plan, inputs) / name).read_text()).get("project")
    _pip(*(["-r", name] if declared else []), *chosen, cwd=_top(plan, inputs))


def _requirements(plan: Plan, inputs: Path) -> None:
    more = ["-r", plan.own_requires, *_options("--extra", plan.extras)] if plan.own_requires else []
    hashes = ["--require-hashes"] if plan.hashes and not more else []
    _pip(*hashes, "-r", plan.lock, *more, cwd=inputs)


def _pip(*options: str, cwd: Path) -> None:
    # pip treats several indexes as one, so do the same.
    uv("pip", "install", "--no-editable", "--index-strategy", "unsafe-best-match", *options, cwd=cwd)


_INSTALLERS: dict[str, Callable[[Plan, Path], None]] = {
    "uv": _uv,
    "poetry": _poetry,
    "pylock": _pylock,
    "pipfile": _pipfile,
    "pyproject": _pyproject,
    "requirements": _requirements,
}


if __name__ == "__main__":
    raise SystemExit(main())
