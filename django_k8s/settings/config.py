"""DJANGO_K8S, and the report of everything that is wrong."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from typing import Any

from django_k8s import report, stops
from django_k8s.conf import Config
from django_k8s.env import Env
from django_k8s.networks import trusted_proxies
from django_k8s.settings.email import mailers
from django_k8s.settings.foreign import without_effect


def config(env: Env, **project: Any) -> Config:
    """Return the value of DJANGO_K8S. Call it on the last line of the settings module.

    Keyword arguments fix fields in code, whatever the environment says::

        DJANGO_K8S = k8s.config(env, readiness_checks=("database", "cache"))

    Every mistake that the settings functions and ``env`` have found is printed to standard error, one line
    each, followed by SystemExit with status 78. Warnings are printed too and change nothing.
    """
    env.mask_secrets()
    stops.check(env)
    page = env.str("READINESS_PAGE")
    if page and not page.startswith("/"):
        env.problem("READINESS_PAGE", "is not a path. Write it with a slash at its beginning, such as /.")
    special: dict[str, Any] = {
        "build_phase": env.build,
        "trusted_proxies": tuple(trusted_proxies(env)),
        "mailer": mailers(env)["default"],
        "without_effect": without_effect(env),
    }
    read = {f.name: _frozen(env, f.name.upper()) for f in fields(Config) if f.name not in special}
    result = replace(Config(**special, **read), **project)
    for warning in env.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if env.embedded:
        print(f"debug mode: no production values for {', '.join(env.embedded)}.", file=sys.stderr)
    report.stop_if(env.problems, debug_set=env.is_set("DEBUG"))
    return result


def _frozen(env: Env, name: str) -> Any:
    value = env.read(env.table[name])
    return tuple(value) if isinstance(value, list) else value
