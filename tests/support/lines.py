"""Which lines of the library the tests ran, in whichever process: see :mod:`support.record_lines`."""

from __future__ import annotations

import importlib.util
import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from coverage import CoverageData

from support import record_lines

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "django_k8s"


def modules() -> Iterator[tuple[Path, tuple[Path, ...], int]]:
    """Yield a path below ROOT for each module, all files that hold it, and the number of its lines.

    The installed package is tested. Programs that are started in ROOT see the one there.
    """
    spec = importlib.util.find_spec(PACKAGE)
    assert spec
    assert spec.origin
    installed = Path(spec.origin).parent
    for source in sorted((ROOT / PACKAGE).rglob("*.py")):
        path = installed / source.relative_to(ROOT / PACKAGE)
        yield source, (path, source), len(source.read_bytes().splitlines())


def prepare(folder: Path) -> None:
    """Make what processes record to, and have each process of this environment import the recorder."""
    folder.mkdir(parents=True, exist_ok=True)
    index, size = [], 0
    for _, files, length in modules():
        index += [f"{file}\t{size}\n" for file in dict.fromkeys(files)]
        size += length + 1  # the first line is 1
    (folder / "index").write_text("".join(index))
    (folder / "hits").write_bytes(bytes(size))
    (folder / "hits").chmod(0o666)  # some programs run as somebody else
    site = Path(sysconfig.get_path("purelib"))
    _install(site / "record_lines.py", Path(record_lines.__file__).read_text())
    _install(site / "record_lines.pth", "import record_lines\n")


def _install(path: Path, text: str) -> None:
    """Write a file at once: processes of other tests may read it at this moment."""
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(text)
    new.replace(path)


def write(folder: Path, data: Path) -> None:
    """Write what ran as a data file of coverage."""
    hits, begin, ran = (folder / "hits").read_bytes(), 0, {}
    for source, _, length in modules():
        ran[str(source)] = [number for number in range(1, length + 1) if hits[begin + number]]
        begin += length + 1
    data.unlink(missing_ok=True)
    written = CoverageData(str(data))
    written.add_lines(ran)
    written.write()
