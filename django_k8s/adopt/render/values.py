"""The chart's values: what the project runs, and what differs in staging and production."""

from __future__ import annotations

import re
from typing import Any

from django_k8s.adopt.facts import Facts, Variable
from django_k8s.adopt.render.yaml import Comment, dump
from django_k8s.adopt.rules.steps import labels

# Variables that a project may call by another name, each with a pattern for the end of that name.
_ALIASES = (
    (r"(DATABASE|DB|POSTGRES(QL)?|PG|SQL)_?HOST(NAME)?$", "DATABASE_HOST"),
    (r"(DATABASE|DB|POSTGRES(QL)?|PG|SQL)_?PORT$", "DATABASE_PORT"),
    (r"(DATABASE|DB|SQL)_?NAME$|(DB|SQL)_DATABASE$|POSTGRES(QL)?_DB(NAME)?$|PGDATABASE$", "DATABASE_NAME"),
    (r"(DATABASE|DB|POSTGRES(QL)?|PG|SQL)_?USER(NAME)?$", "DATABASE_USER"),
    (r"(DATABASE|DB|POSTGRES(QL)?|PG|SQL)_?PASS(WORD)?$", "DATABASE_PASSWORD"),
    (r"(^|_)(DATABASE|DB|POSTGRES)_UR[IL]$", "DATABASE_URL"),
    (r"(^|_)(REDIS([A-Z_]*)|BROKER|CACHE|CELERY_RESULT)_UR[IL]$|BROKER$|RESULT_BACKEND$", "REDIS_URL"),
    (r"(^|_)SECRET_KEY$", "SECRET_KEY"),
)
_KNOWN = frozenset(name for _, name in _ALIASES)
# These belong to a second database, cache or key.
_OTHER = re.compile(
    r"(REPLICA|ANALYTICS|TEST|READ|SECONDARY|LEGACY|TRAC|AWS|STRIPE|S3|MONGO|MYSQL|RABBIT|JWT|OIDC|OAUTH|RECAPTCHA|CLIENT|GITHUB)"
)
_DEFAULT_QUEUE = "celery"
_WORKERS = 5  # more queues than this share one worker, because a pod for each would waste memory


def values(facts: Facts) -> str:
    """Return the text of values.yaml, which applies to every environment."""
    found: dict[str, Any] = {}
    env = environment(facts)
    if env:
        found["env"] = env
    if not facts.value("celery_application"):
        found["celery"] = False
    else:
        found["workers"] = _workers(facts)
    if daemons := facts.list("daemons"):
        found["daemons"] = {one["name"]: {"command": one["command"]} for one in daemons}
    if steps := facts.list("after_migrate"):
        found[
            Comment("What the project runs after its migrations, at each release. It must be safe to repeat.")
        ] = None
        found["jobs"] = {
            name: {"args": ["manage", *words]}
            for name, words in zip(labels(words[0] for words in steps), steps, strict=True)
        }
    head = [
        "# What the project runs in every environment. Written by django-k8s init; yours to edit. The chart's",
        "# values.yaml explains these values and all others.",
        "#",
        "# Commands that run on a schedule go here, except for those that beat runs:",
        "#",
        "#     cronJobs:",
        '#       clear-sessions: {schedule: "0 3 * * *", args: [manage, clearsessions]}',
    ]
    return "\n".join([*head, *dump(found), ""])


def environment(facts: Facts) -> dict[str, Any]:
    """Return the environment variables of every role."""
    found: dict[str, Any] = {}
    if facts.text("interface") == "asgi":
        found["WEB_INTERFACE"] = "asgi"
    if facts.value("application"):
        found["WEB_APPLICATION"] = facts.text("application")
    if facts.value("celery_application"):
        found["CELERY_APP"] = facts.text("celery_application")
        scheduler = facts.text("beat_scheduler")
        if scheduler not in ("", "default") and "CELERY_BEAT_SCHEDULER" not in facts.settings:
            found["BEAT_SCHEDULER"] = scheduler
    if debug := facts.value("debug_variable"):
        found[Comment("Without this variable, the project's own settings turn debug mode on.")] = None
        found[debug["name"]] = debug["value"]
    if engine := facts.value("engine_variable"):
        found[Comment("With this variable, the project's own settings use PostgreSQL.")] = None
        found[engine["name"]] = engine["value"]
    if page := facts.text("readiness_page"):
        found[Comment("This page must render before a pod gets requests.")] = None
        found["READINESS_PAGE"] = page
    return found


