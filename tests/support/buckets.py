"""Emulators of the object storages of Google and Azure. Neither checks who is asking as the real ones do."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.need import need, program
from support.ports import free_port
from support.process import answers, environment, started, wait_until

# Azurite's own, which its documentation names.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextlib.contextmanager
def gcs(port: int = 0) -> Iterator[str]:
    """fake-gcs-server, with its data in memory; gives its URL, as STORAGE_EMULATOR_HOST takes it."""
    path = program("fake-gcs-server", f"{Path.home()}/go/bin")
    need("fake-gcs-server", path, "go install github.com/fsouza/fake-gcs-server@v1.56.1")
    assert path
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            path,
            "-scheme",
            "http",
            "-host",
            "127.0.0.1",
            "-port",
            str(port),
            "-backend",
            "memory",
            "-external-url",
            url,
        ]
        with started(command, environment(), Path(folder), Path(folder) / "log"):
            wait_until(lambda: answers(port, "/_internal/healthcheck"), 30, "fake-gcs-server")
            yield url


@contextlib.contextmanager
def azurite() -> Iterator[str]:
    """Azurite's blob service, with its data in memory; gives the URL of the account."""
    path = program("azurite-blob", f"{Path.home()}/.local/azurite/node_modules/.bin")
    need("azurite", path, "npm install -g azurite")
    assert path
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            path,
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--inMemoryPersistence",
            "--silent",
            "--disableTelemetry",
            "--skipApiVersionCheck",
        ]
        with started(command, environment(), Path(folder), Path(folder) / "log"):
            wait_until(lambda: answers(port, "/", 400), 60, "azurite")
            yield f"http://127.0.0.1:{port}/{ACCOUNT}"
