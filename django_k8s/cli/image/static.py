"""``python -m django_k8s.cli.image.static``: collect the static files, in the build phase."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django_k8s.cli.image.plan import Refusal
from django_k8s.cli.image.uv import BUILD_ONLY

_SETTINGS = "import django.conf as c; s = c.settings; print(int('django.contrib.staticfiles' in s.INSTALLED_APPS), s.STATIC_ROOT)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the project's own commands and collectstatic. Return 0, or an exit status after one sentence."""
    parser = argparse.ArgumentParser(prog="django_k8s.cli.image.static", description=__doc__)
    parser.add_argument("target", type=Path, help="where static files belong: STATIC_ROOT in the image")
    parser.add_argument("--env-file", type=Path, help="variables of the build phase, NAME=value in each line")
    parser.add_argument("--before", default="", help="the argument BEFORE_STATIC")
    parser.add_argument("--after", default="", help="the argument AFTER_STATIC")
    parser.add_argument(
        "--frontend-before", default="", help="the argument FRONTEND_BEFORE: run nothing else"
    )
    parser.add_argument(
        "--compressed", default="", help="a directory that keeps compressed files for the next build"
    )
    options = parser.parse_args(argv)
    try:
        given = {**os.environ, **_variables(options.env_file)}
        variables = {
            **given,
            "PYTHONPATH": os.pathsep.join(filter(None, (given.get("PYTHONPATH"), str(BUILD_ONLY)))),
            "BUILD_PHASE": "1",
            "STATIC_ROOT": str(options.target),
            "DJANGO_K8S_COMPRESSED": options.compressed,
        }
        if options.frontend_before:
            _command("FRONTEND_BEFORE", options.frontend_before, variables)
            return 0
        _command("BEFORE_STATIC", options.before, variables)
        _collect(options.target, variables)
        _command("AFTER_STATIC", options.after, variables)
    except Refusal as refusal:
        sys.stdout.flush()
        print(f"django-k8s: {refusal}", file=sys.stderr)
        return refusal.status
    return 0


def _variables(file: Path | None) -> dict[str, str]:
    """Return the variables in a file of lines NAME=value. Only quotation marks around a whole value are removed."""
    found = {}
    for number, text in enumerate(file.read_text().splitlines() if file and file.is_file() else [], 1):
        line = text.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise Refusal(f"BUILD_ENV: line {number} is not NAME=value.")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        found[name.strip()] = value[1:-1] if quoted else value
    return found


def _command(argument: str, command: str, variables: dict[str, str]) -> None:
    if command and _run(variables, "/bin/sh", "-ec", command).returncode:
        raise Refusal(
            f"{argument}: this command failed: {command}. It runs in the build phase, without a network."
        )


def _run(variables: dict[str, str], *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=variables, text=True, check=False, **options)  # noqa: S603


def _collect(target: Path, variables: dict[str, str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    failed = _run(variables, sys.executable, "-m", "django", "collectstatic", "--noinput", "-v0").returncode
    if failed or not any(target.iterdir()):
        _explain(target, variables, failed=bool(failed))


def _explain(target: Path, variables: dict[str, str], *, failed: bool) -> None:
    """Print why there are no static files. Raise Refusal if the image should have some."""
    sys.stdout.flush()
    done = _run(variables, sys.executable, "-c", _SETTINGS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode:
        raise Refusal(
            f"the settings {variables.get('DJANGO_SETTINGS_MODULE')} do not load in the build phase; see above. If they "
            "require a variable, write NAME=dummy into a file and name it: --build-arg BUILD_ENV=deploy/build.env."
        )
    used, _, root = done.stdout.splitlines()[-1].partition(" ")
    if used == "0":
        print(
            "django-k8s: django.contrib.staticfiles is not in INSTALLED_APPS, so there are no static files."
        )
    elif root in ("", "None") or Path(root) != target:
        raise Refusal(
            f"STATIC_ROOT is {root if root not in ('', 'None') else 'not set'} in the settings, and the image serves "
            f"static files from {target}: set STATIC_ROOT from the environment variable of that name."
        )
    elif failed:
        raise Refusal(
            "collectstatic failed; see above. It runs in the build phase, without database and network."
        )
    else:
        print(
            f"django-k8s: collectstatic wrote no files to {target}. Check STATICFILES_DIRS and STORAGES in the settings."
        )


if __name__ == "__main__":
    raise SystemExit(main())
