"""How uv is called in the build: for one environment, with the private index of the secrets that the build is given."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django_k8s.cli.image.plan import Refusal

VENV = Path("/opt/venv")
# Packages that the build needs and the image does not.
BUILD_ONLY = Path("/opt/build-only")
PIP_CONF = Path("/etc/pip.conf")


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
        # Nothing of git is in the context, from which some packages take their version.
        "SETUPTOOLS_SCM_PRETEND_VERSION": os.environ.get("SETUPTOOLS_SCM_PRETEND_VERSION", "0.0.0"),
    }


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
