"""What of a project gets into its image: the files that are copied, left out and refused."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from support.layouts import DATABASE, LAYOUTS, MANAGE, VARIABLES, Layout, files

from django_k8s.cli.image.__main__ import main


def copy(context: Path, target: Path, *options: str) -> int:
    return main([*options, str(context), str(target)])


def write(top: Path, **names: str) -> Path:
    return Layout(dict(names.items()), set()).write(top)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Just what no ignore file excludes, whatever the layout."""
    layout = LAYOUTS[name]
    context, target = layout.write(tmp_path / "context"), tmp_path / "app"

    assert copy(context, target, "--project-dir", layout.folder, "--allow", layout.allow) == 0, (
        capsys.readouterr()
    )
    assert files(target / layout.folder) == layout.image
    assert len(files(target)) == len(layout.image)
    assert "SECRET" not in "".join(path.read_text() for path in target.rglob("*") if path.is_file())


def test_refused_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence for each, what to do, and nothing is copied."""
    context = write(
        tmp_path / "context", **{"manage.py": MANAGE, "a b/prod.env": VARIABLES, "odd*name": DATABASE}
    )

    assert copy(context, tmp_path / "app") == 78
    message = capsys.readouterr().err
    assert message.splitlines()[1:3] == [
        "  a b/prod.env sets environment variables, which often are secrets.",
        "  odd*name is a database.",
    ]
    assert "SECRET" not in message
    assert not (tmp_path / "app").exists()
    # The argument that the message shows allows these and nothing more.
    (argument,) = [line for line in message.splitlines() if "ALLOW_FILES" in line]
    allow = shlex.split(argument)[1].partition("=")[2]
    assert copy(context, tmp_path / "app", "--allow", allow) == 0
    assert files(tmp_path / "app") == {"manage.py", "a b/prod.env", "odd*name"}
    write(context, **{"oddest-name": DATABASE})
    assert copy(context, tmp_path / "again", "--allow", allow) == 78


def test_secrets_of_tests_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What only tests or development need does not stop the build, and does not get into the image either."""
    key = f"KEY = '-----BEGIN PRIVATE KEY-----\\n{'A' * 64}'"
    aside = {
        "shop/tests/keys.py": key,
        "shop/conftest.py": key,
        "shop/settings/test.py": key,
        ".env-ci": VARIABLES,
    }
    context = write(tmp_path / "context", **{"manage.py": MANAGE, "shop/tests/a.py": "x\n"}, **aside)

    assert copy(context, tmp_path / "app") == 0
    assert files(tmp_path / "app") == {"manage.py", "shop/tests/a.py"}
    said = capsys.readouterr().out
    assert all(name in said for name in aside)

    assert copy(context, tmp_path / "allowed", "--allow", "shop/conftest.py") == 0
    assert files(tmp_path / "allowed") == {"manage.py", "shop/tests/a.py", "shop/conftest.py"}
    write(context, **{"shop/contest.py": key, "prod.env": VARIABLES})
    assert copy(context, tmp_path / "again") == 78


def test_many_refused_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message stays readable."""
    context = write(tmp_path / "context", **{f"{number}.env": VARIABLES for number in range(50)})

    assert copy(context, tmp_path / "app") == 78
    message = capsys.readouterr().err
    assert len(message.splitlines()) < 30
    assert "And 30 more." in message


def test_a_directory_does_not_allow_its_secrets(tmp_path: Path) -> None:
    """What is built outside is allowed by its directory; a key in it has to be named."""
    context = write(
        tmp_path / "context", **{".gitignore": "dist/\n", "dist/a.js": "x\n", "dist/x/b.js": "x\n"}
    )
    assert copy(context, tmp_path / "one", "--allow", "dist") == 0
    assert files(tmp_path / "one") == {"dist/a.js", "dist/x/b.js"}

    write(context, **{"dist/x/prod.env": VARIABLES})
    assert copy(context, tmp_path / "two", "--allow", "dist") == 78
    assert copy(context, tmp_path / "two", "--allow", "dist dist/x/prod.env") == 0


def test_copies_as_docker_does(tmp_path: Path) -> None:
    """Modes, times, symbolic links and empty directories."""
    context = write(tmp_path / "context", **{"bin/start": "#!/bin/sh\n", "manage.py": MANAGE})
    (context / "bin" / "start").chmod(0o755)
    os.utime(context / "manage.py", (1_000_000, 1_000_000))
    (context / "link").symlink_to("bin/start")
    (context / "broken").symlink_to("/nowhere")
    (context / "folder").symlink_to("bin")
    (context / "empty" / "inner").mkdir(parents=True)
    os.mkfifo(context / "pipe")
    target = tmp_path / "app"

    assert copy(context, target) == 0
    assert (target / "bin" / "start").stat().st_mode & 0o777 == 0o755
    assert (target / "manage.py").stat().st_mtime == 1_000_000
    links = {name: os.readlink(target / name) for name in ("link", "broken", "folder")}  # noqa: PTH115
    assert links == {"link": "bin/start", "broken": "/nowhere", "folder": "bin"}
    assert (target / "empty" / "inner").is_dir()
    assert not (target / "pipe").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--project-dir", "missing"), "PROJECT_DIR: missing is not a directory of the build context."),
        (("--project-dir", "../outside"), "PROJECT_DIR: ../outside is not a directory of the build context."),
        (("--allow", "'a"), "ALLOW_FILES: a quotation mark is not closed."),
    ],
)
def test_wrong_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    (tmp_path / "outside").mkdir()
    context = write(tmp_path / "context", **{"manage.py": MANAGE})

    assert copy(context, tmp_path / "app", *options) != 0
    assert message in capsys.readouterr().err


def test_no_ignore_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory of a repository does not see the files above it, so the build says how it would."""
    context = write(tmp_path / "context", **{"manage.py": MANAGE})
    assert copy(context, tmp_path / "one") == 0
    assert "--build-arg PROJECT_DIR" in capsys.readouterr().out

    write(context, **{".gitignore": "*.pyc\n"})
    assert copy(context, tmp_path / "two") == 0
    assert "PROJECT_DIR" not in capsys.readouterr().out
