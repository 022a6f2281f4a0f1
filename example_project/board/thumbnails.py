"""Thumbnails: small, upright pictures of the images that readers send."""

import io

from django.core.files.base import ContentFile
from PIL import Image, ImageOps

from board.models import Note

SIZE = (720, 720)  # pixels, twice what the page shows: for fine screens


class Damaged(Exception):
    """An image cannot be decoded."""


def make(note: Note) -> bool:
    """Make the thumbnail of a note's image; the note says what came of it. False if the image is damaged.

    Raises OSError if the media storage is away, be it a disk or a bucket.
    """
    with note.image.open() as file:
        original = file.read()
    try:
        thumbnail = _shrunk(original)
    except Damaged:
        note.becomes(Note.Status.FAILED, "The image is damaged and cannot be drawn. Choose another.")
        return False
    if note.thumbnail:
        note.thumbnail.delete(save=False)
    note.thumbnail.save(f"{note.pk}.webp", ContentFile(thumbnail), save=False)
    note.status, note.problem = Note.Status.READY, ""
    note.save(update_fields=["thumbnail", "status", "problem", "changed"])
    return True


def _shrunk(original: bytes) -> bytes:
    """The image as a small WebP, upright and without its metadata."""
    try:
        with Image.open(io.BytesIO(original)) as opened:
            opened.draft("RGB", SIZE)  # lets JPEG decode at a fraction of its size
            image = ImageOps.exif_transpose(opened)
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
            image.thumbnail(SIZE)
            small = io.BytesIO()
            image.save(small, "WEBP", quality=80)
            return small.getvalue()
    except Exception as error:  # Pillow's decoders raise whatever they meet in a damaged file
        raise Damaged from error
