"""The Dockerfiles, with the project's values as the defaults of their arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from django_k8s.adopt.facts import Facts
from django_k8s.adopt.render.settings import module
from django_k8s.environment.assets import assets

BUILD_ENV = "deploy/build.env"
_DISTRIBUTION = "django-k8s-toolkit"
_NODE = "22"


def arguments(facts: Facts) -> dict[str, str]:
    """Return the arguments of the image, by name."""
    front_end = facts.value("front_end") or {}
    before = [
        *(["python -m django compilemessages -v 0"] if facts.value("translations") else []),
        *facts.list("before_static"),
    ]
    # An exported file contains the groups and extras that were chosen for it. There is nothing left to choose.
    exported = facts.text("lock_kind") in ("requirements", "pylock")
    return {
        "PYTHON_IMAGE": f"python:{facts.text('python_version')}-slim",
        "SETTINGS": module(facts).name,
        "PROJECT_DIR": facts.text("project_dir"),
        "LOCK": " ".join([facts.text("lock"), *facts.list("lock_more")]),
        "GROUPS": "" if exported else " ".join(facts.list("groups")),
        "EXTRAS": "" if exported else " ".join(facts.list("extras")),
        "LIBRARY": library(facts),
        "PACKAGES": " ".join(facts.list("packages")),
        "BUILD_PACKAGES": " ".join(facts.list("build_packages")),
        "FRONTEND_DIR": front_end.get("dir", ""),
        "FRONTEND_BUILD": _front_end_build(facts),
        "FRONTEND_BEFORE": " && ".join(facts.list("frontend_before")),
        "NODE_IMAGE": f"node:{facts.value('node_version') or _NODE}-slim",
        "BEFORE_STATIC": " && ".join(before),
        "AFTER_STATIC": " && ".join(facts.list("after_static")),
        "BUILD_ENV": BUILD_ENV,
        "ALLOW_FILES": " ".join(map(shlex.quote, facts.list("allow_files"))),
    }


def _front_end_build(facts: Facts) -> str:
    """Return the name of the script that builds the front end, or a shell command if there are several."""
    scripts = facts.list("frontend_scripts")
    if len(scripts) > 1:
        return " && ".join(f"npm run {name}" for name in scripts)
    return str((facts.value("front_end") or {}).get("script", ""))


def library(facts: Facts) -> str:
    """Return our distribution with the extras that the project needs and does not install itself."""
    extras = ["web"]
    has = set(facts.list("installed"))
    if "postg" in facts.text("database_engine") and not {"psycopg", "psycopg2", "psycopg2-binary"} & has:
        extras.append("postgres")
    needs = facts.list("redis_needed")
    # Celery's Redis transport imports packaging, which celery installs only with an extra that many projects lack.
    # In staging, the broker of a project on RabbitMQ is the environment's Redis.
    broker = "broker" in needs or facts.value("broker") == "rabbitmq"
    if ((needs or broker) and "redis" not in has) or (broker and "packaging" not in has):
        extras.append("redis")
    return f"{_DISTRIBUTION}[{','.join(extras)}]"


def dockerfile(facts: Facts) -> str:
    """Return the text of deploy/Dockerfile."""
    return with_defaults("Dockerfile", arguments(facts), _EVERY)


def development(facts: Facts) -> str:
    """Return the text of deploy/Dockerfile.dev."""
    found = arguments(facts)
    return with_defaults(
        "Dockerfile.dev", found, tuple(name for name in _EVERY if name not in _PRODUCTION_ONLY)
    )


_EVERY = [
    "PYTHON_IMAGE",
    "SETTINGS",
    "PROJECT_DIR",
    "LOCK",
    "GROUPS",
    "EXTRAS",
    "LIBRARY",
    "PACKAGES",
    "BUILD_PACKAGES",
    "FRONTEND_DIR",
    "FRONTEND_BUILD",
    "FRONTEND_BEFORE",
    "NODE_IMAGE",
    "BEFORE_STATIC",
    "AFTER_STATIC",
    "BUILD_ENV",
    "ALLOW_FILES",
]
_PRODUCTION_ONLY = (
    "FRONTEND_DIR",
    "FRONTEND_BUILD",
    "FRONTEND_BEFORE",
    "NODE_IMAGE",
    "BEFORE_STATIC",
    "AFTER_STATIC",
    "BUILD_ENV",
    "ALLOW_FILES",
)


def with_defaults(file: str, values: dict[str, str], wanted: tuple[str, ...] | list[str]) -> str:
    """Return the text of a Dockerfile with other defaults. Raise LookupError if it lacks an argument."""
    text = (assets() / "docker" / file).read_text()
    for name in wanted:
        pattern = re.compile(rf"^ARG {name}=.*$", re.MULTILINE)
        if not pattern.search(text):
            raise LookupError(f"docker/{file} has no argument {name} with a default")
        if values[name] or (name != "LOCK" and not (name == "FRONTEND_BUILD" and not values["FRONTEND_DIR"])):
            line = f"ARG {name}={_quoted(values[name])}"
            text = pattern.sub(lambda _, line=line: line, text)  # type: ignore[misc]
    return text.replace("-f docker/Dockerfile", f"-f deploy/{file}").replace(
        " --build-arg SETTINGS=mysite.settings --build-arg RELEASE=1.4.2 -t mysite:1.4.2",
        " --build-arg RELEASE=1.4.2 -t NAME:1.4.2",
    )


def ignored(file: str, left_out: Iterable[str] = ()) -> str:
    """Return the ignore file of a Dockerfile. The build does not read what `init` writes, except for build.env.

    ``left_out`` are files of the project that do not belong in the image.
    """
    text = (assets() / "docker" / f"{file}.dockerignore").read_text().rstrip("\n")
    if file == "Dockerfile":
        text += f"\n# What django-k8s init wrote.\n/deploy/*\n!/{BUILD_ENV}\n/.devcontainer"
        names = [re.sub(r"([*?\[\\])", r"\\\1", name) for name in left_out]
        if names:
            text += "\n# Dumps of databases that no code names.\n" + "\n".join(f"/{name}" for name in names)
    return text + "\n"


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w./:,@\[\]+-]+", value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'
