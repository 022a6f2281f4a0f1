"""The files in which processes keep their metrics, and what becomes of those of processes that have ended."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from support.disks import Disk, disk
from support.patience import patience
from support.ports import free_port
from support.process import environment, get, run, started, wait_until
from support.roles import samples

from django_k8s.observability import metrics_file
from django_k8s.observability.metrics_file import MetricsFile, ReservedFile
from django_k8s.observability.once_a_minute import OnceAMinute
from django_k8s.probe.dead_processes import KEPT_FILES, DeadProcesses
from django_k8s.probe.listener import LOOK_SECONDS


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "state") as mounted:
        yield mounted


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write looks after the file first."""
    monkeypatch.setattr(metrics_file, "CHECK_SECONDS", -1.0)


def key(number: int, name: str = "things") -> str:
    return mmap_key(name, f"{name}_total", ["number"], [str(number)], "Things.")


def read(path: Path) -> dict[str, float]:
    """What prometheus_client finds in a file."""
    return {name: value for name, value, _, _ in MmapedDict.read_all_values_from_file(str(path))}


def counted(directory: Path) -> float:
    """The sum of all counters in a directory."""
    paths = [str(path) for path in directory.glob("counter_*.db")]
    return sum(sample.value for metric in MultiProcessCollector.merge(paths) for sample in metric.samples)


def count(directory: Path, pid: int, times: int, kind: str = "counter", name: str = "things") -> Path:
    """A file of the process ``pid``: three values, each ``times``."""
    path = directory / f"{kind}_{pid}.db"
    file = ReservedFile(path)
    for number in range(3):
        file.write_value(key(number, name), float(times), float(pid))
    file.close()
    return path


def ended(number: int) -> int:
    """The id of a process that does not run: no system has so many."""
    return 4_200_000 + number


def test_prometheus_client_reads_it(tmp_path: Path) -> None:
    """Also once it has grown: the room for each value is on the disk before the value is."""
    path = tmp_path / "metrics" / "counter_1.db"
    file = MetricsFile(str(path))
    for number in range(1000):
        assert file.read_value(key(number)) == (0.0, 0.0)
        file.write_value(key(number), float(number), 0.0)
        status = path.stat()
        assert status.st_blocks * 512 >= status.st_size
    assert read(path) == {key(number): float(number) for number in range(1000)}
    file.close()
    assert MetricsFile(str(path)).read_value(key(7)) == (7.0, 0.0)


def test_full_disk(small: Disk) -> None:
    """What is there is changed, what is new waits in memory, and all is written once there is room."""
    path = small.path / "metrics" / "counter_1.db"
    file = MetricsFile(str(path))
    file.write_value(key(0), 1.0, 0.0)
    small.fill()
    other = MetricsFile(str(small.path / "metrics" / "histogram_1.db"))
    for number in range(1000):
        for each in (file, other):
            each.read_value(key(number))
            each.write_value(key(number), 5.0, 0.0)
    assert read(path)[key(0)] == 5.0
    assert not (small.path / "metrics" / "histogram_1.db").exists()
    assert file.read_value(key(999)) == (5.0, 0.0)
    small.empty()
    for each in (file, other):
        each.write_value(key(0), 6.0, 0.0)
    for name in ("counter_1.db", "histogram_1.db"):
        assert read(path.with_name(name)) == {key(n): 5.0 if n else 6.0 for n in range(1000)}


def test_read_only_disk(small: Disk) -> None:
    """Values are kept, also by a file that is opened only then."""
    path = small.path / "counter_1.db"
    file = MetricsFile(str(path))
    file.write_value(key(0), 1.0, 0.0)
    with small.read_only():
        other = MetricsFile(str(small.path / "counter_2.db"))
        for number in range(1000):
            file.write_value(key(number), 2.0, 0.0)
            other.write_value(key(number), 2.0, 0.0)
    for each in (file, other):
        each.write_value(key(0), 3.0, 0.0)
    assert read(path) == read(small.path / "counter_2.db") == {key(n): 2.0 if n else 3.0 for n in range(1000)}


