"""Which project is deployed, and the tag that its working tree gets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from django_k8s.release import project
from django_k8s.release.outcome import Stopped
from django_k8s.release.project import Project


def git(folder: Path, *args: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    done = subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A repository with a project and one commit."""
    root = tmp_path / "My Shop.2"
    (root / "deploy").mkdir(parents=True)
    (root / "deploy" / "Dockerfile").write_text("FROM scratch\n")
    (root / "manage.py").write_text("# manage\n")
    (root / ".gitignore").write_text("*.log\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return project.find(root)


def test_found_from_below(shop: Project) -> None:
    """A directory in the project finds its root; the name is one that Kubernetes takes."""
    (shop.root / "apps" / "cart").mkdir(parents=True)

    assert project.find(shop.root / "apps" / "cart") == shop
    assert shop.name == "my-shop-2"


def test_recorded_name(shop: Project) -> None:
    """The name that init has recorded wins."""
    (shop.deploy / "django-k8s.toml").write_text('name = "store"\n')

    assert project.find(shop.root).name == "store"


def test_unreadable_record(shop: Project) -> None:
    """A record that is no TOML is named."""
    (shop.deploy / "django-k8s.toml").write_text("name = \n")

    with pytest.raises(Stopped, match=r"django-k8s\.toml cannot be read"):
        project.find(shop.root)


def test_no_project(tmp_path: Path) -> None:
    """Without deploy/Dockerfile, the sentence names the command that writes it."""
    with pytest.raises(Stopped, match="Run `django-k8s init` first") as caught:
        project.find(tmp_path)

    assert caught.value.status == 66


def test_tag_of_a_commit(shop: Project) -> None:
    """A clean tree has the commit's name."""
    assert project.tag(shop) == git(shop.root, "rev-parse", "HEAD")[:12]


@pytest.mark.parametrize("change", ["edited", "new", "removed", "mode"])
def test_tag_of_a_changed_tree(shop: Project, change: str) -> None:
    """Each change of what git would commit makes another tag, and taking it back the first one."""
    clean = project.tag(shop)
    file = shop.root / "manage.py"
    match change:
        case "edited":
            file.write_text("# another\n")
        case "new":
            (shop.root / "new.py").write_text("")
        case "removed":
            file.unlink()
        case "mode":
            file.chmod(0o755)
    changed = project.tag(shop)
    again = project.tag(shop)
    git(shop.root, "checkout", "-q", ".")
    git(shop.root, "clean", "-qfd")

    assert changed.startswith(f"{clean}-")
    assert changed == again
    assert project.tag(shop) == clean


def test_ignored_files_do_not_count(shop: Project) -> None:
    """No image has a file that git ignores."""
    clean = project.tag(shop)
    (shop.root / "debug.log").write_text("x")

    assert project.tag(shop) == clean


def test_what_else_the_image_is_made_of(shop: Project) -> None:
    """Another library or option of the build makes another tag."""
    tags = {
        project.tag(shop),
        project.tag(shop, b"one"),
        project.tag(shop, b"two"),
        project.tag(shop, b"on", b"e"),
    }

    assert len(tags) == 4


def test_the_repository_is_left_as_it_is(shop: Project) -> None:
    """Neither the index nor the objects change, so nothing of a secret file gets into the repository."""
    (shop.root / "secret.txt").write_text("hunter2-secret")
    files = {path: path.read_bytes() for path in (shop.root / ".git").rglob("*") if path.is_file()}
    project.tag(shop)

    assert {path: path.read_bytes() for path in (shop.root / ".git").rglob("*") if path.is_file()} == files


def test_before_the_first_commit(tmp_path: Path) -> None:
    """A new repository has a tag too."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "Dockerfile").write_text("FROM scratch\n")
    git(tmp_path, "init", "-q")

    assert project.tag(project.find(tmp_path)).startswith("new-")


def test_no_repository(tmp_path: Path) -> None:
    """Without git there is nothing to make a tag of."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "Dockerfile").write_text("FROM scratch\n")

    with pytest.raises(Stopped, match="Run `git init` there"):
        project.tag(project.find(tmp_path))
