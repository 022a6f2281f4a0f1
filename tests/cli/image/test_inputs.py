"""Which files of the build context the later steps of the image depend on, and what a wrong argument says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.layouts import Layout

from django_k8s.cli.image.inputs import main
from django_k8s.cli.image.pipfile import requirements
from django_k8s.cli.image.plan import Plan

UV = 'version = 1\nrequires-python = ">=3.11"\n'
PROJECT = '[project]\nname = "shop"\nversion = "1"\n'
BACKEND = '[build-system]\nrequires = ["hatchling"]\n'


def collect(top: Path, files: dict[str, str], *options: str) -> tuple[Plan, set[str], Path]:
    """Write a context and collect; return the plan, the names of the files for the dependencies, and the directory."""
    context = Layout({"manage.py": "", **files}, set()).write(top / "context")
    assert main([*options, str(context), str(top / "inputs")]) == 0
    python = top / "inputs" / "python"
    names = {str(path.relative_to(python)) for path in python.rglob("*") if path.is_file()} - {"plan.json"}
    return Plan.read(python), names, top / "inputs"


def test_uv(tmp_path: Path) -> None:
    """Code is no input, the project's own package is left to a later step, and one that it needs is copied whole."""
    lock = UV + (
        '[[package]]\nname = "shop"\nversion = "1"\nsource = {editable = "."}\ndependencies = [{name = "common"}]\n'
        '[[package]]\nname = "common"\nversion = "1"\nsource = {directory = "libs/common"}\n'
        '[[package]]\nname = "other"\nversion = "1"\nsource = {editable = "libs/other"}\n'
    )
    files = {
        "uv.lock": lock, "pyproject.toml": PROJECT + BACKEND, "shop/models.py": "", "README.md": "",
        "libs/common/pyproject.toml": PROJECT, "libs/common/common.py": "", "libs/common/.gitignore": "junk\n",
        "libs/common/junk": "", "libs/other/pyproject.toml": PROJECT, "libs/other/other.py": "",
    }  # fmt: skip
    plan, names, _ = collect(
        tmp_path, files, "--lock", "uv.lock", "--groups", "prod, eu", "--extras", "cache"
    )
    common = {"libs/common/pyproject.toml", "libs/common/common.py", "libs/common/.gitignore"}
    assert names == {"uv.lock", "pyproject.toml", "libs/other/pyproject.toml", *common}
    assert (plan.kind, plan.own, plan.member) == ("uv", "", "")
    assert (plan.groups, plan.extras) == (["prod", "eu"], ["cache"])


def test_several_requirements_files(tmp_path: Path) -> None:
    """Requirements files are installed together, each with what it includes; another kind of file is refused."""
    files = {
        "requirements/base.txt": "django\n",
        "requirements/live.txt": "-r base.txt\nredis\n",
        "server.txt": "./lib\n",
        "lib/setup.py": "",
        "uv.lock": UV,
    }
    plan, names, inputs = collect(tmp_path, files, "--lock", "requirements/live.txt ./server.txt")
    together = (inputs / "python" / plan.lock).read_text()

    assert together == "-r requirements/live.txt\n-r server.txt\n"
    assert names == {
        plan.lock,
        "requirements/base.txt",
        "requirements/live.txt",
        "server.txt",
        "lib/setup.py",
    }
    assert plan.kind == "requirements"
    assert main(["--lock", "server.txt uv.lock", str(tmp_path / "context"), str(tmp_path / "other")]) != 0


def test_uv_member(tmp_path: Path) -> None:
    """The project is the member of the workspace whose pyproject.toml is nearest to it."""
    lock = UV + '[[package]]\nname = "shop"\nversion = "1"\nsource = {virtual = "services/shop"}\n'
    files = {
        "uv.lock": lock,
        "pyproject.toml": "[tool.uv.workspace]\n",
        "services/shop/pyproject.toml": PROJECT,
        "services/shop/src/manage.py": "",
    }
    plan, names, _ = collect(tmp_path, files, "--lock", "uv.lock", "--project-dir", "services/shop/src")
    assert (plan.member, plan.own) == ("shop", None)
    assert names == {"uv.lock", "pyproject.toml", "services/shop/pyproject.toml"}


