"""What the worker does: thumbnails when a note comes in, a tick whenever beat says so."""

import io
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image, ImageOps

from board.models import Note, TaskRun

SIZE = (720, 720)  # pixels, twice what the page shows: for fine screens
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
        with note.image.open() as file:
            original = file.read()
        thumbnail = _shrunk(original)
        if thumbnail is None:
            note.becomes(Note.Status.FAILED, "The image is damaged and cannot be drawn. Choose another.")
            run.ended(TaskRun.Outcome.FAILED)
            return "damaged"
        if note.thumbnail:
            note.thumbnail.delete(save=False)
        note.thumbnail.save(f"{note.pk}.webp", ContentFile(thumbnail), save=False)
    except OSError as error:  # the storage is away: disk and bucket alike
        run.ended(TaskRun.Outcome.FAILED)
        if self.request.retries < self.max_retries:
            raise self.retry(exc=error, countdown=2 ** (self.request.retries + 1)) from error
        note.becomes(
            Note.Status.FAILED, "The media storage did not answer the worker. Try again in a moment."
        )
        return "no storage"
    note.status, note.problem = Note.Status.READY, ""
    note.save(update_fields=["thumbnail", "status", "problem", "changed"])
    run.ended()
    return "made"


def _shrunk(original: bytes) -> bytes | None:
    """The image as a small WebP, upright and without its metadata; None when it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(original)) as opened:
            opened.draft("RGB", SIZE)  # lets JPEG decode at a fraction of its size
            image = ImageOps.exif_transpose(opened)
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
            image.thumbnail(SIZE)
            small = io.BytesIO()
            image.save(small, "WEBP", quality=80)
            return small.getvalue()
    except Exception:  # Pillow's decoders raise whatever they meet in a damaged file
        return None


@shared_task(bind=True)
def tick(self: Any) -> str:
    """Show that beat and worker are alive. A second message for the same due time has the same id and is dropped."""
    run = TaskRun.first(self)
    if run is None:
        return "dropped a duplicate"
    TaskRun.objects.filter(name=self.name, started__lt=timezone.now() - KEPT).delete()
    run.ended()
    return "ticked"
