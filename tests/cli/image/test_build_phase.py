"""The build phase of an image: the project's commands, its static files, and bytecode."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import lock_kinds

from django_k8s.cli.image.bytecode import main as compile_all
from django_k8s.cli.image.uv import environment

CACHED = f"a.{sys.implementation.cache_tag}.pyc"


def collect(site: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the step as the Dockerfile does, in the project's directory."""
    command = (sys.executable, "-m", "django_k8s.cli.image.static", *options, str(site / "static"))
    return subprocess.run(
        command,
        cwd=site,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def settings(site: Path, more: str) -> None:
    with (site / "shop" / "settings.py").open("a") as file:
        file.write(more)


def test_static_files(tmp_path: Path) -> None:
    """Commands run before and after, with the dummies and in the build phase."""
    site = lock_kinds.write(tmp_path)
    before = 'echo "$BUILD_PHASE $SHOP_KEY" > shop/static/shop/before.txt'
    after = "cp static/shop/before.txt static/after.txt"
    done = collect(site, "--env-file", "build.env", "--before", before, "--after", after)
    assert done.returncode == 0, done.stderr
    assert (site / "static" / "shop" / "a.css").is_file()
    assert (site / "static" / "after.txt").read_text() == "1 dummy\n"


def test_before_the_front_end(tmp_path: Path) -> None:
    """Commands that the front end needs run in the build phase, and nothing else does."""
    site = lock_kinds.write(tmp_path)
    done = collect(
        site, "--env-file", "build.env", "--frontend-before", 'echo "$BUILD_PHASE $SHOP_KEY" > words.js'
    )
    assert done.returncode == 0, done.stderr
    assert (site / "words.js").read_text() == "1 dummy\n"
    assert not (site / "static").exists()
    assert (
        "FRONTEND_BEFORE: this command failed: false." in collect(site, "--frontend-before", "false").stderr
    )


def test_compressed_files_are_kept_for_the_next_build(tmp_path: Path) -> None:
    """What an earlier build has compressed is taken from the builder's directory, which forgets what is old."""
    site = lock_kinds.write(tmp_path)
    settings(
        site, "STORAGES = {'staticfiles': {'BACKEND': 'django_k8s.static_files.storage.ManifestStorage'}}\n"
    )
    (site / "shop" / "static" / "shop" / "a.css").write_text("a { color: red }\n" * 100)
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "old.gz").touch()
    os.utime(kept / "old.gz", (0, 0))
    options = ("--env-file", "build.env", "--compressed", str(kept))
    assert collect(site, *options).returncode == 0
    (one,) = kept.glob("*.gz")
    assert gzip.decompress(one.read_bytes()) == (site / "static" / "shop" / "a.css").read_bytes()
    one.write_bytes(b"kept")
    shutil.rmtree(site / "static")
    assert collect(site, *options).returncode == 0
    assert {path.read_bytes() for path in (site / "static" / "shop").glob("a*.gz")} == {b"kept"}
    shutil.rmtree(kept)
    assert collect(site, *options).returncode == 0  # a directory that is not there is no mistake


def test_no_static_files(tmp_path: Path) -> None:
    """A project without static files can be built."""
    site = lock_kinds.write(tmp_path)
    settings(site, "INSTALLED_APPS = ['shop']\n")
    done = collect(site, SHOP_KEY="x")
    assert done.returncode == 0
    assert "django.contrib.staticfiles is not in INSTALLED_APPS" in done.stdout


@pytest.mark.parametrize(
    ("more", "options", "message"),
    [
        ("", (), "the settings shop.settings do not load in the build phase; see above."),
        ("STATIC_ROOT = '{top}/elsewhere'\n", ("--env-file", "build.env"), "STATIC_ROOT is {top}/elsewhere in the settings"),
        ("STATIC_ROOT = None\n", ("--env-file", "build.env"), "STATIC_ROOT is not set in the settings"),
        ("STATICFILES_DIRS = ['{top}/a', ('a',)]\n", ("--env-file", "build.env"), "collectstatic failed; see above."),
        ("", ("--before", "exit 3"), "BEFORE_STATIC: this command failed: exit 3."),
        ("", ("--env-file", "build.env", "--after", "false"), "AFTER_STATIC: this command failed: false."),
        ("", ("--env-file", "manage.py"), "BUILD_ENV: line 1 is not NAME=value."),
    ],
)  # fmt: skip
def test_one_sentence(tmp_path: Path, more: str, options: tuple[str, ...], message: str) -> None:
    """What is wrong and what to do comes last, after what Django said."""
    site = lock_kinds.write(tmp_path)
    settings(site, more.replace("{top}", str(tmp_path)))
    done = collect(site, *options)
    assert done.returncode == 78
    assert done.stderr.splitlines()[-1].startswith(f"django-k8s: {message}".replace("{top}", str(tmp_path)))


def test_bytecode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is compiled is trusted without its source, and is not compiled again; a template of code stays as it is."""
    (tmp_path / "a.py").write_text("X = 1\n")
    (tmp_path / "b.py").write_text("X = {{ name }}\nY = (\n")
    assert compile_all([str(tmp_path)]) == 0
    assert "1 files are compiled" in capsys.readouterr().out
    cached = tmp_path / "__pycache__" / CACHED
    assert int.from_bytes(cached.read_bytes()[4:8], "little") == 0b01  # by hash, unchecked
    written = cached.stat().st_mtime_ns
    (tmp_path / "c.py").write_text("")
    assert compile_all([str(tmp_path)]) == 0
    assert cached.stat().st_mtime_ns == written
    assert sorted(path.name.partition(".")[0] for path in cached.parent.iterdir()) == ["a", "c"]


def test_private_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv uses the indexes in pip.conf, and packages are built without the build's own tools."""
    from django_k8s.cli.image import uv

    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://me:secret@one.example/simple\nextra-index-url =\n    https://two.example/simple\n"
        "    https://three.example/simple\n[install]\ntrusted-host = two.example\n"
    )
    assert uv.private_index(file) == {
        "UV_DEFAULT_INDEX": "https://me:secret@one.example/simple",
        "UV_INDEX": "https://two.example/simple https://three.example/simple",
        "UV_INSECURE_HOST": "two.example",
    }
    assert uv.private_index(tmp_path / "none") == {}
    monkeypatch.setenv("PYTHONPATH", "/tools")
    assert "PYTHONPATH" not in environment()


def test_versions_from_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages of the repository are built without git; those of an index keep the version that they bring."""
    from django_k8s.cli.image import uv

    variable = "SETUPTOOLS_SCM_PRETEND_VERSION"
    monkeypatch.setattr(os, "environ", {"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_SET": "2.0"})
    for name in ("my.own-Package", "set"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(f"[project]\nname = '{name}'\n")
    (tmp_path / "pyproject.toml").write_text("[build-system]\nrequires = ['setuptools-scm']\n")
    uv.pretend_versions(tmp_path)
    assert (
        environment() | {f"{variable}_FOR_MY_OWN_PACKAGE": "0.0.0", f"{variable}_FOR_SET": "2.0"}
        == environment()
    )
    assert variable not in environment()
    (tmp_path / "pyproject.toml").write_text("[build-system]\nrequires = ['hatchling', 'hatch-vcs>=0.4']\n")
    uv.pretend_versions(tmp_path)
    assert environment()[variable] == "0.0.0"
