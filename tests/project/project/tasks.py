"""Tasks with the habits of real ones: they take long, they leave a trace, and some may run twice."""

import logging
import os
import time
from pathlib import Path

from celery import shared_task
from django.contrib.auth.models import Group
from django.db import connection

from django_k8s.celery.once import once


@shared_task
@once
def tick(entry: str) -> None:
    """Beat's: its effect is a row."""
    Group.objects.create(name=f"{entry} {time.time_ns()}")


def trace(kind: str, number: int) -> None:
    """Leave a line, in files that no process shares."""
    with Path(os.environ["TEST_TRACES"], f"{kind}-{os.getpid()}").open("a") as file:
        file.write(f"{number}\n")


@shared_task
def work(number: int, seconds: float = 0.1) -> None:
    """Leave a line when it starts and one when it ends."""
    trace("started", number)
    logging.getLogger("shop").info("working on %s", number)
    time.sleep(seconds)
    trace("done", number)


@shared_task
def ask(number: int) -> None:
    """Ask the database, outside of any transaction, and leave a line with the session's number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        trace("session", cursor.fetchone()[0])
    trace("done", number)


@shared_task(default_retry_delay=1, max_retries=3)
def die() -> None:
    """Kill the process that runs it, as the kernel does when memory is short."""
    os.kill(os.getpid(), 9)


@shared_task
def fail(text: str) -> None:
    """Print, log and raise."""
    print("a task prints")
    logging.getLogger("shop").warning("a task logs")
    raise RuntimeError(text)
