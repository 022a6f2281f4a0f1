"""The state of beat, and the ids of completed tasks."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class BeatEntry(models.Model):
    """An entry of beat's schedule, and its last published due time."""

    name: models.CharField[str, str] = models.CharField(max_length=200, primary_key=True)
    due: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        help_text="the last due time that was published"
    )
    published_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, help_text="when it was published; empty before the first time"
    )

    class Meta:
        verbose_name = "beat entry"
        verbose_name_plural = "beat entries"

    def __str__(self) -> str:
        return self.name


class CompletedTask(models.Model):
    """The id of a task whose effect is in the database, so that a duplicate can be dropped."""

    task_id: models.CharField[str, str] = models.CharField(max_length=255, primary_key=True)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.task_id
