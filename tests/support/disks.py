"""Small disks that fill up or become read-only while processes use them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.need import need, works

SIZE_KIB = 400


@dataclass
class Disk:
    """A small disk of its own, in memory, that is mounted at ``path``."""

    path: Path

    def fill(self) -> None:
        """Use up every block. Files can still be made; what is written to them fails."""
        subprocess.run(
            ["dd", "if=/dev/zero", f"of={self.path}/ballast", "bs=4k"], capture_output=True, check=False
        )

    def empty(self) -> None:
        """Free the blocks that :meth:`fill` used."""
        (self.path / "ballast").unlink()

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse each attempt to open, make or remove a file, as a disk does that the kernel has remounted."""
        # A disk with files that are open for writing cannot be remounted on request; a second view of it can.
        _run("mount", "--bind", str(self.path), str(self.path))
        try:
            _run("mount", "-o", "remount,bind,ro", str(self.path))
            yield
        finally:
            _run("umount", "--lazy", str(self.path))


@contextlib.contextmanager
def disk(path: Path) -> Iterator[Disk]:
    """Mount a disk at ``path``, which is made. Skips the test unless this process may mount."""
    need(
        "the right to mount",
        works("unshare", "--mount", "true"),
        "run the tests as root, in a container with CAP_SYS_ADMIN",
    )
    path.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={SIZE_KIB}k,mode=1777", "tmpfs", str(path))
    try:
        yield Disk(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
