"""Run uv in the build, for the environment of the image and with the private index from the build's secrets."""

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
# Packages that only the build needs.
BUILD_ONLY = Path("/opt/build-only")
PIP_CONF = Path("/etc/pip.conf")
_PRETEND = "SETUPTOOLS_SCM_PRETEND_VERSION"


def uv(*arguments: str, cwd: Path = Path("/"), capture: bool = False) -> str:
    """Run uv. With ``capture``, return its output instead of showing it.

    Raise Refusal if uv fails. It has printed the reason by then.
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
    """Return the environment variables with which uv installs into the environment of the image."""
    return {
        # Without PYTHONPATH, so that packages are not built with the build's own tools.
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
    """Set a version for packages built from sources in ``folder``, because the context has no git history for it.

    Packages from an index have their own version, and a different one would be refused.
    """
    for file in folder.rglob("pyproject.toml"):
        try:
            read = tomllib.loads(file.read_text())
        except (OSError, ValueError):
            continue
        if name := re.sub(r"[^A-Z0-9]+", "_", str(read.get("project", {}).get("name", "")).upper()):
            os.environ.setdefault(f"{_PRETEND}_FOR_{name}", "0.0.0")
        if any("hatch-vcs" in str(one) for one in read.get("build-system", {}).get("requires", [])):
            pretend_version()  # it does not read the variable with the package's name


def pretend_version() -> None:
    """Set a version for every package that is built from now on and takes its version from git."""
    os.environ.setdefault(_PRETEND, "0.0.0")


def private_index(file: Path) -> dict[str, str]:
    """Return the variables of uv that correspond to the options about indexes in a pip.conf."""
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
    """Return the installed packages of the environment and their versions."""
    packages = json.loads(uv("pip", "list", "--quiet", "--format", "json", capture=True))
    return {package["name"]: package["version"] for package in packages}


def report(title: str, names: Sequence[str]) -> None:
    """Print a list, unless it is empty."""
    if names:
        print(f"django-k8s: {title}: {', '.join(names)}", flush=True)
