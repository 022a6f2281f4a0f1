"""Keep the previous release's static files for a rollout.

Run it as ``python -m django_k8s.static_files.keep_previous PREVIOUS CURRENT``.

While pods of two releases serve, a page of the old release may request an old file from a new pod. Only the files in
the manifest of the previous release are kept, so that they do not accumulate.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path


def keep_previous(previous: Path, current: Path) -> int:
    """Copy the hashed files in ``previous`` that are missing in ``current``, and return their number."""
    manifest = previous / "staticfiles.json"
    if not manifest.is_file():
        return 0
    count = 0
    for name in json.loads(manifest.read_text())["paths"].values():
        for path in (name, f"{name}.gz", f"{name}.br"):
            source, target = previous / path, current / path
            if source.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                count += 1
    return count


if __name__ == "__main__":
    print(
        f"{keep_previous(Path(sys.argv[1]), Path(sys.argv[2]))} static files of the previous release are kept"
    )
