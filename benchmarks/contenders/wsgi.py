"""Calls the WSGI application of one set-up in a loop and prints the CPU time of one request.

With ``--added`` it prints what our middleware adds to a request: both set-ups take turns in one
process, since two processes differ by more than what is asked for.
"""

from __future__ import annotations

import datetime
import io
import json
import os
import statistics
import sys
import tempfile
import time
import types

from django.conf import settings
from django.http import HttpResponse

# What `startproject` writes, which is what "a plain view" goes through.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]

PLAIN = MIDDLEWARE
subject = sys.argv[1]
ours = subject == "livez" or "--with-app" in sys.argv
if ours:
    MIDDLEWARE = [
        "django_k8s.health.middleware.HealthMiddleware",
        "django_k8s.proxy.TrustedProxyMiddleware",
        *MIDDLEWARE,
    ]

observed, whole = "--observed" in sys.argv, "--whole" in sys.argv
if observed or whole:
    MIDDLEWARE[1:1] = [
        "django_k8s.observability.requests.RequestIdMiddleware",
        "django_k8s.observability.http.MetricsMiddleware",
    ]
if whole:  # the list of the README: what every request of a project passes
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.middleware.security.SecurityMiddleware") + 1,
        "django_k8s.static.StaticFilesMiddleware",
    )
if observed:
    os.environ.update(METRICS="true", LOG_FORMAT="json", ROLE="web", STATE_DIR=tempfile.mkdtemp())
    from django_k8s.env import Env
    from django_k8s.observability.launch import prepare

    report = os.dup(1)
    prepare(Env())
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the log lines go

settings.configure(
    ALLOWED_HOSTS=["example.com"],
    SECRET_KEY="k" * 50,
    ROOT_URLCONF=__name__,
    MIDDLEWARE=MIDDLEWARE,
    INSTALLED_APPS=APPS
    + (["django_k8s"] if ours else [])
    + (["health_check"] if subject == "health-check" else []),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    USE_TZ=True,
    STATIC_URL="/static/",
    STATIC_ROOT=tempfile.mkdtemp(),
)

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402

urlpatterns = [path("plain", lambda request: HttpResponse("ok"))]
application = get_wsgi_application()
if subject == "health-check":
    from health_check.views import HealthCheckView

    urlpatterns.append(path("health-check", HealthCheckView.as_view(checks=[])))


log = None
if "--server" in sys.argv:
    from gunicorn.config import Config

    from django_k8s.servers.logs import Logger

    config = Config()
    if observed:
        config.set("accesslog", "-")
    log = Logger(config)


def request(application: WSGIHandler) -> None:
    """One request, answered in full."""
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": f"/{subject}", "SERVER_NAME": "example.com", "SERVER_PORT": "80", "HTTP_HOST": "example.com",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
    }  # fmt: skip
    started = time.process_time()
    status: list[str] = []
    response = application(environ, lambda line, headers: status.append(line))
    b"".join(response)
    response.close()
    assert status[0].startswith("200"), status
    if log:
        answer = types.SimpleNamespace(status=status[0], headers=response.items(), sent=2)
        log.access(answer, None, environ, datetime.timedelta(seconds=time.process_time() - started))


def cost(application: WSGIHandler, count: int) -> float:
    """The CPU time of one request, in seconds."""
    began = time.process_time()
    for _ in range(count):
        request(application)
    return (time.process_time() - began) / count


COUNT = 500 if subject == "health-check" else 5000
cost(application, COUNT // 10)
if "--added" in sys.argv:
    settings.MIDDLEWARE = PLAIN
    plain = WSGIHandler()
    cost(plain, COUNT // 10)
    turns = [(cost(plain, 200), cost(application, 200), cost(plain, 200)) for _ in range(100)]
    seconds = statistics.median(with_app - (before + after) / 2 for before, with_app, after in turns)
else:
    seconds = cost(application, COUNT)
if observed:
    os.dup2(report, 1)
os.write(1, json.dumps({"seconds": seconds}).encode())
