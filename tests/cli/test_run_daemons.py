"""``django-k8s run`` with daemons: which ones it starts, and how it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import without
from support.daemons import app
from support.ports import free_ports
from support.process import Process, environment, get, run, started, wait_until

from django_k8s.cli.run.daemons import Unreadable, given, recorded

RUN = [sys.executable, "-m", "django_k8s.cli", "run"]
LOOP = """
    import time
    from django_k8s.daemon import heartbeat

    print("turns", words, flush=True)
    while True:
        heartbeat()
        time.sleep(0.05)
"""


def site(folder: Path, command: str = LOOP) -> Path:
    """A project without Celery, with an app that has the command ``turn``."""
    project = without.shop(folder / "site")
    app(folder, turn=command)
    (folder / "apps" / "loops").rename(project / "loops")
    settings = project / "shop" / "settings.py"
    settings.write_text(settings.read_text() + '\nINSTALLED_APPS += ["loops"]\n')
    return project


def record(folder: Path, text: str) -> None:
    (folder / "deploy").mkdir()
    (folder / "deploy" / "django-k8s.toml").write_text(text)


def ready(process: Process, port: int) -> None:
    process.wait_for_output("Ready: ", 60)
    wait_until(lambda: get(port, "/readyz").text == "ok\n", 30, f"the heartbeat on {port}")


def test_daemons_of_the_record_and_of_the_command_line(tmp_path: Path) -> None:
    """Each has its name before its lines, a probe port and a state of its own, and ends with the others."""
    folder = site(tmp_path)
    record(tmp_path, '[daemons]\nalerts = ["turn", "for alerts"]\n')
    port = free_ports(7)
    args = [*RUN, "--port", str(port), "--dir", str(folder), "--daemon", "mail=turn 'for mail'"]
    with started(args, environment(), tmp_path, tmp_path / "log") as process:
        process.wait_for_output("Ready: ", 60)
        for at in (port + 4, port + 5):
            ready(process, at)
        assert "alerts | turns ['for alerts']" in process.output
        assert "mail   | turns ['for mail']" in process.output
        for name in ("alerts", "mail"):
            assert list((folder / ".state" / "run" / name / "daemon").glob("*.heartbeat")), name
        assert process.stop(60) == 0, process.output
        assert "Everything has stopped" in process.output
        assert "Traceback" not in process.output


def test_daemons_alone(tmp_path: Path) -> None:
    """``--only daemon`` starts no web."""
    folder, port = site(tmp_path), free_ports(7)
    args = [*RUN, "--port", str(port), "--dir", str(folder), "--only", "daemon", "--daemon", "turn"]
    with started(args, environment(), tmp_path, tmp_path / "log") as process:
        process.wait_for_output("Ready: turn. Ctrl-C stops everything.", 60)
        assert "web" not in process.output
        assert process.stop(60) == 0


def test_a_daemon_that_ends_is_said(tmp_path: Path) -> None:
    """If a daemon ends, its status is printed and the others are stopped."""
    folder, port = site(tmp_path, "raise SystemExit(3)"), free_ports(7)
    args = [*RUN, "--port", str(port), "--dir", str(folder), "--daemon", "turn"]
    with started(args, environment(), tmp_path, tmp_path / "log") as process:
        assert process.wait(60) == 1
        assert "turn ended by itself with status 3. The others are stopped." in process.output


@pytest.mark.parametrize(
    ("args", "text", "status", "said"),
    [
        (["--daemon", ""], "", 78, "names no command"),
        (["--daemon", "a='"], "", 78, "names no command"),
        (["--only", "daemon"], "", 64, "there is no daemon to run. Name one: --daemon COMMAND."),
        ([], "[daemons\n", 78, "django-k8s.toml cannot be read"),
        ([], 'daemons = ["a"]\n', 78, "each line of [daemons] is a name and a command"),
        ([], "[daemons]\na = []\n", 78, "each line of [daemons] is a name and a command"),
        ([], '[daemons]\na = "b"\n', 78, "each line of [daemons] is a name and a command"),
    ],
)
def test_mistakes(tmp_path: Path, args: list[str], text: str, status: int, said: str) -> None:
    """One sentence, and nothing is started."""
    folder = without.shop(tmp_path / "site")
    if text:
        record(folder, text)
    done = run([*RUN, "--port", str(free_ports(7)), "--dir", str(folder), *args], environment(), tmp_path)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.startswith("django-k8s run: ")
    assert "Traceback" not in done.stderr


def test_names() -> None:
    """A daemon is called by its command, unless a name is given."""
    assert given(["sendalerts --loop"]) == {"sendalerts": ["sendalerts", "--loop"]}
    assert given(["mail=send 'a b' --to=x"]) == {"mail": ["send", "a b", "--to=x"]}
    assert given(["python -m shop.bot -v"]) == {"shop.bot": ["python", "-m", "shop.bot", "-v"]}
    with pytest.raises(Unreadable):
        given(["mail="])


def test_the_record_of_another_repository_is_not_ours(tmp_path: Path) -> None:
    """The record is looked for only up to the root of the repository."""
    record(tmp_path, '[daemons]\na = ["a"]\n')
    inner = tmp_path / "repository" / "site"
    inner.mkdir(parents=True)
    assert recorded(inner) == {"a": ["a"]}
    (inner.parent / ".git").mkdir()
    assert recorded(inner) == {}
