"""The names of the roles, in one place."""

from __future__ import annotations

# These run until they are stopped, and answer probes.
SERVICES = ("web", "worker", "beat", "daemon")
CELERY_ROLES = ("worker", "beat")  # these need a Celery application
ROLES = (*SERVICES, "migrate", "wait", "shell", "manage", "check")
