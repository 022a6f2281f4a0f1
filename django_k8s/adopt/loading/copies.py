"""A copy of the repository's files, so that loading the settings cannot change the project."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.tree import Tree
from django_k8s.environment.exit_codes import EX_CANTCREAT

_LARGE = 5_000_000  # bytes; settings do not read larger files
# Imported by the settings module that init writes. The project's own packages take precedence.
_OURS = ("django_k8s", "environ", "whitenoise")


@contextmanager
def copied(tree: Tree) -> Iterator[tuple[Path, Path]]:
    """Copy the files that git tracks or would track. Yield the root of the copy and a scratch directory."""
    try:
        with TemporaryDirectory(prefix="django-k8s-") as folder:
            root, scratch = Path(folder).resolve() / "project", Path(folder).resolve() / "scratch"
            scratch.mkdir()
            root.mkdir()
            for name in tree.files:
                source, target = tree.root / name, root / name
                if source.stat().st_size <= _LARGE:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, target)
            yield root, scratch
    except OSError as error:
        raise CannotAdopt(
            f"The project cannot be copied to load it: {error.strerror or error}. Use --no-load.",
            EX_CANTCREAT,
        ) from None


def libraries(scratch: Path) -> str:
    """Create a directory with links to the packages that our settings need, and nothing else; return its path."""
    folder = scratch / "libraries"
    folder.mkdir(exist_ok=True)
    for name in _OURS:
        spec = importlib.util.find_spec(name)
        if spec and spec.submodule_search_locations and not (folder / name).exists():
            (folder / name).symlink_to(Path(next(iter(spec.submodule_search_locations))).resolve())
    return str(folder)
