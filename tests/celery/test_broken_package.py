"""A package that cannot be imported is not a project without a Celery application."""

from __future__ import annotations

import sys
from pathlib import Path

from support.process import environment, run


def test_an_error_in_the_package_is_not_hidden(tmp_path: Path) -> None:
    """The package of the module that CELERY_APP names imports something that is not there."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("import something_that_nobody_has\n")
    (package / "celery.py").write_text("from celery import Celery\napp = Celery('shop')\n")
    command = [sys.executable, "-m", "django_k8s.celery", "beat"]
    done = run(command, environment(PYTHONPATH=str(tmp_path), CELERY_APP="shop.celery:app"), tmp_path)

    assert done.returncode == 1
    assert "No module named 'something_that_nobody_has'" in done.stderr
    assert "there is no Celery application" not in done.stderr
