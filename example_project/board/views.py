"""The board: what is alive, the notes, and what the worker did."""

import contextlib
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    conditional_page,
    require_GET,
    require_POST,
    require_safe,
)

from board import thumbnails
from board.forms import NoteForm, PictureForm
from board.models import Note
from board.state import board_state

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]


def _guarded(view: View) -> View:
    """Allow scripts, styles and connections of this site alone; images also where media is stored."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        origin = ""
        with contextlib.suppress(OSError):
            media = urlsplit(default_storage.url("x"))
            origin = f" {media.scheme}://{media.netloc}" if media.netloc else ""
        response["Content-Security-Policy"] = (
            f"default-src 'self'; img-src 'self'{origin}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        return response

    return guarded


@require_safe
@never_cache
@_guarded
def board(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    return _page(request, NoteForm())


@require_safe
@conditional_page
def live(request: HttpRequest) -> HttpResponse:
    """The parts of the page that change by themselves; 304 while they have not."""
    response = render(request, "board/live.html", board_state())
    response["Cache-Control"] = "no-cache"
    return response


@require_POST
@_guarded
def write(request: HttpRequest) -> HttpResponse:
    """Keep the words first, then the image, then have its thumbnail made: what fails later loses nothing."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        note = form.save()
    except DatabaseError:
        logger.exception("A note could not be kept")
        form.add_error(
            None,
            "The database does not answer, so the note is not kept yet. Your words are below: send them again in a moment.",
        )
        return _page(request, form, status=503)
    if "image" in request.FILES:
        _attach(request, note, PictureForm(files=request.FILES))
    else:
        messages.success(request, f"“{note}” is kept.")
    return _back()


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Another image for a note whose image failed, or another thumbnail of the same."""
    note = get_object_or_404(Note, pk=pk)
    if (note.status == Note.Status.FAILED and not note.image) or f"{pk}-image" in request.FILES:
        _attach(request, note, PictureForm(files=request.FILES, prefix=str(pk)))
    elif note.status == Note.Status.FAILED or note.overdue:
        _thumbnail(request, note)
    return _back()


@require_GET
def picture(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """A note's image or thumbnail, at an address that stays the same while signed links come and go."""
    note = get_object_or_404(Note, pk=pk)
    file = {"image": note.image, "thumbnail": note.thumbnail}.get(kind)
    if not file:
        raise Http404
    try:
        address = file.url
        if urlsplit(address).netloc:
            response: HttpResponseBase = HttpResponseRedirect(address)
        else:
            response = FileResponse(file.open())
    except OSError as error:
        raise Http404 from error
    response["Cache-Control"] = "private, max-age=300"
    return response


def _page(request: HttpRequest, form: NoteForm, status: int = 200) -> HttpResponse:
    return render(request, "board/board.html", {**board_state(), "form": form}, status=status)


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("board:board") + "#written")


def _attach(request: HttpRequest, note: Note, form: PictureForm) -> None:
    """Store the image of the form, then have its thumbnail made."""
    if not form.is_valid():
        _failed(request, note, str(form.errors["image"][0]))
        return
    picture = form.cleaned_data["image"]
    try:
        note.image.save(picture.name, picture, save=False)
    except OSError as error:  # a full or missing disk; a bucket that is away, whose text says what to check
        logger.exception("The image of note %s could not be stored", note.pk)
        reason = f"Media storage: {error.strerror}." if error.strerror else str(error)
        _failed(request, note, f"The image was not stored. {reason} Then send it again.")
        return
    note.save(update_fields=["image", "changed"])
    _thumbnail(request, note)


def _thumbnail(request: HttpRequest, note: Note) -> None:
    """Have the thumbnail made: by the worker, or without Celery at once."""
    note.becomes(Note.Status.WAITING)
    if settings.WITH_CELERY:
        _hand_over(request, note)
    else:
        _make(request, note)


def _make(request: HttpRequest, note: Note) -> None:
    """Make the thumbnail in this request."""
    try:
        made = thumbnails.make(note)
    except OSError:
        logger.exception("The thumbnail of note %s could not be made", note.pk)
        _failed(request, note, "The media storage does not answer. Try again in a moment.")
        return
    if made:
        messages.success(request, f"“{note}” is kept, with its thumbnail.")
    else:
        messages.error(request, f"“{note}” is kept. {note.problem}")


def _hand_over(request: HttpRequest, note: Note) -> None:
    """Ask the worker for the thumbnail."""
    from board.tasks import make_thumbnail  # needs Celery

    try:
        # One retry, at once: for a connection that went stale since the last task.
        make_thumbnail.apply_async(
            (note.pk,), retry=True, retry_policy={"max_retries": 1, "interval_start": 0}
        )
    except Exception:  # every transport has errors of its own
        logger.exception("Note %s could not be handed over", note.pk)
        _failed(
            request,
            note,
            "The broker does not answer, so no worker knows of the image yet. Hand it over again in a moment.",
        )
    else:
        messages.success(request, f"“{note}” is kept, and the worker makes its thumbnail.")


def _failed(request: HttpRequest, note: Note, problem: str) -> None:
    note.becomes(Note.Status.FAILED, problem)
    messages.error(request, f"“{note}” is kept. {problem}")
