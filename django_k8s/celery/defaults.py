"""Apply ``settings.CELERY`` below the project's own Celery settings and above Celery's defaults.

They become a layer in each application's configuration, just above Celery's defaults. So whatever the project sets
wins, wherever it sets it: CELERY_* in Django's settings, ``config_from_object`` or ``app.conf``.
(``app.add_defaults`` would put the layer above the project's settings.) A few settings are merged; see :func:`apply`.
"""

from __future__ import annotations

import os
import weakref
from typing import Any

from django.core.signals import setting_changed

# Settings that depend on the kind of broker. They may not fit a broker that the project sets.
_BROKER = {
    "broker_transport_options",
    "broker_use_ssl",
    "broker_heartbeat",
    "control_queue_exclusive",
    "worker_disable_prefetch",
}
# Celery prefers the second and third over the first, so all three are dropped together.
_ADDRESSES = {"broker_url", "broker_read_url", "broker_write_url"}
_OPTIONS = "broker_transport_options"

_connected: weakref.WeakSet[Any] = weakref.WeakSet()


class Defaults(dict[str, Any]):
    """The layer in one configuration."""


def connect(app: Any) -> None:
    """Apply the defaults whenever ``app`` reads its configuration, and now if it already has.

    Calling it again has no effect.
    """
    app.on_after_configure.connect(_configured, dispatch_uid="django_k8s.defaults")
    setting_changed.connect(_overridden, dispatch_uid="django_k8s.defaults")
    _connected.add(app)
    if app.configured:
        apply(app)


def _configured(sender: Any = None, **kwargs: Any) -> None:
    apply(sender)


def _overridden(*, setting: str, **kwargs: Any) -> None:
    """Follow ``override_settings(CELERY=...)`` in tests."""
    if setting == "CELERY":
        for app in list(_connected):
            apply(app)


def apply(app: Any) -> None:
    """Put ``settings.CELERY`` into the configuration of ``app``. Do nothing before Django has its settings.

    - A broker that the project sets replaces the URL of ours, and the settings that depend on the kind of broker
    unless the kind is the same. (As in plain Celery, CELERY_BROKER_URL and CELERY_RESULT_BACKEND in the process
    environment override both.)
    - Transport options are merged. The project's override ours.
    - TLS options for results apply only to our kind of result backend.
    """
    from django.conf import settings

    if not settings.configured:
        return
    ours = getattr(settings, "CELERY", None) or {}
    conf = app.conf
    layer = _layer(conf)
    project = _project(conf, layer, {*ours, "broker_url", "broker_host", "result_backend"})
    broker = project.get("broker_url") or project.get("broker_host")
    replaced = broker and not os.environ.get("CELERY_BROKER_URL")
    fits = not replaced or _kind(broker) == _kind(ours.get("broker_url"))
    dropped = {*project, *(_ADDRESSES if replaced else ()), *(() if fits else _BROKER)}
    results = ours.get("result_backend")
    if _kind(project.get("result_backend", results)) != _kind(results):
        dropped.add("redis_backend_use_ssl")
    layer.clear()
    layer.update({name: value for name, value in ours.items() if name not in dropped})
    if fits and project.get(_OPTIONS) and ours.get(_OPTIONS):
        _set(app, _OPTIONS, {**ours[_OPTIONS], **project[_OPTIONS]})


def _project(conf: Any, layer: Defaults, names: set[str]) -> dict[str, Any]:
    """Return the settings among ``names`` that the project sets, under their old or new names."""
    unset = object()
    maps = list(conf.maps)
    # Only the configuration itself knows namespaces and old names, so the look-up must go through it.
    conf.maps[:] = [values for values in maps[:-1] if values is not layer]
    try:
        found = {name: conf.get(name, unset) for name in names}
    finally:
        conf.maps[:] = maps
    return {name: value for name, value in found.items() if value is not unset}


def _layer(conf: Any) -> Defaults:
    """Return the layer in a configuration. Create it just above Celery's own defaults if there is none."""
    for values in conf.maps:
        if isinstance(values, Defaults):
            return values
    layer = Defaults()
    for maps in (conf.maps, conf.defaults):  # both list the same mappings
        maps.insert(len(maps) - 1, layer)
    return layer


def _set(app: Any, name: str, value: Any) -> None:
    """Set one setting as the project would, so that it overrides the project's settings module."""
    app.conf[name] = value
    if app.conf[name] != value:  # before Celery 5.7, the name with the namespace wins wherever it is set
        app.conf[f"{app.namespace}_{name.upper()}"] = value


def _kind(url: object) -> str:
    """Return the scheme of a URL, or of the first of several."""
    first = url[0] if isinstance(url, list | tuple) and url else url
    return str(first or "").partition("://")[0]
