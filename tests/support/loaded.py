"""Print the settings of a project as JSON, after Django is set up and has answered a probe.

The settings module is DJANGO_SETTINGS_MODULE; the working directory is the project's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory


def explicit() -> dict[str, Any]:
    """Every setting that the module sets."""
    return {name: getattr(settings, name) for name in sorted(dir(settings)) if settings.is_overridden(name)}


def probe() -> int:
    """The status of GET /livez, or 0 for a project without our middleware."""
    if "django_k8s.middleware.KubernetesMiddleware" not in settings.MIDDLEWARE:
        return 0
    environ = RequestFactory().get("/livez").environ
    statuses: list[str] = []
    get_wsgi_application()(environ, lambda status, headers: statuses.append(status))
    return int(statuses[0].split()[0])


def main() -> None:
    """Print ``{"settings": ..., "livez": ...}``."""
    sys.path.insert(0, str(Path.cwd()))
    django.setup()
    result = {"settings": explicit(), "livez": probe()}
    print(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
