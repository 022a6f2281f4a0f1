"""INSTALLED_APPS and MIDDLEWARE with what this library adds."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any, overload

_APPS = ("django_k8s", "django_k8s.apps.DjangoK8sConfig")
_FIRST = "django_k8s.middleware.KubernetesMiddleware"
_STATIC = "django_k8s.middleware.StaticFilesMiddleware"
_MEDIA = "django_k8s.middleware.MediaFilesMiddleware"
_MEDIA_NAMES = (_MEDIA, "django_k8s.middleware.media_files.MediaFilesMiddleware")
_SECURITY = "django.middleware.security.SecurityMiddleware"
_OURS = "django_k8s.middleware."
_SERVERS = (
    _STATIC,
    "django_k8s.middleware.static_files.StaticFilesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
)


# A project's setting may be a tuple. A type checker infers a type with a fixed length for it, so return Any.
@overload
def installed_apps(project: list[str]) -> list[str]: ...
@overload
def installed_apps(project: tuple[str, ...]) -> Any: ...
def installed_apps(project: Sequence[str]) -> Any:
    """Return INSTALLED_APPS with ``django_k8s`` first, so that its start-up gate runs before anything is set up."""
    missing = not set(_APPS) & set(project)
    return type(project)([*(_APPS[:1] if missing else ()), *project])  # type: ignore[call-arg]


@overload
def middleware(project: list[str], *, static_files: bool = True) -> list[str]: ...
@overload
def middleware(project: tuple[str, ...], *, static_files: bool = True) -> Any: ...
def middleware(project: Sequence[str], *, static_files: bool = True) -> Any:
    """Return MIDDLEWARE with ``KubernetesMiddleware`` first and our other two after SecurityMiddleware.

    StaticFilesMiddleware replaces WhiteNoise's own, wherever the project has it. It is left out if WhiteNoise is not
    installed. Pass ``static_files=False`` to leave it out if something else serves static files. MediaFilesMiddleware
    stays where the project has it. Otherwise it comes next, and has no effect unless MEDIA_SERVE is on. All other entries
    keep their order. Nothing is imported, so an entry that cannot be imported is kept.
    """
    rest = [name for name in project if not name.startswith(_OURS) or name in _MEDIA_NAMES]
    if static_files and importlib.util.find_spec("whitenoise"):
        others = [name for name in project if name in _SERVERS or name in rest]
        served = next((others.index(name) for name in others if name in _SERVERS), 0)
        rest = [name for name in rest if name not in _SERVERS]
        rest.insert(rest.index(_SECURITY) + 1 if _SECURITY in rest else served, _STATIC)
    if not set(_MEDIA_NAMES) & set(rest):
        before = next((name for name in (_STATIC, _SECURITY) if name in rest), None)
        rest.insert(rest.index(before) + 1 if before else 0, _MEDIA)
    return type(project)([_FIRST, *rest])  # type: ignore[call-arg]
