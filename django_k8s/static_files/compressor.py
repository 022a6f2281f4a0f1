"""Compressed copies of static files, kept between builds.

Compression takes most of the time of collectstatic in a build, and nearly all files are the same as in the previous
build. The build sets a directory that outlives it. Files with a compressed copy in it are not compressed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from whitenoise.compress import Compressor

# The build of the image sets this. It is not for projects.
VARIABLE = "DJANGO_K8S_COMPRESSED"
_UNUSED_SECONDS = 30 * 86_400


class KeepingCompressor(Compressor):  # type: ignore[misc]
    """Compress the files that have no copy in the directory. If the directory cannot be written, compress every file."""

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
        """Remove copies that no build has used for 30 days."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.stat().st_mtime < time.time() - _UNUSED_SECONDS:
                    path.unlink(missing_ok=True)
