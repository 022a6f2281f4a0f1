"""Rules about what the project runs today, but the deployment does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from django_k8s.adopt.check.finding import Finding, Kind, found
from django_k8s.adopt.check.subject import Rule, Subject
from django_k8s.adopt.rules import locks
from django_k8s.adopt.tree import line

CRON = Kind(
    "cron-not-run",
    "warning",
    "{detail} runs on a schedule today, and nothing in deploy/values.yaml runs it.",
    "No pod has a cron daemon.",
    'Add it to deploy/values.yaml: cronJobs: {NAME: {schedule: "0 3 * * *", args: [manage, COMMAND]}}.',
)
SCHEDULER = Kind(
    "scheduler-in-web",
    "warning",
    "{detail} runs jobs on a schedule, inside the web processes or with the system's cron.",
    "Either every web process of every pod runs each job, or none does.",
    "Move the jobs to Celery's beat, or to cronJobs in deploy/values.yaml.",
)
PROCESS = Kind(
    "process-not-run",
    "warning",
    "{detail} is started today, and nothing in deploy/values.yaml runs it.",
    "So its work is not done.",
    "Add it to daemons in deploy/values.yaml, or to jobs if it ends by itself.",
)
RELEASE = Kind(
    "release-command",
    "note",
    "Each release runs {detail} today, beside the migrations.",
    "The migrate job of the chart runs migrations only.",
    "Add it to jobs in deploy/values.yaml if each release needs it.",
)
GUNICORN = Kind(
    "gunicorn-config",
    "note",
    "The project configures gunicorn ({detail}), and this file is not read in the image.",
    "The web role has a configuration of its own, which loses no request at a release.",
    "Set the variables WEB_CONCURRENCY, WEB_THREADS, WEB_TIMEOUT_SECONDS and WEB_MAX_REQUESTS instead.",
)
HEALTH = Kind(
    "health-endpoint",
    "note",
    "The project has a health page ({detail}).",
    "The probes request /livez and /readyz of django-k8s instead. If the liveness probe requested a page that queries the database, every pod would restart when the database is down.",
    "Keep it for monitoring, or remove it. In READINESS_CHECKS, list the checks that must pass before a pod gets requests.",
)

_CRON_FILE = re.compile(r"(^|/)(crontab[^/]*|[^/]*\.cron(tab)?|cron/[^/]+|cron\.d/[^/]+)$")
_CRON_LINE = re.compile(
    r"^\s*(?:[\d*,/-]+\s+){4}[\d*,/A-Za-z-]+\s+.*|^\s*@(?:hourly|daily|weekly|monthly|reboot)\s+.*"
)
_COMMAND = re.compile(r"(?:manage\.py|django-admin|-m django)\s+([a-z]\w+)")
_SCHEDULERS = {
    "django_crontab": "django-crontab",
    "django_cron": "django-cron",
    "django_apscheduler": "APScheduler",
    "kronos": "django-kronos",
}
_ENDING = frozenset(
    [
        "migrate",
        "collectstatic",
        "check",
        "compilemessages",
        "createcachetable",
        "makemigrations",
        "test",
        "shell",
    ]
)
_WEB = re.compile(r"gunicorn|uvicorn|daphne|hypercorn|granian|runserver|uwsgi|waitress|mod_wsgi")
_OURS = frozenset(
    ["migrate", "collectstatic", "check", "compilemessages", "createsuperuser", "wait_for_db", "compress"]
)


def cron(subject: Subject) -> Iterator[Finding]:
    """Find commands in crontabs, and apps that run jobs on a schedule."""
    told: set[str] = set()
    for name in subject.tree.files:
        if not _CRON_FILE.search(name) or subject.tree.aside(name) or name.endswith((".py", ".md", ".rst")):
            continue
        for number, text in subject.lines(name):
            match = _COMMAND.search(text) if _CRON_LINE.match(text) else None
            if match and match[1] not in told and not subject.runs(match[1]):
                told.add(match[1])
                yield found(CRON, f"{name}:{number}", f"manage.py {match[1]}")
    apps = subject.values.words("INSTALLED_APPS")
    for app, title in _SCHEDULERS.items():
        if app in apps:
            yield found(SCHEDULER, subject.values.word_place("INSTALLED_APPS", app), title)


def processes(subject: Subject) -> Iterator[Finding]:
    """Find processes in a Procfile, or in the files of other platforms, that the deployment does not run."""
    told: set[str] = set()
    for place, name, text in _started(subject):
        if name == "release":
            for match in _COMMAND.finditer(text):
                if match[1] not in _OURS and match[1] not in told and not subject.runs(match[1]):
                    told.add(match[1])
                    yield found(RELEASE, place, f"manage.py {match[1]}")
            continue
        what = _missing(subject, text)
        if what and what not in told:
            told.add(what)
            yield found(PROCESS, place, f"{name} ({what})")


def _started(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Yield the processes that other platforms start: place, name and command."""
    for file in subject.tree.files:
        path = PurePosixPath(file)
        if subject.tree.aside(file) or len(path.parts) > 3:
            continue
        if path.name == "Procfile":
            for number, text in subject.lines(file):
                if match := re.match(r"([\w-]+):\s*(.+)", text):
                    yield f"{file}:{number}", match[1], match[2]
        elif path.name == "fly.toml":
            read = locks.toml(subject.tree, file)
            named = read.get("processes")
            for name, command in named.items() if isinstance(named, dict) else ():
                yield file, str(name), str(command)
            deploy = read.get("deploy")
            if isinstance(deploy, dict) and (command := deploy.get("release_command")):
                yield file, "release", str(command)
        elif path.name == "render.yaml":
            for number, text in subject.lines(file):
                if match := re.match(r"\s*(?:- )?startCommand:\s*(.+)", text):
                    yield f"{file}:{number}", "startCommand", match[1]


