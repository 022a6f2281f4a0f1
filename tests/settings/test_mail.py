"""Mail on every Django: the backend of those before 6.1, mail that is discarded, and mail that cannot be sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from support.configured import configured
from support.process import environment, run
from support.smtp import postbox

from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.mail import EmailBackend, MissingBackend, NullBackend


def mailer(**values: str) -> dict[str, Any]:
    return k8s.mailers(Env(environ=values))["default"]


def message() -> EmailMessage:
    return EmailMessage("Subject", "Words", "shop@example.com", ["you@example.com"])


CODE = """
from django.conf import settings
from django_k8s import Env, settings as k8s
from django_k8s.conf import Config

mailer = k8s.mailers(Env())["default"]
settings.configure(EMAIL_BACKEND="django_k8s.mail.EmailBackend", DJANGO_K8S=Config(mailer=mailer))

from django.core.mail import EmailMessage, get_connection, send_mail

parts = ("Subject", "Words", "shop@example.com", ["you@example.com"])
assert send_mail(*parts) == 1
assert send_mail(*parts, auth_user="other", auth_password="secret") == 1
with get_connection() as connection:
    assert connection.send_messages([EmailMessage(*parts), EmailMessage(*parts)]) == 2
"""


def test_backend_of_older_djangos(tmp_path: Path) -> None:
    """It sends as EMAIL_URL says; a user and a password that a call gives win, as in Django's own backend."""
    with postbox() as box:
        variables = environment(EMAIL_URL=f"smtp://me:p@ss#1@127.0.0.1:{box.port}")
        done = run([sys.executable, "-W", "ignore", "-c", CODE], variables, tmp_path)

    assert done.returncode == 0, done.stderr
    assert [mail.login for mail in box.mails] == ["me p@ss#1", "other secret", "me p@ss#1", "me p@ss#1"]


def test_without_a_server() -> None:
    """In production a mail that cannot be sent is an error that says what to set, unless it may fail silently."""
    assert mailer()["BACKEND"] == "django_k8s.mail.MissingBackend"
    with configured(mailer=mailer()):
        for backend in (MissingBackend(), EmailBackend()):
            with pytest.raises(ImproperlyConfigured, match="EMAIL_URL is not set"):
                backend.send_messages([message()])
        assert EmailBackend(fail_silently=True).send_messages([message()]) == 0


def test_discarded() -> None:
    """dummymail:// discards mail on purpose, and Django's deployment check accepts its backend."""
    assert mailer(EMAIL_URL="dummymail://")["BACKEND"] == "django_k8s.mail.NullBackend"
    assert NullBackend().send_messages([message()]) == 1