def staging(facts: Facts) -> str:
    """Return the text of values-staging.yaml, which is applied after the chart's values-staging.yaml."""
    found: dict[str, Any] = {}
    if aliases := aliases_of(facts):
        rabbit = (
            "\nIt has no RabbitMQ, so Celery's broker is Redis."
            if facts.value("broker") == "rabbitmq"
            else ""
        )
        found[
            Comment(
                f"The project's own names for what the chart gives every pod of a staging environment.{rabbit}"
            )
        ] = None
        found["envAliases"] = aliases
    if facts.value("media") == "none":
        found["media"] = {"enabled": False}
    fields = facts.list("superuser_fields") or ["username"]
    found[Comment("The first administrator. The password is generated; `django-k8s up` prints it once.")] = (
        None
    )
    found["superuser"] = superuser(fields)
    return "\n".join(
        ["# Staging. Applied after the chart's values-staging.yaml and after values.yaml.", *dump(found), ""]
    )


def production(facts: Facts, name: str) -> str:
    """Return the text of values-production.yaml, which is applied after the chart's values-production.yaml."""
    lines = [
        "# Production. Applied after the chart's values-production.yaml and after values.yaml. Set these:",
        "#",
        "#     hosts: [www.example.com]",
        "#     trustedProxies: [10.0.0.0/8]",
        "#     ingress: {enabled: true, preset: cert-manager, certManager: {clusterIssuer: letsencrypt}}",
        "#",
        f"# The Secret {name}-env, for a Helm release called {name}, has the keys of secret.env.example.",
        "environment: production",
    ]
    media = facts.value("media")
    if media == "volume":
        lines += [
            "# Uploads: a volume that all pods share. For a bucket, delete this and set MEDIA_S3_BUCKET below env.",
            "media: {enabled: true}",
        ]
    return "\n".join([*lines, ""])


def superuser(fields: list[str]) -> dict[str, Any]:
    """Return the chart's value ``superuser``: the username, and the other fields that the model requires."""
    username, *others = fields
    found: dict[str, Any] = {"username": "admin@example.com" if "mail" in username else "admin"}
    if "email" in others:
        found["email"] = "admin@example.com"
    rest = [name for name in others if name not in ("email", "password")]
    if rest:
        found["env"] = {f"DJANGO_SUPERUSER_{name.upper()}": _sample(name) for name in rest}
    return found


def aliases_of(facts: Facts) -> dict[str, str]:
    """Return the variables to which the project gives other names: its name, and the chart's."""
    found = {}
    for one in facts.variables:
        if one.name in _KNOWN or _OTHER.search(one.name):
            continue
        target = next((name for pattern, name in _ALIASES if re.search(pattern, one.name)), "")
        if target == "REDIS_URL" and not _is_redis(facts, one.dummy):
            continue
        if target == "SECRET_KEY" and not _is_secret_key(facts, one):
            continue
        if target:
            found[one.name] = target
    if facts.value("broker") == "rabbitmq":
        # Environments that we start have no RabbitMQ. The settings for Kubernetes prefer this variable.
        found["CELERY_BROKER_URL"] = "REDIS_URL"
    return found


def _is_secret_key(facts: Facts, variable: Variable) -> bool:
    """Return whether a variable is Django's SECRET_KEY, and not the key of some other service.

    Django's key must never be sent to a service that the project logs in to.
    """
    named = {one.name: one.source for one in facts.variables if one.name.endswith("SECRET_KEY")}
    place = facts.settings.get("SECRET_KEY")
    return "SECRET_KEY" not in named and (place not in named.values() or variable.source == place)


def _is_redis(facts: Facts, dummy: str) -> bool:
    return bool(facts.list("redis_needed")) and (not dummy or dummy.startswith("redis"))


def _workers(facts: Facts) -> dict[str, Any]:
    queues = [str(one) for one in facts.list("queues")] or [_DEFAULT_QUEUE]
    found: dict[str, Any] = {
        "default": {} if queues[0] == _DEFAULT_QUEUE and len(queues) == 1 else {"queues": [queues[0]]}
    }
    if len(queues) > _WORKERS:
        return {
            Comment(
                "One worker takes all queues. Give a queue that must not wait a worker of its own."
            ): None,
            "default": {"queues": queues},
        }
    for queue in queues[1:]:
        found[re.sub(r"[^a-z0-9]+", "-", queue.lower()).strip("-") or "other"] = {"queues": [queue]}
    return found


def _sample(name: str) -> str:
    if "mail" in name:
        return "admin@example.com"
    return "2000-01-01" if "birth" in name or "date" in name else "admin"
