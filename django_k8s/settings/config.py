"""DJANGO_K8S, and the report of all problems."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from django_k8s.conf import Config
from django_k8s.environment import grace_period, masking, parsing, problems, startup
from django_k8s.environment.env import Env
from django_k8s.environment.sources import Problem
from django_k8s.environment.trusted_networks import trusted_proxies
from django_k8s.settings.databases import check_direct
from django_k8s.settings.foreign_variables import without_effect
from django_k8s.settings.mail import mailer
from django_k8s.settings.storages import media_serve

_NOT_IN_CODE = ("debug", "build_phase")  # in addition to the start-up variables


def config(env: Env, **project: Any) -> Config:
    """Return the value of DJANGO_K8S. Call it on the last line of the settings module.

    Keyword arguments set fields in code, whatever the environment has::

        DJANGO_K8S = k8s.config(env, readiness_checks=("database", "cache"))

    Start-up variables, DEBUG and BUILD_PHASE cannot be set in code.

    If the settings functions or ``env`` have found mistakes, print them on standard error, one per line, and raise
    SystemExit with status 78. Warnings are printed too, but have no other effect.
    """
    env.mask_secrets()
    check_direct(env)
    grace_period.check(env)
    page = project.get("readiness_page", env.str("READINESS_PAGE"))
    if page and not page.startswith("/"):
        env.add_problem("READINESS_PAGE", "does not begin with a slash. Write a path such as / or /status/.")
    for name in project:
        variable = env.table.get(name.upper())
        if name in _NOT_IN_CODE or (variable and variable.scope == "startup"):
            env.add_problem(
                name.upper(),
                "cannot be set in code: servers read it before Django. Set the environment variable.",
            )
    special: dict[str, Any] = {
        "build_phase": env.build,
        "trusted_proxies": tuple(trusted_proxies(env)),
        "mailer": mailer(env),
        "media_serve": media_serve(env),
        "without_effect": without_effect(env),
        "common_secrets": tuple(_common_secrets(env)),
    }
    read = {f.name: _frozen(env, f.name.upper()) for f in fields(Config) if f.name not in special}
    result = replace(Config(**special, **read), **project)
    for warning in [*env.warnings, *_changed(env)]:
        print(f"warning: {warning}", file=sys.stderr)
    if env.embedded:
        print(f"Debug mode uses built-in defaults for {', '.join(env.embedded)}.", file=sys.stderr)
    problems.stop_if(env.problems, debug_set=env.is_set("DEBUG"))
    return result


def _common_secrets(env: Env) -> Iterator[str]:
    """Yield the names of secret variables whose values are common words, which are not masked in logs."""
    for name, variable in env.table.items():
        found = env.resolve(name)
        if found and any(map(masking.is_common, parsing.secrets(found.value, variable))):
            yield name


def _changed(env: Env) -> list[Problem]:
    """Return a warning for each start-up variable whose value has changed since this process started."""
    if not env.of_process:
        return []
    names = [name for name, variable in env.table.items() if variable.scope == "startup"]
    return [
        Problem(
            name,
            "has changed since this process started, such as by read_env() of django-environ. Servers use the former "
            "value. Set it where the role is started.",
        )
        for name in names
        if env.find(name) != startup.env().find(name)
    ]


def _frozen(env: Env, name: str) -> Any:
    value = env.read(env.table[name])
    return tuple(value) if isinstance(value, list) else value
