"""Development's entrypoint restarts a role whose source changes."""

from __future__ import annotations

import sys
from pathlib import Path

from support import example
from support.ports import free_port
from support.process import answers, environment, started, wait_until


def test_an_edit_restarts_web(tmp_path: Path) -> None:
    """The role says which file changed and serves the new code; SIGTERM ends it and leaves no process."""
    site, port = example.copy(tmp_path / "site"), free_port()
    urls = site / "config" / "urls.py"
    env = environment(
        DEBUG="true", DJANGO_SETTINGS_MODULE="config.settings", PORT=str(port), PROBE_PORT="0", STATE_DIR=str(tmp_path / "state")
    )  # fmt: skip
    with started(
        [sys.executable, "-m", "django_k8s.cli.reload", "web"], env, site, tmp_path / "web.log"
    ) as web:
        wait_until(lambda: answers(port, "/livez"), 60, "web")
        urls.write_text(
            f"{urls.read_text()}\nfrom django.http import HttpResponse\n"
            "urlpatterns.insert(0, path('edited', lambda request: HttpResponse('new')))\n"
        )
        wait_until(lambda: answers(port, "/edited"), 60, "the new code")
        assert "urls.py changed" in web.output
        web.stop(30)
    assert example.processes_in(site) == []
