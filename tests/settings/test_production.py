"""What a project's settings are in production, read by a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from support.process import run
from support.web import production

# Prints the settings that the command line names.
CODE = "import json, sys; from django.conf import settings; print(json.dumps([getattr(settings, n) for n in sys.argv[1:]], default=str))"


def load(folder: Path, *names: str, **variables: str) -> CompletedProcess[str]:
    """Load the test project's settings in production, behind HTTPS unless ``variables`` say otherwise."""
    given = {
        "HTTPS": "true",
        "DATABASE_URL": "sqlite:///db.sqlite3",
        "ALLOWED_HOSTS": "example.com",
        **variables,
    }
    environment = {name: value for name, value in production(**given).items() if value}
    return run([sys.executable, "-c", CODE, *names], environment, folder)


def settings(folder: Path, *names: str, **variables: str) -> dict[str, Any]:
    """The values of these settings."""
    done = load(folder, *names, **variables)
    assert done.returncode == 0, done.stderr
    return dict(zip(names, json.loads(done.stdout), strict=True))


def test_secure_by_default(tmp_path: Path) -> None:
    """Debug mode is off, both cookies are for HTTPS only, HSTS and the referrer policy are set, former keys are accepted."""
    assert settings(
        tmp_path,
        "DEBUG",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "SECURE_REFERRER_POLICY",
        "ALLOWED_HOSTS",
        "SECRET_KEY_FALLBACKS",
        SECRET_KEY_FALLBACKS="f" * 50,
    ) == {
        "DEBUG": False,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 3600,
        "SECURE_REFERRER_POLICY": "same-origin",
        "ALLOWED_HOSTS": ["example.com"],
        "SECRET_KEY_FALLBACKS": ["f" * 50],
    }


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    """Nothing that production needs has a value built in: status 78, and the variable's name."""
    done = load(tmp_path, "DEBUG", **{name: ""})

    assert done.returncode == 78, done.stdout + done.stderr
    assert f"{name}: is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_build_phase_allows_no_host(tmp_path: Path) -> None:
    """An image is built without hosts, and its settings then allow none."""
    found = settings(tmp_path, "ALLOWED_HOSTS", "DEBUG", ALLOWED_HOSTS="", SECRET_KEY="", BUILD_PHASE="true")

    assert found == {"ALLOWED_HOSTS": [], "DEBUG": False}


def test_memcached_has_time_outs(tmp_path: Path) -> None:
    """pymemcache's own default is to wait for ever."""
    caches = settings(tmp_path, "CACHES", CACHE_URL="pymemcache://cache:11211")["CACHES"]

    assert caches["default"]["OPTIONS"] == {"connect_timeout": 5, "timeout": 5, "no_delay": True}


def test_uploads_go_where_media_root_says(tmp_path: Path) -> None:
    """A mounted volume may be anywhere."""
    assert settings(tmp_path, "MEDIA_ROOT", MEDIA_ROOT="/srv/media") == {"MEDIA_ROOT": "/srv/media"}
