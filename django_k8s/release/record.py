"""The record of an environment: a ConfigMap in its namespace, and the labels of the namespace itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django_k8s.environment.exit_codes import EX_USAGE
from django_k8s.release.kube import Kubectl, Object
from django_k8s.release.outcome import Stopped

PROJECT, ENVIRONMENT = "django-k8s/project", "django-k8s/environment"
# The chart uses the same name. The value is a day.
EXPIRES = "environment-expires"
MANAGED = {"app.kubernetes.io/managed-by": "django-k8s"}
NAME = "django-k8s-environment"  # of the ConfigMap: a namespace holds one environment

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known about an environment, apart from its Helm release."""

    project: str
    environment: str
    namespace: str
    created: datetime
    expires: datetime | None = None
    image: str = ""
    image_id: str = ""
    address: str = ""

    def is_expired(self, now: datetime) -> bool:
        """Return whether the environment is past its time."""
        return self.expires is not None and self.expires <= now


def lifetime(text: str) -> timedelta:
    """Return the duration of ``text``, such as 90m, 12h, 3d or 2w. Raise Stopped if it is not a duration."""
    found = re.fullmatch(r"([1-9]\d{0,3})([mhdw])", text)
    if found is None:
        raise Stopped(f"--expires {text} is not a duration. Write one such as 90m, 12h, 3d or 2w.", EX_USAGE)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def labels(project: str, environment: str, expires: datetime | None = None) -> dict[str, str]:
    """Return the labels of objects that belong to an environment, but are not created by its chart."""
    day = {EXPIRES: expires.strftime("%Y-%m-%d")} if expires else {}
    return {**MANAGED, PROJECT: project, ENVIRONMENT: environment, **day}


def selector(project: str = "", environment: str = "") -> str:
    """Return the label selector of all environments, of those of a project, or of one."""
    return ",".join(
        [
            *(f"{name}={value}" for name, value in MANAGED.items()),
            f"{PROJECT}={project}" if project else PROJECT,
            f"{ENVIRONMENT}={environment}" if environment else ENVIRONMENT,
        ]
    )


def to_object(record: Record) -> Object:
    """Return the ConfigMap of a record."""
    data = {
        "created": record.created.strftime(_FORMAT),
        "expires": record.expires.strftime(_FORMAT) if record.expires else "",
        "image": record.image,
        "image-id": record.image_id,
        "address": record.address,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": NAME,
            "namespace": record.namespace,
            "labels": labels(record.project, record.environment, record.expires),
        },
        "data": data,
    }


def from_object(found: Object) -> Record:
    """Return the record in a ConfigMap."""
    data, metadata = found.get("data") or {}, found["metadata"]
    return Record(
        project=metadata["labels"].get(PROJECT, ""),
        environment=metadata["labels"].get(ENVIRONMENT, ""),
        namespace=metadata["namespace"],
        created=_time(data.get("created", "")) or _time(metadata["creationTimestamp"]) or now(),
        expires=_time(data.get("expires", "")),
        image=data.get("image", ""),
        image_id=data.get("image-id", ""),
        address=data.get("address", ""),
    )


def read(kubectl: Kubectl) -> Record | None:
    """Return the record of the namespace, or None if it contains no environment."""
    found = kubectl.get("configmap", NAME)
    return from_object(found) if found else None


def read_all(kubectl: Kubectl, project: str) -> list[Record]:
    """Return the records of a project, or of all projects if it is empty, in every namespace that has one."""
    found = kubectl.list("configmaps", selector(project), everywhere=True)
    return sorted(map(from_object, found), key=lambda record: (record.project, record.environment))


def write(kubectl: Kubectl, record: Record, **changes: object) -> Record:
    """Store the record with ``changes`` and return it."""
    record = replace(record, **changes)  # type: ignore[arg-type]
    kubectl.apply(to_object(record))
    return record


def namespace(project: str, environment: str, name: str) -> Object:
    """Return the namespace that is created for an environment. It enforces Pod Security ``restricted``."""
    confined = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {**labels(project, environment), **confined}},
    }


def is_made_here(found: Object, project: str, environment: str) -> bool:
    """Return whether a namespace was created for this environment, so that it is removed with it."""
    held = found["metadata"].get("labels") or {}
    return all(held.get(name) == value for name, value in labels(project, environment).items())


def now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC).replace(microsecond=0)


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
