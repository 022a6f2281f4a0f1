"""How to send mail, from EMAIL_URL."""

from __future__ import annotations

from typing import Any

from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env

_TIMEOUT = 10  # seconds; Django's default is to wait forever

_BACKENDS = {
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "smtp+tls": "django.core.mail.backends.smtp.EmailBackend",
    "smtp+ssl": "django.core.mail.backends.smtp.EmailBackend",
    "consolemail": "django.core.mail.backends.console.EmailBackend",
    "dummymail": "django_k8s.mail.NullBackend",
}


def mailers(env: Env) -> dict[str, dict[str, Any]]:
    """Return MAILERS (Django 6.1 and newer) with the alias ``default``, from EMAIL_URL.

    Without EMAIL_URL, mail is printed on standard output in debug mode. In production, sending raises
    ImproperlyConfigured, so that no mail is lost silently. dummymail:// deliberately discards mail.

    Before Django 6.1, use ``EMAIL_BACKEND = "django_k8s.mail.EmailBackend"``, which reads the same from DJANGO_K8S.
    """
    if not env.is_set("EMAIL_URL"):
        env.embed("EMAIL_URL (mail is printed)")
    return {"default": mailer(env)}


def mailer(env: Env) -> dict[str, Any]:
    """Return one mailer from EMAIL_URL, without recording that a default for debug mode is used."""
    backend, options = _mailer(env)
    return {"BACKEND": backend, "OPTIONS": options}


def _mailer(env: Env) -> tuple[str, dict[str, Any]]:
    from environ import Env as Environ

    nothing: tuple[str, dict[str, Any]] = ("django_k8s.mail.MissingBackend", {})
    url = env.str("EMAIL_URL", "")
    if not url:
        if not env.debug:
            return nothing
        return _BACKENDS["consolemail"], {}
    kind = scheme(url)
    if kind not in _BACKENDS:
        env.add_problem("EMAIL_URL", "has an unknown scheme. Write it as smtp+tls://user:password@host:587.")
        return nothing
    if not kind.startswith("smtp"):
        return _BACKENDS[kind], {}
    try:
        parsed = Environ.email_url_config(encoded(url))
    except (ValueError, TypeError):
        env.add_problem("EMAIL_URL", "cannot be read. Write it as smtp+tls://user:password@host:587.")
        return nothing
    if not parsed["EMAIL_HOST"]:
        env.add_problem("EMAIL_URL", "names no host. Write it as smtp+tls://user:password@host:587.")
    return _BACKENDS[kind], {
        "host": parsed["EMAIL_HOST"] or "localhost",
        "port": parsed["EMAIL_PORT"] or {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}[kind],
        "username": parsed["EMAIL_HOST_USER"] or "",
        "password": parsed["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": kind == "smtp+tls",
        "use_ssl": kind == "smtp+ssl",
        "timeout": _TIMEOUT,
    }
