"""The Django app, and the start-up gate that stops an unconfigured process."""

from __future__ import annotations

from django.apps import AppConfig


class DjangoK8sConfig(AppConfig):
    """The app. It registers the system checks and the models, and refuses to start without a complete configuration."""

    name = "django_k8s"
    verbose_name = "Kubernetes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Enforce the start-up gate, register the system checks, mask secrets in logs, and watch for read-only databases.

        Raise SystemExit with status 78 if the configuration is incomplete. A system check could not do this, because
        none runs under ``get_wsgi_application()``, and probes are answered before the host is checked.
        """
        from django_k8s import startup_gate
        from django_k8s.environment import masking, problems

        problems.stop_if_followed()  # problems found after k8s.config(env), or by another Env
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
