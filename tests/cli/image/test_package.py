"""The project's own package in the image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from django_k8s.cli.image import package
from django_k8s.cli.image.plan import Plan, Refusal


def test_a_package_that_cannot_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its modules are found where they lie in the image, in src too: what builds it may need more than Python."""

    def fails(*_: str) -> str:
        raise Refusal("uv says why above.")

    app, target = tmp_path / "app", tmp_path / "package"
    (app / "src").mkdir(parents=True)
    (app / "src" / "found_in_src.py").write_text("NAME = 'found'\n")
    (tmp_path / "inputs").mkdir()
    Plan("pyproject", "pyproject.toml", own="", own_may_fail=True).write(tmp_path / "inputs")
    monkeypatch.setattr(package, "uv", fails)
    monkeypatch.setattr(package, "APP", app)

    assert package.main([str(tmp_path / "inputs"), str(app), str(target)]) == 0

    (site,) = target.glob("lib/python3*/site-packages")
    code = f"import site; site.addsitedir({str(site)!r}); import found_in_src; print(found_in_src.NAME)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "found\n"
