"""Error reports by mail and on the debug page hold no secret of the environment."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.test import RequestFactory, override_settings
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from django_k8s.environment import masking
from django_k8s.error_reports import SecretFilter

SECRET = "hunter2-hunter2"
PLACE = {"where": "postgres://shop:unknown-to-us@db.internal/shop", "tokens": [SECRET, (SECRET, "plain")]}


class Client:
    """An object whose representation shows what it holds."""

    def __repr__(self) -> str:
        return f"<Client {SECRET}>"


@pytest.fixture(autouse=True)
def _secret() -> None:
    masking.add(SECRET)


@pytest.mark.parametrize("debug", [True, False])
def test_no_secret_is_shown(debug: bool) -> None:
    """Settings, headers and variables, in containers and objects too; what is no secret stays."""
    with override_settings(DEBUG=debug, SHOP=PLACE, SHOP_OBJECT=Client()):
        report = reported(SecretFilter())

    for secret in (SECRET, "unknown-to-us"):
        assert secret not in report, report[max(0, report.index(secret) - 300) : report.index(secret) + 50]
    assert "plain" in report
    assert "<Client ***>" in report or "&lt;Client ***&gt;" in report


def test_django_shows_them() -> None:
    """Django's own filter looks at names only, so the test above proves something."""
    with override_settings(SHOP=PLACE):
        report = reported(SafeExceptionReporterFilter())

    assert SECRET in report
    assert "unknown-to-us" in report


def reported(reporter_filter: SafeExceptionReporterFilter) -> str:
    """The report of an exception, as text and as HTML."""
    request: Any = RequestFactory().get("/", headers={"x-shop": f"see {SECRET}"})
    request.exception_reporter_filter = reporter_filter
    place, client, itself = PLACE, Client(), [SECRET]
    itself.append(itself)  # type: ignore[arg-type]
    try:
        raise RuntimeError(f"{len(place)} {type(client).__name__} {len(itself)}")
    except RuntimeError:
        reporter = ExceptionReporter(request, *sys.exc_info())
    return f"{reporter.get_traceback_text()}{reporter.get_traceback_html()}"
