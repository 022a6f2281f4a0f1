"""For sync views under ASGI, run the middleware in the thread of the view.

Django runs each method of a sync middleware, and then the view, in a thread of the request, and returns to the event
loop after each of them. With the middleware of ``startproject``, a request changes threads 15 times, which takes more
time than most views. The URL shows which view will answer before any middleware runs. If it is a sync view, the whole
chain is called in the thread, as under WSGI.
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
    """Return whether the chain for sync views is being created. The outermost middleware is not part of it."""
    return _loading.get()


def wanted(outermost: type) -> bool:
    """Return whether the role is web under ASGI, ``outermost`` is the first middleware, and all others can be sync."""
    env = startup.env()
    if env.str("ROLE") != "web" or env.str("WEB_INTERFACE") != "asgi":
        return False
    first, *others = map(import_string, settings.MIDDLEWARE)
    return first is outermost and all(getattr(other, "sync_capable", True) for other in others)


def in_one_thread(get_response: Handler) -> Handler:
    """Return a handler that uses a sync chain if the URL leads to a sync view, and ``get_response`` otherwise."""
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
    """Return whether the URL leads to a sync view. A wrong answer only takes more time."""
    try:
        return not iscoroutinefunction(resolve(request.path_info).func)
    except Exception:  # mostly Resolver404: a static file, a language's prefix or nothing at all
        return False
