"""How uv is called in the build: for one environment, with the private index of the secrets that the build is given."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

from django_k8s.cli.image.plan import Refusal

VENV = Path("/opt/venv")
# Packages that the build needs and the image does not.
BUILD_ONLY = Path("/opt/build-only")
PIP_CONF = Path("/etc/pip.conf")
_PRETEND = "SETUPTOOLS_SCM_PRETEND_VERSION"


def uv(*arguments: str, cwd: Path = Path("/"), capture: bool = False) -> str:
    """Run uv and return its output, which is shown unless it is captured.

    Raise Refusal if it fails: it has said why.
    """
    command = [str(Path(__file__).parents[3] / "bin" / "uv"), *arguments]
    variables = {**environment(), **private_index(PIP_CONF)}
    done = subprocess.run(  # noqa: S603
        command, cwd=cwd, env=variables, stdout=subprocess.PIPE if capture else None, text=True, check=False
    )
    if done.returncode:
        raise Refusal(
            "the packages cannot be installed. uv says why above. If a compiler, a header or a library is "
            "missing, name Debian packages in --build-arg BUILD_PACKAGES.",
            done.returncode,
        )
    return done.stdout or ""


def environment() -> dict[str, str]:
    """Return the variables under which uv installs into the environment of the image."""
    return {
        # Without the path of the build's own tools: what is built must not see them.
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "UV_PROJECT_ENVIRONMENT": str(VENV),
        "VIRTUAL_ENV": str(VENV),
        "UV_PYTHON": str(VENV / "bin" / "python"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "copy",
        "UV_NO_EDITABLE": "1",
        "UV_NO_PROGRESS": "1",
        "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1"),
    }


def pretend_versions(folder: Path) -> None:
    """Give the packages whose sources are in a directory a version, if git names theirs: no git is in the context.

    Those of an index bring their own, and another one for them would be refused.
    """
    for file in folder.rglob("pyproject.toml"):
        try:
            read = tomllib.loads(file.read_text())
        except (OSError, ValueError):
            continue
        if name := re.sub(r"[^A-Z0-9]+", "_", str(read.get("project", {}).get("name", "")).upper()):
            os.environ.setdefault(f"{_PRETEND}_FOR_{name}", "0.0.0")
        if any("hatch-vcs" in str(one) for one in read.get("build-system", {}).get("requires", [])):
            pretend_version()  # it does not ask for one by name


def pretend_version() -> None:
    """Give every package that is built from now on a version, if git names it."""
    os.environ.setdefault(_PRETEND, "0.0.0")


def private_index(file: Path) -> dict[str, str]:
    """Return what a pip.conf says about indexes in uv's words."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(file)
    except configparser.Error as error:
        raise Refusal(f"the secret pip.conf cannot be read: {error}.") from None
    found: dict[str, str] = {}
    for section in ("global", "install"):
        found |= dict(parser.items(section)) if parser.has_section(section) else {}
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
             "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE"}  # fmt: skip
    separators = {"find-links": ","}
    return {
        variable: separators.get(option, " ").join(found[option].split())
        for option, variable in names.items()
        if found.get(option)
    }


def installed() -> dict[str, str]:
    """Return the packages of the environment with their versions."""
    packages = json.loads(uv("pip", "list", "--quiet", "--format", "json", capture=True))
    return {package["name"]: package["version"] for package in packages}


def report(title: str, names: Sequence[str]) -> None:
    """Print a list, if there is anything in it."""
    if names:
        print(f"django-k8s: {title}: {', '.join(names)}", flush=True)
