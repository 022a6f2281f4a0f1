"""The Python code of the documentation is complete, clean and typed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from support import example
from support.process import environment, run

# One process, so that mypy reads the libraries once.
pytestmark = pytest.mark.xdist_group("snippets")

ROOT = example.ROOT
BLOCK = re.compile(r"(?P<before>[^\n]*(?:\n[^\n]+)*):?\n\n```python\n(?P<code>.*?)```", re.DOTALL)
NAMED = re.compile(r"# (?P<comment>[\w/]+\.py)$|`(?P<text>[\w/]+\.py)`", re.MULTILINE)
# Celery has no types, so its decorators are untyped. The plugin knows the fields of models.
MYPY = """
[mypy]
strict = True
plugins = mypy_django_plugin.main
follow_imports = silent
explicit_package_bases = True
disallow_untyped_decorators = False
disallow_subclassing_any = False
[mypy-celery.*]
ignore_missing_imports = True
[mypy-django_q.*]
ignore_missing_imports = True
[mypy-channels.*]
ignore_missing_imports = True
[mypy.plugins.django-stubs]
django_settings_module = config.settings
"""
# Migrations have lists, as Django writes them.
RUFF = 'lint.per-file-ignores = {"**/migrations/*.py" = ["RUF012"]}'
# What the module below a project's own imports from it.
PRODUCTION = '''"""Settings that a project has already."""

from pathlib import Path

BASE_DIR = Path(__file__).parent
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ALLOWED_HOSTS = ["shop.example.com"]
INSTALLED_APPS = ["shop"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
LOGGING = {"version": 1, "root": {"level": "INFO"}}
MEDIA_ROOT = BASE_DIR / "media"
SECRET_KEY = "of the project"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 3600
CSRF_TRUSTED_ORIGINS = ["https://shop.example.com"]
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
CELERY_BROKER_URL = "redis://localhost"
CELERY_RESULT_BACKEND = "redis://localhost/1"
'''


def pages() -> list[str]:
    """Every page with Python code in it."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "charts").rglob("*.md")]
    found += [*(ROOT / "example_project").glob("*.md"), *(ROOT / "manifests").glob("*.md")]
    return sorted(str(page.relative_to(ROOT)) for page in found if "```python" in page.read_text())


def files(page: str) -> dict[str, str]:
    """The code of a page by file: the one that a comment in it or the words before it name, else one for the page."""
    text = (ROOT / page).read_text()
    found: dict[str, str] = {}
    for match in BLOCK.finditer(text):
        code = match["code"]
        named = NAMED.match(code) or NAMED.search(match["before"])
        name = (named["comment"] or named["text"]) if named else "page.py"
        if named and "/" not in name:
            name = f"config/{name}"  # such as celery.py, beside the settings
        found[name] = f"{found[name]}\n{code}" if name in found else code
    assert text.count("```python\n") == len(list(BLOCK.finditer(text)))
    return found


def install(folder: Path, app: str) -> None:
    """Do what the tutorial says after the code: add the application to INSTALLED_APPS."""
    settings = folder / "config" / "settings.py"
    settings.write_text(settings.read_text().replace('    "board",\n', f'    "board",\n    "{app}",\n'))


def test_there_are_pages() -> None:
    """The documentation is found where it is."""
    assert {"README.md", "docs/reference/settings.md", "docs/how-to/existing-project.md"} <= set(pages())


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where mypy keeps what it knows of libraries."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("page", pages())
def test_code(page: str, tmp_path: Path, mypy_cache: Path) -> None:
    """Every block is clean under ruff's default rules and under mypy --strict."""
    folder = example.copy(tmp_path / "site")
    written = files(page)
    for name, code in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        if path.name == "kubernetes.py":
            path.with_name("production.py").write_text(PRODUCTION)
        if path.name == "models.py":
            install(folder, path.parent.name)
    (tmp_path / "mypy.ini").write_text(MYPY)
    ruff = run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--config", RUFF, "--no-cache", *written],
        environment(),
        folder,
    )
    env = environment(DEBUG="true", PYTHONPATH=str(folder))
    options = [f"--config-file={tmp_path / 'mypy.ini'}", f"--cache-dir={mypy_cache}"]
    mypy = run([sys.executable, "-m", "mypy", *options, *written], env, folder, timeout=300)

    assert ruff.returncode == 0, ruff.stdout
    assert mypy.returncode == 0, mypy.stdout + mypy.stderr


def test_the_report_is_the_one_that_is_shown() -> None:
    """The reference shows what a mistake in a variable of the project looks like."""
    page = (ROOT / "docs/reference/settings.md").read_text()
    first, second = BLOCK.finditer(page.partition("<!--")[0])
    shown = re.search(r"\n\n((?:    .*\n)+)", page[second.end() :])
    env = environment(UPLOAD_LIMIT_MB="many", DEBUG="true")
    code = f"__file__ = '/srv/shop/settings.py'\n{first['code']}\n{second['code']}\nk8s.config(env)"
    result = run([sys.executable, "-c", code], env, ROOT / "tests")

    assert shown
    assert result.returncode == 78
    assert re.sub("^    ", "", shown[1], flags=re.MULTILINE) in result.stderr
