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
    """There is no Celery application; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Application:
    """A Celery application and its name, MODULE:ATTRIBUTE, as ``celery -A`` takes it."""

    name: str
    app: Any


def find(*, imported: bool = False) -> Application:
    """Return the application that CELERY_APP names, or else that of the settings module's package.

    A package holds it as ``app`` or ``celery``, in its module ``celery``, under another name, or in its
    module ``celery_app``. With ``imported``, look only at modules that are imported already.
    Raises NoApplication if there is none. Exceptions of the project's own modules are not caught.
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
    """Set Django up and apply ``settings.CELERY``. Raises NoApplication if there is no broker then."""
    import django

    from django_k8s.celery import defaults

    django.setup()  # connects what publishers need
    defaults.apply(found.app)  # whatever the project has set meanwhile
    broker(found)


def broker(found: Application) -> Any:
    """Return the URL of the broker, or a list of several. Raises NoApplication if none is set.

    Celery's own default, a RabbitMQ on this machine, is nobody's intention in a container.
    """
    url = found.app.conf.broker_write_url
    if not url:
        raise NoApplication(
            f"the Celery application {found.name} has no broker."
            " Write CELERY = k8s.celery(env) in the settings module, or set broker_url."
        )
    return url


def _packages(settings: str) -> list[str]:
    """The packages that a settings module is in, the outermost first; a module without one stands for itself."""
    parts = settings.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))] or [name for name in parts if name]


def _load(name: str, *, imported: bool) -> Application | None:
    """What a name stands for: PACKAGE, MODULE, MODULE:ATTRIBUTE or MODULE.ATTRIBUTE."""
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
    """What a module or package holds, looked for in the order of the celery command."""

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
    # Whoever made an application has imported Celery; a project without it does not pay for the import.
    celery = sys.modules.get("celery")
    # isinstance would ask a lazy object, such as Django's settings.
    return celery is not None and issubclass(type(value), celery.Celery)


def _module(name: str, *, imported: bool) -> ModuleType | None:
    """A module, imported if it exists; None if it or its package does not exist."""
    if imported or name in sys.modules:
        return sys.modules.get(name)
    try:
        if importlib.util.find_spec(name) is None:
            return None
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise  # a module of the project imports one that is not there
    return importlib.import_module(name)
