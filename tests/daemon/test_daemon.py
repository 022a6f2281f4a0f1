"""The role daemon: a real management command, started by the entrypoint."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from support.daemons import app, daemon, listens, probe
from support.disks import disk
from support.process import answers, run, stays, wait_until
from support.roles import ENTRYPOINT, lines, role, role_environment

TURN = """
    import time
    from django_k8s.daemon import heartbeat

    while True:
        heartbeat()
        time.sleep(0.05)
"""
# It turns until a file says that it shall hang.
HANG = """
    import pathlib, time
    from django_k8s.daemon import heartbeat

    while True:
        heartbeat()
        while pathlib.Path(words[0]).exists():
            time.sleep(0.05)
        time.sleep(0.05)
"""
# It has no handler, it knows Ctrl-C only, it handles SIGTERM itself.
PLAIN = """
    import time

    try:
        print("begun", flush=True)
        time.sleep(600)
    finally:
        print("cleaned", flush=True)
"""
CTRL_C = PLAIN.replace("finally", "except KeyboardInterrupt")
ITS_OWN = """
    import signal, time

    gone = []
    signal.signal(signal.SIGTERM, lambda *_: gone.append(1))
    print("begun", flush=True)
    while not gone:
        time.sleep(0.05)
    print("cleaned", flush=True)
"""
SILENT = """
    import time

    print("begun", flush=True)
    while True:
        time.sleep(0.05)
