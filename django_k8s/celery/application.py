"""Find the project's Celery application, by the rules of the celery command."""

from __future__ import annotations

import importlib
import importlib.util
import operator
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django_k8s.environment import startup


class NoApplication(Exception):
    """There is no Celery application. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Application:
    """A Celery application and its name, MODULE:ATTRIBUTE, as for ``celery -A``."""

    name: str
    app: Any


def find(*, imported: bool = False) -> Application:
    """Return the application in CELERY_APP, or else that of the settings module's package.

    In a package, it is called ``app`` or ``celery``, is in the module ``celery``, has another name, or is in the
    module ``celery_app``. With ``imported``, look only at modules that are already imported. Raise NoApplication if
    there is none. Exceptions of the project's own modules are not caught.
    """
    if importlib.util.find_spec("celery") is None:
        raise NoApplication(
            "Celery is not installed. If the project uses it, add the extra: django-k8s-toolkit[worker]."
        )
    named = startup.env().str("CELERY_APP")
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    for name in [named] if named else _packages(settings):
        found = _load(name, imported=imported)
        if found:
            return found
    if named:
        raise NoApplication(
            f"there is no Celery application at {named}, which CELERY_APP names."
            " Name the module that creates it, such as config.celery."
        )
    if not settings:
        raise NoApplication(
            "neither CELERY_APP nor DJANGO_SETTINGS_MODULE is set. Set DJANGO_SETTINGS_MODULE, such as config.settings."
        )
    package = settings.partition(".")[0]
    raise NoApplication(
        f"the project has no Celery application: there is none in {package}, {package}.celery"
        f" or {package}.celery_app. If there is one elsewhere, name its module with CELERY_APP."
    )


def set_up(found: Application) -> None:
    """Set up Django and apply ``settings.CELERY``. Raise NoApplication if there is still no broker."""
    import django

    from django_k8s.celery import defaults

    django.setup()  # connects the parts that publishers need
    defaults.apply(found.app)  # whatever the project has set meanwhile
    broker(found)


def broker(found: Application) -> Any:
    """Return the URL of the broker, or a list of several. Raise NoApplication if none is set.

    Celery's default, a RabbitMQ on this machine, does not count: in a container, nobody wants it.
    """
    url = found.app.conf.broker_write_url
    if not url:
        raise NoApplication(
            f"the Celery application {found.name} has no broker."
            " Write CELERY = k8s.celery(env) in the settings module, or set broker_url."
        )
    return url


def _packages(settings: str) -> list[str]:
    """Return the packages that contain a settings module, the outermost first, or the module itself if there is none."""
    parts = settings.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))] or [name for name in parts if name]


def _load(name: str, *, imported: bool) -> Application | None:
    """Return the application for PACKAGE, MODULE, MODULE:ATTRIBUTE or MODULE.ATTRIBUTE."""
    path, _, attribute = name.partition(":")
    module = _module(path, imported=imported)
    if module is None and not attribute and "." in path:
        path, _, attribute = path.rpartition(".")
        module = _module(path, imported=imported)
    if module is None:
        return None
    if not attribute:
        return _inside(module, imported=imported)
    try:
        app = operator.attrgetter(attribute)(module)
    except AttributeError:
        return None
    return Application(f"{path}:{attribute}", app) if _is_application(app) else None


def _inside(module: ModuleType, *, imported: bool) -> Application | None:
    """Return the application of a module or package, searched in the order of the celery command."""

    def below(name: str) -> Application | None:
        inner = _module(f"{module.__name__}.{name}", imported=imported)
        return _held(inner, ("app", "celery", *vars(inner))) if inner else None

    package = hasattr(module, "__path__")
    return (
        _held(module, ("app", "celery"))
        or (below("celery") if package else None)
        or _held(module, vars(module))
        or (below("celery_app") if package else None)
    )


def _held(module: ModuleType, names: Iterable[str]) -> Application | None:
    attributes = vars(module)
    for name in names:
        if _is_application(attributes.get(name)):
            return Application(f"{module.__name__}:{name}", attributes[name])
    return None


def _is_application(value: object) -> bool:
    # If there is an application, Celery has been imported. So projects without it do not pay for the import.
    celery = sys.modules.get("celery")
    # isinstance would evaluate a lazy object, such as Django's settings.
    return celery is not None and issubclass(type(value), celery.Celery)


def _module(name: str, *, imported: bool) -> ModuleType | None:
    """Import and return a module, or return None if it or its package does not exist."""
    if imported or name in sys.modules:
        return sys.modules.get(name)
    try:
        if importlib.util.find_spec(name) is None:
            return None
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise  # a module of the project imports a missing one
    return importlib.import_module(name)