def test_removed(tmp_path: Path) -> None:
    """All values are written again where the file was."""
    path = tmp_path / "state" / "counter_1.db"
    file = MetricsFile(str(path))
    for number in range(10):
        file.write_value(key(number), 1.0, 0.0)
    path.unlink()
    path.parent.rmdir()
    file.write_value(key(3), 2.0, 0.0)
    assert read(path) == {key(n): 2.0 if n == 3 else 1.0 for n in range(10)}


@pytest.mark.parametrize("content", [b"x" * 3, b"\xff" * 100, b"x" * 70_000])
def test_rubbish_in_its_place(tmp_path: Path, content: bytes) -> None:
    """Nothing is raised, and values are kept."""
    path = tmp_path / "counter_1.db"
    path.write_bytes(content)
    file = MetricsFile(str(path))
    file.write_value(key(0), 1.0, 0.0)
    assert file.read_value(key(0)) == (1.0, 0.0)
    path.unlink()
    file.write_value(key(0), 2.0, 0.0)
    assert read(path) == {key(0): 2.0}


def test_said_once_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the reason, however often it happens."""
    monkeypatch.setattr(metrics_file, "_reports", OnceAMinute())
    with caplog.at_level(logging.WARNING, "django_k8s.metrics"):
        for _ in range(100):
            metrics_file.report(OSError(28, "No space left on device"))
        wait_until(lambda: caplog.messages, 5, "the line")
        assert "(No space left on device)" in caplog.text
        metrics_file._reports._said[""] = time.monotonic() - 59
        metrics_file.report(KeyError("x"))
        metrics_file._reports._said[""] = time.monotonic() - 61
        metrics_file.report(KeyError("x"))
        wait_until(lambda: len(caplog.messages) == 2, 5, "the next line")
    assert "(KeyError)" in caplog.messages[1]


def test_a_handler_that_counts_lines(tmp_path: Path) -> None:
    """A project may count its log lines: the line about the disk comes while prometheus_client holds its lock."""
    code = (
        "import logging, prometheus_client; from django_k8s.observability import metrics_file as m; m.install()\n"
        "m.CHECK_SECONDS = -1\n"
        "lines = prometheus_client.Counter('lines', 'Lines.')\n"
        "class Handler(logging.Handler):\n"
        "    def emit(self, record): lines.inc()\n"
        "logging.getLogger().addHandler(Handler())\n"
        "import shutil, os; d = os.environ['PROMETHEUS_MULTIPROC_DIR']\n"
        "shutil.rmtree(d); open(d, 'w').close()\n"
        "for _ in range(1000): lines.inc()\n"
        "os.unlink(d); lines.inc(); print(int(lines._value.get()) >= 1001)\n"
    )
    env = environment(PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "metrics"))
    done = run([sys.executable, "-c", code], env, tmp_path, 20)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_merged(tmp_path: Path) -> None:
    """The counts of processes that have ended stay, in one file; those of the living stay where they are."""
    living = count(tmp_path, os.getpid(), 7)
    for number in range(50):
        count(tmp_path, ended(number), 1)
    for _ in DeadProcesses(tmp_path).merge():
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counter_0.db", living.name]
    assert counted(tmp_path) == 3 * (7 + 50)


@pytest.mark.parametrize(
    ("mode", "value"),
    [("sum", 1 + 2 + 3), ("min", 1), ("max", 3), ("mostrecent", 2), ("livesum", None), ("liveall", None)],
)
def test_gauges(tmp_path: Path, mode: str, value: float | None) -> None:
    """Gauges of ended processes follow their mode; those of the living are gone."""
    for pid, times in ((ended(1), 1), (ended(2), 3), (ended(3), 2)):
        count(tmp_path, pid, times, f"gauge_{mode}")
    for _ in DeadProcesses(tmp_path).merge():
        pass
    found = [read(path)[key(0)] for path in tmp_path.iterdir()]
    assert found == ([value] if value is not None else [])


def test_gauges_told_apart_by_process(tmp_path: Path) -> None:
    """Nothing can be merged; the newest files stay."""
    for number in range(KEPT_FILES + 50):
        path = count(tmp_path, ended(number), 1, "gauge_all")
        os.utime(path, (number, number))
    for _ in DeadProcesses(tmp_path).merge():
        pass
    assert {path.name for path in tmp_path.iterdir()} == {
        f"gauge_all_{ended(n)}.db" for n in range(50, KEPT_FILES + 50)
    }


def test_runs_that_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is counted twice."""
    monkeypatch.setattr("django_k8s.probe.dead_processes.PIECE_SECONDS", 0)
    for number in range(60):
        count(tmp_path, ended(number), 1)
    processes = DeadProcesses(tmp_path)
    runs = [processes.merge() for _ in range(3)]
    while runs:
        for one in list(runs):
            if next(one, END) is END:
                runs.remove(one)
        assert counted(tmp_path) == 3 * 60
    assert [path.name for path in tmp_path.iterdir()] == ["counter_0.db"]


