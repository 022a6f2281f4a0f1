"""Keys, hosts, and settings that depend on a proxy that terminates TLS."""

from __future__ import annotations

from collections.abc import Iterable

from django_k8s.environment.connection_urls import is_host, malformed
from django_k8s.environment.env import Env
from django_k8s.environment.trusted_networks import trusted_proxies

# Only debug mode and the build phase use this key, so it signs nothing of value.
_EMBEDDED_KEY = "django-insecure-embedded-key-for-debug-mode-and-the-build-phase-only"
_SHORTEST_KEY = 50  # as Django's own deployment check requires


def secret_key(env: Env) -> str:
    """Return SECRET_KEY from the variable with this name.

    If it is missing in production, the result is empty. So Django refuses to start even if nothing reports the mistake.
    """
    key = env.str("SECRET_KEY", "")
    if not key:
        if not env.production:
            env.embed("SECRET_KEY")
            return _EMBEDDED_KEY
        env.require(
            "SECRET_KEY", "Django signs sessions with it: 50 random characters or more, from a Secret."
        )
    elif env.production and len(key) < _SHORTEST_KEY:
        env.add_problem("SECRET_KEY", f"is too short. Make it {_SHORTEST_KEY} random characters or more.")
    elif env.production and key.startswith("django-insecure-"):
        env.add_problem(
            "SECRET_KEY", "is the one that Django generated for development. Make a new one for production."
        )
    return key


def secret_key_fallbacks(env: Env) -> list[str]:
    """Return SECRET_KEY_FALLBACKS, the former keys that are still accepted while a key is replaced."""
    return env.list("SECRET_KEY_FALLBACKS")


def allowed_hosts(env: Env) -> list[str]:
    """Return ALLOWED_HOSTS from the variable with this name.

    It must be set in production. In debug mode, the default is all hosts.
    """
    hosts = env.list("ALLOWED_HOSTS")
    if not hosts and env.debug:
        env.embed("ALLOWED_HOSTS")
        return ["*"]
    if not hosts:
        env.require("ALLOWED_HOSTS", "Set it to the host names of the site, separated by commas.")
    if not all(host == "*" or is_host(host.removeprefix(".").strip("[]")) for host in hosts):
        env.add_problem(
            "ALLOWED_HOSTS",
            "has an item that is not a host name. Write each one without scheme, port and path.",
        )
    return hosts


def csrf_trusted_origins(env: Env) -> list[str]:
    """Return CSRF_TRUSTED_ORIGINS: the variable, or https:// with each of ALLOWED_HOSTS if HTTPS is on.

    Django compares the scheme of a form's origin with that of the request. Behind a proxy that terminates TLS, the
    request's scheme is http unless the proxy is trusted.
    """
    if env.is_set("CSRF_TRUSTED_ORIGINS"):
        given = env.list("CSRF_TRUSTED_ORIGINS")
        if any("://" not in origin for origin in given):
            env.add_problem(
                "CSRF_TRUSTED_ORIGINS", "needs a scheme in every origin, as in https://example.com."
            )
        elif problem := next(filter(None, map(malformed, given)), ""):
            env.add_problem("CSRF_TRUSTED_ORIGINS", problem)
        return given
    return origins(env.list("ALLOWED_HOSTS")) if https(env) else []


def origins(hosts: Iterable[str]) -> list[str]:
    """Return ``https://`` with each of ``hosts``, which have the format of ALLOWED_HOSTS."""
    named = [host for host in hosts if host != "*"]
    return [f"https://*{host}" if host.startswith(".") else f"https://{host}" for host in named]


def https(env: Env) -> bool:
    """Return whether users reach the site over TLS. This is the variable HTTPS, which is on by default in production.

    Use it for SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE.
    """
    return env.bool("HTTPS", env.production)


def ssl_redirect(env: Env) -> bool:
    """Return SECURE_SSL_REDIRECT from the variable SSL_REDIRECT. It is on by default with HTTPS and TRUSTED_PROXIES.

    Without trusted proxies, every request looks like http to Django, so it would redirect forever.
    """
    proxies = trusted_proxies(env)
    redirect = env.bool("SSL_REDIRECT", https(env) and bool(proxies))
    if redirect and not proxies:
        env.add_problem(
            "SSL_REDIRECT", "would redirect forever. Set TRUSTED_PROXIES to the ingress's addresses as well."
        )
    return redirect


def hsts_seconds(env: Env) -> int:
    """Return SECURE_HSTS_SECONDS from the variable HSTS_SECONDS, or 0 if HTTPS is off."""
    return env.int("HSTS_SECONDS") if https(env) else 0
