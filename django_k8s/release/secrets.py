"""The Secrets of an environment: the values that up generates once, and the project's own variables."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.masking import add as mask_from_now_on
from django_k8s.environment.sources import Sources
from django_k8s.release.kube import Kubectl, Object
from django_k8s.release.outcome import Stopped
from django_k8s.release.project import Project, is_ignored
from django_k8s.release.record import Record, labels, now

MADE, VARIABLES = "django-k8s-made", "django-k8s-env"  # names of the two Secrets
SEED, PASSWORD = "seed", "password"  # keys of the first one
_SHOWN = "django-k8s/password-shown"
_CHANGED = "django-k8s/changed"

# What the chart sets in a staging environment. Other values here would lead it to another database.
_CHARTS_OWN = frozenset(
    {
        "SECRET_KEY", "DATABASE_URL", "DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER",
        "DATABASE_PASSWORD", "REDIS_URL",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """The seed of the environment's passwords, and the first administrator's password."""

    seed: str
    password: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Variables:
    """The contents of the project's Secret: the names from deploy/secret.env, and those with generated values."""

    given: tuple[str, ...]
    made_up: tuple[str, ...]
    changed: str  # changes with the values, but reveals nothing about them

    @property
    def exist(self) -> bool:
        """Whether there is a Secret at all."""
        return bool(self.given or self.made_up)


def ensure_made(kubectl: Kubectl, record: Record) -> Made:
    """Return the seed and the password. The first call for an environment generates them."""
    found = kubectl.get("secret", MADE)
    held = _data(found)
    seed = held.get(SEED) or secrets.token_hex(16)
    password = held.get(PASSWORD) or secrets.token_urlsafe(15)
    if {SEED, PASSWORD} - held.keys():
        kubectl.apply(_secret(MADE, record, {SEED: seed, PASSWORD: password}))
    mask_from_now_on(seed)
    mask_from_now_on(password)
    return Made(seed, password, _annotation(found, _SHOWN) == "true")


def password_was_shown(kubectl: Kubectl) -> None:
    """Remember that the password was printed, so that it is not printed again."""
    kubectl.run("annotate", "secret", MADE, f"{_SHOWN}=true", "--overwrite")


def ensure_variables(kubectl: Kubectl, project: Project, record: Record) -> Variables:
    """Update the Secret with the project's own variables.

    Its keys are those of deploy/secret.env.example, and the values come from deploy/secret.env. A variable that is
    missing there gets the dummy of deploy/build.env, or random text that stays the same for the environment.
    """
    found = kubectl.get("secret", VARIABLES)
    held = _data(found)
    given, names = given_and_names(project)
    dummies = _dotenv(project.deploy / "build.env")
    values = {
        name: given.get(name) or dummies.get(name) or held.get(name) or secrets.token_hex(16)
        for name in names
    }
    for value in values.values():
        mask_from_now_on(value)
    changed = _annotation(found, _CHANGED)
    if values and values != held:
        changed = now().strftime("%Y%m%d-%H%M%S")
        kubectl.apply(_secret(VARIABLES, record, values, {_CHANGED: changed}))
    return Variables(
        tuple(name for name in names if given.get(name)),
        tuple(name for name in names if not given.get(name)),
        changed,
    )


def mask_all(kubectl: Kubectl) -> None:
    """From now on, mask every value of every Secret of the namespace in what is printed."""
    done = kubectl.attempt("get", "secrets", "-o", "json")
    if done.status == 0:
        for found in json.loads(done.out)["items"]:
            if found.get("type") == "Opaque":
                for value in _data(found).values():
                    mask_from_now_on(value)


def given_and_names(project: Project) -> tuple[dict[str, str], list[str]]:
    """Return the values of deploy/secret.env, and the names of all variables that the Secret has.

    Raise Stopped if git would commit that file.
    """
    file = project.deploy / "secret.env"
    if file.exists() and not is_ignored(project, file):
        raise Stopped(
            f"git does not ignore {file.relative_to(project.root)}, so its secrets would be committed. "
            "Add the line deploy/secret.env to .gitignore.",
            EX_CONFIG,
        )
    given = _dotenv(file)
    listed = _dotenv(project.deploy / "secret.env.example")
    return given, [name for name in {**listed, **given} if name not in _CHARTS_OWN]


def _dotenv(file: Path) -> dict[str, str]:
    """Return the names and values of a file, including empty ones. It is read like .env."""
    if not file.is_file():
        return {}
    sources = Sources(file.parent, {"ENV_FILE": file.name})
    if sources.problems:
        problem = next(iter(sources.problems.values()))
        raise Stopped(f"{file} cannot be used: {problem.text}", EX_CONFIG)
    found = {name: sources.find(name) for name in sorted(sources.names() - {"ENV_FILE"})}
    return {name: value.value if value else "" for name, value in found.items()}


def _secret(
    name: str, record: Record, values: dict[str, str], annotations: dict[str, str] | None = None
) -> Object:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {
        "name": name,
        "namespace": record.namespace,
        "labels": labels(record.project, record.environment),
        "annotations": annotations or {},
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}


def _data(found: Object | None) -> dict[str, str]:
    data = (found or {}).get("data") or {}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def _annotation(found: Object | None, name: str) -> str:
    return str(((found or {}).get("metadata") or {}).get("annotations", {}).get(name, ""))