END = object()


@pytest.mark.parametrize("error", ["fill", "read_only"])
def test_merging_without_a_disk(small: Disk, error: str) -> None:
    """Nothing is lost and nothing is counted twice, while the disk takes nothing and after that."""
    processes = DeadProcesses(small.path)
    count(small.path, ended(0), 1)
    list(processes.merge())
    for number in range(1, 4):
        count(small.path, ended(number), 1, name=f"other{number}" * 400)
    with contextlib.ExitStack() as stack:
        if error == "fill":
            small.fill()
            stack.callback(small.empty)
        else:
            stack.enter_context(small.read_only())
        for _ in range(3):
            list(processes.merge())
            assert counted(small.path) == 3 * 4
    list(processes.merge())
    assert counted(small.path) == 3 * 4
    assert [path.name for path in small.path.glob("*.db")] == ["counter_0.db"]


def test_totals_that_are_removed(tmp_path: Path) -> None:
    """What ended processes counted is still known."""
    directory = tmp_path / "metrics"
    processes = DeadProcesses(directory)
    count(directory, ended(0), 1)
    list(processes.merge())
    (directory / "counter_0.db").unlink()
    directory.rmdir()
    list(processes.merge())
    assert counted(directory) == 3


def test_ten_thousand_files(tmp_path: Path) -> None:
    """While they are merged for a scrape, /livez is answered; the scrape has all counts."""
    directory = tmp_path / "state" / "worker" / "metrics"
    for kind in ("counter", "histogram"):
        template = count(directory, ended(0), 1, kind, kind).read_bytes()[:4096]
        for number in range(1, 5000):
            (directory / f"{kind}_{ended(number)}.db").write_bytes(template)
    all_of_them, meanwhile = len(list(directory.iterdir())), 0
    with probe(tmp_path) as port:
        scrape = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"from urllib.request import urlopen as u; print(u('http://127.0.0.1:{port}/metrics').read().decode())",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        slowest = 0.0
        while scrape.poll() is None and len(list(directory.iterdir())) > 2:
            before = time.monotonic()
            assert get(port, "/livez", timeout=1).status == 200
            slowest = max(slowest, time.monotonic() - before)
            meanwhile += 2 < len(list(directory.iterdir())) < all_of_them
        output = scrape.communicate(timeout=patience(30))[0]
    assert samples(output)['counter_total{number="0"}'] == 5000
    assert len(list(directory.iterdir())) == 2
    assert slowest < patience(1)
    assert meanwhile >= 2


def test_merged_without_a_scrape(tmp_path: Path) -> None:
    """Nobody scrapes, and the files of ended processes do not pile up."""
    directory = tmp_path / "state" / "worker" / "metrics"
    with probe(tmp_path):
        for number in range(100):
            count(directory, ended(number), 1)
        wait_until(lambda: len(list(directory.iterdir())) == 1, LOOK_SECONDS + 15, "one file")
    assert counted(directory) == 3 * 100


@contextlib.contextmanager
def probe(folder: Path) -> Iterator[int]:
    """The probe listener of a worker, with metrics; its port."""
    port = free_port()
    env = environment(PROBE_PORT=str(port), STATE_DIR=str(folder / "state"), METRICS="true")
    with started(["sleep", "1000"], env, folder, folder / "role.log") as role:
        command = [sys.executable, "-m", "django_k8s.probe", "--role", "worker", "--pid", str(role.pid)]
        with started(command, env, folder, folder / "listener.log"):
            wait_until(lambda: _answers(port), 20, "the listener")
            yield port


def _answers(port: int) -> bool:
    try:
        return get(port, "/livez").status == 200
    except OSError:
        return False
