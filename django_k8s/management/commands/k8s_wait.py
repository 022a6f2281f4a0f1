"""The command ``k8s_wait``: wait for the database, the broker, the cache or the migrations."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_k8s import conf
from django_k8s.celery import application
from django_k8s.environment.exit_codes import EX_CONFIG, EX_TEMPFAIL, EX_USAGE
from django_k8s.health import BUILT_IN_CHECKS, Check, find_checks
from django_k8s.health.wait import is_refusal, wait_until_healthy


class Command(BaseCommand):
    help = "Wait in one process until health checks pass. The exit status is 75 if they do not pass in time."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments: the checks, and how long to wait."""
        parser.add_argument(
            "checks",
            nargs="*",
            default=["database", "migrations"],
            help=f"{', '.join(BUILT_IN_CHECKS)}, or the dotted path of a check (default: database and migrations)",
        )
        parser.add_argument(
            "--timeout", type=float, help="how many seconds to wait, or 0 to try once (default: WAIT_SECONDS)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait. Raise CommandError with what is missing if the checks do not pass in time."""
        seconds = conf.current().wait_seconds if options["timeout"] is None else options["timeout"]
        if "broker" in options["checks"]:
            try:
                application.find()
            except application.NoApplication as error:
                raise CommandError(f"There is no broker to wait for: {error}", returncode=EX_CONFIG) from None
        found: dict[str, Check] = {}
        for name in options["checks"]:
            try:
                found.update(find_checks(name))
            except ImportError:
                known = ", ".join(BUILT_IN_CHECKS)
                raise CommandError(
                    f"There is no health check {name!r}. Use {known}, or the dotted path of your own.",
                    returncode=EX_USAGE,
                ) from None
        missing = wait_until_healthy(found, seconds, self.say)
        if missing:
            what = "; ".join(f"{result.name} ({result.detail})" for result in missing)
            if any(is_refusal(result) for result in missing):
                raise CommandError(
                    f"The database refuses the login: {what}. Correct the address, user or password.",
                    returncode=EX_CONFIG,
                )
            raise CommandError(f"Not ready after {seconds:g} s: {what}", returncode=EX_TEMPFAIL)

    def say(self, line: str) -> None:
        """Print a line of progress immediately."""
        self.stdout.write(f"wait: {line}")
        self.stdout.flush()