@pytest.mark.parametrize(("mode", "own"), [("", ""), ("[tool.poetry]\npackage-mode = false\n", None)])
def test_poetry(tmp_path: Path, mode: str, own: str | None) -> None:
    lock = (
        '[[package]]\nname = "common"\n[package.source]\ntype = "directory"\nurl = "../common"\n'
        '[metadata]\npython-versions = "^3.11"\n'
    )
    files = {"a/poetry.lock": lock, "a/pyproject.toml": mode, "common/common.py": "", "a/shop.py": ""}
    plan, names, _ = collect(tmp_path, files, "--lock", "a/poetry.lock", "--project-dir", "a")
    assert names == {"a/poetry.lock", "a/pyproject.toml", "common/common.py"}
    assert (plan.own, plan.own_may_fail) == (own if own is None else "a", own is not None)


def test_pylock(tmp_path: Path) -> None:
    """The project itself is left out of what is installed first."""
    lock = (
        'lock-version = "1.0"\n\n[[packages]]\nname = "django"\nversion = "5.2"\n\n'
        '[[packages]]\nname = "shop"\ndirectory = {path = ".", editable = true}\n\n'
        '[[packages]]\nname = "common"\ndirectory = {path = "libs/common"}\n'
    )
    files = {"pylock.prod.toml": lock, "libs/common/pyproject.toml": PROJECT, "shop.py": ""}
    plan, names, inputs = collect(tmp_path, files, "--lock", "pylock.prod.toml")
    assert (plan.kind, plan.own) == ("pylock", "")
    assert names == {"pylock.prod.toml", "libs/common/pyproject.toml"}
    text = (inputs / "python" / "pylock.prod.toml").read_text()
    assert '"common"' in text
    assert '"shop"' not in text


def test_pipfile() -> None:
    """Each kind of entry in the words of a requirements file."""
    lock = {
        "_meta": {"sources": [{"url": "https://one.example/simple"}, {"url": "https://two.example/simple"}]},
        "default": {
            "a": {"version": "==1", "hashes": ["sha256:aa", "sha256:bb"], "markers": "os_name == 'nt'"},
            "b": {"version": "*", "extras": ["x", "y"]},
            "c": {"git": "https://git.example/c.git", "ref": "abc", "subdirectory": "py"},
            "d": {"path": "./libs/d", "editable": True},
            "e": {"file": "https://files.example/e.whl"},
            "f": {"path": ".", "extras": ["z"]},
        },
        "prod": {"g": {"version": "==2"}},
        "develop": {"h": {"version": "==3"}},
    }
    assert list(requirements(json.dumps(lock), ["prod"], "app", "app")) == [
        "--index-url https://one.example/simple",
        "--extra-index-url https://two.example/simple",
        "a==1 ; os_name == 'nt' --hash=sha256:aa --hash=sha256:bb",
        "b[x,y]",
        "c @ git+https://git.example/c.git@abc#subdirectory=py",
        "./app/libs/d",
        "e @ https://files.example/e.whl",
        "g==2",
    ]


def test_requirements(tmp_path: Path) -> None:
    """Included files and directories are inputs; the project itself is installed later, by what it says it needs."""
    files = {
        "deps/prod.txt": "-r base.txt\n--constraint=limits.txt\n-e .[cache,mail]  # the project\nwhitenoise==6.9 \\\n    ; python_version > '3'\n",
        "deps/base.txt": "\ufeff# comment\ndjango>=5.2 # web\n./libs/common[x]\nfile:libs/other ; os_name == 'posix'\nnet @ https://files.example/net.whl#sha256=aa\n",
        "deps/limits.txt": "django<6\n",
        "libs/common/setup.py": "",
        "libs/other/pyproject.toml": PROJECT,
        "pyproject.toml": PROJECT + 'dependencies = ["idna"]\n' + BACKEND,
        "shop.py": "",
    }
    plan, names, inputs = collect(tmp_path, files, "--lock", "deps/prod.txt", "--extras", "sms")
    texts = {"deps/prod.txt", "deps/base.txt", "deps/limits.txt"}
    assert names == {*texts, "libs/common/setup.py", "libs/other/pyproject.toml", "pyproject.toml"}
    assert (plan.own, plan.own_requires, plan.extras) == ("", "pyproject.toml", ["sms", "cache", "mail"])
    assert (inputs / "python" / "deps" / "prod.txt").read_text().split("\n") == [
        "-r base.txt", "--constraint=limits.txt", "", "whitenoise==6.9      ; python_version > '3'", "",
    ]  # fmt: skip
    assert (inputs / "python" / "deps" / "base.txt").read_text().splitlines() == [
        "django>=5.2", "./libs/common[x]", "./libs/other ; os_name == 'posix'", "net @ https://files.example/net.whl#sha256=aa",
    ]  # fmt: skip


