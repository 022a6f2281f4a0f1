"""The Django app, and the gate that an unconfigured process does not pass."""

from __future__ import annotations

from django.apps import AppConfig


class DjangoK8sConfig(AppConfig):
    """Register the system checks and the models; refuse to start without a complete configuration."""

    name = "django_k8s"
    verbose_name = "Kubernetes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Pass the gate, import the system checks, which register themselves, mask secrets in logs, and watch for databases
        that take no writes any more.

        Raise SystemExit with status 78 if the configuration is incomplete. No system check could do this:
        none runs under ``get_wsgi_application()``, and probes are answered before the host is checked.
        """
        from django_k8s import startup_gate
        from django_k8s.environment import masking, problems

        problems.stop_if_followed()  # what was found after k8s.config(env), or by another Env
        startup_gate.enforce()

        from django.conf import settings

        from django_k8s import celery
        from django_k8s.checks import system_checks  # noqa: F401
        from django_k8s.database import read_only

        for database in settings.DATABASES.values():
            masking.add(str(database.get("PASSWORD") or ""))
        masking.add(settings.SECRET_KEY)
        read_only.connect()
        celery.connect_publishers()
