"""Where uploads go when they stay on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django_k8s.env import Env


def media(env: Env, base_dir: Path) -> dict[str, Any]:
    """MEDIA_URL and MEDIA_ROOT, by name; a bucket has its own addresses (see ``storages``)."""
    return {"MEDIA_URL": "/media/", "MEDIA_ROOT": env.str("MEDIA_ROOT", str(base_dir / "media"))}
