"""The project that is deployed: its directory, its name, and the tag for its current state."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django_k8s.environment.exit_codes import EX_CONFIG, EX_NOINPUT
from django_k8s.release.outcome import Stopped
from django_k8s.release.programs import attempt

_LONGEST_NAME = 30  # of a project; names of objects are longer by an environment and a component


@dataclass(frozen=True, slots=True)
class Project:
    """A project. ``root`` is the directory that has deploy/, and the build context of the image."""

    root: Path
    name: str

    @property
    def deploy(self) -> Path:
        """The directory that `django-k8s init` writes."""
        return self.root / "deploy"

    def values(self) -> list[Path]:
        """Return the values files that exist, in Helm's order. The last one has precedence."""
        files = (self.deploy / name for name in ("values.yaml", "values-staging.yaml"))
        return [file for file in files if file.is_file()]


def find(start: Path) -> Project:
    """Return the project in ``start`` or above it. Raise Stopped if no directory there has a deploy/Dockerfile."""
    start = start.resolve()
    if not start.is_dir():
        raise Stopped(f"{start} is not a directory. Name the project's directory with --dir.", EX_NOINPUT)
    for directory in (start, *start.parents):
        if (directory / "deploy" / "Dockerfile").is_file():
            return Project(directory, _name(directory))
    raise Stopped(
        f"There is no deploy/Dockerfile in {start} or above it. Run `django-k8s init` first: it writes this file.",
        EX_NOINPUT,
    )


def _name(root: Path) -> str:
    """Return the name that `django-k8s init` has recorded, or that of the directory, as a valid Kubernetes name."""
    record = root / "deploy" / "django-k8s.toml"
    recorded = ""
    if record.is_file():
        try:
            recorded = str(tomllib.loads(record.read_text(encoding="utf-8")).get("name", ""))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise Stopped(f"{record} cannot be read: {error}. Correct it.", EX_CONFIG) from None
    name = re.sub(r"[^a-z0-9]+", "-", (recorded or root.name).lower()).strip("-")
    name = re.sub(r"^[0-9-]+", "", name)[:_LONGEST_NAME].rstrip("-")
    return name or "app"


def commit(project: Project) -> str:
    """Return the full hash of the current commit, or an empty string before the first one."""
    done = attempt("git", "rev-parse", "--verify", "-q", "HEAD", directory=project.root)
    return done.out.strip() if done.status == 0 else ""


def tag(project: Project, *more: bytes) -> str:
    """Return the tag of the working tree: its commit, and a hash if anything differs from that.

    ``more`` are the other inputs of the image. Files that git ignores do not count, because they are not in the image.
    Raise Stopped if the project is not in a git repository.
    """
    root, head = project.root, commit(project)
    tree = _tree(root)
    committed = attempt(
        "git", "rev-parse", "--verify", "-q", f"{head or 'HEAD'}^{{tree}}", directory=root
    ).out.strip()
    short = head[:12] or "new"
    if tree == committed and not more:
        return short
    return f"{short}-{_hash((tree.encode(), *more))}"


def _tree(root: Path) -> str:
    """Return the hash of the working tree as git would commit it. Nothing in the repository changes."""
    found = attempt("git", "rev-parse", "--git-path", "index", "--git-path", "objects", directory=root)
    if found.status:
        raise Stopped(
            f"{root} is not in a git repository, and the image's tag comes from git. Run `git init` there, or name an image "
            "with --image.",
            EX_NOINPUT,
        )
    index, objects = (root / line for line in found.out.splitlines())
    with tempfile.TemporaryDirectory(prefix="django-k8s-") as folder:
        variables = {
            **os.environ,
            "GIT_INDEX_FILE": str(Path(folder) / "index"),
            "GIT_OBJECT_DIRECTORY": folder,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve()),
        }
        if index.is_file():
            shutil.copy(index, Path(folder) / "index")  # it lets git skip unchanged files
        # Add the whole repository, because files outside of the project may be in the context too.
        top = attempt("git", "rev-parse", "--show-toplevel", directory=root).out.strip()
        added = attempt("git", "add", "-A", directory=Path(top), variables=variables)
        written = attempt("git", "write-tree", directory=Path(top), variables=variables)
    if added.status or written.status:
        said = (added.err or written.err).strip().splitlines()
        raise Stopped(f"git cannot read the working tree: {said[-1] if said else 'it gave no reason'}")
    return written.out.strip()


def is_ignored(project: Project, file: Path) -> bool:
    """Return whether git ignores ``file``."""
    return attempt("git", "check-ignore", "-q", str(file), directory=project.root).status == 0


def _hash(parts: Iterable[bytes]) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()[:8]
