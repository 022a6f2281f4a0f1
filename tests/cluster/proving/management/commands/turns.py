"""A daemon that turns, hangs on request, and says in the database that it was stopped."""

import time
from pathlib import Path

from django.core.management.base import BaseCommand

from django_k8s.daemon import heartbeat
from proving.models import Effect

HANG = Path("/tmp/hang")
STOPPED = 4711


class Command(BaseCommand):
    """Turn until it is stopped."""

    def handle(self, **options: object) -> None:
        """Hang as long as the file is there. What is left of a former container goes."""
        HANG.unlink(missing_ok=True)
        self.stdout.write("turns")
        try:
            while True:
                heartbeat()
                while HANG.exists():
                    time.sleep(0.1)
                time.sleep(0.1)
        finally:
            Effect.objects.create(number=STOPPED)
