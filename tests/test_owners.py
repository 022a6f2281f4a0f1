"""Facts that several programs need have one owner: role names, the state directory, the environment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import django_k8s
from django_k8s.environment import startup, state_directory
from django_k8s.environment.assets import assets
from django_k8s.environment.roles import ROLES

PACKAGE = Path(django_k8s.__file__).parent
SOURCES = {
    str(path.relative_to(PACKAGE)): path.read_text()
    for path in PACKAGE.rglob("*.py")
    if "_assets" not in path.parts
}
ENTRYPOINT = (assets() / "entrypoints" / "entrypoint").read_text()

# Where a process begins, and the one reader of start-up variables.
READERS = {
    "environment/startup.py": "of this process",
    "environment/shell_exports.py": "before a role, for the entrypoint",
    "cli/env.py": "django-k8s env",
    "cli/reload.py": "before a role, in development",
    "cli/run/project.py": "before the roles of django-k8s run",
}


def test_who_reads_the_environment() -> None:
    """Everything else is given an Env, or reads settings.DJANGO_K8S or the start-up configuration."""
    pattern = re.compile(r"(?<![\w.\"])Env\(")
    found = {
        name
        for name, text in SOURCES.items()
        if pattern.search(
            "\n".join(line for line in text.splitlines() if not line.startswith("    env = Env(BASE"))
        )
    }
    assert found == set(READERS)


def test_roles_of_the_entrypoint() -> None:
    """The shell cannot import the list, so it has a copy; both say the same."""
    (listed,) = re.findall(r"^  (web \| [a-z| ]+)\)$", ENTRYPOINT, re.MULTILINE)[:1]
    (shown,) = re.findall(r"Roles: ([a-z, ]+)\.", ENTRYPOINT)

    assert tuple(listed.split(" | ")) == ROLES
    assert tuple(shown.split(", ")) == ROLES
    for role in ROLES:
        assert (assets() / "entrypoints" / role).is_file()


@pytest.mark.parametrize(
    "name",
    [
        f'"{state_directory.HEARTBEAT_SUFFIX}"',
        state_directory.QUEUES,
        f'"{state_directory.SCRAPED}"',
        f'"{state_directory.ASKED}"',
        f'/ "{state_directory.METRICS}"',
    ],
)
def test_names_in_the_state_directory(name: str) -> None:
    """Only one module has the file names in the state directory."""
    assert [
        path for path, text in SOURCES.items() if name in text and path != "environment/state_directory.py"
    ] == []
    assert name not in ENTRYPOINT


def test_a_role_begins_with_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a former container left behind goes; other files, and other roles' files, stay."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    startup.reset()
    stay = ["web/notes.txt", "worker/1.heartbeat"]
    go = ["web/1.heartbeat", "web/queues.json", "web/scraped", "web/asked", "web/metrics/counter_7.db"]
    for name in stay + go:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    state_directory.clear("web")
    state_directory.clear("beat")

    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == sorted(stay)
