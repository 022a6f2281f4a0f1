"""Compressed copies of static files, kept between builds.

Compression is most of what collectstatic does in a build, and nearly all files are those of the build before. A builder
names a directory that outlives the build, and what is in it is not compressed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from whitenoise.compress import Compressor

# Set by the step of the image's build; it is no setting of a project.
VARIABLE = "DJANGO_K8S_COMPRESSED"
_UNUSED_SECONDS = 30 * 86_400


class KeepingCompressor(Compressor):  # type: ignore[misc]
    """Compresses what the directory does not have. A directory that cannot be written costs nothing else."""

    def __init__(self, folder: Path, **options: object) -> None:
        super().__init__(**options)
        self._folder = folder
        self._forget()

    def compress_gzip(self, data: bytes) -> bytes:
        """Return ``data`` compressed by gzip."""
        return self._kept("gz", data, super().compress_gzip)

    def compress_brotli(self, data: bytes) -> bytes:
        """Return ``data`` compressed by Brotli."""
        return self._kept("br", data, super().compress_brotli)

    def _kept(self, kind: str, data: bytes, compress: Callable[[bytes], bytes]) -> bytes:
        path = self._folder / f"{hashlib.sha256(data).hexdigest()}.{kind}"
        try:
            found = path.read_bytes()
            os.utime(path)
        except OSError:
            found = compress(data)
            unfinished = path.with_suffix(f".{kind}.{os.getpid()}")
            with contextlib.suppress(OSError):
                unfinished.write_bytes(found)
                unfinished.replace(path)
        return found

    def _forget(self) -> None:
        """Remove what no build has used for a month."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.stat().st_mtime < time.time() - _UNUSED_SECONDS:
                    path.unlink(missing_ok=True)
