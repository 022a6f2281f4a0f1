"""``django-k8s run``: three roles in one terminal, stopped by one Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import example
from support.ports import free_ports
from support.process import Process, environment, get, run, started, wait_until

RUN = [sys.executable, "-m", "django_k8s.cli", "run"]
ROLES = ("web", "worker", "beat")


@contextmanager
def running(folder: Path, port: int) -> Iterator[Process]:
    """The example, run until every role is ready."""
    args = [*RUN, "--port", str(port), "--dir", str(folder)]
    with started(args, environment(), folder.parent, folder.parent / "run.log") as process:
        process.wait_for_output(f"Ready: http://127.0.0.1:{port}/", 60)
        for number in (1, 2, 3):
            wait_until(lambda at=port + number: probe(at), 30, f"the probe on {port + number}")
        yield process


def probe(port: int) -> bool:
    try:
        return get(port, "/readyz").status == 200
    except OSError:
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return example.copy(tmp_path / "site")


def test_sigterm_stops_everything(folder: Path) -> None:
    """Exit status 0, no process left, and no colours where there is no terminal."""
    with running(folder, free_ports(4)) as process:
        for role in ROLES:
            assert re.search(rf"^{role} +\| ", process.output, re.MULTILINE), role
        assert process.stop(60) == 0
        assert "Everything has stopped" in process.output
        assert "\x1b" not in process.output
        assert example.processes_in(folder) == []


def test_ctrl_c_in_a_terminal(folder: Path) -> None:
    """A real terminal: colours, and the key itself; each role hears of it once, and the status is 0."""
    port = free_ports(4)
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [*RUN, "--port", str(port), "--dir", str(folder)], environment())
    output = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # the other side is closed
            while data := os.read(terminal, 65536):
                output.extend(data)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    wait_until(lambda: b"Ready: " in output and probe(port + 2) and probe(port + 3), 60, "the roles")
    os.write(terminal, b"\x03")
    reader.join(60)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, output.decode()
    os.close(terminal)
    assert b"\x1b[36mweb    |\x1b[0m" in output
    assert output.count(b"Warm shutdown") == 1
    assert b"Cold shutdown" not in output
    assert b"Traceback" not in output, output.decode()
    assert example.processes_in(folder) == []


def test_when_one_role_dies_the_others_stop(folder: Path) -> None:
    """The worker's main process is killed: the others are stopped, the status and a line say so."""
    with running(folder, free_ports(4)) as process:
        worker = next(line for line in example.processes_in(folder) if " worker " in line)
        group = os.getpgid(int(worker.split()[0]))
        os.kill(group, signal.SIGKILL)
        assert process.wait(60) == 1
        assert "worker ended by itself with status -9. The others are stopped." in process.output
        assert example.processes_in(folder) == []


def test_a_second_signal_cuts_the_wait_short(folder: Path) -> None:
    """A role that cannot stop is killed at the second signal, and the status says so."""
    with running(folder, free_ports(4)) as process:
        beat = next(line for line in example.processes_in(folder) if " beat" in line)
        group = os.getpgid(int(beat.split()[0]))
        os.kill(group, signal.SIGSTOP)
        try:
            process.signal(signal.SIGINT)
            process.wait_for_output("Stopping")
            process.signal(signal.SIGINT)
            assert process.wait(60) == 1
            assert "had to be killed" in process.output
            assert example.processes_in(folder) == []
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def test_a_taken_port_is_one_clear_line(folder: Path) -> None:
    """The site's port or a probe's: nothing is started, one line says what to do."""
    for number in range(4):
        port = free_ports(4)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", port + number))
            sock.listen()
            done = run([*RUN, "--port", str(port), "--dir", str(folder)], environment(), folder)
        assert done.returncode == 69
        assert done.stdout == ""
        assert done.stderr == (
            f"django-k8s run: port {port + number} is taken, so nothing was started. "
            f"Stop what runs there, or use others: --port {port + 10}.\n"
        )
    assert not (folder / "db.sqlite3").exists()


@pytest.mark.parametrize(
    ("module", "remedy"),
    [
        ("kubernetes", "Run DJANGO_SETTINGS_MODULE=config.kubernetes django-k8s run."),
        ("settings_kubernetes", "Run DJANGO_SETTINGS_MODULE=config.settings_kubernetes django-k8s run."),
        ("other", "Add it, or name settings that have it: DJANGO_SETTINGS_MODULE=MODULE django-k8s run."),
    ],
)
def test_settings_without_the_library(folder: Path, module: str, remedy: str) -> None:
    """One line names the settings that have it; nothing is migrated."""
    settings = folder / "config" / "settings.py"
    settings.with_name(f"{module}.py").write_text(settings.read_text())
    settings.write_text("INSTALLED_APPS = []\nSECRET_KEY = 'x'\n")
    done = run([*RUN, "--port", str(free_ports(4)), "--dir", str(folder)], environment(), folder)

    assert done.returncode == 78, done.stdout + done.stderr
    assert done.stdout == ""
    assert (
        done.stderr == f"django-k8s run: django_k8s is not in INSTALLED_APPS of config.settings. {remedy}\n"
    )


def test_what_a_person_can_get_wrong_is_one_line(tmp_path: Path) -> None:
    """No manage.py, no such port, no such option."""
    done = run([*RUN, "--dir", str(tmp_path)], environment(), tmp_path)
    assert done.returncode == 66
    assert (
        done.stderr
        == f"django-k8s run: there is no manage.py in {tmp_path}. Name its directory: --dir DIRECTORY.\n"
    )
    for wrong in (["--port", "80"], ["--port", "65534"], ["--port", "web"], ["--bogus"]):
        done = run([*RUN, *wrong], environment(), tmp_path)
        assert done.returncode == 64, wrong
        assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_migrated_starts_nothing(folder: Path) -> None:
    """The migration's own words, then one line, and its exit status."""
    port = str(free_ports(4))
    env = environment(DATABASE_URL="nonsense://x")
    done = run([*RUN, "--port", port, "--dir", str(folder)], env, folder)
    assert done.returncode == 78, done.stdout
    assert "DATABASE_URL" in done.stdout
    assert done.stdout.endswith("The database could not be migrated, so nothing was started.\n")
    assert "Traceback" not in done.stdout
