"""Rules about code that does not work in a pod: files, threads and tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from django_k8s.adopt.check.finding import Finding, Kind, found
from django_k8s.adopt.check.subject import Rule, Subject
from django_k8s.adopt.tree import called, dotted, line, literal, words

UPLOADS = Kind(
    "uploads",
    "warning",
    "Uploads go to the disk ({detail}), and no bucket or volume is configured for production.",
    "The root of a pod is read-only, and no other pod sees its disk. So an upload fails, or is lost with the pod.",
    "Set MEDIA_S3_BUCKET below env in deploy/values-production.yaml, or media: {enabled: true} for a volume that all pods share.",
)
WRITES = Kind(
    "writes-code-directory",
    "warning",
    "{detail} writes a file below BASE_DIR.",
    "The code in the image is read-only, and no pod sees what another one writes.",
    "Write to the default storage, or to tempfile.gettempdir() if the file may be lost.",
)
SLEEP = Kind(
    "sleep-in-view",
    "warning",
    "A view sleeps.",
    "It blocks one of the few threads of the pod, and probes may have to wait.",
    "Move the work to a task.",
)
THREAD = Kind(
    "thread-in-view",
    "warning",
    "A view starts {detail}.",
    "It ends with the pod at the next release, half-done and without a trace.",
    "Move the work to a task.",
)
DELAY = Kind(
    "delay-in-transaction",
    "warning",
    "A task is sent inside a transaction{detail}.",
    "A worker may start it before the commit and not find the row, or run it even if the transaction is rolled back.",
    "Write transaction.on_commit(lambda: task.delay(...)), or task.delay_on_commit(...).",
)
TASK_LATE = Kind(
    "task-acks-early",
    "note",
    "Tasks are acknowledged before they run.",
    "If a task is interrupted, because a node is lost or memory runs out, it does not run again.",
    "Set CELERY_TASK_ACKS_LATE = True if running a task twice is harmless.",
)
TASK_LIMIT = Kind(
    "task-time-limit",
    "note",
    "Tasks have no time limit.",
    "A task that hangs occupies a process of the worker until the next release.",
    "Set CELERY_TASK_TIME_LIMIT to more seconds than the longest task needs.",
)

_VIEWS = re.compile(r"(^|/)(views?|viewsets?)(/|\.py$)|_views?\.py$")
_SENDS = ("delay", "apply_async")
_WRITE_MODES = re.compile(r"[wax]")


def uploads(subject: Subject) -> Iterator[Finding]:
    """Find uploads that go to the disk of a pod."""
    if subject.facts.value("media") != "volume" or subject.set("MEDIA_S3_BUCKET"):
        return
    values = subject.uncommented("deploy/values.yaml") + subject.uncommented("deploy/values-production.yaml")
    if not re.search(r"^media:\s*(\{.*enabled: *true|\n(\s+.*\n)*?\s+enabled: *true)", values, re.MULTILINE):
        yield found(UPLOADS, _place(subject.facts["media"].source), _field(subject.facts["media"].source))


def _place(source: str) -> str:
    return source if re.search(r"\.py:\d+$", source) else ""


def _field(source: str) -> str:
    return "FileSystemStorage" if _place(source) else source


def writes(subject: Subject) -> Iterator[Finding]:
    """Find code that writes files to the directory of the code."""
    for name in subject.code:
        if (
            "BASE_DIR" not in subject.tree.text(name)
            or "/management/" in name
            or PurePosixPath(name).name == "manage.py"
        ):
            continue
        module = subject.tree.parsed(name)
        for node in ast.walk(module) if module else ():
            if isinstance(node, ast.Call) and (what := _writes(node)) and "BASE_DIR" in ast.unparse(node):
                yield found(WRITES, line(name, node), what)


def _writes(node: ast.Call) -> str:
    function = called(node) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    last = function.rpartition(".")[2]
    if last in ("write_text", "write_bytes", "mkdir", "makedirs"):
        return f"{last}()"
    if last == "open":
        modes = [
            literal(one)
            for one in (*node.args[0:2], *(one.value for one in node.keywords if one.arg == "mode"))
        ]
        if any(isinstance(mode, str) and len(mode) <= 3 and _WRITE_MODES.search(mode) for mode in modes):
            return "open()"
    return ""


def views(subject: Subject) -> Iterator[Finding]:
    """Find views that sleep, or start threads or processes."""
    for name in subject.code:
        text = subject.tree.text(name)
        if not _VIEWS.search(name) or not re.search(r"sleep|Thread|Popen", text):
            continue
        module = subject.tree.parsed(name)
        for node in ast.walk(module) if module else ():
            function = called(node)
            if function == "time.sleep" or (function == "sleep" and "from time import sleep" in text):
                yield found(SLEEP, line(name, node))
            elif function == "threading.Thread" or (function == "Thread" and "from threading import" in text):
                yield found(THREAD, line(name, node), "a thread")
            elif function in ("subprocess.Popen", "multiprocessing.Process"):
                yield found(THREAD, line(name, node), "a process")


def delays(subject: Subject) -> Iterator[Finding]:
    """Find tasks that are sent before the transaction is committed. Report the first, and how many there are."""
    if not subject.facts.value("celery_application"):
        return
    every = _atomic_requests(subject)
    places: list[str] = []
    for name in subject.code:
        text = subject.tree.text(name)
        if not any(f".{one}(" in text for one in _SENDS) or PurePosixPath(name).name.startswith("tasks"):
            continue
        in_views = bool(every and _VIEWS.search(name))
        if not in_views and "atomic" not in text:
            continue
        module = subject.tree.parsed(name)
        places += [line(name, node) for node in _sent(module, inside=in_views)] if module else []
    if places:
        more = f", and in {len(places) - 1} more places" if len(places) > 1 else ""
        why = ", as ATOMIC_REQUESTS is on" if every else ""
        yield found(DELAY, places[0], f"{why}{more}")


def _atomic_requests(subject: Subject) -> bool:
    texts = " ".join(ast.unparse(one.node) for one in subject.values.all("DATABASES"))
    return bool(re.search(r"ATOMIC_REQUESTS['\"]?\s*[:=]\s*True", texts)) or any(
        re.search(r"ATOMIC_REQUESTS[\"']\]\s*=\s*True", subject.tree.text(file)) for file in subject.files
    )


def _sent(node: ast.AST, *, inside: bool) -> Iterator[ast.AST]:
    """Yield the calls that send a task inside a transaction, except those that wait for the commit."""
    if isinstance(node, ast.Call):
        name = called(node) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        last = name.rpartition(".")[2]
        if inside and isinstance(node.func, ast.Attribute) and last in _SENDS:
            yield node
    if isinstance(node, ast.With | ast.AsyncWith):
        inside = inside or any(_is_atomic(item.context_expr) for item in node.items)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        # A function that is defined inside a transaction is called later, usually by on_commit.
        nested = inside and not any(isinstance(one, ast.ClassDef) for one in ast.iter_child_nodes(node))
        inside = any(_is_atomic(one) for one in node.decorator_list) or (nested and _is_view(node))
    if isinstance(node, ast.Lambda):
        inside = False
    for child in ast.iter_child_nodes(node):
        yield from _sent(child, inside=inside)


def _is_view(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [one.arg for one in node.args.args[:2]]
    return "request" in names or "self" in names


def _is_atomic(node: ast.expr) -> bool:
    name = called(node) or dotted(node)
    return name.rpartition(".")[2] == "atomic"


def tasks(subject: Subject) -> Iterator[Finding]:
    """Find out whether tasks may be lost with a pod, or hang forever."""
    application = subject.facts.text("celery_application")
    if not application:
        return
    place = subject.facts["celery_application"].source
    prefix = f"{subject.facts.text('celery_namespace')}_".lstrip("_").upper()
    texts = [
        subject.tree.text(place.rpartition(":")[0]),
        *(" ".join(words(one.node)) for one in subject.values.all("CELERY")),
    ]
    code = [subject.tree.text(name) for name in subject.tree.containing(("task", "Task"), subject.project)]

    def named(setting: str) -> bool:
        names = {
            f"{prefix}{setting.upper()}",
            f"CELERY_{setting.upper()}",
            f"CELERY_{setting.upper().removeprefix('TASK_')}",
        }
        names |= {f"CELERYD_{setting.upper()}", f"CELERYD_{setting.upper().replace('TIME', 'SOFT_TIME')}"}
        return any(name in subject.values or subject.set(name) for name in names) or any(
            setting in one for one in texts
        )

    if not named("task_acks_late") and not any("acks_late" in text for text in code):
        yield found(TASK_LATE, place)
    limited = named("task_time_limit") or named("task_soft_time_limit")
    if not limited and not any(re.search(r"\b(soft_)?time_limit=", text) for text in code):
        yield found(TASK_LIMIT, place)


RULES: tuple[tuple[Rule, tuple[Kind, ...]], ...] = (
    (uploads, (UPLOADS,)),
    (writes, (WRITES,)),
    (views, (SLEEP, THREAD)),
    (delays, (DELAY,)),
    (tasks, (TASK_LATE, TASK_LIMIT)),
)
