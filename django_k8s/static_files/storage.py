"""The storage of collected static files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from whitenoise.storage import CompressedManifestStaticFilesStorage

from django_k8s.static_files import compressor


class ManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Store static files with hashed names and compressed copies. A missing source map is not an error.

    Minified third-party files often refer to a source map that was never published. Only a debugger requests it.
    Any other missing file still stops collectstatic.
    """

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Return the name with the hash of the content, or the plain name of a missing source map."""
        try:
            hashed: str = super().hashed_name(name, content, filename)
        except ValueError:
            if urlsplit(unquote(name)).path.strip().endswith(".map"):
                return name
            raise
        return hashed

    def create_compressor(self, **options: Any) -> Any:
        """Return WhiteNoise's compressor. In the build of an image, return one that keeps compressed copies."""
        if folder := os.environ.get(compressor.VARIABLE):
            return compressor.KeepingCompressor(Path(folder), **options)
        return super().create_compressor(**options)
