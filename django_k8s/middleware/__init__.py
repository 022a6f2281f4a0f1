"""Middleware. A project needs three classes::

    MIDDLEWARE = [
        "django_k8s.middleware.KubernetesMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django_k8s.middleware.StaticFilesMiddleware",
        "django_k8s.middleware.MediaFilesMiddleware",
        ...
    ]

The parts of ``KubernetesMiddleware`` also work separately: ``health``, ``request_id``, ``metrics`` and
``trusted_proxy``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_k8s.middleware.kubernetes import KubernetesMiddleware as KubernetesMiddleware
    from django_k8s.middleware.media_files import MediaFilesMiddleware as MediaFilesMiddleware
    from django_k8s.middleware.static_files import StaticFilesMiddleware as StaticFilesMiddleware

__all__ = ["KubernetesMiddleware", "MediaFilesMiddleware", "StaticFilesMiddleware"]


def __getattr__(name: str) -> Any:
    # Import a class only when it is used, because WhiteNoise may not be installed.
    if name == "KubernetesMiddleware":
        from django_k8s.middleware.kubernetes import KubernetesMiddleware

        return KubernetesMiddleware
    if name == "MediaFilesMiddleware":
        from django_k8s.middleware.media_files import MediaFilesMiddleware

        return MediaFilesMiddleware
    if name == "StaticFilesMiddleware":
        from django_k8s.middleware.static_files import StaticFilesMiddleware

        return StaticFilesMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
