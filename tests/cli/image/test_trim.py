"""What is removed from an image because nothing reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_k8s.cli.image.trim import trim

FILES = {
    "django/conf/locale/de/LC_MESSAGES/django.po": "12345",
    "django/conf/locale/de/LC_MESSAGES/django.mo": "1",
    "late/locale/de/LC_MESSAGES/django.po": "1",
    "botocore/data/s3/2006/service-2.json.gz": "1",
    "botocore/data/ec2/2016/service-2.json.gz": "123",
    "botocore/data/endpoints.json": "1",
    "brotli.py": "1",
    "_brotli.cpython-313-x86_64-linux-gnu.so": "12",
    "brotli-1.2.0.dist-info/RECORD": "1",
    "brotli_of_another/__init__.py": "1",
}
PO, EC2 = "django/conf/locale/de/LC_MESSAGES/django.po", "botocore/data/ec2/2016/service-2.json.gz"
BROTLI = {"brotli.py", "_brotli.cpython-313-x86_64-linux-gnu.so", "brotli-1.2.0.dist-info/RECORD"}


@pytest.mark.parametrize(
    ("project", "installed", "removed", "size"),
    [
        pytest.param(
            {"django"}, {"django", "botocore"}, {PO, EC2, *BROTLI}, 12, id="a project without botocore"
        ),
        pytest.param(
            {"django", "botocore", "brotli"}, {"django", "botocore"}, {PO}, 5, id="a project with both"
        ),
        pytest.param(
            {"django", "django-rosetta"},
            {"django", "django-rosetta"},
            {EC2, *BROTLI},
            7,
            id="an editor of translations",
        ),
    ],
)
def test_trim(tmp_path: Path, project: set[str], installed: set[str], removed: set[str], size: int) -> None:
    """Sources of translations beside their compiled files, services and a compressor that no project has asked for."""
    packages = tmp_path / "lib" / "python3.13" / "site-packages"
    for name, text in FILES.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(text)

    build_only = tmp_path / "build-only"
    assert trim(tmp_path, build_only, project, installed) == size
    left = {str(path.relative_to(packages)) for path in packages.rglob("*") if path.is_file()}
    assert FILES.keys() - left == removed
    kept_for_the_build = {
        str(path.relative_to(build_only)) for path in build_only.rglob("*") if path.is_file()
    }
    assert kept_for_the_build == removed & BROTLI
