"""P6: our image and one of seven lines, with the same packages; and what one changed line, or one more package, takes."""

from __future__ import annotations

import contextlib
import importlib.metadata
import random
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support import docker
from support.need import works

from compare.contenders import OURS, PLAIN, PROJECT
from compare.table import Row

PACKAGES = ("django", "celery", "redis", "psycopg[binary,pool]", "whitenoise", "gunicorn")
EXTRAS = "django-k8s-toolkit[web,worker,postgres,redis]"
# What tutorials have: the packages, then the code.
PLAIN_DOCKERFILE = """FROM {base}
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD ["gunicorn", "-b", "0.0.0.0:8000", "config.wsgi"]
"""
MANAGE = "from django.core.management import execute_from_command_line\nimport sys\nexecute_from_command_line(sys.argv)\n"
MB = 1e6


def missing() -> str:
    """Return why there is nothing to measure, in one sentence, or an empty string."""
    if works("docker", "image", "inspect", docker.PYTHON):
        return ""
    return f"P6, the images: there is no container engine with {docker.PYTHON}. Start Docker and pull that image."


@dataclass
class Images:
    """The two contexts, each with its own image; ``row`` makes a row of the table."""

    contexts: dict[str, Path]
    library: Path
    row: Callable[[str, str, str], Row]

    def measure(self, shuffler: random.Random) -> None:
        """One round."""
        for name in shuffler.sample(sorted(self.contexts), 2):
            context = self.contexts[name]
            self._build(name)
            views, packages = context / "shop" / "views.py", context / "requirements.txt"
            views.write_text(f"{views.read_text()}# {uuid.uuid4().hex}\n")
            self.row("P6", "rebuild after one changed line", "s").note(name, self._build(name))
            before = packages.read_text()
            packages.write_text(f"{before}idna==3.10\n# {uuid.uuid4().hex}\n")
            self.row("P6", "rebuild after one more package", "s").note(name, self._build(name))
            packages.write_text(before)
            size, compressed = (
                of(self._tag(name)) - of(docker.PYTHON) for of in (self._size, self._compressed)
            )
            self.row("P6", "image minus base", "MB").note(name, size / MB)
            self.row("P6", "image minus base, compressed", "MB").note(name, compressed / MB)

    def remove(self) -> None:
        """Remove the images."""
        docker.docker("rmi", "-f", *map(self._tag, self.contexts), check=False)

    def _tag(self, name: str) -> str:
        return f"compare-{self.library.name}:{name.split()[0]}"

    def _build(self, name: str) -> float:
        began = time.monotonic()
        arguments = ("--build-arg", "SETTINGS=config.ours", "--build-arg", f"LIBRARY={EXTRAS}")
        context, tag = self.contexts[name], self._tag(name)
        if name == OURS.name:
            docker.build(context, self.library, *arguments, tag=tag)
        else:
            docker.docker("build", "--network", "host", "-t", tag, str(context), timeout=900)
        return time.monotonic() - began

    @staticmethod
    def _size(image: str) -> int:
        return int(docker.docker("image", "inspect", "-f", "{{.Size}}", image).stdout)

    @staticmethod
    def _compressed(image: str) -> int:
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
            done = subprocess.run(["gzip", "-1"], stdin=saved.stdout, capture_output=True, check=True)
        return len(done.stdout)


@contextlib.contextmanager
def images(folder: Path, row: Callable[[str, str, str], Row]) -> Iterator[Images]:
    """Write both projects, and remove their images at the end."""
    library = folder / f"library-{uuid.uuid4().hex[:6]}"
    made = Images({name: folder / name.split()[0] for name in (OURS.name, PLAIN.name)}, library, row)
    for name, context in made.contexts.items():
        shutil.copytree(PROJECT, context, ignore=shutil.ignore_patterns("__pycache__"))
        (context / "manage.py").write_text(MANAGE)
        (context / "requirements.txt").write_text("".join(map(_pinned, PACKAGES)))
        if name == PLAIN.name:
            (context / "Dockerfile").write_text(PLAIN_DOCKERFILE.format(base=docker.PYTHON))
    docker.wheel(library)
    try:
        yield made
    finally:
        made.remove()


def _pinned(package: str) -> str:
    return f"{package}=={importlib.metadata.version(package.partition('[')[0])}\n"
