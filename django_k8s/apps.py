"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class DjangoK8sConfig(AppConfig):
    """Registers the system checks, the model that holds beat's state, and what logs must not show."""

    name = "django_k8s"
    verbose_name = "Kubernetes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the system checks, which register themselves; mask what settings keep secret."""
        from django.conf import settings

        from django_k8s import checks, conf, masking  # noqa: F401

        conf.environment()
        for database in settings.DATABASES.values():
            masking.add(str(database.get("PASSWORD") or ""))
        masking.add(settings.SECRET_KEY)
