"""Correct and confirm the facts with the loaded settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_k8s.adopt.facts import Fact, Facts, Variable
from django_k8s.adopt.loading.rounds import Loaded
from django_k8s.adopt.rules import variables
from django_k8s.adopt.rules.storages import BUCKETS

_FILES = "FileSystemStorage"
_BROKERS = {"redis": "redis", "sentinel": "redis", "amqp": "rabbitmq", "pyamqp": "rabbitmq"}


def merged(facts: Facts, loaded: Loaded, off: Mapping[str, str]) -> Facts:
    """Return ``facts`` with the values from the loaded settings. A user's answers are kept.

    ``off`` is the variable that switches debug mode off, if one was needed.
    """
    answer = loaded.answer
    settings, types, setup = answer["settings"], answer["types"], answer.get("setup", {})
    found = {fact.name: fact for fact in facts.facts}

    def set_(name: str, value: Any, source: str) -> None:
        if found[name].confidence != "answered":
            old = found[name]
            found[name] = Fact(name, value, old.source if old.value == value else source, "loaded")

    def place(name: str) -> str:
        return facts.settings.get(name, facts.text("settings_module"))

    set_("django_version", answer["django"], "the loaded settings")
    interface = facts.text("interface")
    if application := settings.get(f"{interface.upper()}_APPLICATION"):
        module, _, name = application.rpartition(".")
        set_("application", f"{module}:{name}", place(f"{interface.upper()}_APPLICATION"))
    engine = settings["DATABASES"].get("default", "")
    if engine and "sqlite" not in engine and "dummy" not in engine:
        set_("database_engine", engine, place("DATABASES"))
    _redis(facts, settings, set_, place)
    _files(facts, settings, setup, set_, place)
    if (scheduler := settings.get("CELERY_BEAT_SCHEDULER")) and facts.value("celery_application"):
        set_("beat_scheduler", scheduler, place("CELERY_BEAT_SCHEDULER"))
    if setup.get("user"):
        set_(
            "superuser_fields",
            list(dict.fromkeys(setup["user"])),
            settings.get("AUTH_USER_MODEL") or "auth.User",
        )
    if setup.get("start"):
        set_("readiness_page", "/", settings.get("ROOT_URLCONF") or "the URLs")
    elif "start" in setup:
        set_("readiness_page", "", f"{settings.get('ROOT_URLCONF')} has no start page")
    debug = [{"name": name, "value": value} for name, value in off.items()]
    set_("debug_variable", debug[0] if debug else None, place("DEBUG"))
    read = _variables(facts, loaded)
    required = [one.name for one in read if not one.default]
    source = next((one.source for one in read if not one.default), "the settings load without any")
    set_("required_variables", required, source)
    every = set(types)
    shown = answer.get("all")
    notes = list(facts.notes)
    if "error" in setup:
        error = setup["error"]
        where = f"{error['file']}:{error['line']}" if error["file"] else "a package"
        notes.append(
            f"The settings load, but the applications were not set up: {where} raises {error['type']}: {error['message'][:150]}"
        )
    return replace(
        facts,
        facts=tuple(found.values()),
        variables=read,
        settings={name: facts.settings.get(name, facts.text("settings_module")) for name in sorted(every)},
        none=tuple(sorted(name for name, kind in types.items() if kind == "NoneType")),
        hidden=tuple(sorted(every - set(shown))) if shown is not None else (),
        public=tuple(answer["public"]),
        loaded=True,
        notes=tuple(notes),
    )


def _redis(facts: Facts, settings: Mapping[str, Any], set_: Any, place: Any) -> None:
    uses, sources = [], []
    for use, name in (("cache", "CACHES"), ("channels", "CHANNEL_LAYERS")):
        if any("redis" in backend.lower() for backend in settings[name].values()):
            uses.append(use)
            sources.append(place(name))
    scheme = settings.get("CELERY_BROKER_URL") or settings.get("BROKER_URL")
    if facts.value("celery_application") and scheme:
        set_("broker", _broker(scheme), place("CELERY_BROKER_URL"))
    broker = _broker(scheme) if scheme else facts.text("broker")
    if facts.value("celery_application") and broker == "redis":
        uses.append("broker")
        sources.append(place("CELERY_BROKER_URL"))
    if "queue" in facts.list("redis_needed"):
        uses.append("queue")
        sources.append(place("RQ_QUEUES"))
    set_("redis_needed", uses, ", ".join(dict.fromkeys(sources)) or "nothing is on Redis")


def _broker(scheme: str) -> str:
    return next((kind for start, kind in _BROKERS.items() if scheme.startswith(start)), scheme)


def _files(
    facts: Facts, settings: Mapping[str, Any], setup: Mapping[str, Any], set_: Any, place: Any
) -> None:
    storages = settings["STORAGES"]
    static = storages.get("staticfiles") or settings.get("STATICFILES_STORAGE") or ""
    value = {
        "served_by": "whitenoise"
        if any("whitenoise" in one.lower() for one in settings["MIDDLEWARE"])
        else "",
        "storage": static,
        "root": bool(settings.get("STATIC_ROOT")),
    }
    set_("static_files", value, place("STORAGES" if "STORAGES" in facts.settings else "STATIC_ROOT"))
    if "files" in setup:
        media = " ".join(setup.get("storage") or [_FILES])  # the class and its bases
        if not setup["files"]:
            set_("media", "none", "no model has a file field")
        else:
            bucket = any(kind in media for kind in BUCKETS)
            set_("media", "bucket" if bucket else "volume", setup["files"][0])


def _variables(facts: Facts, loaded: Loaded) -> tuple[Variable, ...]:
    found = {one.name: replace(one, default=True) for one in facts.variables}
    for name in loaded.reads:
        if (
            name.isupper()
            and name not in found
            and name in loaded.places
            and not name.startswith("DJANGO_SETTINGS")
        ):
            found[name] = Variable(name, loaded.places[name], True, variables.secret(name))
    for name, dummy in loaded.dummies.items():
        source = loaded.places.get(name) or (found[name].source if name in found else "")
        # The build has no stores. A pod does not need what replaces them there.
        found[name] = Variable(name, source, name not in loaded.required, variables.secret(name), dummy=dummy)
    return tuple(found[name] for name in sorted(found))
