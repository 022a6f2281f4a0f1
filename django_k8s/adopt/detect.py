"""Detect a project's facts by reading its files, without running any of its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Choice, Fact, Facts, chosen
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.notes import told
from django_k8s.adopt.rules import (
    build_commands,
    daemons,
    debian,
    debug,
    dependencies,
    engine,
    fields,
    frontend,
    locks,
    places,
    programs,
    pythons,
    settings_module,
    steps,
    storages,
    superuser,
    variables,
)
from django_k8s.adopt.rules.data_files import data_files, dumps
from django_k8s.adopt.rules.defined import Defined, defined
from django_k8s.adopt.rules.start_page import start_page
from django_k8s.adopt.tree import Tree
from django_k8s.environment.exit_codes import EX_CONFIG

# Packages that decide which of our extras the image needs.
_DECIDING = frozenset(
    [
        "psycopg",
        "psycopg2",
        "psycopg2-binary",
        "redis",
        "celery",
        "gunicorn",
        "packaging",
        "whitenoise",
        "boto3",
        "django-storages",
    ]
)
_BY_HAND = 'Follow the page "Put an existing project on Kubernetes" of the documentation by hand.'


def detect(root: Path, *, answers: Mapping[str, Any] | None = None) -> Facts:
    """Return the facts of the project in the repository at ``root``.

    ``answers`` are facts by name that are given instead of detected. Raise CannotAdopt if there is no project, or one that
    cannot be served.
    """
    return read(Tree(places.git_root(root)), answers or {})


def read(tree: Tree, answers: Mapping[str, Any]) -> Facts:
    """Return the facts that the files of ``tree`` contain."""
    found: dict[str, Fact] = {}

    def add(fact: Fact) -> Any:
        if fact.name in answers:
            fact = Fact(fact.name, answers[fact.name], "the answer", "answered")
        found[fact.name] = fact
        return fact.value

    add(Fact("git_root", str(tree.root), ".git"))
    project = add(_project(tree, answers))
    module = add(_module(tree, project))
    if not isinstance(module, str) or not module:
        raise CannotAdopt(
            f"Nothing in {_shown(project)} names the settings: neither wsgi.py nor manage.py sets DJANGO_SETTINGS_MODULE."
            " Name the module with --settings.",
            EX_CONFIG,
        )
    file = tree.module_file(module, settings_module.folders(project))
    _refuse(tree, project, module, file)
    settings = defined(tree, project, module)
    if settings.broken:
        raise CannotAdopt(_broken(tree, settings.broken), EX_CONFIG)
    add(Fact("settings_shape", _shape(tree, file), file))
    locked = add(locks.lock(tree, project))
    locked = str(locked or "")
    add(Fact("lock_kind", locks.kind(locked) if locked else None, locked or "there is no lock"))
    more = add(locks.also(tree, locked))
    imported = frozenset(settings.imported)
    apps = frozenset(word.partition(".")[0] for word in settings.words("INSTALLED_APPS"))
    groups = add(locks.groups(tree, project, locked, imported, apps))
    extras = add(locks.extras(tree, project, locked, imported))
    add(pythons.python(tree, project, locked))
    packages = dependencies.installed(tree, project, locked, groups, extras, more)
    add(Fact("installed", sorted(_DECIDING & packages.keys()), locked or "there is no lock"))
    add(Fact("devcontainer", ".devcontainer/devcontainer.json" in tree, ".devcontainer"))
    add(
        Fact(
            "django_version",
            packages.get("django") or None,
            locked or locks.project_file(tree, project),
            "read",
        )
    )
    for fact in programs.interface(tree, project, settings, packages):
        add(fact)
    database = add(debian.database(settings, packages))
    notes = _programs(tree, project, module, settings, packages, add)
    add(storages.static_files(settings, packages))
    add(storages.media(tree, project, settings))
    front_end = add(frontend.front_end(tree, project))
    for fact in frontend.facts(tree, front_end):
        add(fact)
    translated = add(build_commands.translations(tree, project))
    before, after, place = build_commands.build_commands(tree, project, settings)
    steps_before, started = steps.builds(tree, project, [*before, *after])
    before, place = [*before, *steps_before], place or started
    add(Fact("before_static", before, place or "no Dockerfile runs one", "likely" if before else "read"))
    add(Fact("after_static", after, place or "no Dockerfile runs one", "likely" if after else "read"))
    migrated = add(steps.after_migrate(tree, project))
    if by_hand := steps.by_hand(tree, project, [words[0] for words in migrated]):
        notes.append(by_hand)
    for fact in debian.packages(
        tree,
        packages,
        str(database),
        translations=bool(translated),
        git=_from_git(tree, locked),
        compiled=pythons.compiled(tree, locked, packages),
    ):
        add(fact)
    add(data_files(tree, project, tuple(settings.files)))
    add(dumps(tree, project))
    add(superuser.superuser(tree, project, settings))
    add(start_page(tree, project, settings))
    add(debug.debug(tree, settings))
    add(engine.engine(tree, settings, str(database)))
    behind = fields.read(tree, project, settings.files)
    known = variables.read(tree, settings.files, behind.values())
    add(
        Fact(
            "required_variables",
            [one.name for one in known if not one.default and not one.branch],
            _first(known),
            "likely",
        )
    )
    return Facts(
        tuple(found.values()),
        known,
        settings.places,
        fields={key: one.name for key, one in behind.items()},
        public=tuple(sorted(settings.others)),
        notes=(*notes, *told(tree, found)),
    )


def _project(tree: Tree, answers: Mapping[str, Any]) -> Fact:
    if "project_dir" in answers:
        named = str(answers["project_dir"])
        if not (tree.root / named / "manage.py").is_file():
            raise CannotAdopt(
                f"There is no manage.py in {named}. Name the folder that has it with --project."
            )
        return Fact("project_dir", named, "the answer", "answered")
    found = places.projects(tree)
    if not found:
        raise CannotAdopt(places.no_project(tree))
    return chosen("project_dir", places.nearest(found))


def _module(tree: Tree, project: str) -> Fact:
    fact = chosen("settings_module", settings_module.production(tree, project))
    programs_name = settings_module.named(tree, project)
    if fact.value and programs_name and fact.value != programs_name[0].value and not fact.asked:
        return replace(fact, confidence="likely")
    return fact


def _shape(tree: Tree, file: str) -> str:
    """Return ``single file`` or ``package``, whichever the settings are."""
    path = PurePosixPath(file)
    beside = [
        name
        for name in tree.files
        if name != file and PurePosixPath(name).parent == path.parent and name.endswith(".py")
    ]
    if path.stem.startswith("settings"):
        return "single file"
    return "package" if path.parent.name == "settings" or beside else "single file"


def _refuse(tree: Tree, project: str, module: str, file: str) -> None:
    if not file:
        raise CannotAdopt(
            f"The settings module {module} is not in the repository. Commit it, or name another one with --settings.",
            EX_CONFIG,
        )
    if place := settings_module.class_based(tree, project, file):
        raise CannotAdopt(
            f"The settings are classes of django-configurations ({place}), which a settings module cannot build on. {_BY_HAND}",
            EX_CONFIG,
        )
    if place := settings_module.assigned(tree, project):
        raise CannotAdopt(
            f"{place} assigns DJANGO_SETTINGS_MODULE, so no other settings can be chosen. Write"
            ' os.environ.setdefault("DJANGO_SETTINGS_MODULE", ...) there, and run this again.',
            EX_CONFIG,
        )


def _programs(
    tree: Tree, project: str, module: str, settings: Defined, packages: dict[str, str], add: Any
) -> list[str]:
    application, namespace = programs.celery(tree, project, module)
    uses = "celery" in packages or not packages
    notes = []
    name = add(application if uses else Fact("celery_application", None, "celery is not installed"))
    if "celery" in packages and not name:
        notes.append("Celery is installed, but no module creates an application: workers are left out.")
    add(Fact("celery_namespace", namespace, (name and application.source) or ""))
    broker = add(_broker(settings) if name else Fact("broker", None, "there is no Celery application"))
    add(
        programs.queues(tree, project, settings)
        if name
        else Fact("queues", [], "there is no Celery application")
    )
    add(
        programs.beat(tree, project, settings, packages)
        if name
        else Fact("beat_scheduler", None, "there is no Celery application")
    )
    others = add(daemons.daemons(tree, project, settings))
    queue = any(one["command"][0] in ("rqworker", "run_huey") for one in others)
    add(_redis(settings, packages, broker == "redis", queue=queue))
    return notes


def _broker(settings: Defined) -> Fact:
    """Return the kind of Celery's broker, from a setting or the name of its variable; otherwise Redis."""
    for name in settings.nodes:
        if "BROKER" in name:
            for word in settings.words(name):
                kind = word.lower()
                if kind.startswith(("amqp", "pyamqp")) or "rabbit" in kind:
                    return Fact("broker", "rabbitmq", settings.places.get(name, ""), "likely")
                if kind.startswith("sqs"):
                    return Fact("broker", "sqs", settings.places.get(name, ""), "likely")
    return Fact("broker", "redis", "no setting names another one", "likely")