def test_groups_without_a_project(tmp_path: Path) -> None:
    """A pyproject.toml that has groups and nothing else can be installed, if a group is named."""
    files = {"pyproject.toml": '[dependency-groups]\nmain = ["django"]\n'}
    plan, copied, _ = collect(tmp_path, files, "--lock", "pyproject.toml", "--groups", "main")

    assert (plan.kind, list(plan.groups), plan.own) == ("pyproject", ["main"], None)
    assert any(name.endswith("pyproject.toml") for name in copied)


def test_a_project_that_does_not_say_what_it_needs(tmp_path: Path) -> None:
    """Only its setup.py knows, so it is installed with the rest, whatever that costs."""
    plan, names, _ = collect(tmp_path, {"requirements.txt": "-e .\n", "setup.py": "", "shop.py": ""})
    assert plan.own is None
    assert {"setup.py", "shop.py", "manage.py"} <= names


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("a==1 --hash=sha256:aa\nb==2 \\\n --hash=sha256:bb\n", True),
        ("a==1\n", False),
        ("a==1 --hash=sha256:aa\nb @ git+https://git.example/b\n", False),
    ],
)
def test_hashes(tmp_path: Path, text: str, hashes: bool) -> None:
    """As pip does: one hash, and all must have one. What cannot have one does not stop the build."""
    plan, _, _ = collect(tmp_path, {"requirements.txt": text})
    assert plan.hashes is hashes


@pytest.mark.parametrize(
    ("text", "packages", "expected"),
    [
        ("a==1\n", "", []),
        ("a @ git+https://git.example/a@main\n", "gettext", ["gettext", "git", "ca-certificates"]),
        ("a==1\n", "gcc libpq-dev", ["gcc", "libpq-dev", "libc6-dev"]),
    ],
)
def test_debian_packages(tmp_path: Path, text: str, packages: str, expected: list[str]) -> None:
    """What a repository, or a compiler, needs comes by itself."""
    _, _, inputs = collect(tmp_path, {"requirements.txt": text}, "--packages", packages)
    assert (inputs / "packages").read_text().split() == expected


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, (), "LOCK: requirements.txt is not a file of the build context. Name your uv.lock"),
        ({}, ("--lock", "../x.txt"), "LOCK: ../x.txt is not a file of the build context."),
        ({"requirements.txt": ""}, ("--project-dir", "src"), "PROJECT_DIR: src is not a directory"),
        ({"requirements.txt": "-r no.txt\n"}, (), "requirements.txt includes no.txt, which is not in"),
        ({"requirements.txt": "-e ./lib\n"}, (), "requirements.txt installs ./lib, which is not in"),
        ({"requirements.txt": ""}, ("--groups", "a"), "GROUPS: requirements.txt is a requirements file"),
        ({"requirements.txt": ""}, ("--extras", "a"), "EXTRAS: requirements.txt does not install the project"),
        ({"requirements.txt": ""}, ("--build-env", "b.env"), "BUILD_ENV: b.env is not a file of the build"),
        ({"uv.lock": UV}, ("--lock", "uv.lock"), "uv.lock needs pyproject.toml, which is not in the build"),
        ({"uv.lock": "=", "pyproject.toml": ""}, ("--lock", "uv.lock"), "LOCK: uv.lock cannot be read: "),
        ({"Pipfile.lock": "{"}, ("--lock", "Pipfile.lock"), "LOCK: Pipfile.lock cannot be read: "),
        ({"Pipfile.lock": '{"default": {}}'}, ("--lock", "Pipfile.lock", "--groups", "a"), "has no section a; it has default."),
        ({"pyproject.toml": ""}, ("--lock", "pyproject.toml"), "pyproject.toml has no table [project]."),
        (
            {"pyproject.toml": PROJECT + 'requires-python = ">=3.99"\n'},
            ("--lock", "pyproject.toml"),
            "pyproject.toml requires Python >=3.99, and PYTHON_IMAGE has 3.",
        ),
        (
            {"Pipfile.lock": '{"default": {}, "_meta": {"requires": {"python_version": "3.9"}}}'},
            ("--lock", "Pipfile.lock"),
            "Build with a PYTHON_IMAGE that has it.",
        ),
        (
            {"poetry.lock": '[metadata]\npython-versions = "^4.0"\n', "pyproject.toml": ""},
            ("--lock", "poetry.lock"),
            "poetry.lock requires Python ^4.0",
        ),
    ],
)  # fmt: skip
def test_wrong_arguments(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    options: tuple[str, ...],
    message: str,
) -> None:
    """One sentence that names the argument and what to do."""
    context = Layout({"manage.py": "", **files}, set()).write(tmp_path / "context")
    assert main([*options, str(context), str(tmp_path / "inputs")]) != 0
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
