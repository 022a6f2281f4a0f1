"""An update keeps every edit of the project, or marks it as a conflict."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.adopted import Repository, newer, repository

# What the next version writes differently: a file of the library, its text now, and the next text.
NEXT = {
    "_assets/docker/Dockerfile": ("# Groups and extras of the project", "# The newer sentence.\n# Groups and extras"),
    "_assets/docker/Dockerfile.dev": ("# Add the groups with which you work", "# A newer comment: the groups"),
    "_assets/docker/Dockerfile.dockerignore": ("**/.git\n", "**/.git\n**/.newer\n"),
    "_assets/docker/compose.yaml": ("start_period: 30s", "start_period: 45s"),
    "adopt/render/values.py": ("# What the project runs in every environment.", "# The newer heading;"),
    "adopt/render/settings.py": ('add("DEBUG = @env.debug")', 'add("DEBUG = bool(@env.debug)")'),
    "adopt/render/environment.py": ("# Dummies with which", "# The newer words: for the build only"),
    "adopt/render/workflow.py": ("# An example for GitHub Actions:", "# The newer example for GitHub Actions:"),
    "adopt/render/__init__.py": ('"# It has secrets.\\n/secret.env\\n"', '"# Newer.\\n/secret.env\\n"'),
    "adopt/render/compose.py": ('"service": ', '"newer": True, "service": '),
}  # fmt: skip
OVERLAY = "shop/settings/kubernetes.py"


def replaced(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return edit


def before(new: str) -> Callable[[str], str]:
    return lambda text: new + text


def after(new: str) -> Callable[[str], str]:
    return lambda text: text + new


@dataclass(frozen=True)
class Edit:
    """One edit: the file, what is done to it, and what must be in it afterwards, or must not."""

    file: str
    edit: Callable[[str], str]
    there: str = ""
    gone: str = ""
    conflict: bool = False  # whether the next version changes the same lines


EDITS = {
    "a line before the first": Edit("deploy/Dockerfile", before("# ours: at the top\n"), "# ours: at the top"),
    "a stage at the end": Edit("deploy/Dockerfile", after("\nFROM scratch AS ours\n"), "FROM scratch AS ours"),
    "an argument's default": Edit("deploy/Dockerfile", replaced('PACKAGES=""', 'PACKAGES="libvips42"'), "libvips42"),
    "the base pinned": Edit("deploy/Dockerfile", replaced("3.13-slim", "3.13-slim@sha256:0a1b"), "sha256:0a1b"),
    "a removed line": Edit("deploy/Dockerfile", replaced("ARG NODE_IMAGE=node:22-slim\n", ""), gone="ARG NODE_IMAGE=node"),
    "a line next to a new one": Edit("deploy/Dockerfile", replaced("# Groups and extras of the project", "# Groups, our words"), "our words", conflict=True),
    "a reworded comment": Edit("deploy/Dockerfile.dev", replaced("# Add the groups with which you work", "# OUR GROUPS"), "OUR GROUPS", conflict=True),
    "a group": Edit("deploy/Dockerfile.dev", replaced('ARG EXTRAS=""', 'ARG EXTRAS="admin"'), 'EXTRAS="admin"'),
    "a service": Edit("deploy/compose.yaml", replaced("  redis:\n", "  mail:\n    image: mailpit\n\n  redis:\n"), "image: mailpit"),
    "a port": Edit("deploy/compose.yaml", replaced("PORT:-8000", "PORT:-9000"), "PORT:-9000"),
    "the value that changes": Edit("deploy/compose.yaml", replaced("start_period: 30s", "start_period: 5s"), "start_period: 5s", conflict=True),
    "a volume removed": Edit("deploy/compose.yaml", replaced("    volumes:\n      - db:/var/lib/postgresql/data\n", ""), gone="- db:/var/lib/postgresql/data"),
    "a cron job": Edit("deploy/values.yaml", after('cronJobs:\n  nightly: {schedule: "0 3 * * *", args: [manage, x]}\n'), "nightly"),
    "replicas": Edit("deploy/values.yaml", replaced("mail: {queues: [mail]}", "mail: {queues: [mail], replicas: 3}"), "replicas: 3"),
    "a variable": Edit("deploy/values.yaml", replaced("env:\n", 'env:\n  WEB_THREADS: "8"\n'), "WEB_THREADS"),
    "the page": Edit("deploy/values.yaml", replaced("READINESS_PAGE: /", "READINESS_PAGE: /ready/"), "/ready/"),
    "a worker removed": Edit("deploy/values.yaml", replaced("  default: {queues: [celery]}\n", ""), gone="default: {"),
    "hosts": Edit("deploy/values-production.yaml", after("hosts: [shop.example.com]\n"), "shop.example.com"),
    "a comment removed": Edit("deploy/values-production.yaml", replaced("#     trustedProxies: [10.0.0.0/8]\n", ""), gone="trustedProxies"),
    "another administrator": Edit("deploy/values-staging.yaml", replaced("username: admin", "username: ada"), "username: ada"),
    "not ASCII": Edit("deploy/values-staging.yaml", after("# Größe: für später ☃\n"), "☃"),
    "a setting": Edit(OVERLAY, after("SESSION_COOKIE_AGE = 3600\n"), "SESSION_COOKIE_AGE = 3600"),
    "an import": Edit(OVERLAY, replaced("from django_k8s import Env", "import os\n\nfrom django_k8s import Env"), "import os"),
    "the line that changes": Edit(OVERLAY, replaced("DEBUG = env.debug", "DEBUG = False  # ours"), "False  # ours", conflict=True),
    "a line deleted": Edit(OVERLAY, replaced("SECURE_HSTS_SECONDS = overlay.hsts_seconds(env, 0)\n", ""), gone="HSTS"),
    "lines moved": Edit(OVERLAY, lambda text: replaced("LOGGING = k8s.logging(env)\n", "")(text).replace("INSTALLED_APPS = ov", "LOGGING = k8s.logging(env)\nINSTALLED_APPS = ov"), "LOGGING = k8s.logging(env)\nINSTALLED_APPS"),
    "a dummy": Edit("deploy/build.env", after("STRIPE_KEY=dummy\n"), "STRIPE_KEY=dummy"),
    "a key without a line end": Edit("deploy/secret.env.example", after("STRIPE_KEY="), "STRIPE_KEY="),
    "everything replaced": Edit("deploy/github-actions.yaml", lambda _: "on: workflow_dispatch\n", "workflow_dispatch", conflict=True),
    "Windows": Edit("deploy/Dockerfile.dockerignore", lambda text: text.replace("\n", "\r\n") + "ours\r\n", "ours\r\n"),
    "spaces at the end": Edit("deploy/.gitignore", after("/ours   \n"), "/ours   \n"),
}  # fmt: skip


@dataclass
class Updated:
    """A project with every edit, after the update."""

    repository: Repository
    result: subprocess.CompletedProcess[str]
    edited: dict[str, str] = field(default_factory=dict)


def clean(text: str) -> str:
    """Return the project's side of a text: without the marks of conflicts and the new version's side."""
    kept, theirs = [], False
    for line in text.splitlines(keepends=True):
        if line.startswith("======="):
            theirs = True
        elif line.startswith(">>>>>>>"):
            theirs = False
        elif not line.startswith("<<<<<<<") and not theirs:
            kept.append(line)
    return "".join(kept)


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Updated:
    folder = tmp_path_factory.mktemp("update")
    project = repository(folder / "shop")
    project.adopt()
    for one in EDITS.values():
        path = project.root / one.file
        path.write_bytes(one.edit(path.read_bytes().decode()).encode())
    (project.root / "deploy" / "Dockerfile.dev").chmod(0o755)
    (project.root / ".devcontainer" / "devcontainer.json").unlink()
    project.commit()
    edited = {one.file: project.read(one.file) for one in EDITS.values()}
    result = project.command("update", "--no-load", package=newer(folder / "newer", "0.9.0", NEXT))
    return Updated(project, result, edited)


@pytest.mark.parametrize("name", EDITS)
def test_edit_survives(updated: Updated, name: str) -> None:
    """What the project wrote is there, alone or as its side of a conflict; what it removed is not."""
    one = EDITS[name]
    text = updated.repository.read(one.file)

    assert one.there in clean(text)
    assert not one.gone or one.gone not in clean(text)
    assert ("<<<<<<< yours\n" in text.replace("\r", "")) == any(
        other.conflict for other in EDITS.values() if other.file == one.file
    )


def test_new_text_arrives(updated: Updated) -> None:
    """Files get what this version writes, beside the edits or as the other side of a conflict."""
    read = updated.repository.read

    assert "# The newer sentence." in read("deploy/Dockerfile")
    assert "# The newer heading;" in clean(read("deploy/values.yaml"))
    assert "# The newer words" in clean(read("deploy/build.env"))
    assert "start_period: 45s" in read("deploy/compose.yaml")
    assert "bool(env.debug)" in read(OVERLAY)
    assert ">>>>>>> django-k8s 0.9.0" in read(OVERLAY)


def test_conflicts_are_told(updated: Updated) -> None:
    """The command names the files with conflicts, and fails."""
    names = {one.file for one in EDITS.values() if one.conflict}
    said = {line.partition(":")[0] for line in updated.result.stdout.splitlines() if "<<<<<<< yours" in line}

    assert updated.result.returncode == 1, updated.result.stderr
    assert said == names
    assert "django-k8s 0.1.0 -> 0.9.0: resolve the conflicts" in updated.result.stdout


def test_deleted_stays_deleted(updated: Updated) -> None:
    """A file that the project deleted does not come back, and the command says so."""
    assert not (updated.repository.root / ".devcontainer" / "devcontainer.json").exists()
    assert ".devcontainer/devcontainer.json: you deleted it" in updated.result.stdout


def test_line_ends_and_rights_stay(updated: Updated) -> None:
    """A file with the line ends of Windows keeps them, and an executable one stays so."""
    text = updated.repository.read("deploy/Dockerfile.dockerignore")

    assert text.count("\n") == text.count("\r\n")
    assert "**/.newer\r\n" in text
    assert os.access(updated.repository.root / "deploy" / "Dockerfile.dev", os.X_OK)


def test_nothing_else_is_touched(updated: Updated) -> None:
    """Only what init wrote is changed, and nothing is left behind."""
    changed = updated.repository.git("status", "--porcelain").splitlines()

    assert all(line[3:].startswith(("deploy/", OVERLAY)) for line in changed), changed
    assert not list(updated.repository.root.glob(".django-k8s-*"))


def test_older_version_is_refused(updated: Updated) -> None:
    """A version that is older than the one that wrote the files says so."""
    result = updated.repository.command("update", "--no-load", "--allow-dirty")

    assert result.returncode == 78, result.stdout
    assert result.stderr.count("\n") == 1
    assert "written by django-k8s 0.9.0, and this version," in result.stderr


def test_next_update_has_nothing_to_do(updated: Updated, tmp_path: Path) -> None:
    """Once the conflicts are resolved in favour of the project, the same version finds nothing to do."""
    copy = tmp_path / "shop"
    shutil.copytree(updated.repository.root, copy)
    project = Repository(copy)
    package = newer(tmp_path / "newer", "0.9.0", NEXT)
    again = project.command("update", "--no-load", "--allow-dirty", package=package)
    for file in {one.file for one in EDITS.values()}:
        (copy / file).write_bytes(clean(project.read(file)).encode())
    project.commit()
    resolved = project.command("update", "--no-load", package=package)

    assert again.returncode == 78
    assert "still has the marks of a conflict" in again.stderr
    assert resolved.returncode == 0, resolved.stderr
    assert "Nothing to do" in resolved.stdout
    assert project.git("status", "--porcelain") == ""
