"""The networks of TRUSTED_PROXIES, for Django's settings and for gunicorn."""

from __future__ import annotations

import ipaddress

from django_k8s.environment.env import Env


def trusted_proxies(env: Env) -> list[str]:
    """Return the networks, or ``*`` for every address. Record a problem if an item is neither."""
    networks = []
    for item in env.list("TRUSTED_PROXIES"):
        try:
            networks.append(item if item == "*" else str(ipaddress.ip_network(item, strict=False)))
        except ValueError:
            env.add_problem(
                "TRUSTED_PROXIES",
                "has an item that is neither an address nor a network such as 10.0.0.0/8.",
            )
    return networks
