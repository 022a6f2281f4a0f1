"""Mask the secrets of the environment in Django's error reports: the mail to ADMINS and the debug page.

Use it in the settings::

    DEFAULT_EXCEPTION_REPORTER_FILTER = "django_k8s.error_reports.SecretFilter"
"""

from __future__ import annotations

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

from django_k8s.environment.masking import mask

_DEEPEST = 20  # levels of containers, because a container may contain itself


class SecretFilter(SafeExceptionReporterFilter):
    """Django's own filter, extended to mask known secrets and passwords in URLs, whatever their names are.

    It covers settings, request headers, cookies and the local variables of each frame, also in dictionaries and lists.
    It does not cover the message of the exception itself.
    """

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Return a setting or header with its secrets masked."""
        return _masked(super().cleanse_setting(key, value))

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """Return the local variables of a frame with their secrets masked."""
        found = super().get_traceback_frame_variables(request, tb_frame)
        return {name: _masked(value) for name, value in found}.items()


class _Masked:
    """An object whose ``repr`` is the masked ``repr`` of another object, created when it is needed."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        return mask(repr(self._value))


def _masked(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool | int | float | _Masked):
        return value
    if depth < _DEEPEST and type(value) is dict:
        return {_masked(key, depth + 1): _masked(item, depth + 1) for key, item in value.items()}
    if depth < _DEEPEST and type(value) in (list, tuple):
        return type(value)(_masked(item, depth + 1) for item in value)
    return _Masked(value)
