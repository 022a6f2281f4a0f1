"""What happened."""

from django.db import models


class Effect(models.Model):
    """A request or a task that was done; as many rows as times."""

    number = models.IntegerField(db_index=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.number)
