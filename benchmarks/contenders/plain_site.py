"""The site that the contenders of requests serve, and the CPU time of one of its requests."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

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
HEALTH = "django_k8s.middleware.health.HealthMiddleware"
REQUEST_ID = "django_k8s.middleware.request_id.RequestIdMiddleware"
METRICS = "django_k8s.middleware.metrics.MetricsMiddleware"
PROXY = "django_k8s.middleware.trusted_proxy.TrustedProxyMiddleware"
STATIC = "django_k8s.middleware.StaticFilesMiddleware"
KUBERNETES = "django_k8s.middleware.KubernetesMiddleware"

urlpatterns = [path("plain", lambda request: HttpResponse("ok"))]


def configure(middleware: Sequence[str], *apps: str, **more: Any) -> None:
    """Django's settings with ``middleware`` and, beside its own, ``apps``; ``more`` are further settings."""
    settings.configure(
        ALLOWED_HOSTS=["example.com"],
        SECRET_KEY="k" * 50,
        ROOT_URLCONF=__name__,
        MIDDLEWARE=list(middleware),
        INSTALLED_APPS=[*APPS, *apps],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
        STATIC_URL="/static/",
        STATIC_ROOT=tempfile.mkdtemp(),
        **more,
    )


def request(application: Any, name: str) -> tuple[dict[str, Any], Any]:
    """One request for /``name``, answered in full: its environment and the response."""
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": f"/{name}", "SERVER_NAME": "example.com", "SERVER_PORT": "80", "HTTP_HOST": "example.com",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
    }  # fmt: skip
    status: list[str] = []
    response = application(environ, lambda line, headers: status.append(line))
    b"".join(response)
    response.close()
    assert status[0].startswith("200"), status
    return environ, response


def cost(application: Any, name: str, count: int) -> float:
    """The CPU time of one of ``count`` requests, in seconds."""
    began = time.process_time()
    for _ in range(count):
        request(application, name)
    return (time.process_time() - began) / count
