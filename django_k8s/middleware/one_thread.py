"""Sync views under ASGI: the middleware around them runs in the view's thread.

Django runs each method of a sync middleware, and the view, in a thread of the request, and comes back to the event
loop after each of them. With the middleware that ``startproject`` writes, a request changes threads 15 times, which
costs more than most views. Which view answers is known before any middleware runs, by its URL. If that is a sync
view, the whole chain is called in the thread, as under WSGI.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.module_loading import import_string

from django_k8s.environment import startup

Handler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

_loading: ContextVar[bool] = ContextVar("loading", default=False)


def loading() -> bool:
    """Return whether the chain for sync views is being made. It has none of what is outside of it."""
    return _loading.get()


def wanted(outermost: type) -> bool:
    """Return whether web serves ASGI with ``outermost`` as its first middleware, and no other needs the event loop."""
    env = startup.env()
    if env.str("ROLE") != "web" or env.str("WEB_INTERFACE") != "asgi":
        return False
    first, *others = map(import_string, settings.MIDDLEWARE)
    return first is outermost and all(getattr(other, "sync_capable", True) for other in others)


def in_one_thread(get_response: Handler) -> Handler:
    """Return a handler that answers with a sync chain if the URL leads to a sync view, and else by ``get_response``."""
    handler = BaseHandler()
    with _being_loaded():
        handler.load_middleware()
    answer = sync_to_async(handler.get_response, thread_sensitive=True)

    async def either(request: HttpRequest) -> HttpResponseBase:
        return await (answer if _is_sync(request) else get_response)(request)

    return either


@contextlib.contextmanager
def _being_loaded() -> Iterator[None]:
    before = _loading.set(True)
    try:
        yield
    finally:
        _loading.reset(before)


def _is_sync(request: HttpRequest) -> bool:
    """Return whether the URL leads to a sync view. A wrong answer costs time, and changes nothing else."""
    try:
        return not iscoroutinefunction(resolve(request.path_info).func)
    except Exception:  # mostly Resolver404: a static file, a language's prefix or nothing at all
        return False
