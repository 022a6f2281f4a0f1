"""The command ``k8s_migrate``: migrate in one process at a time."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from django_k8s import conf
from django_k8s.environment.exit_codes import EX_CONFIG, EX_TEMPFAIL
from django_k8s.migrate.apply import NotInTime, Refused, migrate
from django_k8s.migrate.errors import Failed


class Command(BaseCommand):
    help = "Wait for the database, acquire the migration lock, and migrate. If another process migrates, wait for it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: the databases, and how long to wait."""
        parser.add_argument(
            "--database",
            action="append",
            dest="databases",
            choices=tuple(connections),
            help="a database to migrate; may be repeated (default: MIGRATE_DATABASES)",
        )
        parser.add_argument(
            "--timeout", type=float, help="how many seconds to wait, or 0 to try once (default: WAIT_SECONDS)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate. Raise CommandError with status 1 if a migration fails, 75 if a wait is too long, or 78 for mistakes."""
        seconds = conf.current().wait_seconds if options["timeout"] is None else options["timeout"]
        for alias in options["databases"] or conf.current().migrate_databases:
            try:
                with _stoppable():
                    migrate(
                        alias,
                        seconds,
                        conf.current().migrate_lock_timeout_seconds,
                        self.say,
                        verbosity=options["verbosity"],
                        # Not self.stdout, which would end a line after each part that Django writes.
                        stdout=options.get("stdout") or sys.stdout,
                    )
            except Failed as error:
                self.stdout.write(" FAILED")
                raise CommandError(str(error)) from error
            except NotInTime as error:
                raise CommandError(str(error), returncode=EX_TEMPFAIL) from error
            except (ImproperlyConfigured, Refused) as error:
                raise CommandError(str(error), returncode=EX_CONFIG) from error
            except KeyboardInterrupt:
                raise CommandError("Stopped before the end.", returncode=EX_TEMPFAIL) from None

    def say(self, line: str) -> None:
        """Print a line of progress immediately."""
        self.stdout.write(f"migrate: {line}")
        self.stdout.flush()


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop as Ctrl-C does: the running statement is cancelled, and the exit status is a failure.

    Without this, tini would turn the status of a process that SIGTERM ended into 0, and the Job would count as done.
    """

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
