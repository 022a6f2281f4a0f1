"""Rules about lock files, versions and base images."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.check.finding import Finding, Kind, found
from django_k8s.adopt.check.subject import Rule, Subject
from django_k8s.adopt.rules import locks
from django_k8s.adopt.rules.requirements import normal, requirement

NO_LOCK = Kind(
    "no-lock",
    "error",
    "There is no lock and no requirements file.",
    "The image cannot be built: nothing says which packages it needs.",
    "Run `python -m pip freeze >requirements.txt` in the project's environment, and commit the file.",
)
UNLOCKED = Kind(
    "unlocked",
    "warning",
    "{detail}",
    "Each build installs the newest releases. So two images of the same commit differ, and a rollback may fail.",
    "Run `uv lock`, or pin the exact version of every package in a requirements file (`uv pip compile`).",
)
LOCK_BEHIND = Kind(
    "lock-behind",
    "error",
    "{detail}",
    "The build refuses a lock that does not match the project, or the image lacks the package.",
    "Lock again (`uv lock`, `poetry lock` or `pipenv lock`), and commit the lock.",
)
PYTHON_OLD = Kind(
    "python-version",
    "error",
    "The image gets Python {detail}.",
    "django-k8s needs Python 3.11 or newer, and a release without security fixes should not face the internet.",
    "Allow a newer Python in requires-python, lock again, and run `django-k8s update`.",
)
DJANGO_OLD = Kind(
    "django-version",
    "error",
    "The project has Django {detail}.",
    "django-k8s needs Django 5.2 or newer.",
    "Update Django first, one release after the other, with `python -Wd manage.py test`.",
)
BASE_IMAGE = Kind(
    "base-image",
    "note",
    "The base image {detail} is not pinned by a digest.",
    "When the tag moves, the same commit gives a different image.",
    "Add the digest to the tag (docker buildx imagetools inspect shows it), and let a bot update it.",
)
BEAT_DJANGO = Kind(
    "beat-django",
    "warning",
    "django-celery-beat is installed with Django {detail}.",
    "Its releases allow only Django below 6.1. So a package manager refuses the two together, or the combination is untested.",
    "Stay on Django 6.0, or move the schedule to CELERY_BEAT_SCHEDULE, which beat runs without this package.",
)

# The day on which the security fixes for a Python version end.
_ENDS = {
    "3.8": datetime.date(2024, 10, 7),
    "3.9": datetime.date(2025, 10, 31),
    "3.10": datetime.date(2026, 10, 31),
    "3.11": datetime.date(2027, 10, 31),
    "3.12": datetime.date(2028, 10, 31),
    "3.13": datetime.date(2029, 10, 31),
    "3.14": datetime.date(2030, 10, 31),
}
_OLDEST_PYTHON = (3, 11)
_OLDEST_DJANGO = (5, 2)


def lock(subject: Subject) -> Iterator[Finding]:
    """Find a missing lock file, or one with requirements that are not pinned."""
    name, kind = subject.facts.text("lock"), subject.facts.text("lock_kind")
    if not name:
        yield found(NO_LOCK)
    elif kind == "pyproject":
        yield found(UNLOCKED, name, "There is no lock.")
    elif kind == "requirements" and (loose := _unpinned(subject, name)):
        place, package, count = loose
        others = f", and {count - 1} more" if count > 1 else ""
        yield found(UNLOCKED, place, f"{package} has no exact version{others}.")


def _unpinned(subject: Subject, name: str, seen: frozenset[str] = frozenset()) -> tuple[str, str, int] | None:
    """Return where the first requirement without an exact version is, its name, and how many there are."""
    loose = []
    for number, line in subject.lines(name):
        text = line.split(" #")[0].strip().rstrip("\\").strip()
        if match := re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", text):
            inner = _normal(PurePosixPath(name).parent / match[1])
            if (
                inner not in seen
                and inner in subject.tree
                and (more := _unpinned(subject, inner, seen | {name}))
            ):
                loose += [more[:2]] * more[2]
        elif re.match(r"[A-Za-z0-9]", text) and "==" not in text and " @ " not in text and "://" not in text:
            loose.append((f"{name}:{number}", re.split(r"[\s\[<>=!~;]", text)[0]))
    return (*loose[0], len(loose)) if loose else None


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def lock_behind(subject: Subject) -> Iterator[Finding]:
    """Find the first package that the project declares and the lock file does not have."""
    name, kind = subject.facts.text("lock"), subject.facts.text("lock_kind")
    if kind not in ("uv", "poetry", "pipenv"):
        return
    locked = _locked(subject, name, kind)
    file = str(PurePosixPath(name).with_name("Pipfile")) if kind == "pipenv" else subject.lock_file
    if not locked or file not in subject.tree:
        return
    for package in _declared(locks.toml(subject.tree, file), kind):
        if package not in locked:
            yield found(
                LOCK_BEHIND,
                _place(subject, file, package),
                f"{file} names {package}, which {name} does not have.",
            )
            return


def _locked(subject: Subject, name: str, kind: str) -> set[str]:
    if kind == "pipenv":
        try:
            return {normal(one) for one in json.loads(subject.tree.text(name)).get("default", {})}
        except (ValueError, AttributeError):
            return set()
    return {normal(one["name"]) for one in locks.toml(subject.tree, name).get("package", ())}


def _declared(read: dict[str, Any], kind: str) -> Iterator[str]:
    if kind == "pipenv":
        yield from (normal(name) for name in read.get("packages", {}))
        return
    for text in read.get("project", {}).get("dependencies", ()):
        yield from list(requirement(text))[:1]
    for name in read.get("tool", {}).get("poetry", {}).get("dependencies", {}):
        if name != "python":
            yield normal(name)


def _place(subject: Subject, file: str, package: str) -> str:
    pattern = re.compile(re.escape(package).replace(r"\-", "[-_.]+"), re.IGNORECASE)
    return next((f"{file}:{number}" for number, line in subject.lines(file) if pattern.search(line)), file)


def python(subject: Subject) -> Iterator[Finding]:
    """Find a Python version that is too old, or no longer gets security fixes."""
    version = subject.facts.text("python_version")
    numbers = _numbers(version)
    if not numbers:
        return
    place = subject.facts["python_version"].source
    if numbers < _OLDEST_PYTHON:
        yield found(PYTHON_OLD, place, version)
    elif (end := _ENDS.get(version)) and end < datetime.datetime.now(tz=datetime.UTC).date():
        yield found(
            PYTHON_OLD, place, f"{version}, which gets no security fixes since {end}", severity="warning"
        )


def django(subject: Subject) -> Iterator[Finding]:
    """Find a Django version that is too old, or too new for django-celery-beat."""
    version = subject.facts.text("django_version")
    numbers = _numbers(version)
    if not numbers:
        return
    if numbers < _OLDEST_DJANGO:
        yield found(DJANGO_OLD, subject.facts["django_version"].source, version)
    if numbers >= (6, 1) and "django-celery-beat" in subject.packages:
        yield found(BEAT_DJANGO, subject.facts.text("lock"), version)


def base_image(subject: Subject) -> Iterator[Finding]:
    """Find a base image without a digest."""
    name = "deploy/Dockerfile"
    for number, line in enumerate(subject.deployment.get(name, "").splitlines(), 1):
        match = re.match(r"ARG PYTHON_IMAGE=(\S+)", line)
        if match and "@sha256:" not in match[1] and subject.record is not None:
            yield found(BASE_IMAGE, f"{name}:{number}", match[1].strip("\"'"))


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else ()


RULES: tuple[tuple[Rule, tuple[Kind, ...]], ...] = (
    (lock, (NO_LOCK, UNLOCKED)),
    (lock_behind, (LOCK_BEHIND,)),
    (python, (PYTHON_OLD,)),
    (django, (DJANGO_OLD, BEAT_DJANGO)),
    (base_image, (BASE_IMAGE,)),
)
