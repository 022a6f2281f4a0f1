"""The app's own models."""

from __future__ import annotations

import io

from django.core.management import call_command


def test_migrations_are_complete() -> None:
    """The models and the migrations say the same, so a project's makemigrations finds nothing of ours."""
    call_command("makemigrations", "django_k8s", check_changes=True, dry_run=True, stdout=io.StringIO())
