"""``python -m django_k8s.celery ROLE [OPTION...]`` runs the role worker or beat of any project.

It finds the project's Celery application, connects what the role needs, and runs the celery command in this
process. Each OPTION is passed to that command.
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

from django_k8s.celery import application
from django_k8s.environment import startup
from django_k8s.environment.exit_codes import EX_CONFIG, EX_USAGE

# Gossip and mingle delay each start by a second and are not needed here. Workers send the events that show them in
# monitors such as Flower every 30 seconds instead of 2. Each event says when to expect the next one.
OPTIONS = {"worker": ("--without-gossip", "--without-mingle", "--heartbeat-interval", "30"), "beat": ()}


def main(argv: Sequence[str]) -> int:
    """Run a role until it ends, and return its exit status."""
    role, *options = argv or [""]
    if role not in OPTIONS:
        return _refuse(f"{role or 'nothing'} is not a role of Celery. Roles: {', '.join(OPTIONS)}.", EX_USAGE)
    if role == "worker" and {"-B", "--beat"} & set(options):
        return _refuse(
            "worker -B would publish the schedule once for each worker. Run the role beat instead.", EX_USAGE
        )
    level = startup.env().str("LOG_LEVEL")
    try:
        found = _prepare(role, options)
    except application.NoApplication as error:
        return _refuse(f"{error} A project without Celery does not run the role {role}.", EX_CONFIG)
    celery = _command()
    _outlive_user_signals()
    sys.argv = ["celery", "--quiet", "-A", found, role, *OPTIONS[role], "--loglevel", level, *options]
    if role == "worker":
        return int(celery() or 0)
    from django_k8s.celery.beat.lock import Unusable

    try:
        return int(celery() or 0)
    except Unusable:  # the log has the reason; Celery's beat would treat a SystemExit as a stop
        return EX_CONFIG


def _outlive_user_signals() -> None:
    """Ignore SIGUSR1 and SIGUSR2, which mean something to gunicorn, and by default end a process.

    What the project has set stays. Celery sets its own later: the worker prints tracebacks at SIGUSR1.
    """
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        if signal.getsignal(number) is signal.SIG_DFL:
            # Programs that tasks start do not inherit it, unlike SIG_IGN.
            signal.signal(number, lambda *_: None)


def _command() -> Callable[[], int | None]:
    """Import and return the celery command, without the library for the interactive mode of ``celery amqp``.

    That library loads 170 modules. A module of Celery that no role uses imports it at the top.
    """
    name = "click_repl"
    if name not in sys.modules:
        sys.modules[name] = stand_in = ModuleType(name)
        stand_in.register_repl = lambda group, **_: None  # type: ignore[attr-defined]
        # A Celery release that needs more of the library gets the real one.
        with contextlib.suppress(ImportError, AttributeError):
            importlib.import_module("celery.bin.celery")
        del sys.modules[name]
    from celery.bin.celery import main

    return main  # type: ignore[no-any-return]


def _prepare(role: str, options: Sequence[str]) -> str:
    """Find the application, connect what the role needs, and return the application's name."""
    found = application.find()
    import celery

    celery.maybe_patch_concurrency(["celery", *options])
    application.set_up(found)
    # Each brings modules of Celery's that the other role does not need.
    part = "worker" if role == "worker" else "beat.locked_scheduler"
    importlib.import_module(f"django_k8s.celery.{part}").connect(found.app)
    return found.name


def _refuse(sentence: str, status: int) -> int:
    print(f"django-k8s: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
