"""The hashed files of the last release stay served."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def collected(folder: Path, files: dict[str, str], extra: tuple[str, ...] = ()) -> Path:
    """A folder of collected static files: manifest, files and their compressed forms."""
    folder.mkdir()
    (folder / "staticfiles.json").write_text(json.dumps({"paths": files}))
    for name in (*files.values(), *extra):
        for path in (name, f"{name}.gz", f"{name}.br"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(f"{folder.name} {path}")
    return folder


def kept(previous: Path, current: Path) -> str:
    # Elsewhere than in this repository, whose source tree Python would find first.
    done = subprocess.run(
        [sys.executable, "-m", "django_k8s.static_files.keep_previous", str(previous), str(current)],
        cwd=previous.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_last_release_is_carried_and_no_more(tmp_path: Path) -> None:
    """What its manifest names, with the compressed forms; not what it had carried itself; nothing is overwritten."""
    previous = collected(
        tmp_path / "previous", {"css/a.css": "css/a.111.css", "b.js": "b.222.js"}, extra=("css/a.000.css",)
    )
    current = collected(tmp_path / "current", {"css/a.css": "css/a.333.css", "b.js": "b.222.js"})

    assert kept(previous, current).startswith("3 static files")
    assert (current / "css" / "a.111.css.br").read_text() == "previous css/a.111.css.br"
    assert (current / "b.222.js").read_text() == "current b.222.js"
    assert not (current / "css" / "a.000.css").exists()
    assert json.loads((current / "staticfiles.json").read_text())["paths"]["css/a.css"] == "css/a.333.css"


def test_no_last_release(tmp_path: Path) -> None:
    """The first release has none, and builds."""
    current = collected(tmp_path / "current", {"b.js": "b.222.js"})
    (tmp_path / "empty").mkdir()

    assert kept(tmp_path / "empty", current).startswith("0 static files")
