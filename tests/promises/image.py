"""What of a project gets into its image."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "image: packages say nothing about the build that installed them",
        test="cli/image/test_records.py::test_two_builds_leave_the_same",
        old='_OF_THE_BUILD = ("uv_cache.json", "direct_url.json")',
        new='_OF_THE_BUILD = ("direct_url.json",)',
    ),
    Row(
        "image: Brotli is where it is needed, in the build",
        test="cli/image/test_trim.py::test_trim",
        old="shutil.move(path, build_only / path.name)",
        new="pass",
    ),
    Row(
        "image: a project that names botocore keeps all of its services",
        test="cli/image/test_trim.py::test_trim",
        old='if "botocore" not in project:',
        new="if True:",
    ),
    Row(
        "image: what an earlier build has compressed is not compressed again",
        test="cli/image/test_build_phase.py::test_compressed_files_are_kept_for_the_next_build",
        old="found = path.read_bytes()",
        new="raise OSError",
    ),
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
        "image: a repository among the packages brings git",
        test="cli/image/test_inputs.py::test_debian_packages",
        old="if locks.uses_git(context, plan):",
        new="if False:",
    ),
    Row(
        "image: the hashes of a Pipfile.lock are checked",
        test="cli/image/test_inputs.py::test_pipfile",
        old='f" --hash={value}"',
        new='""',
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
        old='_DEPLOYMENT = ("Chart.yaml", "kustomization.yaml", "django-k8s.toml")',
        new="_DEPLOYMENT = ()",
    ),
    Row(
        "image: each file keeps its place in the repository",
        test="cli/image/test_selection.py::test_layouts",
        case="monorepo",
        old="place = make(posixpath.dirname(path)) / posixpath.basename(path)",
        new="place = make('') / posixpath.basename(path)",
    ),
    Row(
        "image: a line of code is no input of the dependencies",
        test="cli/image/test_inputs.py::test_uv",
        old="and package != name and (package in needed or not name)",
        new="",
    ),
    Row(
        "image: the project itself is installed after its dependencies",
        test="cli/image/test_inputs.py::test_requirements",
        old="if _says_what_it_needs(context, pyproject):",
        new="if False:",
    ),
    Row(
        "image: one hash in the requirements, and all must have one",
        test="cli/image/test_inputs.py::test_hashes",
        old='found.hashes = "--hash" in text and',
        new="found.hashes = False and",
    ),
    Row(
        "image: another Python than the lock requires is refused",
        test="cli/image/test_inputs.py::test_wrong_arguments",
        old="if wanted.contains(here, prereleases=True):",
        new="if True:",
    ),
    Row(
        "image: nothing is compiled twice",
        test="cli/image/test_build_phase.py::test_bytecode",
        old="if path.is_file() and not Path(importlib.util.cache_from_source(str(path))).exists():",
        new="if path.is_file():",
    ),
    Row(
        "image: static files that go elsewhere stop the build",
        test="cli/image/test_build_phase.py::test_one_sentence",
        old='elif root in ("", "None") or Path(root) != target:',
        new="elif False:",
    ),
    Row(
        "image: a script of the installation sees the source",
        test="cli/image/test_frontend.py::test_scripts_of_the_installation",
        old="if any(hook not in _RUN_NOTHING for hook in hooks):",
        new="if False:",
    ),
    Row(
        "image: a package of an index keeps its version",
        test="cli/image/test_build_phase.py::test_versions_from_git",
        old='if any("hatch-vcs" in str(one)',
        new="if any(str(one)",
    ),
]
