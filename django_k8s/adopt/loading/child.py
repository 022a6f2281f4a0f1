"""Run in the project's interpreter: load the settings, and write what is found to a file as JSON.

It is passed to the interpreter as text, so it uses only the standard library of Python 3.10 and newer.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import traceback

PARAMETERS = json.loads(sys.argv[1])
ROOT = PARAMETERS["root"]
READS: list[list[object]] = []


class Recorder(type(os.environ)):  # type: ignore[misc]
    """An os.environ that records what the project's own code reads."""

    def __getitem__(self, key: str) -> str:
        try:
            value = super().__getitem__(key)
        except KeyError:
            note(key, False)
            raise
        note(key, True)
        return value  # type: ignore[no-any-return]

    def __contains__(self, key: object) -> bool:
        found = bool(super().__contains__(key))
        note(key, found)
        return found


def note(key: object, found: bool) -> None:
    """Record a variable, and where it is read, if the project's code reads it."""
    frame = sys._getframe(2)
    for _ in range(25):
        if frame is None:
            return
        if frame.f_code.co_filename.startswith(ROOT):
            READS.append([str(key), found, place(frame.f_code.co_filename), frame.f_lineno])
            return
        frame = frame.f_back  # type: ignore[assignment]


def place(file: str) -> str:
    """Return the path of a file of the project, relative to its root."""
    return os.path.relpath(file, ROOT).replace(os.sep, "/")


def refuse(*_: object, **__: object) -> None:
    """Refuse a connection."""
    raise OSError("connections are not allowed while the settings are loaded")


def error_of(error: BaseException) -> dict[str, object]:
    """Return what went wrong, and where in the project."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(ROOT)]
    if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(ROOT):
        where = (error.filename, error.lineno)
    else:
        where = (frames[-1].filename, frames[-1].lineno) if frames else ("", 0)
    return {
        "type": type(error).__name__,
        "message": str(error)[:2000],
        "file": place(where[0]) if where[0] else "",
        "line": where[1],
        "lines": [one.lineno for one in frames if frames and one.filename == where[0]],
        "source": " ".join(str(one.line) for one in frames),
        "missing": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "import": isinstance(error, ImportError),
        "exit": isinstance(error, SystemExit),
    }


def text(value: object) -> object:
    """Return a value that is a name or a path, as text."""
    return None if value is None else str(value)


def keys(value: object, key: str) -> dict[str, str]:
    """Return one key of each entry of a setting such as DATABASES: never one that may be a secret."""
    if not isinstance(value, dict):
        return {}
    return {str(alias): str(one.get(key, "")) for alias, one in value.items() if isinstance(one, dict)}


def summary(settings: dict[str, object]) -> dict[str, object]:
    """Return the settings that describe the project, without any value that may be a secret."""
    found: dict[str, object] = {}
    for name in ("INSTALLED_APPS", "MIDDLEWARE"):
        value = settings.get(name)
        found[name] = [str(one) for one in value] if isinstance(value, (list, tuple)) else []
    found["DATABASES"] = keys(settings.get("DATABASES"), "ENGINE")
    for name in ("CACHES", "STORAGES", "CHANNEL_LAYERS"):
        found[name] = keys(settings.get(name), "BACKEND")
    for name in [
        "STATIC_ROOT",
        "STATIC_URL",
        "MEDIA_ROOT",
        "MEDIA_URL",
        "AUTH_USER_MODEL",
        "WSGI_APPLICATION",
        "ASGI_APPLICATION",
        "ROOT_URLCONF",
        "CELERY_BEAT_SCHEDULER",
        "SESSION_ENGINE",
        "STATICFILES_STORAGE",
        "DEFAULT_FILE_STORAGE",
        "BASE_DIR",
        "LOGGING_CONFIG",
    ]:
        found[name] = text(settings.get(name))
    for name in ("CELERY_BROKER_URL", "BROKER_URL", "CELERY_RESULT_BACKEND"):
        value = settings.get(name)
        found[name] = str(value).split("://")[0] if value else None
    found["COMPRESS_OFFLINE"] = bool(settings.get("COMPRESS_OFFLINE"))
    found["DEBUG"] = bool(settings.get("DEBUG"))
    return found


def set_up() -> dict[str, object]:
    """Return what is known only after the applications are loaded."""
    import django

    django.setup()
    from django import conf
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.db.models import FileField
    from django.urls import Resolver404, get_resolver, resolve
    from django.utils.module_loading import import_string

    user = get_user_model()
    found: dict[str, object] = {"user": [user.USERNAME_FIELD, *user.REQUIRED_FIELDS]}
    found["files"] = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    ][:5]
    storage = import_string(conf.settings.STORAGES["default"]["BACKEND"])
    found["storage"] = [f"{one.__module__}.{one.__qualname__}" for one in storage.__mro__]
    try:
        resolve("/")
        found["start"] = True
    except Resolver404:
        kinds = {type(one.pattern).__name__ for one in get_resolver().url_patterns}
        found["start"] = "LocalePrefixPattern" in kinds
    except Exception as error:
        found["urls"] = error_of(error)
    return found


def main() -> None:
    """Load the settings, and write what was found."""
    os.environ.__class__ = Recorder
    for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
        setattr(owner, name, refuse)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CPU, (PARAMETERS["seconds"], PARAMETERS["seconds"]))
    sys.path[:] = [*PARAMETERS["before"], *(one for one in sys.path if one), *PARAMETERS["after"]]
    result: dict[str, object] = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    try:
        import importlib

        module = importlib.import_module(PARAMETERS["module"])
        names = vars(module)
        settings = {
            name: value for name, value in names.items() if name.isupper() and not name.startswith("_")
        }
        result["settings"] = summary(settings)
        result["types"] = {name: type(value).__name__ for name, value in settings.items()}
        result["public"] = sorted(name for name in names if not name.startswith("_") and not name.isupper())
        result["all"] = list(names["__all__"]) if "__all__" in names else None
        import django

        result["django"] = django.get_version()
        result["ok"] = True
    except BaseException as error:
        result["error"] = error_of(error)
    if result.get("ok") and PARAMETERS["setup"]:
        try:
            result["setup"] = set_up()
        except BaseException as error:
            result["setup"] = {"error": error_of(error)}
    result["reads"] = READS
    with open(PARAMETERS["answer"], "w") as file:  # noqa: PTH123
        json.dump(result, file)
    sys.stdout.flush()
    os._exit(0)  # do not wait for threads of the project


main()
