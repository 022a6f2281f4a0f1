"""Development: compose.yaml with the project's values, and a devcontainer that uses it."""

from __future__ import annotations

import json
import re

from django_k8s.adopt.facts import Facts
from django_k8s.adopt.render.docker import arguments
from django_k8s.adopt.render.values import aliases_of, environment
from django_k8s.adopt.render.yaml import Comment
from django_k8s.environment.assets import assets

# The values of the variables in development, where compose starts the stores.
_STORES = {
    "DATABASE_URL": "postgres://django:django@db:5432/django",
    "DATABASE_HOST": "db",
    "DATABASE_PORT": '"5432"',
    "DATABASE_NAME": "django",
    "DATABASE_USER": "django",
    "DATABASE_PASSWORD": "django",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": "development-only",
}
_PASSED = ("PYTHON_IMAGE", "PROJECT_DIR", "LOCK", "GROUPS", "EXTRAS", "LIBRARY", "PACKAGES", "BUILD_PACKAGES")


def compose(facts: Facts, name: str) -> str:
    """Return the text of deploy/compose.yaml. Raise LookupError if a part to replace is missing."""
    text = (assets() / "docker" / "compose.yaml").read_text()
    values = arguments(facts)
    for one in _PASSED:
        if values[one] or one != "LOCK":
            text = _default(text, one, values[one])
    text = _default(text, "DJANGO_SETTINGS_MODULE", values["SETTINGS"])
    text = _default(text, "PROJECT", "..")
    text = _default(text, "DOCKERFILE", "deploy/Dockerfile.dev")
    text = _default(text, "COMPOSE_PROJECT_NAME", name)
    front_end = facts.value("front_end")
    if front_end:
        text = _default(text, "FRONTEND_DIR", front_end["dir"])
        text = _default(text, "NODE_IMAGE", values["NODE_IMAGE"])
    gone = ["s3"]
    if not front_end:
        gone.append("assets")
    if not facts.value("celery_application"):
        gone += ["worker", "beat"]
    for service in gone:
        text = _without(text, service)
    text = re.sub(r"^    (# A browser on this|MEDIA_S3_|AWS_).*\n", "", text, flags=re.MULTILINE)
    text = text.replace("depends_on: [db, redis, s3]", "depends_on: [db, redis]").replace(
        "\nvolumes:\n  db:\n  s3:\n", "\nvolumes:\n  db:\n"
    )
    text = text.replace(", on PostgreSQL, Redis and an S3 server", ", on PostgreSQL and Redis").replace(
        "docker compose ", "docker compose -f deploy/compose.yaml "
    )
    more = {variable: _STORES[target] for variable, target in aliases_of(facts).items()}
    debug = facts.value("debug_variable") or {}
    more |= {
        str(key): str(value)
        for key, value in environment(facts).items()
        if not isinstance(key, Comment) and key not in ("READINESS_PAGE", debug.get("name"))
    }
    lines = "".join(f"    {variable}: {value}\n" for variable, value in sorted(more.items()))
    anchor = "    DEBUGGER: ${DEBUGGER:-}\n"
    if anchor not in text:
        raise LookupError("docker/compose.yaml has no line for DEBUGGER")
    text = text.replace(anchor, lines + anchor)
    # The project's own variables. The lines of compose above override these dummies.
    text = text.replace(
        "  pull_policy: never # it is built here\n",
        "  pull_policy: never # it is built here\n  env_file: build.env\n",
    )
    return (
        f"name: {name}\n{text}"
        if not text.startswith("#")
        else text.replace("\nx-image:", f"\nname: {name}\n\nx-image:", 1)
    )


def devcontainer(facts: Facts, name: str, up: str) -> str:
    """Return a devcontainer.json that uses compose.yaml. ``up`` is the path from its directory to the git root."""
    found = {
        "name": name,
        "dockerComposeFile": f"{up}deploy/compose.yaml",
        "service": "web",
        "workspaceFolder": "/app",
        "overrideCommand": False,
        "forwardPorts": [8000],
    }
    return json.dumps(found, indent=2) + "\n"


def _default(text: str, name: str, value: str) -> str:
    pattern = re.compile(rf"\$\{{{name}:-[^}}]*\}}")
    if not pattern.search(text):
        raise LookupError(f"docker/compose.yaml has no variable {name}")
    return pattern.sub(lambda _: f"${{{name}:-{value}}}", text)


def _without(text: str, service: str) -> str:
    """Return compose.yaml without a service, and without the comment above it."""
    pattern = re.compile(
        rf"(?:^  #[^\n]*\n)*^  {service}:\n(?:^(?:    [^\n]*|)\n)+?(?=^  [\w#]|^\S|\Z)", re.MULTILINE
    )
    if not pattern.search(text):
        raise LookupError(f"docker/compose.yaml has no service {service}")
    return pattern.sub("", text, count=1)