def _missing(subject: Subject, text: str) -> str:
    """Return what a command starts, unless the deployment runs it or it is unknown; then an empty string."""
    if _WEB.search(text):
        return ""
    if match := re.search(r"\bcelery\b.*\b(worker|beat|flower)\b", text):
        if match[1] == "worker":
            return "" if subject.facts.value("celery_application") else "celery worker"
        if match[1] == "beat":
            return "" if subject.facts.value("beat_scheduler") or subject.runs("beat") else "celery beat"
        return ""
    if match := _COMMAND.search(text):
        command = match[1]
        return "" if command in _ENDING or subject.runs(command) else f"manage.py {command}"
    return ""


def gunicorn(subject: Subject) -> Iterator[Finding]:
    """Find a configuration file of gunicorn."""
    for name in subject.tree.files:
        path = PurePosixPath(name)
        if not re.fullmatch(r"gunicorn([._-]?conf(ig)?)?(\.py)?\.py", path.name) or subject.tree.aside(name):
            continue
        if len(path.parts) > 4 or any(part.startswith(".") for part in path.parts):
            continue
        module = subject.tree.parsed(name)
        options = [
            node.targets[0].id
            for node in (module.body if module else ())
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        ]
        options += [
            node.name for node in (module.body if module else ()) if isinstance(node, ast.FunctionDef)
        ]
        known = [one for one in options if not one.startswith("_")]
        if known:
            yield found(GUNICORN, line(name, module.body[0]) if module else name, ", ".join(known[:6]))
            return


def health(subject: Subject) -> Iterator[Finding]:
    """Find a health page that the project has."""
    apps = subject.values.words("INSTALLED_APPS")
    if "health_check" in apps:
        yield found(
            HEALTH, subject.values.word_place("INSTALLED_APPS", "health_check"), "django-health-check"
        )
        return
    for name in subject.code:
        if not PurePosixPath(name).name.startswith("urls") and "/urls/" not in name:
            continue
        for number, text in subject.lines(name):
            match = re.search(
                r"path\(\s*r?[\"']\^?(/?(?:[\w-]+/)*(?:health|healthz|health-?check|healthcheck|ping|status/health|-/health|livez|readyz|_health)/?\$?)[\"']",
                text,
            )
            if match and not text.lstrip().startswith("#"):
                yield found(HEALTH, f"{name}:{number}", match[1].rstrip("$"))
                return


RULES: tuple[tuple[Rule, tuple[Kind, ...]], ...] = (
    (cron, (CRON, SCHEDULER)),
    (processes, (PROCESS, RELEASE)),
    (gunicorn, (GUNICORN,)),
    (health, (HEALTH,)),
)
