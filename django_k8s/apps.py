"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class DjangoK8sConfig(AppConfig):
    """Registers the system checks and the model that holds beat's state."""

    name = "django_k8s"
    verbose_name = "Kubernetes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the system checks, which register themselves."""
        from django_k8s import checks  # noqa: F401
