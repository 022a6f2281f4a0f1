"""settings.DJANGO_K8S with other values, for tests in this process."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.conf import settings
from django.test import override_settings

from django_k8s.conf import Config


def changed(**changes: Any) -> Config:
    """A copy of the configuration with ``changes``."""
    return dataclasses.replace(settings.DJANGO_K8S, **changes)


def configured(**changes: Any) -> override_settings:
    """A context, or a decorator, in which the library is configured with ``changes``."""
    return override_settings(DJANGO_K8S=changed(**changes))
