"""KubernetesMiddleware: what its parts leave to each other, and what it does without."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from support.configured import configured

from django_k8s.middleware import KubernetesMiddleware


def test_the_page_is_not_counted() -> None:
    """READINESS_PAGE is requested for the probe's sake, so it is not part of the traffic."""
    from django_k8s.observability import metrics

    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.path)
        return HttpResponse("view")

    def count() -> float:
        (family,) = metrics.requests.collect()
        return sum(sample.value for sample in family.samples if sample.name.endswith("_total"))

    with configured(metrics=True, readiness_page="/start", readiness_checks=()):
        middleware = KubernetesMiddleware(view)
        before = count()
        answer = middleware(RequestFactory().get("/readyz"))
        assert isinstance(answer, HttpResponse)
        assert (answer.status_code, seen, count()) == (200, ["/start"], before)
        middleware(RequestFactory().get("/"))
        assert count() == before + 1


def test_a_metric_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is answered, or fails with its own error, as it would without metrics."""
    from django_k8s.observability import metrics

    for name in ("requests", "requests_in_flight"):
        monkeypatch.setattr(metrics, name, None)

    def view(request: HttpRequest) -> HttpResponse:
        if request.path == "/broken":
            raise ZeroDivisionError
        return HttpResponse("view")

    async def async_view(request: HttpRequest) -> HttpResponse:
        return view(request)

    with configured(metrics=True):
        answer = KubernetesMiddleware(view)(RequestFactory().get("/"))
        assert isinstance(answer, HttpResponse)
        assert answer.content == b"view"
        with pytest.raises(ZeroDivisionError):
            KubernetesMiddleware(view)(RequestFactory().get("/broken"))
        middleware = KubernetesMiddleware(async_view)
        assert asyncio.run(middleware(RequestFactory().get("/"))).content == b"view"  # type: ignore[arg-type, union-attr]


def test_without_whitenoise() -> None:
    """A project whose static files are served by something else needs no WhiteNoise."""
    code = (
        "import sys; sys.modules['whitenoise'] = None; import django_k8s.middleware as found;"
        "print(found.KubernetesMiddleware.__name__)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout == "KubernetesMiddleware\n", done.stderr


def test_static_files_without_whitenoise() -> None:
    """The middleware for static files says which extra it needs."""
    code = (
        "import sys; sys.modules['whitenoise'] = None; import django_k8s.middleware as found;"
        "found.StaticFilesMiddleware"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)

    assert "ImproperlyConfigured: django_k8s.middleware.StaticFilesMiddleware needs WhiteNoise" in done.stderr
    assert "django-k8s-toolkit[web]" in done.stderr
