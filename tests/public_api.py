"""Write tests/public_api.txt: every name that a project may use, with its signature. Run it with ``python -P``."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).with_suffix(".txt")

# Modules whose public names are those of __all__, and classes and functions of others that the documentation names.
MODULES = (
    "django_k8s",
    "django_k8s.settings",
    "django_k8s.overlay",
    "django_k8s.middleware",
    "django_k8s.health",
)
NAMES = (
    "django_k8s.conf.Config",
    "django_k8s.daemon.heartbeat",
    "django_k8s.celery.once.once",
    "django_k8s.error_reports.SecretFilter",
    "django_k8s.mail.EmailBackend",
    "django_k8s.mail.NullBackend",
    "django_k8s.media_storage.MediaUnavailable",
    "django_k8s.middleware.media_files.serve_media",
    "django_k8s.static_files.storage.ManifestStorage",
)


def public() -> list[str]:
    """Every public name, one a line."""
    names = [
        f"{module}.{name}" for module in MODULES for name in sorted(importlib.import_module(module).__all__)
    ]
    return [line for name in (*names, *NAMES) for line in _lines(name)]


def _lines(path: str) -> Iterator[str]:
    module, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    if isinstance(found, type):
        yield from _of_class(path, found)
    elif inspect.isfunction(found):
        yield f"{path}{_signature(found)}"
    else:
        yield path


def _of_class(path: str, found: type[Any]) -> Iterator[str]:
    if is_dataclass(found):
        yield path
        yield from (f"{path}.{field.name}: {field.type}" for field in fields(found))
    elif "__init__" in vars(found):
        yield f"{path}{_signature(found.__init__)}"
    else:
        yield path
    # Inherited names are those of Django and Celery.
    for name, value in sorted(vars(found).items()):
        if name.startswith("_") or (
            is_dataclass(found) and not (callable(value) or isinstance(value, property))
        ):
            continue
        if inspect.isfunction(value):
            yield f"{path}.{name}{_signature(value)}"
        elif isinstance(value, property):
            yield f"{path}.{name} -> {_Written(inspect.get_annotations(value.fget)['return'])}"


def _signature(function: Any) -> str:
    """A signature with its annotations as they are written, and ``...`` for a default that has no literal."""
    found = inspect.signature(function)
    parameters = [
        parameter.replace(
            annotation=_Written(parameter.annotation),
            default=_Written(...)
            if " at 0x" in repr(parameter.default) or parameter.default is ...
            else parameter.default,
        )
        for name, parameter in found.parameters.items()
        if name != "self"
    ]
    arguments = str(found.replace(parameters=parameters, return_annotation=found.empty))
    returned = "" if found.return_annotation == "None" else f" -> {_Written(found.return_annotation)}"
    return f"{arguments}{returned}"


class _Written:
    """What it is given, without quotation marks, and ``str`` where Env has to write ``_str``."""

    def __init__(self, text: object) -> None:
        self._text = "..." if text is ... else str(text)

    def __repr__(self) -> str:
        return re.sub(r"\b_(?=(str|bool|int|float|list)\b)", "", self._text)


if __name__ == "__main__":
    SNAPSHOT.write_text("".join(f"{line}\n" for line in public()))
