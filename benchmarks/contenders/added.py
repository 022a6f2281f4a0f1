"""Prints what our middleware adds to the CPU time of a request, and the cost of the request without it, in-process.

``whole``: the middleware of the README, metrics and logs off. ``observed``: request id, metrics and a line of
the JSON access log, against the same site without them.

Both sites take turns in one process, since two processes differ by more than what is asked for.
"""

from __future__ import annotations

import datetime
import json
import os
import statistics
import sys
import tempfile
import time
import types
from typing import Any

import plain_site as site
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished
from django.core.wsgi import get_wsgi_application
from gunicorn.config import Config

from django_k8s.conf import Config as LibraryConfig
from django_k8s.environment import startup
from django_k8s.gunicorn.logs import Logger
from django_k8s.run_role import prepare

REQUESTS, TURNS = 200, 100
subject = sys.argv[1]
report = os.dup(1)

if subject == "whole":
    without = site.MIDDLEWARE
    added = [site.KUBERNETES, site.MIDDLEWARE[0], site.STATIC]
    middleware = [*added, *site.MIDDLEWARE[1:]]
else:
    without = [site.HEALTH, site.PROXY, *site.MIDDLEWARE]
    middleware = [site.HEALTH, site.REQUEST_ID, site.METRICS, *without[1:]]
    os.environ.update(METRICS="true", LOG_FORMAT="json", ROLE="web", STATE_DIR=tempfile.mkdtemp())
    prepare(startup.env())
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the log lines go

site.configure(without, "django_k8s", DJANGO_K8S=LibraryConfig(metrics=subject == "observed"))
plain: Any = get_wsgi_application()
settings.MIDDLEWARE = middleware
ours: Any = WSGIHandler()
(forget,) = (
    receiver() for (name, _), receiver, *_ in request_finished.receivers if name == "django_k8s.request_id"
)


def served(application: Any, log: Logger) -> Any:
    """``application`` as our gunicorn calls it, with the access log that ``log`` is set to."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        began = time.perf_counter()
        response = application(environ, start_response)
        elapsed = datetime.timedelta(seconds=time.perf_counter() - began)
        status = f"{response.status_code} {response.reason_phrase}"
        log.access(
            types.SimpleNamespace(status=status, headers=response.items(), sent=2), None, environ, elapsed
        )
        return response

    return call


def bare() -> float:
    """The cost without ours. A signal knows no site, so its receiver goes meanwhile."""
    request_finished.disconnect(dispatch_uid="django_k8s.request_id")
    try:
        return site.cost(plain, "plain", REQUESTS)
    finally:
        request_finished.connect(forget, dispatch_uid="django_k8s.request_id")


config = Config()
plain = served(plain, Logger(config))
config.set("accesslog", "-" if subject == "observed" else None)
ours = served(ours, Logger(config))
turns = [(bare(), site.cost(ours, "plain", REQUESTS), bare()) for _ in range(TURNS)][TURNS // 10 :]
added = statistics.median(with_ours - (before + after) / 2 for before, with_ours, after in turns)
request = statistics.median((before + after) / 2 for before, _, after in turns)
os.write(report, json.dumps({"seconds": added, "of": request}).encode())
