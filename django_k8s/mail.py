"""Mail backends: for Django before 6.1, for a missing mail server, and for discarding mail on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends import dummy
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from django_k8s import conf


class EmailBackend(BaseEmailBackend):
    """Send mail as EMAIL_URL says, for ``EMAIL_BACKEND`` before Django 6.1."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__()
        mailer = conf.current().mailer
        given = {key: value for key, value in options.items() if value is not None}
        if fail_silently:
            given["fail_silently"] = True
        self._backend = import_string(mailer["BACKEND"])(**{**mailer["OPTIONS"], **given})

    def open(self) -> bool | None:
        """Open the connection."""
        opened: bool | None = self._backend.open()
        return opened

    def close(self) -> None:
        """Close the connection."""
        self._backend.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send the messages and return how many were sent."""
        return self._backend.send_messages(email_messages) or 0


class MissingBackend(BaseEmailBackend):
    """Stand in for a mail server that is not configured: sending raises ImproperlyConfigured."""

    def __init__(self, fail_silently: bool = False, alias: str | None = None, **options: Any) -> None:
        super().__init__(alias=alias)
        self._silent = fail_silently

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Raise ImproperlyConfigured, unless sending may fail silently."""
        if self._silent:
            return 0
        raise ImproperlyConfigured(
            "EMAIL_URL is not set, so no mail can be sent. Set it to smtp+tls://user:password@host:587, "
            "or to dummymail:// to discard mail."
        )


class NullBackend(dummy.EmailBackend):
    """Discard mail on purpose. Django's own backend that does so is refused in production (mail.E001)."""
