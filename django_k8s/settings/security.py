"""Keys, hosts and what a TLS-terminating proxy changes."""

from __future__ import annotations

from typing import Any

from django_k8s.env import Env
from django_k8s.networks import trusted_proxies

# Signs nothing of worth: it serves debug mode and the build phase alone.
_EMBEDDED_KEY = "django-insecure-embedded-key-for-debug-mode-and-the-build-phase-only"
_SHORTEST_KEY = 50  # what Django's own deployment check asks for
_ANY_HOST_WHILE_DEBUGGING = ["*"]


def security(env: Env) -> dict[str, Any]:
    """SECRET_KEY, ALLOWED_HOSTS, CSRF, cookies, TLS redirect and HSTS, by name.

    HTTPS is on in production. The redirect to it is on only where TRUSTED_PROXIES is set too:
    without them no request looks like HTTPS to Django, and the redirect would never end.
    """
    https = env.bool("HTTPS", env.production)
    proxies = trusted_proxies(env)
    redirect = env.bool("SSL_REDIRECT", https and bool(proxies))
    if redirect and not proxies:
        env.problem(
            "SSL_REDIRECT", "would redirect for ever: set TRUSTED_PROXIES to the ingress's addresses as well."
        )
    hosts = env.list("ALLOWED_HOSTS")
    if not hosts:
        env.require("ALLOWED_HOSTS")
    return {
        "DEBUG": env.debug,
        "SECRET_KEY": _secret_key(env),
        "SECRET_KEY_FALLBACKS": env.list("SECRET_KEY_FALLBACKS", secret=True),
        "ALLOWED_HOSTS": hosts or (_ANY_HOST_WHILE_DEBUGGING if env.debug else []),
        "CSRF_TRUSTED_ORIGINS": _origins(env, hosts, https),
        "SECURE_SSL_REDIRECT": redirect,
        "SECURE_HSTS_SECONDS": env.int("HSTS_SECONDS") if https else 0,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SESSION_COOKIE_SECURE": https,
        "CSRF_COOKIE_SECURE": https,
        # gunicorn believes X-Forwarded-Proto of these alone and tells Django by wsgi.url_scheme.
        "TRUSTED_PROXIES": proxies,
    }


def _secret_key(env: Env) -> str:
    key = env.str("SECRET_KEY", "", secret=True)
    if not key:
        env.require(
            "SECRET_KEY", "Django signs sessions with it: 50 random characters or more, from a Secret."
        )
        return _EMBEDDED_KEY
    if env.production and len(key) < _SHORTEST_KEY:
        env.problem("SECRET_KEY", f"is too short. Make it {_SHORTEST_KEY} random characters or more.")
    elif env.production and key.startswith("django-insecure-"):
        env.problem(
            "SECRET_KEY", "is the one that Django made for development. Make a new one for production."
        )
    return key


def _origins(env: Env, hosts: list[str], https: bool) -> list[str]:
    if env.is_set("CSRF_TRUSTED_ORIGINS"):
        origins = env.list("CSRF_TRUSTED_ORIGINS")
        if any("://" not in origin for origin in origins):
            env.problem("CSRF_TRUSTED_ORIGINS", "needs a scheme in every origin, as in https://example.com.")
        return origins
    if not https:
        return []
    return [
        f"https://*{host}" if host.startswith(".") else f"https://{host}" for host in hosts if host != "*"
    ]
