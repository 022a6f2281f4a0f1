"""What happened."""

from django.db import models


class Effect(models.Model):
    """A request or a task that was done; as many rows as times."""

    number = models.IntegerField(db_index=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.number)


class Tick(models.Model):
    """A message of beat as it arrived at a worker."""

    due = models.FloatField()  # seconds since 1970, as is the next
    published = models.FloatField()
    task_id = models.CharField(max_length=255)

    def __str__(self) -> str:
        return self.task_id
