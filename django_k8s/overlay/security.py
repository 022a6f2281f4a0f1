"""The project's key, hosts and TLS settings, with the values of the environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_k8s import settings as k8s
from django_k8s.environment.env import Env
from django_k8s.settings.security import origins


def secret_key(env: Env, project: str) -> str:
    """Return SECRET_KEY from the variable with this name, or the project's.

    In production, a missing key is a mistake, and so is one that Django generated for development.
    """
    if env.is_set("SECRET_KEY") or not project:
        return k8s.secret_key(env)
    if env.production and project.startswith("django-insecure-"):
        env.add_problem(
            "SECRET_KEY",
            "is missing, and the project's settings hold the key that Django generated for development. "
            "Set it to 50 random characters or more, from a Secret.",
        )
    return project


def secret_key_fallbacks(env: Env, project: Sequence[str]) -> list[str]:
    """Return SECRET_KEY_FALLBACKS from the variable with this name, or the project's."""
    return k8s.secret_key_fallbacks(env) or list(project)


def allowed_hosts(env: Env, project: Sequence[str], *extra: str) -> list[str]:
    """Return ALLOWED_HOSTS from the variable with this name, or the project's, plus ``extra`` in every environment.

    In production, one of the first two is required.
    """
    hosts = env.list("ALLOWED_HOSTS") or list(project) or k8s.allowed_hosts(env)
    return [*hosts, *(host for host in extra if host not in hosts)]


def csrf_trusted_origins(env: Env, project: Sequence[str], hosts: Sequence[str] = ()) -> list[str]:
    """Return CSRF_TRUSTED_ORIGINS from the variable with this name, or the project's.

    If neither is set and the site uses HTTPS, return ``https://`` with each of ``hosts``.
    """
    if env.is_set("CSRF_TRUSTED_ORIGINS") or not (project or hosts):
        return k8s.csrf_trusted_origins(env)
    return list(project) or (origins(hosts) if k8s.https(env) else [])


def https(env: Env, project: bool) -> bool:
    """Return SESSION_COOKIE_SECURE or CSRF_COOKIE_SECURE from the variable HTTPS, or the project's."""
    return k8s.https(env) if env.is_set("HTTPS") else project


def cookie_name(env: Env, project: str) -> str:
    """Return the project's SESSION_COOKIE_NAME or CSRF_COOKIE_NAME, without ``__Secure-`` if HTTPS is set to false.

    Browsers refuse a cookie with this prefix, or with ``__Host-``, that is not secure.
    """
    if not env.is_set("HTTPS") or k8s.https(env):
        return project
    return project.removeprefix("__Secure-").removeprefix("__Host-")


def ssl_redirect(env: Env, project: bool, proxy_ssl_header: tuple[str, str] | None = None) -> bool:
    """Return SECURE_SSL_REDIRECT from the variable SSL_REDIRECT, or the project's, unless HTTPS is set to false.

    A redirect needs TRUSTED_PROXIES or the project's ``proxy_ssl_header``. Without them, every request looks like http to
    Django, so it would redirect forever.
    """
    if env.is_set("HTTPS") and not k8s.https(env) and not env.is_set("SSL_REDIRECT"):
        return False
    redirect = env.bool("SSL_REDIRECT", project)
    if redirect and env.production and not (proxy_ssl_header or env.is_set("TRUSTED_PROXIES")):
        env.add_problem(
            "TRUSTED_PROXIES",
            "is missing, and http is redirected to https: the redirect would never end. "
            "Set it to the ingress's addresses, or set SSL_REDIRECT to false.",
        )
    return redirect


def hsts_seconds(env: Env, project: int) -> int:
    """Return SECURE_HSTS_SECONDS from the variable HSTS_SECONDS, or the project's. Return 0 if HTTPS is set to false."""
    if env.is_set("HSTS_SECONDS") or (env.is_set("HTTPS") and not k8s.https(env)):
        return k8s.hsts_seconds(env)
    return project


def proxy_ssl_header(env: Env, project: tuple[str, str] | None) -> Any:
    """Return SECURE_PROXY_SSL_HEADER: the project's, or None if TRUSTED_PROXIES is set.

    With TRUSTED_PROXIES, the server trusts X-Forwarded-Proto only from these proxies.
    """
    return None if env.is_set("TRUSTED_PROXIES") else project
