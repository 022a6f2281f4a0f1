"""Where the repository, the project and its settings are."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import MANAGE, add, commit, package, repository, shop

from django_k8s.adopt.detect import detect
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.rules.settings_module import development

PRODUCTION = "from .base import *\n"


class TestProject:
    def test_in_a_folder(self, tmp_path: Path) -> None:
        """manage.py may be in a directory below the lock file, and the repository is found from there."""
        root = repository(tmp_path, shop("backend"))
        facts = detect(root / "backend" / "shop")

        assert facts.value("git_root") == str(root)
        assert facts.value("project_dir") == "backend"
        assert facts["project_dir"].source == "backend/manage.py"
        assert facts.value("settings_module") == "shop.settings"
        assert facts.value("lock") == "requirements.txt"

    def test_nearest(self, tmp_path: Path) -> None:
        """Examples, tests and ignored files are not projects. Of two projects, the one nearer to the root counts."""
        others = {
            "examples/demo/manage.py": MANAGE,
            "tests/manage.py": MANAGE,
            "node_modules/x/manage.py": MANAGE,
            "deep/er/manage.py": MANAGE,
            "ignored/manage.py": MANAGE,
            ".gitignore": "ignored/\n",
        }
        facts = detect(repository(tmp_path, shop("src") | others))

        assert facts.value("project_dir") == "src"
        assert not facts["project_dir"].asked

    def test_two(self, tmp_path: Path) -> None:
        """Two projects of the same depth are a question, which an answer settles."""
        root = repository(tmp_path, shop("one") | shop("two"))
        fact = detect(root)["project_dir"]

        assert [choice.value for choice in fact.choices] == ["one", "two"]
        assert fact.asked
        answered = detect(root, answers={"project_dir": "two"})
        assert (answered.value("project_dir"), answered["project_dir"].confidence) == ("two", "answered")

    @pytest.mark.parametrize(
        ("files", "sentence"),
        [
            ({"README": "x"}, "There is no manage.py in"),
            ({"x/wsgi.py": "application = get_wsgi_application()"}, "started by a program of its own"),
        ],
    )
    def test_none(self, tmp_path: Path, files: dict[str, str], sentence: str) -> None:
        """A repository without a project is one sentence."""
        with pytest.raises(CannotAdopt, match=sentence):
            detect(repository(tmp_path, files))

    def test_no_repository(self, tmp_path: Path) -> None:
        """A directory outside of git is one sentence."""
        with pytest.raises(CannotAdopt, match="not in a git repository"):
            detect(tmp_path)


class TestSettings:
    def test_production_beside_local(self, tmp_path: Path) -> None:
        """The programs name the development settings: those for production lie beside them."""
        facts = detect(repository(tmp_path, package(production=PRODUCTION, test=PRODUCTION)))
        fact = facts["settings_module"]

        assert (fact.value, fact.confidence, fact.asked) == ("shop.settings.production", "likely", False)
        assert facts.value("settings_shape") == "package"

    def test_wsgi_wins(self, tmp_path: Path) -> None:
        """The settings module in wsgi.py has precedence over that in manage.py."""
        files = package(live=PRODUCTION, production=PRODUCTION)
        files["shop/wsgi.py"] = files["shop/wsgi.py"].replace("settings.local", "settings.live")

        assert detect(repository(tmp_path, files)).value("settings_module") == "shop.settings.live"

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({"Dockerfile": "FROM python:3.13\nENV DJANGO_SETTINGS_MODULE=shop.live\n"}, "shop.live"),
            ({"Procfile": "web: DJANGO_SETTINGS_MODULE=shop.live gunicorn shop.wsgi\n"}, "shop.live"),
            ({"dev/Dockerfile": "FROM python:3.13\nENV DJANGO_SETTINGS_MODULE=shop.live\n"}, "shop.settings"),
            ({"Dockerfile": "FROM python:3.13\nENV DJANGO_SETTINGS_MODULE=shop.gone\n"}, "shop.settings"),
        ],
    )
    def test_started_with(self, tmp_path: Path, files: dict[str, str], expected: str) -> None:
        """The settings with which production is started have precedence over the defaults of programs."""
        found = shop() | {"shop/live.py": "from .settings import *\n"} | files

        assert detect(repository(tmp_path, found)).value("settings_module") == expected

    @pytest.mark.parametrize(
        "choice",
        [
            "import os\nif os.environ.get('LIVE'):\n    from .production import *\nelse:\n    from .local import *\n",
            "try:\n    from .local import *\nexcept ImportError:\n    from .production import *\n",
        ],
    )
    def test_branches(self, tmp_path: Path, choice: str) -> None:
        """A package that imports one of its modules by a variable, or if it is there: the one for production is taken at once."""
        files = {
            name: text.replace("settings.local", "settings")
            for name, text in package(production=PRODUCTION).items()
        }
        files["shop/settings/__init__.py"] = choice

        assert detect(repository(tmp_path, files)).value("settings_module") == "shop.settings.production"

    @pytest.mark.parametrize(
        ("modules", "expected"),
        [
            ({"local": PRODUCTION}, "shop.settings.base"),
            ({"production": PRODUCTION}, "shop.settings.production"),
        ],
    )
    def test_programs_name_none(self, tmp_path: Path, modules: dict[str, str], expected: str) -> None:
        """DJANGO_SETTINGS_MODULE comes from outside: what are whole settings counts, not what is for development."""
        for folder in ("", "backend/"):
            files = {
                f"{folder}{name}": text for name, text in package(**modules).items() if name != "shop/wsgi.py"
            }
            root = repository(
                tmp_path / (folder or "root"),
                files
                | {f"{folder}manage.py": "from django.core.management import execute_from_command_line\n"},
            )

            assert detect(root).value("settings_module") == expected

    def test_default_of_a_variable(self, tmp_path: Path) -> None:
        """manage.py reads the variable itself, and says what it takes without it."""
        files = shop()
        files["manage.py"] = files["manage.py"].replace(
            '"shop.settings")', 'os.getenv("SHOP", "shop.settings"))'
        )
        del files["shop/wsgi.py"]

        assert detect(repository(tmp_path, files)).value("settings_module") == "shop.settings"

    def test_deployment(self, tmp_path: Path) -> None:
        """A name that nobody can guess, in a file of the deployment; not the one for a step of the build."""
        text = "FROM python:3.13\nRUN DJANGO_SETTINGS_MODULE=shop.settings.assets ./manage.py collectstatic\nENV DJANGO_SETTINGS_MODULE=shop.settings.heaven\n"
        files = package(heaven=PRODUCTION, assets=PRODUCTION) | {"Dockerfile": text}
        fact = detect(repository(tmp_path, files))["settings_module"]

        assert (fact.value, fact.source) == ("shop.settings.heaven", "Dockerfile:3")

    def test_question(self, tmp_path: Path) -> None:
        """Without any sign it is a question; what switches debug mode off comes first."""
        files = package(assets=PRODUCTION, heaven=PRODUCTION + "DEBUG = False\n", pipeline="X = 1\n")
        fact = detect(repository(tmp_path, files))["settings_module"]

        assert [choice.value for choice in fact.choices] == [
            "shop.settings.heaven",
            "shop.settings.assets",
            "shop.settings.local",
        ]

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a.local", True),
            ("a.dev", True),
            ("a.docker_compose", True),
            ("a.settings", False),
            ("a.device", False),
        ],
    )
    def test_development(self, name: str, expected: bool) -> None:
        """Words of the last name tell what is meant for development."""
        assert development(name) is expected

    @pytest.mark.parametrize(
        ("name", "text", "sentence"),
        [
            (
                "manage.py",
                'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\n# django\n',
                "manage.py:2 assigns DJANGO_SETTINGS_MODULE",
            ),
            (
                "shop/settings.py",
                "from configurations import Configuration\n",
                "classes of django-configurations",
            ),
            ("shop/settings.py", "SECRET_KEY = (\n", "shop/settings.py:1 has a syntax error"),
        ],
    )
    def test_refused(self, tmp_path: Path, name: str, text: str, sentence: str) -> None:
        """A project that cannot be served is one sentence."""
        root = repository(tmp_path, shop())
        add(root, {name: text})
        commit(root)

        with pytest.raises(CannotAdopt, match=sentence):
            detect(root)

    def test_names_and_places(self, tmp_path: Path) -> None:
        """The settings of all files, each with the place of its last assignment, and what else is public."""
        production = "from .base import *\nimport environ\nenv = environ.Env()\nALLOWED_HOSTS = ['x']\nif ALLOWED_HOSTS:\n    CACHES = {}\n"
        facts = detect(repository(tmp_path, package(production=production)))

        assert facts.settings["ALLOWED_HOSTS"] == "shop/settings/production.py:4"
        assert facts.settings["CACHES"] == "shop/settings/production.py:6"
        assert facts.settings["BASE_DIR"] == "shop/settings/base.py:4"
        assert "env" in facts.public
