"""Notes, and what the worker did."""

import socket
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

# A note that has waited longer than this can be handed over again by its reader.
PATIENCE = timedelta(seconds=30)


class Note(models.Model):
    """A note with an image, whose thumbnail the worker makes."""

    class Status(models.TextChoices):
        READY = "ready", "Ready"
        WAITING = "waiting", "Waiting for the worker"
        FAILED = "failed", "Needs attention"

    title = models.CharField(max_length=120)
    text = models.TextField(blank=True, max_length=2000)
    image = models.ImageField(upload_to="notes/%Y/%m", blank=True, max_length=255)
    thumbnail = models.ImageField(upload_to="thumbnails/%Y/%m", blank=True, max_length=255, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.READY)
    problem = models.CharField(max_length=300, blank=True)  # one sentence for the reader
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title

    def becomes(self, status: "Note.Status", problem: str = "") -> None:
        """Save the new status and the sentence that explains it."""
        self.status, self.problem = status, problem[:300]
        self.save(update_fields=["status", "problem", "changed"])

    @property
    def overdue(self) -> bool:
        """Whether the worker should have made the thumbnail by now."""
        return self.status == self.Status.WAITING and timezone.now() - self.changed > PATIENCE


class TaskRun(models.Model):
    """A run of a task by a worker. A task id has one row, however often its message arrives."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    task_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=100)
    subject = models.CharField(max_length=200, blank=True)  # what it was about
    host = models.CharField(max_length=100, default=socket.gethostname)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    started = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True)
    copies = models.PositiveIntegerField(default=0)  # duplicates of the message that were dropped

    class Meta:
        ordering = ("-started",)
        indexes = (models.Index(fields=["name", "-started"], name="run_by_name"),)

    def __str__(self) -> str:
        return f"{self.name} {self.task_id}"

    @property
    def short(self) -> str:
        """The task's name without its module, in words."""
        return self.name.rpartition(".")[2].replace("_", " ")

    @property
    def took(self) -> str:
        """How long it ran."""
        if self.seconds is None:
            return ""
        return f"{self.seconds:.1f} s" if self.seconds >= 1 else f"{self.seconds * 1000:.0f} ms"

    @classmethod
    def first(cls, task: Any) -> "TaskRun | None":
        """Note that ``task`` begins; None when a message with its id has been seen before."""
        try:
            with transaction.atomic():
                return cls.objects.create(task_id=task.request.id, name=task.name)
        except IntegrityError:
            cls.objects.filter(task_id=task.request.id).update(copies=models.F("copies") + 1)
            return None

    @classmethod
    def again(cls, task: Any, subject: str) -> "TaskRun":
        """Note that ``task`` begins, or begins once more after a retry or a lost worker."""
        fresh = {
            "subject": subject[:200],
            "outcome": cls.Outcome.RUNNING,
            "started": timezone.now(),
            "seconds": None,
        }
        fresh |= {"name": task.name, "host": socket.gethostname()}
        return cls.objects.update_or_create(task_id=task.request.id, defaults=fresh)[0]

    def ended(self, outcome: "TaskRun.Outcome" = Outcome.DONE) -> None:
        """Note how it went and how long it took."""
        self.outcome, self.seconds = outcome, (timezone.now() - self.started).total_seconds()
        self.save(update_fields=["outcome", "seconds"])
