"""What of a project gets into its image."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "image: .gitignore holds",
        test="cli/image/test_selection.py::test_layouts",
        old="return by_git and not self._git.tracks(path)",
        new="return False",
    ),
    Row(
        "image: .dockerignore holds",
        test="cli/image/test_selection.py::test_layouts",
        old="for top, patterns in self._docker",
        new="for top, patterns in self._docker[:0]",
    ),
    Row(
        "image: the .gitignore of a directory above the project holds",
        test="cli/image/test_selection.py::test_layouts",
        case="sub-folder",
        old="self._git.enter(above, context / above)",
        new="pass",
    ),
    Row(
        "image: what git tracks is not ignored",
        test="cli/image/test_selection.py::test_layouts",
        case="uploads",
        old="return path in self._tracked",
        new="return False",
    ),
    Row(
        "image: the index of git is read in every version",
        test="cli/image/test_ignore_files.py::test_git_index",
        old="kept = len(name) - removed",
        new="kept = 0",
    ),
    Row(
        "image: the last pattern of git decides",
        test="cli/image/test_ignore_files.py::test_git",
        old="in reversed(self._patterns.get(folder, []))",
        new="in self._patterns.get(folder, [])",
    ),
    Row(
        "image: patterns of Docker bring back what is in a directory",
        test="cli/image/test_ignore_files.py::test_docker",
        old="and not (wholly and patterns.brings_back)",
        new="",
    ),
    Row(
        "image: a directory does not allow the secrets in it",
        test="cli/image/test_selection.py::test_a_directory_does_not_allow_its_secrets",
        old="not self._allowed.name(path)",
        new="not self._allowed.match(path)",
    ),
    Row(
        "image: a secret or a database is refused",
        test="cli/image/test_selection.py::test_refused_files_are_named",
        old="if selection.suspects:",
        new="if False:",
    ),
    Row(
        "image: a private key is found by its content",
        test="cli/image/test_suspects.py::test_suspects",
        old='if b"PRIVATE KEY" in content and _PEM.search(content):',
        new="if False:",
    ),
    Row(
        "image: a database is found by its content",
        test="cli/image/test_suspects.py::test_real_database",
        old=r'(b"SQLite format 3\0", _DATABASE),',
        new="",
    ),
    Row(
        "image: code that looks for a key is not one",
        test="cli/image/test_suspects.py::test_innocent",
        old="[A-Za-z0-9+/=]{32}",
        new="",
    ),
    Row(
        "image: a chart is left out",
        test="cli/image/test_selection.py::test_layouts",
        case="root",
        old='_DEPLOYMENT = ("Chart.yaml", "kustomization.yaml")',
        new="_DEPLOYMENT = ()",
    ),
]