"""


def test_ready_with_its_first_heartbeat(tmp_path: Path) -> None:
    """If the command must write heartbeats, the pod is not ready before the first one."""
    wait = "import pathlib, time\nwhile not pathlib.Path(words[0]).exists():\n    time.sleep(0.05)\n"
    body = wait + dedent(TURN)
    with daemon(tmp_path, body, str(tmp_path / "go"), DAEMON_HEARTBEAT="true") as process:
        listens(process)
        assert probe(process, "/readyz") == (503, "not ready")
        assert probe(process, "/livez") == (200, "starting")
        (tmp_path / "go").touch()
        wait_until(lambda: probe(process, "/readyz") == (200, "ok"), 20, "readiness")
        assert probe(process, "/livez") == (200, "ok")


@pytest.mark.parametrize("needed", ["true", "false"])
def test_a_loop_that_hangs_is_seen(tmp_path: Path, needed: str) -> None:
    """Once a command has written a heartbeat, its silence counts, whether or not one is needed. It may go on again."""
    variables = {"DAEMON_HEARTBEAT": needed, "HEARTBEAT_STALENESS_SECONDS": "5"}
    with daemon(tmp_path, HANG, str(tmp_path / "hang"), **variables) as process:
        listens(process)
        wait_until(lambda: probe(process, "/livez") == (200, "ok"), 20, "a heartbeat")
        (tmp_path / "hang").touch()
        wait_until(lambda: probe(process, "/livez") == (503, "heartbeat is stale"), 20, "the hanging loop")
        assert probe(process, "/readyz") == (503, "not ready")
        (tmp_path / "hang").unlink()
        wait_until(lambda: probe(process, "/livez") == (200, "ok"), 20, "the loop that goes on")


def test_its_process_alone(tmp_path: Path) -> None:
    """A command without heartbeats lives and is ready as long as it runs, and the probe says so."""
    with daemon(tmp_path, SILENT, HEARTBEAT_STALENESS_SECONDS="5") as process:
        listens(process)
        for path in ("/livez", "/readyz"):
            assert probe(process, path) == (200, "running, without heartbeats")
        process.stop()
        wait_until(lambda: not answers(process.probe_port, "/livez"), 10, "the end of the listener")  # type: ignore[attr-defined]


def test_every_line_is_json(tmp_path: Path) -> None:
    """Printed lines, log records, warnings and the last traceback are all JSON."""
    body = """
        import logging, sys, warnings
        print("printed")
        print("to standard error", file=sys.stderr)
        logging.getLogger("loops").warning("logged")
        self.stdout.write("written")
        1 / 0
    """
    with daemon(tmp_path, body) as process:
        assert process.wait(30) == 1
        found = lines(process.output)
    messages = " ".join(line["message"] for line in found)
    for word in ("printed", "to standard error", "logged", "written"):
        assert word in messages
    assert "ZeroDivisionError" in str(found[-1])
    assert {line["role"] for line in found} == {"daemon"}


@pytest.mark.parametrize(
    ("body", "status"),
    [(PLAIN, 143), (CTRL_C, 0), (ITS_OWN, 0)],
    ids=["none", "ctrl-c", "its-own"],
)
def test_sigterm_reaches_the_command(tmp_path: Path, body: str, status: int) -> None:
    """It ends in order, whichever signal it knows; without a handler as at Ctrl-C, and without a traceback."""
    with daemon(tmp_path, body) as process:
        process.wait_for_output("begun", 30)
        assert process.stop() == status
        assert "cleaned" in process.output
        assert "Traceback" not in process.output


def test_a_forked_process_ends_at_once(tmp_path: Path) -> None:
    """SIGTERM to a process that the command forked is no KeyboardInterrupt there."""
    body = """
        import os, signal, time
        for _ in range(30):
            child = os.fork()
            if not child:
                time.sleep(600)
            os.kill(child, signal.SIGTERM)
            print("ended by", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    """
    with daemon(tmp_path, body) as process:
        assert process.wait(30) == 0
        assert process.output.count(f"ended by {-signal.SIGTERM}") == 30
        assert "Traceback" not in process.output


@pytest.mark.parametrize("how", ["module", "file"])
def test_another_program(tmp_path: Path, how: str) -> None:
    """``daemon python -m MODULE`` and ``daemon python FILE`` run as a management command does."""
    program = tmp_path / "bot.py"
    program.write_text("import sys\nprint('arguments', sys.argv[1:])\n")
    args = ["-m", "bot"] if how == "module" else [str(program)]
    with role(tmp_path, "daemon", "python", *args, "--loud", PYTHONPATH=str(tmp_path)) as process:
        assert process.wait(30) == 0
        assert lines(process.output)[0]["message"] == "arguments ['--loud']"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "needs a management command"),
        (["--loop"], "needs a management command"),
        (["python"], "takes -m and a module, or a file"),
        (["python", "-u", "bot.py"], "takes -m and a module, or a file"),
        (["python", "-m"], "needs the name of a module"),
    ],
)
def test_no_command(tmp_path: Path, args: list[str], said: str) -> None:
    """Without a command, the role is one sentence and status 64."""
    done = run(["/bin/sh", ENTRYPOINT, "daemon", *args], role_environment(tmp_path, PROBE_PORT="0"), tmp_path)
    assert done.returncode == 64
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_configuration(tmp_path: Path) -> None:
    """Without its settings, a daemon does not start: status 78 and one sentence, as for other roles."""
    env = role_environment(tmp_path, PROBE_PORT="0", SECRET_KEY="", **app(tmp_path, turn=TURN))
    done = run(["/bin/sh", ENTRYPOINT, "daemon", "turn"], env, tmp_path)
    assert done.returncode == 78
    assert "SECRET_KEY" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_longer_round_of_a_loop(tmp_path: Path) -> None:
    """``within`` is the time until the next heartbeat; the next one without it has the usual time again."""
    body = """
        import pathlib, time
        from django_k8s.daemon import heartbeat

        heartbeat(within=600)
        while not pathlib.Path(words[0]).exists():
            time.sleep(0.05)
        heartbeat()
        time.sleep(600)
    """
    variables = {"DAEMON_HEARTBEAT": "true", "HEARTBEAT_STALENESS_SECONDS": "5"}
    with daemon(tmp_path, body, str(tmp_path / "go"), **variables) as process:
        listens(process)
        wait_until(lambda: probe(process, "/readyz") == (200, "ok"), 20, "readiness")
        file = next((tmp_path / "state" / "daemon").glob("*.heartbeat"))
        assert json.loads(file.read_text())["within"] == 600
        (tmp_path / "go").touch()
        wait_until(lambda: probe(process, "/livez")[0] == 503, 20, "the usual time")


def test_a_full_disk_ends_no_loop(tmp_path: Path) -> None:
    """A heartbeat that cannot be written is no error of the command, nor a reason to restart it."""
    body = """
        import pathlib, time
        from django_k8s.daemon import heartbeat

        turns = 0
        while True:
            heartbeat()
            turns += 1
            pathlib.Path(words[0]).write_text(str(turns))
            time.sleep(0.05)
    """
    turns, variables = tmp_path / "turns", {"DAEMON_HEARTBEAT": "true", "HEARTBEAT_STALENESS_SECONDS": "5"}
    with disk(tmp_path / "state") as small, daemon(tmp_path, body, str(turns), **variables) as process:
        listens(process)
        wait_until(lambda: probe(process, "/readyz") == (200, "ok"), 20, "readiness")
        small.fill()
        shutil.rmtree(small.path / "daemon", ignore_errors=True)  # the daemon may write into it meanwhile
        before = int(turns.read_text())
        stays(lambda: probe(process, "/livez")[0] == 200, 10, "a daemon that lives")
        assert int(turns.read_text()) > before
        small.empty()
        wait_until(lambda: probe(process, "/readyz") == (200, "ok"), 20, "readiness again")
        assert "Traceback" not in process.output


def test_nothing_outside_of_the_role(tmp_path: Path) -> None:
    """``manage.py turn`` on a developer's machine writes no heartbeat."""
    env = role_environment(
        tmp_path, **app(tmp_path, turn="from django_k8s.daemon import heartbeat\nheartbeat()\n")
    )
    done = run([sys.executable, "-m", "django", "turn"], env, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "state" / "daemon").exists()


def test_forked_loops_have_heartbeats_of_their_own(tmp_path: Path) -> None:
    """Each process of a daemon has its own heartbeat, so one that hangs is noticed."""
    body = """
        import os, time
        from django_k8s.daemon import heartbeat

        heartbeat()
        child = os.fork()
        heartbeat()
        if not child:
            time.sleep(600)
        while True:
            heartbeat()
            time.sleep(0.05)
    """
    with daemon(tmp_path, body, HEARTBEAT_STALENESS_SECONDS="5") as process:
        listens(process)
        folder = tmp_path / "state" / "daemon"
        wait_until(lambda: len(list(folder.glob("*.heartbeat"))) == 2, 20, "two heartbeats")
        assert (folder / f"{process.pid}.heartbeat").exists()
        wait_until(lambda: probe(process, "/livez")[0] == 503, 20, "the child that hangs")
