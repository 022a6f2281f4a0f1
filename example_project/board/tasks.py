"""What the worker does: thumbnails when a note comes in, a tick whenever beat says so."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from board import thumbnails
from board.models import Note, TaskRun

KEPT = timedelta(hours=1)


# May run twice without harm, so it is acknowledged late: a task of a lost worker goes back to the queue.
@shared_task(bind=True, acks_late=True, max_retries=3)
def make_thumbnail(self: Any, note_id: int) -> str:
    """Make the thumbnail of a note's image."""
    note = Note.objects.filter(pk=note_id).exclude(image="").first()
    if note is None:
        return "the note is gone"
    run = TaskRun.again(self, note.title)
    try:
        made = thumbnails.make(note)
    except OSError as error:
        run.ended(TaskRun.Outcome.FAILED)
        if self.request.retries < self.max_retries:
            raise self.retry(exc=error, countdown=2 ** (self.request.retries + 1)) from error
        note.becomes(
            Note.Status.FAILED, "The media storage did not answer the worker. Try again in a moment."
        )
        return "no storage"
    run.ended(TaskRun.Outcome.DONE if made else TaskRun.Outcome.FAILED)
    return "made" if made else "damaged"


@shared_task(bind=True)
def tick(self: Any) -> str:
    """Show that beat and worker are alive. A second message for the same due time has the same id and is dropped."""
    run = TaskRun.first(self)
    if run is None:
        return "dropped a duplicate"
    TaskRun.objects.filter(name=self.name, started__lt=timezone.now() - KEPT).delete()
    run.ended()
    return "ticked"
