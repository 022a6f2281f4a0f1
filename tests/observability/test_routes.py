"""Requests are counted by route."""

from __future__ import annotations

from pathlib import Path

from support.process import answers, get, wait_until
from support.roles import role, samples


def test_a_route_is_a_pattern(tmp_path: Path) -> None:
    """Paths are made up by people, so a route with a number in it is counted as its pattern."""
    with role(tmp_path, "web", METRICS="true", WEB_CONCURRENCY="1") as web:
        wait_until(lambda: answers(web.port, "/livez"), 60, "web")  # type: ignore[attr-defined]
        for path in ("/send/7", "/send/8"):
            assert get(web.port, path).status == 202  # type: ignore[attr-defined]
        found = samples(get(web.probe_port, "/metrics").text)  # type: ignore[attr-defined]

    counted = {name: value for name, value in found.items() if name.startswith("django_http_requests_total")}
    assert counted == {'django_http_requests_total{method="GET",route="/send/<int:number>",status="202"}': 2}
