"""Static files, served by WhiteNoise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django_k8s.env import Env

# The names that ManifestStaticFilesStorage gives: twelve hexadecimal digits before the extension.
# Files of former releases match as well, though the manifest no longer knows them.
HASHED_NAME = r"^.+\.[0-9a-f]{12}\.[^/]+$"


def static(env: Env, base_dir: Path) -> dict[str, Any]:
    """STATIC_URL, STATIC_ROOT and WhiteNoise's settings, by name.

    STATIC_CDN_URL puts a CDN before the site: addresses in pages point to it, and it fetches each
    file from the site once.
    """
    cdn = env.str("STATIC_CDN_URL").rstrip("/")
    return {
        "STATIC_URL": f"{cdn}/static/",
        "STATIC_ROOT": env.str("STATIC_ROOT", str(base_dir / "staticfiles")),
        "WHITENOISE_KEEP_ONLY_HASHED_FILES": True,
        "WHITENOISE_IMMUTABLE_FILE_TEST": HASHED_NAME,
    }
