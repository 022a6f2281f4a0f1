"""Pages with the habits of real ones: they read, write, take long, hang, take uploads and stream."""

import asyncio
import gc
import hashlib
import logging
import os
import sys
import threading
import time
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator

from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

# Held for ever by the first view that takes it: the second one, and all after it, are deadlocked.
_lock = threading.Lock()


def page(request: HttpRequest) -> HttpResponse:
    """Reads the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth_group")
        (count,) = cursor.fetchone()
    return HttpResponse(f"{count} groups\n", content_type="text/plain")


@csrf_exempt
def write(request: HttpRequest) -> HttpResponse:
    """Writes a row; answers a POST alone."""
    if request.method != "POST":
        return HttpResponse(status=405)
    Group.objects.create(name=f"group-{uuid.uuid4()}")
    return HttpResponse("written\n", content_type="text/plain", status=201)


def remember(request: HttpRequest) -> HttpResponse:
    """Writes to the cache and reads it again."""
    cache.set("remembered", "value", 60)
    return HttpResponse(status=200 if cache.get("remembered") == "value" else 500)


def slow(request: HttpRequest) -> HttpResponse:
    """Takes ``seconds`` (1 by default); with ``query`` it has a connection to the database meanwhile."""
    if "query" in request.GET:
        page(request)
    time.sleep(float(request.GET.get("seconds", 1)))
    return HttpResponse("slept\n", content_type="text/plain")


def hold(request: HttpRequest) -> HttpResponse:
    """Never answers: a deadlock that keeps its thread."""
    _lock.acquire()
    _lock.acquire()
    return HttpResponse(status=500)


@csrf_exempt
def upload(request: HttpRequest) -> HttpResponse:
    """Answers with the length and the hash of the body, read piece by piece."""
    digest, length = hashlib.sha256(), 0
    while piece := request.read(65536):
        digest.update(piece)
        length += len(piece)
    return JsonResponse({"length": length, "sha256": digest.hexdigest()})


@csrf_exempt
def raw(request: HttpRequest) -> HttpResponse:
    """Reads a body of unknown length, which Django itself does not do under WSGI."""
    body = request.META.get("wsgi.input", request).read()
    return HttpResponse(f"{len(body)}\n", content_type="text/plain")


def large(request: HttpRequest) -> HttpResponse:
    """Answers with ``size`` bytes at once."""
    return HttpResponse(b"x" * int(request.GET["size"]), content_type="application/octet-stream")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Sends ``pieces`` lines (5 by default), ``pause`` seconds apart (0.2 by default)."""
    pieces, pause = int(request.GET.get("pieces", 5)), float(request.GET.get("pause", 0.2))

    def lines() -> Iterator[bytes]:
        for number in range(pieces):
            time.sleep(pause)
            yield f"line {number}\n".encode()

    async def lines_for_asgi() -> AsyncIterator[bytes]:
        for number in range(pieces):
            await asyncio.sleep(pause)
            yield f"line {number}\n".encode()

    # Under ASGI Django would send the lines of a plain iterator when it has them all.
    source = lines_for_asgi() if isinstance(request, ASGIRequest) else lines()
    return StreamingHttpResponse(source, content_type="text/plain")


def where(request: HttpRequest) -> JsonResponse:
    """What the server made of the request: process, client, scheme; and its garbage collector."""
    return JsonResponse(
        {
            "pid": os.getpid(),
            "collects": gc.isenabled(),
            "frozen": gc.get_freeze_count(),
            "templates": "django.template.loaders.app_directories" in sys.modules,
            "client": request.META.get("REMOTE_ADDR"),
            "scheme": request.scheme,
            "host": request.META.get("HTTP_HOST"),
        }
    )


async def spin(request: HttpRequest) -> HttpResponse:
    """Blocks the event loop under ASGI for ``seconds`` (for ever by default); a thread under WSGI."""
    time.sleep(float(request.GET.get("seconds", 1e6)))
    return HttpResponse("spun\n", content_type="text/plain")


async def fill(request: HttpRequest) -> HttpResponse:
    """Starts every thread of the event loop's own pool, which grows with what waits for one."""
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(64)))
    return HttpResponse(status=204)


def sweep(request: HttpRequest) -> HttpResponse:
    """Lets the garbage collector run: what is there after it is in use."""
    gc.collect()
    return HttpResponse(status=204)


def fail(request: HttpRequest) -> HttpResponse:
    """Raises, with a message and a traceback that no pipe writes at once."""

    def deeper(depth: int) -> None:
        if not depth:
            raise RuntimeError(f"broken on purpose\n{'x' * 6000} {os.environ['SECRET_KEY']}")
        deeper(depth - 1)

    deeper(50)
    return HttpResponse()


def say(request: HttpRequest) -> HttpResponse:
    """Writes in every way that there is: print, a warning, a logger with fields, an uncaught error in a thread."""
    print("printed", "in\ntwo lines")
    warnings.warn(f"warned {uuid.uuid4()}", stacklevel=1)
    logging.getLogger("shop").info("sold %s", 'a "thing"', extra={"price": 3, "tags": ["new"], "odd": {1, 2}})
    logging.getLogger("shop").warning("postgres://me:hunter22@db/shop %s", os.environ["SECRET_KEY"])
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    return HttpResponse("said\n", content_type="text/plain")


def send(request: HttpRequest, number: int) -> HttpResponse:
    """Hands a task to the worker."""
    from project.celery import app

    app.send_task("project.tasks.work", (number, 0.0))
    logging.getLogger("shop").info("handed over %s", number)
    return HttpResponse(status=202)
