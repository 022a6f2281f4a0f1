"""E-mail from EMAIL_URL: MAILERS from Django 6.1 on, EMAIL_* before."""

from __future__ import annotations

from typing import Any

import django

from django_k8s.env import Env
from django_k8s.settings.urls import encoded, scheme

_TIMEOUT = 10  # seconds; Django's own default is to wait for ever

_BACKENDS = {
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "smtp+tls": "django.core.mail.backends.smtp.EmailBackend",
    "smtp+ssl": "django.core.mail.backends.smtp.EmailBackend",
    "consolemail": "django.core.mail.backends.console.EmailBackend",
    "dummymail": "django.core.mail.backends.dummy.EmailBackend",
}


def email(env: Env) -> dict[str, Any]:
    """The mail settings of the running Django, by name.

    Without EMAIL_URL mail is printed to standard output, which is what a development machine wants
    and a system check (django_k8s.W016) reports in production.
    """
    backend, options = _mailer(env)
    sender = {
        "DEFAULT_FROM_EMAIL": env.str("DEFAULT_FROM_EMAIL"),
        "SERVER_EMAIL": env.str("DEFAULT_FROM_EMAIL"),
    }
    if django.VERSION >= (6, 1):
        return {**sender, "MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
    old = {"host": "HOST", "port": "PORT", "username": "HOST_USER", "password": "HOST_PASSWORD"}
    old |= {"use_tls": "USE_TLS", "use_ssl": "USE_SSL", "timeout": "TIMEOUT"}
    return {
        **sender,
        "EMAIL_BACKEND": backend,
        **{f"EMAIL_{old[key]}": value for key, value in options.items()},
    }


def _mailer(env: Env) -> tuple[str, dict[str, Any]]:
    from environ import Env as Environ

    nothing: tuple[str, dict[str, Any]] = (_BACKENDS["consolemail"], {})
    url = env.str("EMAIL_URL", "", secret=True)
    if not url:
        return nothing
    kind = scheme(url)
    if kind not in _BACKENDS:
        env.problem("EMAIL_URL", "has an unknown scheme. Write it as smtp+tls://user:password@host:587.")
        return nothing
    if not kind.startswith("smtp"):
        return _BACKENDS[kind], {}
    try:
        parsed = Environ.email_url_config(encoded(url))
    except (ValueError, TypeError):
        env.problem("EMAIL_URL", "cannot be read. Write it as smtp+tls://user:password@host:587.")
        return nothing
    if not parsed["EMAIL_HOST"]:
        env.problem("EMAIL_URL", "names no host. Write it as smtp+tls://user:password@host:587.")
    return _BACKENDS[kind], {
        "host": parsed["EMAIL_HOST"] or "localhost",
        "port": parsed["EMAIL_PORT"] or {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}[kind],
        "username": parsed["EMAIL_HOST_USER"] or "",
        "password": parsed["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": kind == "smtp+tls",
        "use_ssl": kind == "smtp+ssl",
        "timeout": _TIMEOUT,
    }
