"""What the project runs: its interface, Celery, queues, schedules and daemons."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Choice, Fact, chosen
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree, called, dotted, line, literal

_ASGI_SERVERS = ("uvicorn", "daphne", "hypercorn", "granian", "uvicorn-worker")
_SENDERS = ("apply_async", "send_task", "shared_task", "task", "signature", "subtask", "set", "s", "si")
_DATABASE_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
_STARTERS = re.compile(
    r"(^|/)(Dockerfile[^/]*|[^/]*\.[Dd]ockerfile|Procfile[^/]*|[^/]*compose[^/]*\.ya?ml|[^/]*\.(sh|ini|service|conf|toml)"
    r"|bin/[^/.]+|run[^/.]*)$"
)


def interface(tree: Tree, project: str, settings: Defined, packages: dict[str, str]) -> tuple[Fact, Fact]:
    """Return the facts ``interface`` and ``application``.

    ASGI needs an ASGI file and a reason: Channels, a server that only speaks ASGI, or a program that starts such a server.
    """
    files = {name: _programs(tree, project, name) for name in ("wsgi", "asgi")}
    servers = [name for name in _ASGI_SERVERS if name in packages]
    channels = "channels" in settings.words("INSTALLED_APPS") or "channels" in packages
    started = _started_as_asgi(tree)
    wsgi_server = next(
        (name for name in ("gunicorn", "uwsgi", "mod-wsgi", "waitress") if name in packages), ""
    )
    reason = ""
    if files["asgi"]:
        if channels:
            reason = "channels is installed"
        elif started:
            reason = started
        elif servers and not wsgi_server:
            reason = f"{servers[0]} is the only server among the packages"
        elif not files["wsgi"]:
            reason = files["asgi"][0]
    kind = "asgi" if reason else "wsgi"
    fact = Fact(
        "interface",
        kind,
        reason or (files["wsgi"][0] if files["wsgi"] else "nothing names it"),
        "likely" if reason else "read",
    )
    setting = f"{kind.upper()}_APPLICATION"
    named = settings.value(setting)
    if isinstance(named, str) and "." in named:
        module, _, name = named.rpartition(".")
        return fact, Fact("application", f"{module}:{name}", settings.places[setting])
    if files[kind]:
        return fact, Fact("application", f"{_module(files[kind][0], project)}:application", files[kind][0])
    return fact, Fact("application", None, "there is no file for it", "assumed")


def celery(tree: Tree, project: str, settings_module: str) -> tuple[Fact, str]:
    """Return the fact ``celery_application`` as ``module:name``, and the namespace of its settings."""
    found: list[tuple[int, Choice]] = []
    namespace = ""
    package = settings_module.split(".")[0]
    for file in tree.containing("Celery", project):
        module = tree.parsed(file)
        if module is None:
            continue
        makers = {
            one.name
            for one in module.body
            if isinstance(one, ast.FunctionDef) and any(_is_application(inner) for inner in ast.walk(one))
        }
        for node in module.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and _is_application(node.value, makers):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if name := dotted(target):
                    choice = Choice(f"{_module(file, project)}:{name}", line(file, node))
                    found.append((0 if choice.value.split(".")[0] == package else 1, choice))
    for file in tree.containing("config_from_object", project):
        for call in ast.walk(tree.parsed(file) or ast.Module([], [])):
            if isinstance(call, ast.Call) and called(call).endswith("config_from_object"):
                named = next((literal(one.value) for one in call.keywords if one.arg == "namespace"), "")
                named = named or (literal(call.args[2]) if len(call.args) > 2 else "")
                namespace = str(named or "")
    started = {
        match[1]
        for _, _, text in starting_lines(tree)
        if (match := re.search(r"celery\s+(?:-A|--app)[ =]?([\w.]+)", text))
    }
    # If a command line names an application, it is the one that runs.
    named_by = [pair for pair in found if any(_is_in(pair[1].value, name) for name in started)]
    found = named_by or found
    found.sort(key=lambda pair: pair[0])
    return chosen("celery_application", (choice for _, choice in found)), namespace


def _is_in(application: str, name: str) -> bool:
    """Return whether an application is the one that ``celery --app name`` finds."""
    module = application.partition(":")[0]
    return module == name or module.rpartition(".")[0] == name


def queues(tree: Tree, project: str, settings: Defined) -> Fact:
    """Return the names of Celery's queues, the default one first."""
    default = next(
        (
            str(settings.value(name))
            for name in ("CELERY_TASK_DEFAULT_QUEUE", "CELERY_DEFAULT_QUEUE")
            if isinstance(settings.value(name), str)
        ),
        "celery",
    )
    found: dict[str, str] = {}
    for name in ("CELERY_TASK_ROUTES", "CELERY_ROUTES", "CELERY_TASK_QUEUES", "CELERY_QUEUES"):
        for value in settings.nodes.get(name, []):
            for queue in _queues(value):
                found.setdefault(queue, settings.places.get(name, name))
    for file in tree.containing(("queue", "Queue"), project):
        module = tree.parsed(file)
        constants = _constants(module, settings) if module else {}
        for node in ast.walk(module) if module else ():
            for queue in _queue_of(node, constants):
                found.setdefault(queue, line(file, node))
    for file, number, text in starting_lines(tree):
        if match := re.search(r"celery\b.*\bworker\b.*?(?:-Q|--queues)[ =]?[\"']?([\w.,-]+)", text):
            for queue in match[1].split(","):
                found.setdefault(queue, f"{file}:{number}")
    found.pop(default, None)
    source = ", ".join(dict.fromkeys(found.values())) or "no task names another one"
    return Fact("queues", [default, *sorted(found)], source, "likely" if found else "read")


