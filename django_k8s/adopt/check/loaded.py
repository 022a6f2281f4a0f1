"""Load the project with its settings for Kubernetes, and let Django check it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_k8s.adopt.check.finding import Finding, Kind, Severity, found
from django_k8s.adopt.examine import Options
from django_k8s.adopt.facts import Facts
from django_k8s.adopt.loading import interpreter
from django_k8s.adopt.loading.copies import copied, libraries
from django_k8s.adopt.loading.rounds import can_import, clean
from django_k8s.adopt.render import settings
from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree

MIGRATIONS = Kind(
    "migrations-missing",
    "error",
    "Models of {detail} have changes without a migration.",
    "The migrate job does not apply them, so the first query that needs them fails.",
    "Run `manage.py makemigrations`, and commit what it writes.",
)
MIGRATION_CONFLICT = Kind(
    "migrations-conflict",
    "error",
    "The application {detail} has conflicting migrations: more than one of them is the latest.",
    "The migrate job fails, and no release goes out.",
    "Run `manage.py makemigrations --merge`, and commit what it writes.",
)
KINDS = (MIGRATIONS, MIGRATION_CONFLICT)

_SECONDS = 60
_CHILD = Path(__file__).with_name("child.py")
# The variables of a deployment in production. The project's own dummies are added.
_PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "q8Zt3nVw7yB1kXo5uRj2dHs9gLc4mPe6aFi0TbWvNxEyUrKsQzJh",
    "DATABASE_URL": "postgres://shop:Zt3nVw7yB1kXo5uR@db:5432/shop",
    "REDIS_URL": "redis://redis:6379/0",
    "EMAIL_URL": "smtp+tls://shop:Zt3nVw7yB1kXo5uR@mail:587",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "HTTPS": "true",
    "SSL_REDIRECT": "true",
    "HSTS_SECONDS": "31536000",
}
# Used only if the settings do not load without it, so that otherwise the project's own value is checked.
_HOSTS = {"ALLOWED_HOSTS": "www.django-k8s-check.org"}
_NO_DRIVER = {"DATABASE_URL": "sqlite:////tmp/check.sqlite3"}
# Messages that result only from the variables above or from the copy, and those that our own rules report.
_IRRELEVANT = frozenset(
    [
        "django_k8s.W004",
        "django_k8s.W012",
        "django_k8s.W022",
        "django_k8s.W023",
        "django_k8s.W007",
        "security.W005",
        "security.W021",
        "security.W009",
        "staticfiles.W004",
    ]
)
_ERROR, _WARNING = 40, 30


@dataclass
class Checked:
    """What Django reports, or the reason why it reports nothing."""

    findings: list[Finding] = field(default_factory=list)
    reason: str = ""


def checked(tree: Tree, facts: Facts, texts: Mapping[str, str], options: Options) -> Checked:
    """Run Django's system checks and look for missing migrations, with the settings for Kubernetes."""
    overlay = settings.module(facts)
    with copied(tree) as (copy, scratch):
        found_ = interpreter.present(tree.root, facts.text("project_dir"), options.python)
        if not found_.path and not options.python:
            found_ = interpreter.made(tree, copy, facts, options.say)
        if not found_.path:
            return Checked(reason=found_.reason)
        file = copy / overlay.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(texts[overlay.path])
        dummies = {one.name: one.dummy for one in facts.variables if one.dummy}
        media = {"MEDIA_ROOT": "/media"} if facts.value("media") == "volume" else {}
        irrelevant = set(_IRRELEVANT)
        place = _Place(found_.path, copy, scratch, folders(facts.text("project_dir")), overlay.name)
        for variables in (
            {**dummies, **_PRODUCTION, **media},
            {**dummies, **_PRODUCTION, **media, **_HOSTS},
            {**_PRODUCTION, **media, **_HOSTS, **dummies},
        ):
            answer = _run(place, variables)
            if "Error loading psycopg" in str(answer.get("failed")):
                # The image gets the driver from this library. Nothing here connects, so any engine will do.
                irrelevant.add("django_k8s.W005")
                answer = _run(place, {**variables, **_NO_DRIVER})
            if "failed" not in answer or "late" in answer:
                break
    if reason := answer.get("failed"):
        return Checked(reason=f"Django could not be set up: {reason}")
    problems = [answer[name] for name in ("checks_failed", "migrations_failed") if name in answer]
    if not can_import(found_.path, "whitenoise"):  # the image gets it from this library
        irrelevant.add("django_k8s.W011")
    return Checked([*_messages(answer, irrelevant), *_migrations(answer)], "; ".join(problems))


@dataclass(frozen=True)
class _Place:
    python: str
    copy: Path
    scratch: Path
    folders: tuple[str, ...]
    module: str


def _run(place: _Place, variables: Mapping[str, str]) -> dict[str, Any]:
    copy, scratch = place.copy, place.scratch
    answer = scratch / "checked.json"
    answer.unlink(missing_ok=True)
    parameters = {
        "root": f"{copy}{os.sep}",
        "before": [str(copy / name) for name in place.folders if (copy / name).is_dir()],
        "after": [libraries(scratch)],
        "answer": str(answer),
    }
    command = [place.python, "-B", "-s", "-c", _CHILD.read_text(), json.dumps(parameters)]
    environment = {
        **clean(scratch),
        **variables,
        "DJANGO_SETTINGS_MODULE": place.module,
        "STATIC_ROOT": str(scratch),
    }
    try:
        ended = subprocess.run(  # noqa: S603
            command,
            cwd=copy / place.folders[0],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        read = json.loads(answer.read_text())
    except subprocess.TimeoutExpired:
        return {"failed": f"it took more than {_SECONDS} seconds", "late": True}
    except (OSError, ValueError):
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        return {"failed": said[-1][:300] if said else f"the interpreter ended with status {ended.returncode}"}
    return read if isinstance(read, dict) else {}


def _messages(answer: Mapping[str, Any], irrelevant: Set[str]) -> Iterator[Finding]:
    for one in answer.get("checks", ()):
        if one["id"] in irrelevant or one["level"] < _WARNING:
            continue
        severity: Severity = "error" if one["level"] >= _ERROR else "warning"
        where = one["object"] if one["object"] not in ("", "None") else ""
        message = " ".join(one["message"].split())
        yield Finding(one["id"] or "django", severity, where[:80], message, "", " ".join(one["hint"].split()))


def _migrations(answer: Mapping[str, Any]) -> Iterator[Finding]:
    told = answer.get("migrations", {})
    for label, operations in told.get("missing", {}).items():
        yield found(MIGRATIONS, "", f"{label} ({'; '.join(operations)})")
    for label in told.get("conflicts", {}):
        yield found(MIGRATION_CONFLICT, "", label)
