"""The system checks: each mistake has a number, and a right configuration has none."""

from __future__ import annotations

import dataclasses
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from django.core import checks as framework
from django.test import override_settings
from support import example
from support.configured import changed
from support.process import run
from support.web import production

from django_k8s import upstream
from django_k8s.checks import paths, uploads
from django_k8s.checks import system_checks as ours
from django_k8s.checks.messages import MESSAGES
from django_k8s.conf import Config

GOOD: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": ["example.com"],
    "CSRF_TRUSTED_ORIGINS": ["https://example.com"],
    "DJANGO_K8S": changed(trusted_proxies=("10.0.0.0/8",)),
    "SESSION_COOKIE_SECURE": True,
    "MIDDLEWARE": [ours.KUBERNETES, ours.SECURITY, ours.STATIC],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60}},
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "STORAGES": {
        "default": {"BACKEND": "django_k8s.media_storage.s3.S3Media"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    },
    "STATIC_ROOT": None,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "CELERY": {
        "broker_write_url": "redis://h/0",
        "broker_transport_options": {"socket_timeout": 10, "visibility_timeout": 3600},
    },
    "MAILERS": {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}},
}


@pytest.fixture(autouse=True)
def _tested_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make test-newest` may have newer ones."""
    monkeypatch.setattr(upstream, "TESTED", {})


FILES = "django.core.files.storage.FileSystemStorage"
# Overriding LOGGING configures logging, and a logger that it disables would stay so for all further tests.
LOGGING_WITHOUT_OURS = {"version": 1, "disable_existing_loggers": False}
UNWRITABLE = f"{__file__}/below-a-file"
LOCAL_MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def good(**changes: Any) -> Config:
    """The good configuration of the library with ``changes``."""
    return dataclasses.replace(GOOD["DJANGO_K8S"], **changes)


def found(**changes: Any) -> set[str]:
    """The numbers of our messages for the good configuration with ``changes``."""
    with override_settings(**{**GOOD, **changes}):
        messages = framework.run_checks(include_deployment_checks=True)
    return {
        str(message.id).removeprefix("django_k8s.")
        for message in messages
        if str(message.id).startswith("django_k8s.")
    }


def test_parts_in_their_places_have_no_messages() -> None:
    """The parts of KubernetesMiddleware may be listed one by one."""
    parts = [ours.HEALTH, ours.REQUEST_ID, ours.METRICS, ours.PROXY, ours.SECURITY, ours.STATIC]
    assert found(MIDDLEWARE=parts) == set()


def storages(alias: str, backend: str) -> dict[str, Any]:
    return {**GOOD["STORAGES"], alias: {"BACKEND": backend}}


def test_good_configuration_has_no_messages() -> None:
    """A correct configuration has no messages."""
    assert found() == set()


def test_served_uploads_have_no_messages() -> None:
    """Served uploads, and a cache that fails softly without being the only store of sessions, have no messages."""
    assert (
        found(
            STORAGES=storages("default", FILES),
            DJANGO_K8S=good(media_serve=True),
            MEDIA_URL="/media/",
            MIDDLEWARE=[*GOOD["MIDDLEWARE"], uploads.MEDIA],
            CACHES={"default": {"BACKEND": "django_k8s.cache.redis.SoftRedisCache"}},
            SESSION_ENGINE="django.contrib.sessions.backends.cached_db",
        )
        == set()
    )


def test_untested_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """W022 names the library and both releases; SILENCED_SYSTEM_CHECKS silences it like every other."""
    number = "W022"
    monkeypatch.setattr(upstream, "TESTED", {"gunicorn": "22.0"})
    with override_settings(**GOOD):
        messages = framework.run_checks(include_deployment_checks=True)
    (message,) = [message for message in messages if message.id == f"django_k8s.{number}"]

    assert message.msg.startswith(f"gunicorn {version('gunicorn')} is newer")
    assert "gunicorn 22.0" in str(message.hint)


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        pytest.param("E001", {"MIDDLEWARE": [ours.SECURITY, ours.STATIC]}, id="E001"),
        pytest.param("E002", {"MIDDLEWARE": [ours.SECURITY, ours.STATIC, ours.KUBERNETES]}, id="E002 security first"),
        pytest.param("E002", {"MIDDLEWARE": [ours.PROXY, ours.HEALTH, ours.SECURITY, ours.STATIC]}, id="E002 proxy first"),
        pytest.param("E003", {"MIDDLEWARE": [ours.HEALTH, ours.SECURITY, ours.PROXY, ours.STATIC]}, id="E003 proxy"),
        pytest.param("E003", {"MIDDLEWARE": [ours.HEALTH, ours.WHITENOISE, ours.SECURITY]}, id="E003 WhiteNoise"),
        pytest.param("E004", {"MIDDLEWARE": [ours.HEALTH, ours.SECURITY, ours.STATIC, ours.PROXY]}, id="E004"),
        pytest.param("E005", {"DJANGO_K8S": good(readiness_checks=("database", "databse"))}, id="E005 misspelt"),
        pytest.param("E007", {"DJANGO_K8S": good(stall_seconds=60)}, id="E007 stall"),
        pytest.param("E008", {"DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60, "OPTIONS": {"pool": {"max_size": 4}}}}}, id="E008"),
        pytest.param("E010", {"MIDDLEWARE": [ours.HEALTH, ours.SECURITY, ours.STATIC, ours.METRICS]}, id="E010"),
        pytest.param("E011", {"MIDDLEWARE": [ours.KUBERNETES_NAMES[1], ours.METRICS, ours.SECURITY, ours.STATIC]}, id="E011 by its module"),
        pytest.param("E011", {"MIDDLEWARE": [ours.KUBERNETES, ours.METRICS, ours.SECURITY, ours.STATIC]}, id="E011"),
        pytest.param("W001", {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "DJANGO_K8S": good(trusted_proxies=())}, id="W001"),
        pytest.param("W002", {"DJANGO_K8S": good(trusted_proxies=("*",))}, id="W002"),
        pytest.param("W003", {"DJANGO_K8S": good(trusted_proxies=()), "CSRF_TRUSTED_ORIGINS": []}, id="W003"),
        pytest.param("W004", {"ALLOWED_HOSTS": ["*"]}, id="W004"),
        pytest.param("W005", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}, id="W005"),
        pytest.param("W006", {"CACHES": LOCAL_MEMORY, "SESSION_ENGINE": "django.contrib.sessions.backends.cached_db"}, id="W006 sessions"),
        pytest.param("W006", {"CACHES": LOCAL_MEMORY, "MIDDLEWARE": [ours.KUBERNETES, ours.SECURITY, ours.STATIC, "django.middleware.cache.UpdateCacheMiddleware"]}, id="W006 middleware"),
        pytest.param("W006", {"CACHES": LOCAL_MEMORY, "DJANGO_K8S": good(readiness_checks=("cache",))}, id="W006 readiness"),
        pytest.param("W008", {"SESSION_ENGINE": "django.contrib.sessions.backends.file"}, id="W008"),
        pytest.param("W009", {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": LOCAL_MEMORY}, id="W009"),
        pytest.param("W010", {"CELERY": {"broker_write_url": "filesystem://"}}, id="W010"),
        pytest.param("W011", {"STORAGES": storages("staticfiles", "django.contrib.staticfiles.storage.StaticFilesStorage")}, id="W011"),
        pytest.param("W012", {"STATIC_ROOT": "/nowhere"}, id="W012"),
        pytest.param("W014", {"CELERY": {"broker_write_url": "redis://h/0"}}, id="W014"),
        pytest.param("W015", {"CELERY": {**GOOD["CELERY"], "task_time_limit": 7200}}, id="W015"),
        pytest.param("W017", {"DJANGO_K8S": good(metrics=True), "MIDDLEWARE": [ours.HEALTH]}, id="W017"),
        pytest.param("W023", {"DJANGO_K8S": good(common_secrets=("DATABASE_URL",))}, id="W023 a variable"),
        pytest.param("W023", {"DATABASES": {"default": {**GOOD["DATABASES"]["default"], "PASSWORD": "django"}}}, id="W023 the project's own"),
        pytest.param("W024", {"STORAGES": storages("default", FILES), "DJANGO_K8S": good(media_serve=True), "MEDIA_URL": "/media/"}, id="W024 middleware"),
        pytest.param("W024", {"STORAGES": storages("default", FILES), "DJANGO_K8S": good(media_serve=True), "MEDIA_URL": "", "MIDDLEWARE": [*GOOD["MIDDLEWARE"], uploads.MEDIA]}, id="W024 MEDIA_URL"),
        pytest.param("W025", {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": {"default": {"BACKEND": "django_k8s.cache.redis.SoftRedisCache"}}}, id="W025 ours"),
        pytest.param("W025", {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache", "OPTIONS": {"IGNORE_EXCEPTIONS": True}}}}, id="W025 django-redis"),
        *(
            pytest.param("W026", changes, id=f"W026 {next(iter(changes))}")
            for changes in (
                {"FILE_UPLOAD_TEMP_DIR": UNWRITABLE},
                {"SESSION_FILE_PATH": UNWRITABLE},
                {"HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.whoosh_backend.WhooshEngine", "PATH": UNWRITABLE}}},
            )
        ),
        pytest.param("W018", {"DJANGO_K8S": good(log_format="json"), "LOGGING": LOGGING_WITHOUT_OURS}, id="W018"),
        pytest.param("W016", {"MAILERS": {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}}, id="W016"),
        pytest.param("E007", {"DJANGO_K8S": good(database_lock_timeout_seconds=0)}, id="E007 lock"),
        pytest.param("E007", {"DJANGO_K8S": good(database_statement_timeout_seconds=0)}, id="E007 statement"),
        pytest.param("E005", {"DJANGO_K8S": good(readiness_checks=("django_k8s.__version__",))}, id="E005 not callable"),
        pytest.param("W021", {"DJANGO_K8S": good(without_effect=("POSTGRES_HOST",))}, id="W021"),
        pytest.param("W019", {"DJANGO_K8S": good(database_pgbouncer=True)}, id="W019"),
    ],
)  # fmt: skip
def test_mistake(number: str, changes: dict[str, Any]) -> None:
    """Each mistake is reported under its number."""
    assert number in found(**changes)


def test_storages_by_their_old_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without STORAGES they are a mistake. Beside it, as in an old project that was adopted, they do no harm."""
    changes = {"STATICFILES_STORAGE": "x"}

    assert "E009" not in found(**changes)
    monkeypatch.setattr(uploads, "storages_are_named", lambda: False)
    assert "E009" in found(**changes)


def test_cache_in_files() -> None:
    """A cache in files needs a directory that can be written. Django's own check cannot run with this one."""
    files = {
        "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": UNWRITABLE}
    }
    with override_settings(CACHES=files):
        assert list(paths.unwritable()) == [("CACHES['default']['LOCATION']", Path(UNWRITABLE))]


def test_paths_that_can_be_written(tmp_path: Path) -> None:
    """A missing directory is fine if it can be created."""
    assert found(FILE_UPLOAD_TEMP_DIR=str(tmp_path / "new" / "uploads"), SESSION_FILE_PATH=tmp_path) == set()


def test_mail_that_is_not_sent_on_purpose() -> None:
    """No message for a missing mailer, a mailer without a backend (SMTP), and mail that is deliberately discarded."""
    for mailers in ({}, {"default": {}}, {"default": {"BACKEND": "django_k8s.mail.NullBackend"}}):
        assert found(MAILERS=mailers) == set()


def test_cache_that_is_not_used() -> None:
    """Local memory is the default of a project that uses no cache."""
    assert found(CACHES=LOCAL_MEMORY) == set()


@pytest.mark.parametrize(
    ("variables", "reported"),
    [
        ({"MEDIA_ROOT": "/srv/media"}, True),
        ({"MEDIA_ROOT": "/dev/shm/media"}, False),
        ({"MEDIA_S3_BUCKET": "b"}, False),
    ],
    ids=["disk", "volume", "bucket"],
)
def test_files_on_the_pods_disk(tmp_path: Path, variables: dict[str, str], reported: bool) -> None:
    """Files of a model's field on the pod's own disk are reported; those on a mounted volume are not."""
    env = production(
        DJANGO_SETTINGS_MODULE="config.settings", DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3", **variables
    )
    folder = example.copy(tmp_path / "site")
    done = run([sys.executable, "manage.py", "check", "--deploy"], env, folder)

    number = "W007"
    words = (
        f"(django_k8s.{number}) Files of board.Note.image, board.Note.thumbnail are stored on the pod's disk"
    )
    assert (words in done.stderr) is reported, done.stderr


def test_no_files_at_all() -> None:
    """A project without a file field stores nothing."""
    assert found(STORAGES=storages("default", "django.core.files.storage.FileSystemStorage")) == set()


def test_liveness_has_no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dependency that is away must not restart pods."""
    monkeypatch.setenv("LIVENESS_CHECKS", "database")

    assert found() == {"E006"}


def test_celery_without_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """CELERY has no effect then; a project without both is not told about either."""
    monkeypatch.setenv("CELERY_APP", "nowhere")

    assert found() == {"W020"}
    assert found(CELERY=None) == set()


def test_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Static AWS keys next to S3 media are reported, and not printed."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUNTER2")

    assert "W013" in found()


@pytest.mark.parametrize("key", [True, False])
def test_key_file_of_google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: bool) -> None:
    """The file of a service account has a key; the configuration of a pod's identity has none."""
    path = tmp_path / "credentials.json"
    path.write_text('{"private_key": "hunter2"}' if key else '{"type": "external_account"}')
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    storages = {**GOOD["STORAGES"], "default": {"BACKEND": "django_k8s.media_storage.gcs.GCSMedia"}}

    assert ("W013" in found(STORAGES=storages)) is key


def test_secret_of_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client secret next to Azure media is a key, too."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    storages = {**GOOD["STORAGES"], "default": {"BACKEND": "django_k8s.media_storage.azure.AzureMedia"}}

    assert "W013" in found(STORAGES=storages)
    assert "W013" not in found()


def test_warnings_are_for_deployments() -> None:
    """Warnings do not appear in debug mode."""
    changes = {"DEBUG": True, "CACHES": LOCAL_MEMORY, "ALLOWED_HOSTS": ["*"]}

    assert found(**changes) == set()


def test_every_number_is_tested_and_used() -> None:
    """A rule without a case above, or without a check, would be a promise without proof."""
    source = Path(ours.__file__).read_text()
    tests = Path(__file__).read_text()

    assert [number for number in MESSAGES if f'"{number}"' not in tests] == []
    assert [number for number in MESSAGES if f'"{number}"' not in source] == []