def _redis(settings: Defined, packages: dict[str, str], broker: bool, *, queue: bool) -> Fact:
    needs = []
    sources = []
    for use, names in (
        ("cache", ("CACHES",)),
        ("channels", ("CHANNEL_LAYERS",)),
        ("queue", ("RQ_QUEUES", "HUEY", "Q_CLUSTER", "DRAMATIQ_BROKER")),
    ):
        words = [word for name in names for word in settings.words(name)]
        if any("redis" in word.lower() for word in words) or (use == "queue" and queue):
            needs.append(use)
            sources += [settings.places[name] for name in names if name in settings.places]
    if broker:
        needs.append("broker")
        sources.append("Celery's broker")
    return Fact("redis_needed", needs, ", ".join(sources) or "nothing names it", "likely")


def _broken(tree: Tree, file: str) -> str:
    try:
        compile(tree.text(file), file, "exec")
    except SyntaxError as error:
        return f"{file}:{error.lineno} has a syntax error: {error.msg}. Correct it, and run this again."
    except ValueError as error:
        return f"{file} cannot be read as Python: {error}."
    return f"{file} cannot be read as Python."


def _from_git(tree: Tree, locked: str) -> bool:
    text = tree.text(locked) if locked else ""
    return "git+" in text or "source = { git" in text or 'type = "git"' in text


def _first(known: tuple[Any, ...]) -> str:
    return next(
        (one.source for one in known if not one.default and not one.branch), "every variable has a default"
    )


def _shown(project: str) -> str:
    return "the root" if project == "." else project


__all__ = ["Choice", "Facts", "detect", "read"]
