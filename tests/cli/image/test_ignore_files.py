"""Ignore files mean what they mean to git and to Docker."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.layouts import git

from django_k8s.cli.image.git_index import tracked
from django_k8s.cli.image.ignore_files import DockerPatterns
from django_k8s.cli.image.selection import select

PATHS = (
    "a",
    "b/a",
    "b/c/a",
    "b/c/x.log",
    "c/b/a",
    "c/x.log",
    "keep.log",
    "d/e/f/a",
    "d/keep.log",
    "build/x",
    "x/build",
)
PATTERNS = st.sampled_from(
    ["a", "/a", "b/", "/b/", "b/*", "b/**", "!b/c", "!b/c/", "!a", "**/c", "c/**/a", "*.log", "!keep.log", "/*", "!/d",
     "d/**/a", "d/*/", "build/", "/build", "# a", "", "\\!a", "[ab]", "[!a]", "?", "!", "/", "**", "!**/", "!*/", "c", "!/b/",
     "!x/", "e", "!d/e/f", "x.log ", "[", "!d/e/f/a"]
)  # fmt: skip


def copied(top: Path) -> set[str]:
    return set(select(top, "", []).files)


@given(top=st.lists(PATTERNS, max_size=6), inner=st.lists(PATTERNS, max_size=3), outer=st.sampled_from("bcd"))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_git(top: list[str], inner: list[str], outer: str) -> None:
    """The files that are copied are those that git would add."""
    folder = Path(tempfile.mkdtemp())
    try:
        for path in PATHS:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("x\n")
        (folder / ".gitignore").write_text("\n".join(top) + "\n")
        (folder / outer / ".gitignore").write_text("\n".join(inner) + "\n")
        git(folder, "init", "-q")
        expected = set(git(folder, "ls-files", "--others", "--exclude-standard").split())
        assert copied(folder) == expected
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_git_index(version: str, kind: str, tmp_path: Path) -> None:
    """What git tracks is read from every version of the index, with names of every length."""
    git(tmp_path, "init", "-q", "--object-format", kind)
    names = [f"folder/{'x' * length}" for length in range(1, 200, 7)] + ["a/b/c", "a/b/d", "ä", "z"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    git(tmp_path, "add", *names[:-1])
    git(tmp_path, "add", "--intent-to-add" if version == "3" else "-v", names[-1])
    if version != "3":  # which git writes by itself, for an entry that needs it
        git(tmp_path, "update-index", "--index-version", version)
    index = tmp_path / ".git" / "index"

    assert index.read_bytes()[7] == int(version)
    assert tracked(index) == {*names, "folder", "a", "a/b", "."}


@pytest.mark.parametrize(
    "content", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\5", b"x" * 100, b"DIRC\0\0\0\4\0\0\0\1" + b"\xff" * 90]
)
def test_no_git_index(content: bytes, tmp_path: Path) -> None:
    """A file that is none leaves every pattern in force."""
    (tmp_path / "index").write_bytes(content)

    assert tracked(tmp_path / "index") == frozenset()
    assert tracked(tmp_path / "missing") == frozenset()


@pytest.mark.parametrize(
    ("lines", "left_out", "kept"),
    [
        ("*.log\n", ["x.log"], ["a/x.log"]),  # at the top alone, unlike git's
        ("**/*.log\n", ["x.log", "a/x.log"], ["log"]),
        ("a\n!a/keep\n", ["a/x", "a/b/x"], ["a/keep/x"]),  # brought back, unlike git's
        ("*\n!src\nsrc/x\n", ["a", "b/c", "src/x"], ["src/a", "src/b/c"]),
        ("./a/\n /b \n//c\nd/../e\n", ["a/x", "b", "c", "e"], ["d"]),
        ("# a\n\n#b\n", [], ["a", "#b"]),
        ("a/*/x\n", ["a/b/x"], ["a/x", "a/b/c/x"]),
        ("a?\n[bc]d\n", ["ax", "bd"], ["axy", "dd"]),
        ("\ufeffa\n", ["a"], ["b"]),
        ("!\n[\n.\nx\n", ["x"], ["a"]),
    ],
)  # fmt: skip
def test_docker(lines: str, left_out: list[str], kept: list[str], tmp_path: Path) -> None:
    """As Docker documents its patterns; tests/image compares with a build."""
    (tmp_path / ".dockerignore").write_text(lines)
    for path in [*left_out, *kept]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    found = copied(tmp_path) - {".dockerignore"}

    assert [path for path in left_out if path in found] == []
    assert [path for path in kept if path not in found] == []


def test_named() -> None:
    """A pattern that matches a directory does not name the files in it."""
    patterns = DockerPatterns(["dist", "certs/ca.pem", "**/*.mo"])

    assert [path for path in ("dist/x", "certs/ca.pem", "a/b.mo", "c") if patterns.match(path)] == [
        "dist/x",
        "certs/ca.pem",
        "a/b.mo",
    ]
    assert [path for path in ("dist/x", "certs/ca.pem", "a/b.mo", "c") if patterns.name(path)] == [
        "certs/ca.pem",
        "a/b.mo",
    ]
