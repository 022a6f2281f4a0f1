"""The dummies of the build, and the keys of the Secret."""

from __future__ import annotations

import re

from django_k8s.adopt.facts import Facts, Variable
from django_k8s.adopt.loading.dummies import values
from django_k8s.adopt.render.values import aliases_of

_OURS = {
    "SECRET_KEY": "50 random characters or more",
    "DATABASE_URL": "postgres://user:password@host:5432/name",
    "REDIS_URL": "redis://host:6379/0",
    "CELERY_BROKER_URL": "amqp://user:password@host:5672/virtual-host",
}


def build(facts: Facts) -> str:
    """Return build.env: a dummy for every variable that the settings need to load."""
    lines = ["# Dummies with which the settings load while the image is built. The build has no secrets."]
    wanted = {one.name: one for one in required(facts)}
    # If the settings were not loaded, they may read further variables in a branch.
    wanted |= {one.name: one for one in facts.variables if one.dummy or not (facts.loaded or one.default)}
    fixed = {one["name"]: one["value"] for one in _fixed(facts)}
    lines += [
        f"{name}={wanted[name].dummy or values(name)[0]}" for name in sorted(wanted) if name not in fixed
    ]
    lines += [f"{name}={value}" for name, value in fixed.items()]
    return "\n".join([*lines, ""])


def secret(facts: Facts, name: str) -> str:
    """Return secret.env.example: the keys of the Secret, without values, each with a comment on where it is read."""
    lines = [
        f"# The keys of the Secret {name}-env, which the Helm release {name} reads. Copy this file to deploy/secret.env,",
        "# which git ignores. Fill it in, and create the Secret:",
        "#",
        f"#     kubectl -n {name} create secret generic {name}-env --from-env-file=deploy/secret.env",
        "",
    ]
    aliases = aliases_of(facts)
    covered = set(aliases.values())
    names = {one.name for one in facts.variables}
    unused = {
        "REDIS_URL": not facts.list("redis_needed"),
        "CELERY_BROKER_URL": facts.value("broker") != "rabbitmq",
    }
    ours = {key: what for key, what in _OURS.items() if not unused.get(key)}
    for key, what in ours.items():
        if key in names or key not in covered or key == "DATABASE_URL":
            lines += [f"# {what}", f"{key}="]
    wanted = {one.name: one for one in required(facts) if one.name not in ours}
    for one in wanted.values():
        lines += [f"# {_file(one)}: required", f"{one.name}="]
    optional = [
        one for one in facts.variables if one.secret and one.name not in wanted and one.name not in ours
    ]
    if optional:
        lines += ["", "# These have a default. Uncomment what you set."]
        lines += [f"# {one.name}=  ({_file(one)})" for one in optional]
    return "\n".join([*lines, ""])


def _file(one: Variable) -> str:
    """Return the file that reads a variable, without the line, which would change with each edit and need an update."""
    return re.sub(r":\d+$", "", one.source)


def _fixed(facts: Facts) -> list[dict[str, str]]:
    """Return the variables that have the same value in every role."""
    return [one for name in ("debug_variable", "engine_variable") if (one := facts.value(name))]


def required(facts: Facts) -> list[Variable]:
    """Return the variables that the settings need, by name."""
    names = set(facts.list("required_variables")) - {one["name"] for one in _fixed(facts)}
    known = {one.name: one for one in facts.variables}
    return [known.get(name, Variable(name, "an answer", False)) for name in sorted(names)]
