"""The front end's package manager, its files and its script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.layouts import Layout

from django_k8s.cli.image.inputs import main


def collect(top: Path, package: dict[str, Any], files: dict[str, str], script: str = "build") -> int:
    """Write a front end in a directory of a project, and collect what it is installed from."""
    names = {f"web/{name}": text for name, text in {"package.json": json.dumps(package), **files}.items()}
    context = Layout({"requirements.txt": "", **names}, set()).write(top / "context")
    return main(["--frontend-dir", "web", "--frontend-build", script, str(context), str(top / "inputs")])


def scripts(top: Path) -> tuple[str, str]:
    """Return the last lines of what installs and of what builds."""
    names = ("frontend-install/install.sh", "frontend-build/build.sh")
    install, build = ((top / "inputs" / name).read_text().splitlines() for name in names)
    assert install[:2] == build[:2] == ["set -e", "cd './web'"]
    return " ".join(install[2:]), " ".join(build[2:])


def copied(top: Path) -> set[str]:
    folder = top / "inputs" / "frontend" / "web"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


BUILD = {"scripts": {"build": "vite build", "watch": "vite"}}


@pytest.mark.parametrize(
    ("package", "lock", "text", "tool", "install"),
    [
        ({}, "package-lock.json", "{}", "npm", "ci --no-audit --no-fund"),
        ({}, "npm-shrinkwrap.json", "{}", "npm", "ci --no-audit --no-fund"),
        ({}, "pnpm-lock.yaml", "lockfileVersion: '9.0'\n", "npm exec --yes --package=pnpm@10 -- pnpm", "install --frozen-lockfile"),
        ({}, "pnpm-lock.yaml", "lockfileVersion: '6.0'\n", "npm exec --yes --package=pnpm@8 -- pnpm", "install --frozen-lockfile"),
        ({"packageManager": "pnpm@9.1.2+sha512.ab"}, "pnpm-lock.yaml", "", "npm exec --yes --package=pnpm@9.1.2 -- pnpm", "install --frozen-lockfile"),
        ({}, "yarn.lock", "# yarn lockfile v1\n", "npm exec --yes --package=yarn@1.22.22 -- yarn", "install --frozen-lockfile --non-interactive"),
        ({"packageManager": "yarn@4.9.1"}, "yarn.lock", "__metadata:\n", "npm exec --yes --package=@yarnpkg/cli-dist@4.9.1 -- yarn", "install --immutable"),
    ],
)  # fmt: skip
def test_package_managers(
    tmp_path: Path, package: dict[str, Any], lock: str, text: str, tool: str, install: str
) -> None:
    """The lock file tells which one, package.json the version."""
    assert collect(tmp_path, {**BUILD, **package}, {lock: text, "src/app.js": ""}) == 0
    assert scripts(tmp_path) == (f"{tool} {install}", f"{tool} run build")
    assert copied(tmp_path) == {"package.json", lock}


def test_scripts_of_the_project(tmp_path: Path) -> None:
    """What runs is beside the project's files, which may have the same names; another command installs nothing again."""
    files = {"package-lock.json": "{}", "build.sh": "echo mine", "install.sh": "echo mine"}

    def installed() -> dict[str, bytes]:
        top = tmp_path / "inputs"
        found = [path for name in ("frontend", "frontend-install") for path in (top / name).rglob("*")]
        return {str(path.relative_to(top)): path.read_bytes() for path in found if path.is_file()}

    assert collect(tmp_path, BUILD, files) == 0
    first, build = installed(), scripts(tmp_path)
    assert sorted(first) == [
        "frontend-install/install.sh",
        "frontend/web/package-lock.json",
        "frontend/web/package.json",
    ]
    assert collect(tmp_path, BUILD, files, "watch") == 0
    assert installed() == first
    assert scripts(tmp_path) != build


def test_no_script(tmp_path: Path) -> None:
    """Without a script the packages are installed and nothing is built."""
    assert collect(tmp_path, {}, {"package-lock.json": "{}"}, "") == 0
    assert scripts(tmp_path) == ("npm ci --no-audit --no-fund", "")


def test_what_is_installed_from(tmp_path: Path) -> None:
    """Settings of the package manager, patches, and the packages of a workspace; no source."""
    files = {".npmrc": "", "patches/a.patch": "", "packages/a/package.json": "{}", "packages/a/a.js": ""}
    package = {**BUILD, "workspaces": ["packages/*"]}
    assert collect(tmp_path, package, {**files, "package-lock.json": "{}"}) == 0
    expected = {"package.json", "package-lock.json", ".npmrc", "patches/a.patch", "packages/a/package.json"}
    assert copied(tmp_path) == expected


@pytest.mark.parametrize(("hook", "whole"), [("patch-package", True), ("husky", False)])
def test_scripts_of_the_installation(tmp_path: Path, hook: str, whole: bool) -> None:
    """One that may read the source gets the source."""
    package = {"scripts": {"build": "x", "postinstall": hook}}
    assert collect(tmp_path, package, {"package-lock.json": "{}", "src/app.js": ""}) == 0
    assert ("src/app.js" in copied(tmp_path)) is whole


@pytest.mark.parametrize(
    ("package", "files", "message"),
    [
        ({"scripts": {"dev": "x", "watch": "y"}}, {"yarn.lock": ""}, "FRONTEND_BUILD: web/package.json has no script build; it has dev, watch."),
        (BUILD, {}, "FRONTEND_DIR: web has a package.json without package-lock.json, pnpm-lock.yaml or yarn.lock."),
        (BUILD, {"package.json": "{"}, "FRONTEND_DIR: web/package.json cannot be read:"),
    ],
)  # fmt: skip
def test_wrong_arguments(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    package: dict[str, Any],
    files: dict[str, str],
    message: str,
) -> None:
    assert collect(tmp_path, package, files) != 0
    assert message in capsys.readouterr().err


def test_no_front_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = Layout({"requirements.txt": "", "a/b": ""}, set()).write(tmp_path / "context")
    for name, message in (("a", "a has no package.json"), ("b", "b is not a directory")):
        assert main(["--frontend-dir", name, str(context), str(tmp_path / "inputs")]) != 0
        assert message in capsys.readouterr().err


def test_a_shell_command_instead_of_a_script(tmp_path: Path) -> None:
    """What package.json has no script for: the programs of its packages are found."""
    command = "node build.mjs && tailwindcss -i app.css -o ../public/app.css"
    assert collect(tmp_path, {}, {"package-lock.json": "{}"}, command) == 0
    assert (
        scripts(tmp_path)[1]
        == f'PATH="$PWD/node_modules/.bin:/app/node_modules/.bin:/node_modules/.bin:$PATH" {command}'
    )
