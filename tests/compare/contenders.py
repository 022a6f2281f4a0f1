"""The four set-ups. Each default of a peer names the published file that it comes from."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from django_k8s.environment.assets import assets

PROJECT = Path(__file__).resolve().parent / "project"
CPUS = 2  # of the container that is compared; peers count the machine's
_GUNICORN = (sys.executable, "-m", "gunicorn")
_CELERY = (sys.executable, "-m", "celery", "-A", "config", "worker")
_BEAT = (sys.executable, "-m", "celery", "-A", "config", "beat", "-l", "INFO", "-s", "{folder}/schedule")
_ENTRYPOINT = ("/bin/sh", str(assets() / "entrypoints" / "entrypoint"))


@dataclass(frozen=True)
class Contender:
    """One set-up: how it starts web, a worker and, where it has one, beat."""

    name: str
    settings: str
    web: tuple[str, ...]  # with {port}, and {folder}, which is empty
    worker: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    ready: str = "/hello"
    beat: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """The variables of its roles."""
        return {
            "DJANGO_SETTINGS_MODULE": f"config.{self.settings}",
            "PYTHONPATH": str(PROJECT),
            **self.variables,
        }


# The README's set-up: one process for each CPU of the container's limit, which a test without a container has to name.
OURS = Contender(
    "django-k8s",
    "ours",
    (*_ENTRYPOINT, "web"),
    (*_ENTRYPOINT, "worker"),
    {"WEB_CONCURRENCY": str(CPUS), "WORKER_CONCURRENCY": str(CPUS), "HTTPS": "false", "LOG_FORMAT": "json"},
    "/readyz",
    (*_ENTRYPOINT, "beat"),
)
OURS_ASGI = Contender(
    "django-k8s, ASGI",
    OURS.settings,
    OURS.web,
    OURS.worker,
    {**OURS.variables, "WEB_INTERFACE": "asgi"},
    OURS.ready,
)
EXAMPLE = Contender(
    "docker-django-example",
    "example",
    # config/gunicorn.py: WEB_CONCURRENCY or CPUs * 2 workers, PYTHON_MAX_THREADS or 1 thread, accesslog "-"
    (
        *_GUNICORN,
        "-b",
        "127.0.0.1:{port}",
        "-w",
        str(CPUS * 2),
        "--threads",
        "1",
        "--access-logfile",
        "-",
        "config.wsgi",
    ),
    # compose.yaml: celery -A config worker -l info; the processes are those of the limit, to compare equal work
    (*_CELERY, "-l", "info", "-c", str(CPUS)),
)
COOKIECUTTER = Contender(
    "cookiecutter-django",
    "cookiecutter",
    # compose/production/django/start: gunicorn config.wsgi --bind; .envs/.production/.django: WEB_CONCURRENCY=4
    (*_GUNICORN, "-b", "127.0.0.1:{port}", "-w", "4", "config.wsgi"),
    # compose/production/django/celery/worker/start: celery -A config.celery_app worker -l INFO
    (*_CELERY, "-l", "INFO", "-c", str(CPUS)),
    # compose/production/django/celery/beat/start: celery -A config.celery_app beat -l INFO; its scheduler, which asks the
    # database every five seconds, is left at Celery's default, since django-celery-beat is not for this Django
    beat=_BEAT,
)
PLAIN = Contender(
    "plain gunicorn",
    "plain",
    # gunicorn's documentation: one sync worker unless it is told otherwise
    (*_GUNICORN, "-b", "127.0.0.1:{port}", "config.wsgi"),
    (*_CELERY, "-l", "INFO", "-c", str(CPUS)),
    beat=_BEAT,
)
PEERS = (EXAMPLE, COOKIECUTTER, PLAIN)
ALL = (OURS, *PEERS)