def beat(tree: Tree, project: str, settings: Defined, packages: dict[str, str]) -> Fact:
    """Return which scheduler the project's beat has: a class, ``default`` for Celery's own, or None without a schedule."""
    for name in ("CELERY_BEAT_SCHEDULER", "CELERYBEAT_SCHEDULER"):
        if isinstance(value := settings.value(name), str):
            return Fact("beat_scheduler", value, settings.places[name])
    for file, number, text in starting_lines(tree):
        if match := re.search(r"\bbeat\b.*?(?:--scheduler|-S)[ =](\S+)", text):
            value = match[1].strip("\"'")
            return Fact(
                "beat_scheduler", _DATABASE_SCHEDULER if value == "django" else value, f"{file}:{number}"
            )
    if "django_celery_beat" in settings.words("INSTALLED_APPS"):
        return Fact(
            "beat_scheduler", _DATABASE_SCHEDULER, settings.places.get("INSTALLED_APPS", ""), "likely"
        )
    for name in ("CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE"):
        if name in settings.places:
            return Fact("beat_scheduler", "default", settings.places[name])
    for file in tree.containing(("beat_schedule", "add_periodic_task"), project):
        return Fact("beat_scheduler", "default", f"{file}:1", "likely")
    for file, number, text in starting_lines(tree):
        if re.search(r"\bcelery\b.*\s(beat|worker\b.*\s(-B|--beat))\b", text):
            return Fact("beat_scheduler", "default", f"{file}:{number}", "likely")
    return Fact("beat_scheduler", None, "nothing has a schedule")


def starting_lines(tree: Tree) -> Iterator[tuple[str, int, str]]:
    """Return the lines that start programs, in Procfiles, scripts and the like: file, number and text."""
    for file in tree.files:
        if (
            _STARTERS.search(file)
            and not tree.aside(file)
            and not file.startswith(("deploy/Dockerfile", "deploy/compose"))
        ):
            for number, text in enumerate(tree.text(file).splitlines(), 1):
                if (
                    "manage" in text
                    or "celery" in text
                    or "asgi" in text
                    or "uvicorn" in text
                    or "daphne" in text
                ):
                    yield file, number, text


def _started_as_asgi(tree: Tree) -> str:
    for file, number, text in starting_lines(tree):
        if text.lstrip().startswith("#") or not re.search(r"\basgi\b|\.asgi:", text):
            continue
        if re.search(r"uvicorn|daphne|hypercorn|granian|gunicorn", text) and not re.search(
            r"--reload|runserver", text
        ):
            return f"{file}:{number}"
    return ""


def _programs(tree: Tree, project: str, name: str) -> list[str]:
    """Return the files with an application, those with the usual name first."""
    makes = f"get_{name}_application"
    found = []
    for file in tree.code(project):
        path = PurePosixPath(file)
        usual = path.name == f"{name}.py" or (path.name == "__init__.py" and path.parent.name == name)
        text = tree.text(file)
        if (usual or makes in text) and re.search(r"(?m)^application\b", text):
            found.append((not usual, len(path.parts), file))
    return [file for _, _, file in sorted(found)]


def _module(file: str, project: str) -> str:
    """Return the dotted name by which a file is imported."""
    for folder in folders(project):
        start = "" if folder == "." else f"{folder}/"
        if file.startswith(start):
            return file[len(start) :].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return file.removesuffix(".py").replace("/", ".")


def _is_application(node: ast.AST | None, makers: Container[str] = ()) -> bool:
    name = called(node).rpartition(".")[2] if node is not None else ""
    return name.endswith("Celery") or name == "CeleryApp" or name in makers


def _queues(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Dict):
            for key, value in zip(one.keys, one.values, strict=True):
                if literal(key) == "queue" and isinstance(name := literal(value), str):
                    yield name
        elif isinstance(one, ast.Call) and one.args and called(one).endswith("Queue"):
            yield from filter(None, [str(literal(one.args[0]) or "")])


def _queue_of(node: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in _SENDERS:
        for keyword in node.keywords:
            name = literal(keyword.value) or constants.get(dotted(keyword.value))
            if keyword.arg == "queue" and isinstance(name, str) and name:
                yield name
    if isinstance(node, ast.Assign) and dotted(node.targets[0]).endswith(
        ("conf.task_queues", "conf.task_routes")
    ):
        yield from _queues(node.value)


def _constants(module: ast.Module, settings: Defined) -> dict[str, str]:
    """Return the texts of a module's constants and of the settings, by the names under which the module has them."""
    found = {
        node.targets[0].id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    named = {f"settings.{name}": settings.value(name) for name in settings.nodes if "QUEUE" in name}
    return found | {name: value for name, value in named.items() if isinstance(value, str)}
