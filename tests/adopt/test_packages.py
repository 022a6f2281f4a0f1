"""What the project installs: locks, groups and extras, the version of Python, Debian packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import repository, shop

from django_k8s.adopt.detect import detect
from django_k8s.adopt.facts import Facts
from django_k8s.adopt.render.docker import arguments
from django_k8s.adopt.rules.pythons import _allows as allows

UV = """
requires-python = ">=3.12"
[[package]]
name = "shop"
source = { virtual = "." }
dependencies = [{ name = "django" }, { name = "psycopg", extra = ["c"] }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
prod = [{ name = "celery" }]
[[package]]
name = "django"
version = "6.0.1"
[[package]]
name = "psycopg"
version = "3.3.0"
[package.optional-dependencies]
c = [{ name = "psycopg-c" }]
[[package]]
name = "psycopg-c"
version = "3.3.0"
[[package]]
name = "pytest"
version = "9.0"
[[package]]
name = "celery"
version = "5.6.3"
[[package]]
name = "cryptic"
version = "1"
wheels = [{ url = "https://x/cryptic-1-cp312-cp312-linux.whl" }, { url = "https://x/cryptic-1-cp313-cp313-linux.whl" }]
"""
PYPROJECT = (
    '[project]\nname = "shop"\nversion = "1"\n[dependency-groups]\ndev = ["pytest"]\nprod = ["celery"]\n'
)


def facts(root: Path, files: dict[str, str]) -> Facts:
    """The facts of the shop with other files for its packages."""
    found = shop()
    if "requirements.txt" not in files:
        del found["requirements.txt"]
    return detect(repository(root, found | files))


class TestLock:
    def test_uv(self, tmp_path: Path) -> None:
        """From uv.lock, the dependencies of the project and of the groups that production needs are read."""
        found = facts(tmp_path, {"uv.lock": UV, "pyproject.toml": PYPROJECT})

        assert (found.value("lock"), found.value("lock_kind")) == ("uv.lock", "uv")
        assert found.value("groups") == ["prod"]
        assert found.value("django_version") == "6.0.1"
        assert found.value("installed") == ["celery", "psycopg"]
        assert found.value("packages") == ["libpq5"]
        assert "libpq-dev" in found.value("build_packages")

    def test_poetry(self, tmp_path: Path) -> None:
        """From poetry.lock, the main group is read."""
        lock = '[[package]]\nname = "Django"\nversion = "5.2.4"\ngroups = ["main"]\n[[package]]\nname = "celery"\nversion = "5"\ngroups = ["dev"]\n'
        found = facts(
            tmp_path,
            {"poetry.lock": lock, "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\n'},
        )

        assert (found.value("lock_kind"), found.value("django_version")) == ("poetry", "5.2.4")
        assert found.value("installed") == []

    def test_pipenv(self, tmp_path: Path) -> None:
        """From Pipfile.lock, the packages that are not for development are read, and the Python version from Pipfile."""
        lock = '{"default": {"django": {"version": "==5.2.2"}}, "develop": {"celery": {}}}'
        found = facts(tmp_path, {"Pipfile.lock": lock, "Pipfile": '[requires]\npython_version = "3.12"\n'})

        assert (found.value("lock_kind"), found.value("django_version")) == ("pipenv", "5.2.2")
        assert found.value("python_version") == "3.12"

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            (
                {
                    "requirements/base.txt": "django==5.2",
                    "requirements/production.txt": "-r base.txt",
                    "requirements/dev.txt": "-r base.txt",
                },
                "requirements/production.txt",
            ),
            ({"requirements.txt": "django", "requirements-dev.txt": "django\npytest"}, "requirements.txt"),
            (
                {"ops/pip/requirements.txt": "Django[argon2]==5.2", "docs/requirements.txt": "django"},
                "ops/pip/requirements.txt",
            ),
            ({"pyproject.toml": '[project]\nname = "x"\ndependencies = ["django"]\n'}, "pyproject.toml"),
            ({"pyproject.toml": '[dependency-groups]\nmain = ["Django==5.2"]\n'}, "pyproject.toml"),
            ({"pyproject.toml": '[dependency-groups]\nlint = ["ruff"]\n'}, None),
            ({"uv.lock": UV, "requirements.txt": "django"}, "uv.lock"),
        ],
    )
    def test_which(self, tmp_path: Path, files: dict[str, str], expected: str) -> None:
        """The lock file is the nearest one, or else the requirements file of production."""
        assert facts(tmp_path, files).value("lock") == expected

    def test_two_locks(self, tmp_path: Path) -> None:
        """Two kinds of lock files in one directory are a question, unless the project's file says which tool it uses."""
        files = {"uv.lock": UV, "poetry.lock": ""}

        assert facts(tmp_path / "a", files)["lock"].asked
        owned = facts(tmp_path / "b", files | {"pyproject.toml": PYPROJECT + "[tool.poetry]\nname = 'x'\n"})
        assert (owned.value("lock"), owned["lock"].asked) == ("poetry.lock", False)

    def test_none(self, tmp_path: Path) -> None:
        """Without a lock, a note says what to do."""
        assert any("`python -m pip freeze" in note for note in facts(tmp_path, {}).notes)

    def test_imported_extra(self, tmp_path: Path) -> None:
        """An extra that alone has what the settings import is needed, whatever its name."""
        text = '[project]\nname = "x"\ndependencies = ["django"]\n[project.optional-dependencies]\ntest = ["django-environ"]\ndocs = ["sphinx"]\n'
        files = shop(settings="\nimport environ\n") | {"pyproject.toml": text}

        assert detect(repository(tmp_path, files)).value("extras") == ["test"]

    def test_groups_of_a_dockerfile(self, tmp_path: Path) -> None:
        """What the last stage of a Dockerfile installs is needed; what another stage does is not."""
        text = "FROM python:3.13 AS build\nRUN uv sync --group mail\nFROM python:3.13 AS other\nRUN uv sync --group chat\nFROM build\n"
        pyproject = (
            '[project]\nname = "shop"\nversion = "1"\n[dependency-groups]\nmail = ["x"]\nchat = ["y"]\n'
        )

        assert facts(tmp_path, {"uv.lock": UV, "pyproject.toml": pyproject, "Dockerfile": text}).value(
            "groups"
        ) == ["mail"]

    @pytest.mark.parametrize(
        ("command", "code", "expected"),
        [
            ("uv sync --locked \\\n    --no-editable", "from shop.tests.users import someone", ["dev"]),
            ("uv sync --locked", "import django", []),
            ("uv sync --locked --no-dev", "from shop.tests.users import someone", []),
            ("uv sync --only-group prod", "import pytest", ["prod"]),
            ("uv sync --group dev --group docs", "from pytest import fixture", ["dev"]),
        ],
    )
    def test_development_in_production(
        self, tmp_path: Path, command: str, code: str, expected: list[str]
    ) -> None:
        """A group for development counts if the image of production has it, and code cannot be imported without it."""
        files = {
            "Dockerfile": f"FROM python:3.13\nRUN {command}\n",
            "compose/local/Dockerfile": "FROM python:3.13\nRUN uv sync --all-groups\n",
            "shop/data.py": f"{code}\n",
            "shop/tests/users.py": "import pytest\n",
            "uv.lock": UV,
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[dependency-groups]\ndev = ["pytest"]\ndocs = ["sphinx"]\nprod = ["x"]\n',
        }

        assert [one for one in facts(tmp_path, files).value("groups") if one != "prod"] == [
            one for one in expected if one != "prod"
        ]

    def test_groups_of_poetry(self, tmp_path: Path) -> None:
        """`poetry install` installs each group that is not optional, unless it is told not to."""
        text = '[tool.poetry.dependencies]\ndjango = "^5.2"\n' + "".join(
            f'[tool.poetry.group.{name}]\noptional = {optional}\n[tool.poetry.group.{name}.dependencies]\n{name}-x = "1"\n'
            for name, optional in (("mail", "false"), ("search", "false"), ("chat", "true"), ("dev", "false"))
        )
        files = {"poetry.lock": "", "pyproject.toml": text}
        docker = {"Dockerfile": "FROM python:3.13\nRUN poetry install --without search,dev\n"}

        assert facts(tmp_path / "a", files | docker).value("groups") == ["mail"]
        assert facts(tmp_path / "b", files).value("groups") == []

    @pytest.mark.parametrize(
        ("command", "expected"),
        [
            ("RUN pip install -r /code/requirements/live.txt", "requirements/live.txt"),
            (
                "ARG NAME=live\nRUN pip install --no-cache-dir -r requirements/${NAME}.txt",
                "requirements/live.txt",
            ),
            ("COPY requirements/live.txt /req.txt\nRUN uv pip install -r /req.txt", "requirements/live.txt"),
            ("RUN pip install -r requirements/local.txt", "Pipfile.lock"),
            ("RUN pipenv sync && pip install -r requirements/live.txt", "Pipfile.lock"),
        ],
    )
    def test_requirements_of_a_dockerfile(self, tmp_path: Path, command: str, expected: str) -> None:
        """The file that the image of production installs is the lock, although another one lies nearer."""
        text = "django==5.2\n"
        files = {f"requirements/{name}.txt": text for name in ("base", "live", "local")} | {
            "Pipfile.lock": "{}"
        }

        assert (
            facts(tmp_path, files | {"Dockerfile": f"FROM python:3.13\n{command}\n"}).value("lock")
            == expected
        )

    def test_exported(self, tmp_path: Path) -> None:
        """A file that was exported from a lock has its groups in it: the image cannot choose them again."""
        files = {"requirements/prod.txt": "django==5.2\n", "pyproject.toml": PYPROJECT}
        found = facts(tmp_path, files)

        assert found.value("groups") == ["prod"]
        assert arguments(found)["GROUPS"] == ""
        assert (
            arguments(facts(tmp_path / "b", {"uv.lock": UV, "pyproject.toml": PYPROJECT}))["GROUPS"] == "prod"
        )

    @pytest.mark.parametrize("way", [" -r ", "\nRUN pip install -r "])
    def test_several_files_of_a_dockerfile(self, tmp_path: Path, way: str) -> None:
        """What the image of production installs from several files, ours does too; what they have in common is one."""
        files = {
            "requirements.txt": "django==5.2\n",
            "requirements-server.txt": "gunicorn==23.0.0\n",
            "requirements-same.txt": "django\n",
            "requirements-dev.txt": "django\npytest\n",
        }
        command = way.join(
            ["-r requirements.txt", *(f"requirements-{name}.txt" for name in ("server", "same", "dev"))]
        )
        found = facts(tmp_path, files | {"Dockerfile": f"FROM python:3.13\nRUN pip install {command}\n"})

        assert (found.value("lock"), found.value("lock_more")) == (
            "requirements.txt",
            ["requirements-server.txt"],
        )
        assert "gunicorn" in found.list("installed")
        assert arguments(found)["LOCK"] == "requirements.txt requirements-server.txt"

    def test_old_django(self, tmp_path: Path) -> None:
        """A Django that is too old is a note."""
        assert any(
            "older than 5.2" in note for note in facts(tmp_path, {"requirements.txt": "django==4.2.1"}).notes
        )


class TestPython:
    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({".python-version": "3.12.4\n"}, "3.12"),
            ({"Dockerfile": "FROM python:3.11-slim\nRUN pip install x\n", ".python-version": "3.12"}, "3.11"),
            ({"runtime.txt": "python-3.13.1"}, "3.13"),
            ({"pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.11,<3.13"\n'}, "3.12"),
            ({"uv.lock": UV, "pyproject.toml": PYPROJECT}, "3.13"),  # the newest for which all wheels exist
        ],
    )
    def test_version(self, tmp_path: Path, files: dict[str, str], expected: str) -> None:
        """The Python version is the one that a file names, or else the newest that the project and its wheels allow."""
        assert facts(tmp_path, files).value("python_version") == expected

    @pytest.mark.parametrize(
        ("required", "version", "expected"),
        [
            (">=3.12", "3.11", False), (">=3.12", "3.14", True), ("==3.14.*", "3.13", False), ("~=3.12", "3.13", True),
            ("~=3.12.0", "3.13", False), ("^3.11", "3.13", True), ("<3.14,>=3.11", "3.14", False), ("<4", "3.14", True), ("", "3.11", True),
        ],
    )  # fmt: skip
    def test_allows(self, required: str, version: str, expected: bool) -> None:
        """Requirements as pip and poetry write them."""
        assert allows(required, version) is expected


class TestDebian:
    @pytest.mark.parametrize(
        ("wheels", "build"),
        [
            ("", ["gcc"]),
            ('wheels = [{ url = "https://example.com/fastmark-1.0-cp314-cp314-linux.whl" }]', []),
        ],
    )
    def test_by_lock(self, tmp_path: Path, wheels: str, build: list[str]) -> None:
        """A package that the lock has as source only, and that needs cffi, is compiled."""
        lock = f"""version = 1
[[package]]
name = "fastmark"
version = "1.0"
sdist = {{ url = "https://example.com/fastmark-1.0.tar.gz" }}
{wheels}
dependencies = [{{ name = "cffi" }}]
"""

        assert facts(tmp_path, {"uv.lock": lock}).value("build_packages") == build

    @pytest.mark.parametrize(
        ("requirements", "run", "build"),
        [
            ("psycopg==3.2", ["libpq5"], []),
            ("psycopg[binary]==3.2", [], []),
            ("psycopg[c]==3.2", ["libpq5"], ["gcc", "libpq-dev"]),
            ("psycopg2==2.9", ["libpq5"], ["gcc", "libpq-dev"]),
            (
                "python-magic\nmysqlclient==2",
                ["libmagic1", "libmariadb3"],
                ["default-libmysqlclient-dev", "gcc", "pkg-config"],
            ),
            ("thing @ git+https://example.com/thing.git", [], ["git"]),
        ],
    )
    def test_by_package(self, tmp_path: Path, requirements: str, run: list[str], build: list[str]) -> None:
        """Python packages bring the Debian packages that they need."""
        found = facts(tmp_path, {"requirements.txt": f"django==5.2\n{requirements}\n"})

        assert (found.value("packages"), found.value("build_packages")) == (run, build)

    def test_of_a_dockerfile(self, tmp_path: Path) -> None:
        """What the last stage installs counts if the code calls it."""
        files = {
            "requirements.txt": "django==5.2\n",
            "Dockerfile": "FROM python:3.13\nRUN apt-get install -y optipng ffmpeg\n",
            "shop/images.py": "import subprocess\nsubprocess.run(['optipng', 'x.png'])\n",
        }
        assert facts(tmp_path, files).value("packages") == ["optipng"]

    def test_translations(self, tmp_path: Path) -> None:
        """Messages without their compiled form are compiled in the build."""
        name = "locale/de/LC_MESSAGES/django"
        compiled = facts(tmp_path / "a", {f"{name}.po": "", f"{name}.mo": ""})
        found = facts(tmp_path / "b", {f"{name}.po": ""})

        assert (compiled.value("translations"), found.value("translations")) == (False, True)
        assert "gettext" in found.value("build_packages")
        assert "gettext" not in found.value("packages")

    @pytest.mark.parametrize(
        ("settings", "requirements", "expected"),
        [
            ("", "django", "django.db.backends.postgresql"),
            (
                "\nDATABASES = {'default': {'ENGINE': 'django.contrib.gis.db.backends.postgis'}}\n",
                "django",
                "django.contrib.gis.db.backends.postgis",
            ),
            (
                "\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n",
                "django",
                "django.db.backends.postgresql",
            ),
            ("\nDATABASES = {'default': make()}\n", "django\nmysqlclient", "django.db.backends.mysql"),
            (
                "\nDATABASES = {'default': {'ENGINE': 'django.db.backends.' + kind}}\n",
                "django",
                "django.db.backends.postgresql",
            ),
        ],
    )
    def test_database(self, tmp_path: Path, settings: str, requirements: str, expected: str) -> None:
        """The engine is that of production. SQLite does not count, because pods cannot share a file."""
        files = shop()
        if settings:
            files["shop/settings.py"] = "SECRET_KEY = 'x'" + settings
        files["requirements.txt"] = requirements

        assert detect(repository(tmp_path, files)).value("database_engine") == expected
