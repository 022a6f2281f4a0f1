"""``settings.CELERY`` below the project's own Celery settings and above Celery's defaults.

The layer goes into each application's configuration just above Celery's defaults, so whatever the
project sets wins, wherever it does: CELERY_* in Django's settings, ``config_from_object``,
``app.conf``. (``app.add_defaults`` would put it above the project's settings.) Some settings are
merged by their meaning; see :func:`apply`.
"""

from __future__ import annotations

import os
import weakref
from typing import Any

from django.core.signals import setting_changed

# What depends on the broker's kind: it does not fit a broker that the project names itself.
_BROKER = {
    "broker_transport_options",
    "broker_use_ssl",
    "broker_heartbeat",
    "control_queue_exclusive",
    "worker_disable_prefetch",
}
# Celery connects to the second and third before it looks at the first, so they go with it.
_ADDRESSES = {"broker_url", "broker_read_url", "broker_write_url"}
_OPTIONS = "broker_transport_options"

_connected: weakref.WeakSet[Any] = weakref.WeakSet()


class Defaults(dict[str, Any]):
    """The layer in one configuration."""


def connect(app: Any) -> None:
    """Apply the defaults whenever ``app`` reads its configuration, and now if it has; may be called again."""
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
    """Put ``settings.CELERY`` into the configuration of ``app``; does nothing before Django has its settings.

    - A broker that the project names replaces ours whole: its URL, and what depends on its kind
      unless that is the same. (As in plain Celery, CELERY_BROKER_URL and CELERY_RESULT_BACKEND in the process
      environment win over both.)
    - Options of the transport are merged, and the project's win.
    - TLS options of results go with our result backend only.
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
    """What the project sets of ``names``, under whichever of their old and new names."""
    unset = object()
    maps = list(conf.maps)
    # Only a look-up by the configuration itself knows namespaces and old names.
    conf.maps[:] = [values for values in maps[:-1] if values is not layer]
    try:
        found = {name: conf.get(name, unset) for name in names}
    finally:
        conf.maps[:] = maps
    return {name: value for name, value in found.items() if value is not unset}


def _layer(conf: Any) -> Defaults:
    """The layer in a configuration; it is made if there is none, just above Celery's own defaults."""
    for values in conf.maps:
        if isinstance(values, Defaults):
            return values
    layer = Defaults()
    for maps in (conf.maps, conf.defaults):  # both list the same mappings
        maps.insert(len(maps) - 1, layer)
    return layer


def _set(app: Any, name: str, value: Any) -> None:
    """Set one setting as the project would, so that it wins over the project's settings module."""
    app.conf[name] = value
    if app.conf[name] != value:  # before 5.7 the name with the namespace wins, wherever it is
        app.conf[f"{app.namespace}_{name.upper()}"] = value


def _kind(url: object) -> str:
    """The scheme of a URL, or of the first of several."""
    first = url[0] if isinstance(url, list | tuple) and url else url
    return str(first or "").partition("://")[0]
