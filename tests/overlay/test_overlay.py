"""What each function of the overlay makes of a project's value."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.cache import CacheHandler
from django.core.files.storage.handler import StorageHandler
from django.test import override_settings
from support import servers

from django_k8s import Env, overlay
from django_k8s import settings as k8s

HERE = Path("/srv/app")
KEY = "k" * 60
FIRST = "django_k8s.middleware.KubernetesMiddleware"
STATIC = "django_k8s.middleware.StaticFilesMiddleware"
MEDIA = "django_k8s.middleware.MediaFilesMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
POSTGRES = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "own",
    "USER": "own",
    "PASSWORD": "own-secret",
    "HOST": "own-host",
    "PORT": "5433",
}
URL = "postgres://app:url-secret@db.internal:5432/named?sslmode=require"


def env(**values: str) -> Env:
    """The environment ``values`` in production."""
    return Env(HERE, environ=values)


def problems(environment: Env) -> set[str]:
    """The variables that something is wrong with."""
    return {problem.name for problem in environment.problems}


class TestApps:
    """INSTALLED_APPS and MIDDLEWARE."""

    def test_apps(self) -> None:
        """Our app comes first, once, in a list or a tuple."""
        assert overlay.installed_apps(["shop"]) == ["django_k8s", "shop"]
        assert overlay.installed_apps(("shop",)) == ("django_k8s", "shop")
        assert overlay.installed_apps(["shop", "django_k8s"]) == ["shop", "django_k8s"]
        assert overlay.installed_apps(["django_k8s.apps.DjangoK8sConfig"]) == [
            "django_k8s.apps.DjangoK8sConfig"
        ]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([SECURITY, "a"], [FIRST, SECURITY, STATIC, MEDIA, "a"]),
            ([SECURITY, WHITENOISE, "a"], [FIRST, SECURITY, STATIC, MEDIA, "a"]),
            (["a", SECURITY, "b", WHITENOISE], [FIRST, "a", SECURITY, STATIC, MEDIA, "b"]),
            ([WHITENOISE, "a", SECURITY], [FIRST, "a", SECURITY, STATIC, MEDIA]),
            (["a", WHITENOISE, "b"], [FIRST, "a", STATIC, MEDIA, "b"]),
            (["no.such.Middleware"], [FIRST, STATIC, MEDIA, "no.such.Middleware"]),
            ([], [FIRST, STATIC, MEDIA]),
            (["django_k8s.middleware.health.HealthMiddleware", SECURITY], [FIRST, SECURITY, STATIC, MEDIA]),
            ([SECURITY, "a", MEDIA], [FIRST, SECURITY, STATIC, "a", MEDIA]),
        ],
    )
    def test_middleware(self, before: list[str], after: list[str]) -> None:
        """Ours are first and after SecurityMiddleware, the rest keeps its order; a second time changes nothing."""
        given = list(before)

        assert overlay.middleware(before) == after
        assert overlay.middleware(tuple(before)) == tuple(after)
        assert overlay.middleware(overlay.middleware(before)) == after
        assert before == given

    def test_static_files_by_others(self) -> None:
        """Where something else serves static files, the project's choice stays."""
        assert overlay.middleware([SECURITY, WHITENOISE], static_files=False) == [
            FIRST,
            SECURITY,
            MEDIA,
            WHITENOISE,
        ]

    def test_without_whitenoise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without WhiteNoise there is no middleware for static files."""
        monkeypatch.setitem(sys.modules, "whitenoise", None)  # as if it were not installed

        assert overlay.middleware([SECURITY, "a"]) == [FIRST, SECURITY, MEDIA, "a"]


class TestDatabases:
    """DATABASES."""

    def test_stays_where_it_is(self) -> None:
        """Without a variable, only how it fails is added."""
        found = overlay.databases(env(), {"default": POSTGRES})["default"]

        assert {key: found[key] for key in POSTGRES} == POSTGRES
        assert found["CONN_HEALTH_CHECKS"]
        assert found["OPTIONS"]["connect_timeout"] == 5

    def test_url(self) -> None:
        """DATABASE_URL says where it is; engine, options, transactions and TEST are the project's."""
        own = {
            **POSTGRES,
            "ENGINE": "django.contrib.gis.db.backends.postgis",
            "ATOMIC_REQUESTS": True,
            "TEST": {"NAME": "test_own"},
            "OPTIONS": {"sslmode": "verify-full", "application_name": "shop"},
        }
        found = overlay.databases(env(DATABASE_URL=URL), {"default": own})["default"]

        assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.internal", 5432, "named")
        assert (found["USER"], found["PASSWORD"]) == ("app", "url-secret")
        assert {key: found[key] for key in ("ENGINE", "ATOMIC_REQUESTS", "TEST")} == {
            key: own[key] for key in ("ENGINE", "ATOMIC_REQUESTS", "TEST")
        }
        assert found["OPTIONS"]["sslmode"] == "verify-full"
        assert found["OPTIONS"]["application_name"] == "shop"

    def test_parts(self) -> None:
        """DATABASE_HOST and its parts do the same."""
        parts = {
            "DATABASE_HOST": "db.internal",
            "DATABASE_NAME": "n",
            "DATABASE_USER": "u",
            "DATABASE_PASSWORD": "p#w",
        }
        found = overlay.databases(env(**parts), {"default": POSTGRES})["default"]

        assert (found["HOST"], found["NAME"], found["USER"], found["PASSWORD"]) == (
            "db.internal",
            "n",
            "u",
            "p#w",
        )

    def test_parts_that_no_variable_names(self) -> None:
        """Beside DATABASE_HOST, port and password are the project's, unless they are set too; SQLite has none."""
        parts = {"DATABASE_HOST": "db.internal", "DATABASE_NAME": "n", "DATABASE_USER": "u"}
        sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3", "PASSWORD": "x", "PORT": 1}
        more = {"DATABASE_PORT": "5434", "DATABASE_PASSWORD": "given"}
        found = [
            overlay.databases(env(**parts, **values), {"default": own})["default"]
            for values, own in (({}, POSTGRES), (more, POSTGRES), ({}, sqlite))
        ]

        assert [(str(one["PORT"]), one["PASSWORD"]) for one in found] == [
            ("5433", "own-secret"),
            ("5434", "given"),
            ("5432", ""),
        ]

    def test_another_kind(self) -> None:
        """The options of SQLite are none of PostgreSQL; the rest of the project's keys stays."""
        own = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "db.sqlite3",
            "ATOMIC_REQUESTS": True,
            "OPTIONS": {"init_command": "PRAGMA foreign_keys=ON"},
        }
        found = overlay.databases(env(DATABASE_URL=URL), {"default": own})["default"]

        assert found["ENGINE"] == "django.db.backends.postgresql"
        assert found["ATOMIC_REQUESTS"] is True
        assert "init_command" not in found["OPTIONS"]

    def test_further_aliases(self) -> None:
        """Each alias has a variable of its own, and stays where it is without it."""
        own = {
            "default": POSTGRES,
            "read-replica": {**POSTGRES, "TEST": {"MIRROR": "default"}},
            "trac": POSTGRES,
        }
        found = overlay.databases(env(READ_REPLICA_DATABASE_URL=URL), own)

        assert [found[alias]["HOST"] for alias in own] == ["own-host", "db.internal", "own-host"]
        assert found["read-replica"]["TEST"] == {"MIRROR": "default"}
        assert found["trac"]["OPTIONS"]["connect_timeout"] == 5

    def test_a_variable_that_is_set_wins(self) -> None:
        """What an operator sets has an effect; what nobody sets is the project's."""
        own = {**POSTGRES, "CONN_MAX_AGE": 0, "OPTIONS": {"connect_timeout": 2, "sslmode": "prefer"}}
        values = {"DATABASE_CONN_MAX_AGE": "30", "DATABASE_SSLMODE": "verify-full"}
        kept = overlay.databases(env(), {"default": own})["default"]
        found = overlay.databases(env(**values), {"default": own})["default"]

        assert (kept["CONN_MAX_AGE"], kept["OPTIONS"]["sslmode"]) == (0, "prefer")
        assert (found["CONN_MAX_AGE"], found["OPTIONS"]["sslmode"]) == (30, "verify-full")
        assert found["OPTIONS"]["connect_timeout"] == 2

    def test_pool(self) -> None:
        """A pool of the project rules out kept connections, which Django refuses beside it."""
        found = overlay.databases(env(), {"default": {**POSTGRES, "OPTIONS": {"pool": True}}})["default"]

        assert (found["CONN_MAX_AGE"], found["OPTIONS"]["pool"]) == (0, True)

    def test_other_engines(self) -> None:
        """MySQL gets health checks, options of its own drivers, and none of PostgreSQL."""
        own = {"ENGINE": "django.db.backends.mysql", "NAME": "n", "OPTIONS": {"charset": "utf8mb4"}}
        found = overlay.databases(env(), {"default": own})["default"]

        assert found["CONN_HEALTH_CHECKS"]
        assert found["OPTIONS"].keys() == {"charset", "connect_timeout", "init_command"}
        assert found["OPTIONS"]["charset"] == "utf8mb4"

    def test_none(self) -> None:
        """A project without a database has to be given one in production."""
        environment = env()
        overlay.databases(environment, {"default": {}})

        assert "DATABASE_URL" in problems(environment)
        assert overlay.databases(env(DATABASE_URL=URL), {})["default"]["NAME"] == "named"

    @pytest.mark.parametrize("values", [{}, {"DATABASE_URL": URL}])
    def test_nothing_is_changed_in_place(self, values: dict[str, str]) -> None:
        """The project's own dictionaries are as before."""
        own = {"default": {**POSTGRES, "OPTIONS": {"options": "-c search_path=shop"}}}
        copy = {"default": {**POSTGRES, "OPTIONS": {"options": "-c search_path=shop"}}}
        overlay.databases(env(**values, DATABASE_CONNECT_TIMEOUT_SECONDS="9"), own)

        assert own == copy

    @pytest.mark.parametrize(
        ("values", "statement", "lock"),
        [({}, "20s", "1min"), ({"DATABASE_STATEMENT_TIMEOUT_SECONDS": "40"}, "40s", "1min")],
    )
    def test_session(self, postgres_url: str, values: dict[str, str], statement: str, lock: str) -> None:
        """The project's session options and ours are both in force on a real server; a variable wins."""
        own = {**POSTGRES, "OPTIONS": {"options": "-c search_path=shop,public -c statement_timeout=20s"}}
        found = overlay.databases(env(DATABASE_URL=postgres_url, **values), {"default": own})["default"]
        names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
        place = {name: found[key] for name, key in names.items() if found[key]}
        with psycopg.connect(**place, **found["OPTIONS"]) as connection:
            shown = [
                connection.execute(f"SHOW {name}").fetchone()
                for name in ("search_path", "statement_timeout", "lock_timeout")
            ]

        assert shown == [("shop,public",), (statement,), (lock,)]


class TestCaches:
    """CACHES, on a real Redis."""

    @pytest.mark.parametrize(
        "backend", ["django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"]
    )
    def test_redis(self, redis_server: servers.Redis, backend: str) -> None:
        """Django's and django-redis' caches work with timeouts, and keep the project's options."""
        own = {"BACKEND": backend, "LOCATION": "redis://localhost:1/2", "KEY_PREFIX": "own", "TIMEOUT": 60}
        environment = env(REDIS_URL=redis_server.url(), CACHE_KEY_PREFIX="shop")
        found = overlay.caches(environment, {"default": own})
        cache: Any = CacheHandler(found)["default"]
        cache.set("key", "value")
        client = cache._cache.get_client() if "django.core" in backend else cache.client.get_client()
        kwargs = client.connection_pool.connection_kwargs

        assert cache.get("key") == "value"
        assert client.keys("*") == [b"shop:own:1:key"]
        assert (kwargs["socket_timeout"], kwargs["socket_connect_timeout"], kwargs["db"]) == (5, 5, 2)
        assert found["default"]["TIMEOUT"] == 60

    def test_options(self) -> None:
        """An option of the project wins over ours, also inside the connection pool's."""
        own = {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": ["rediss://a:6379/0", "rediss://b:6379/0"],
            "OPTIONS": {
                "SOCKET_TIMEOUT": 1,
                "IGNORE_EXCEPTIONS": True,
                "CONNECTION_POOL_KWARGS": {"health_check_interval": 60, "ssl_cert_reqs": None},
            },
        }
        found = overlay.caches(env(REDIS_CA_CERTS="/ca.pem"), {"default": own})["default"]
        pool = found["OPTIONS"]["CONNECTION_POOL_KWARGS"]

        assert found["LOCATION"] == own["LOCATION"]
        assert (found["OPTIONS"]["SOCKET_TIMEOUT"], found["OPTIONS"]["IGNORE_EXCEPTIONS"]) == (1, True)
        assert (pool["health_check_interval"], pool["ssl_cert_reqs"], pool["ssl_ca_certs"]) == (
            60,
            None,
            "/ca.pem",
        )

    @pytest.mark.parametrize(
        ("backend", "soft"),
        [
            ("django.core.cache.backends.redis.RedisCache", "django_k8s.cache.redis.SoftRedisCache"),
            (
                "django.core.cache.backends.memcached.PyMemcacheCache",
                "django_k8s.cache.memcached.SoftMemcachedCache",
            ),
            ("django_redis.cache.RedisCache", "django_redis.cache.RedisCache"),
            ("own.Cache", "own.Cache"),
        ],
    )
    def test_fail_soft(self, backend: str, soft: str) -> None:
        """CACHE_FAIL_SOFT reaches Django's caches and django-redis', unless the project says no."""
        own = {"BACKEND": backend, "LOCATION": "redis://own:6379/1"}
        found = overlay.caches(env(CACHE_FAIL_SOFT="true"), {"default": own})["default"]
        firm = overlay.caches(env(), {"default": own})["default"]
        no = overlay.caches(
            env(CACHE_FAIL_SOFT="true"), {"default": {**own, "OPTIONS": {"IGNORE_EXCEPTIONS": False}}}
        )["default"]

        assert (found["BACKEND"], firm["BACKEND"]) == (soft, backend)
        assert found.get("OPTIONS", {}).get("IGNORE_EXCEPTIONS", False) == (
            backend.startswith("django_redis")
        )
        assert "IGNORE_EXCEPTIONS" not in firm.get("OPTIONS", {})
        assert no["OPTIONS"]["IGNORE_EXCEPTIONS"] is False

    def test_another_kind(self) -> None:
        """CACHE_URL replaces the backend and its options, but keeps TIMEOUT and other aliases."""
        own = {
            "default": {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                "TIMEOUT": 900,
                "OPTIONS": {"MAX_ENTRIES": 10},
            },
            "pictures": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "pictures"},
        }
        found = overlay.caches(env(CACHE_URL="redis://cache:6379/1"), own)

        assert found["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
        assert found["default"]["TIMEOUT"] == 900
        assert "MAX_ENTRIES" not in found["default"]["OPTIONS"]
        assert found["pictures"] == own["pictures"]

    def test_alias(self) -> None:
        """An alias has a variable of its own."""
        own = {
            alias: {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://own:6379/1"}
            for alias in ("default", "pictures")
        }
        found = overlay.caches(env(PICTURES_CACHE_URL="redis://other:6379/3"), own)

        assert [found[alias]["LOCATION"] for alias in own] == ["redis://own:6379/1", "redis://other:6379/3"]
        assert found["pictures"]["BACKEND"] == "django_redis.cache.RedisCache"

    def test_none(self) -> None:
        """A project without caches gets the one of CACHE_URL or REDIS_URL."""
        assert (
            overlay.caches(env(REDIS_URL="redis://r:6379/0"), {})["default"]["LOCATION"] == "redis://r:6379/0"
        )


class TestRedis:
    """Redis on this machine, which no pod has."""

    @pytest.mark.parametrize(
        ("own", "found"),
        [
            ("redis://localhost:6379", "rediss://:p%23w@redis.internal:6380/5"),
            ("redis://127.0.0.1:6379/2", "rediss://:p%23w@redis.internal:6380/2"),
            ("redis://[::1]/2?protocol=3", "rediss://:p%23w@redis.internal:6380/2?protocol=3"),
            ("redis://other:6379/2", "redis://other:6379/2"),
            ("amqp://localhost//", "amqp://localhost//"),
            ("", "rediss://:p%23w@redis.internal:6380/5"),
        ],
    )
    def test_broker(self, own: str, found: str) -> None:
        """REDIS_URL replaces it, keeping the database's number; any other broker stays."""
        server = {"REDIS_URL": "rediss://:p#w@redis.internal:6380/5"}

        assert overlay.broker_url(env(**server), own) == found
        assert overlay.broker_url(env(), own) == own
        assert overlay.broker_url(env(**server, CELERY_BROKER_URL="amqp://u:p@q//"), own) == "amqp://u:p@q//"

    def test_results(self) -> None:
        """A result backend of the project stays."""
        assert overlay.result_backend(env(REDIS_URL="redis://r:6379/0"), "django-db") == "django-db"
        assert (
            overlay.result_backend(env(REDIS_URL="redis://r:6379/0"), "redis://localhost/1")
            == "redis://r:6379/1"
        )
        assert overlay.result_backend(env(CELERY_RESULT_BACKEND="rpc://"), "django-db") == "rpc://"

    @pytest.mark.parametrize(
        ("project", "moved"),
        [
            ({"huey_class": "huey.SqliteHuey", "filename": "a.db", "utc": True}, {"utc": True}),
            ({"backend_class": "huey.FileHuey", "connection": {"path": "/a"}, "name": "n"}, {"name": "n"}),
            ({"connection": {"host": "localhost", "port": 1}}, {"huey_class": "huey.RedisHuey"}),
            ({"huey_class": "huey.RedisExpireHuey", "url": "redis://127.0.0.1/2", "expire_time": 9},
             {"huey_class": "huey.RedisExpireHuey", "expire_time": 9}),
            ({"connection": {"host": "elsewhere"}}, None),
            ({"huey_class": "huey.MemoryHuey"}, None),
        ],
    )  # fmt: skip
    def test_huey(self, project: dict[str, Any], moved: dict[str, Any] | None) -> None:
        """A queue that pods would not share is in Redis; the project's other options stay."""
        redis = {"huey_class": "huey.PriorityRedisHuey", "url": "redis://r"}

        assert overlay.huey(env(REDIS_URL="redis://r"), project) == (
            project if moved is None else redis | moved
        )

    def test_huey_without_redis(self) -> None:
        """In production a queue in a file has no place to go: that is reported."""
        production = env()
        overlay.huey(production, {"huey_class": "huey.SqliteHuey"})

        assert problems(production) == {"REDIS_URL"}
        assert overlay.huey(env(DEBUG="true"), {"filename": "a.db"}) == {"filename": "a.db"}

    def test_redis_url(self) -> None:
        """A setting of the project's own follows the variable."""
        assert overlay.redis_url(env(), "redis://own") == "redis://own"
        assert overlay.redis_url(env(REDIS_URL="redis://r"), "redis://own") == "redis://r"


class TestFiles:
    """STORAGES, roots and URLs."""

    @pytest.mark.parametrize(
        "backend",
        [
            "django.contrib.staticfiles.storage.StaticFilesStorage",
            "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
            "whitenoise.storage.CompressedManifestStaticFilesStorage",
        ],
    )
    def test_static(self, backend: str) -> None:
        """Ours replaces what it contains, and keeps the options; debug mode keeps the project's."""
        own = {"staticfiles": {"BACKEND": backend, "OPTIONS": {"manifest_strict": False}}}
        found = overlay.storages(env(), own)["staticfiles"]

        assert found == {
            "BACKEND": "django_k8s.static_files.storage.ManifestStorage",
            "OPTIONS": {"manifest_strict": False},
        }
        assert overlay.storages(env(DEBUG="true"), own)["staticfiles"] == own["staticfiles"]

    def test_own_classes_stay(self) -> None:
        """Storage classes of the project and further aliases are not touched, even with a bucket."""
        own = {
            "default": {"BACKEND": "shop.storage.Media"},
            "staticfiles": {"BACKEND": "shop.storage.Static"},
            "archive": {"BACKEND": "shop.storage.Archive", "OPTIONS": {"a": 1}},
        }

        assert overlay.storages(env(MEDIA_S3_BUCKET="b"), own) == own

    def test_static_without_whitenoise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The project's storage stays where ours could not be imported."""
        monkeypatch.setitem(sys.modules, "whitenoise", None)  # as if it were not installed
        own = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
        environment = env()

        assert overlay.storages(environment, own)["staticfiles"] == own["staticfiles"]
        assert overlay.storages(environment, {})["staticfiles"] == own["staticfiles"]
        assert "STORAGES" not in problems(environment)

    def test_missing(self) -> None:
        """Without STORAGES, both aliases are there, as Django needs them."""
        found = overlay.storages(env(), {})

        assert found["default"]["BACKEND"] == "django.core.files.storage.FileSystemStorage"
        assert found["staticfiles"]["BACKEND"] == "django_k8s.static_files.storage.ManifestStorage"

    def test_bucket(self) -> None:
        """MEDIA_S3_BUCKET moves files there, and an S3 storage of the project with its options."""
        files = {
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": "/m"},
            }
        }
        s3 = {
            "default": {
                "BACKEND": "storages.backends.s3.S3Storage",
                "OPTIONS": {"bucket_name": "own", "default_acl": "private", "querystring_auth": False},
            }
        }
        values = {"MEDIA_S3_BUCKET": "named", "MEDIA_S3_REGION": "eu-1"}
        moved, tuned = (overlay.storages(env(**values), own)["default"] for own in (files, s3))

        assert (moved["BACKEND"], moved["OPTIONS"]["location"]) == ("django_k8s.media_storage.s3.S3Media", "")
        assert tuned["OPTIONS"]["bucket_name"] == "named"
        assert tuned["OPTIONS"]["region_name"] == "eu-1"
        assert (tuned["OPTIONS"]["default_acl"], tuned["OPTIONS"]["querystring_auth"]) == ("private", False)

    @pytest.mark.parametrize(
        ("values", "location", "signed", "expire", "overwrite"),
        [
            ({}, "shop", False, 60, True),
            ({"MEDIA_S3_PREFIX": "p", "MEDIA_S3_LINK_SECONDS": "9"}, "p", False, 9, True),
            ({"MEDIA_S3_ACCESS": "private"}, "shop", True, 60, True),
        ],
    )
    def test_aws_settings_stay(
        self, values: dict[str, str], location: str, signed: bool, expire: int, overwrite: bool
    ) -> None:
        """A project on S3 keeps what its AWS_* settings say; only a variable that is set replaces it."""
        own = {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}
        found = overlay.storages(env(MEDIA_S3_BUCKET="named", **values), own)
        settings = {
            "AWS_STORAGE_BUCKET_NAME": "own",
            "AWS_LOCATION": "shop",
            "AWS_QUERYSTRING_AUTH": False,
            "AWS_QUERYSTRING_EXPIRE": 60,
            "AWS_S3_FILE_OVERWRITE": True,
        }
        with override_settings(**settings):
            storage: Any = StorageHandler(found)["default"]

        assert storage.bucket_name == "named"
        assert (storage.location, storage.querystring_auth) == (location, signed)
        assert (storage.querystring_expire, storage.file_overwrite) == (expire, overwrite)

    @pytest.mark.parametrize(
        ("values", "own", "ours", "bucket"),
        [
            (
                {"MEDIA_GCS_BUCKET": "named"},
                "storages.backends.gcloud.GoogleCloudStorage",
                "gcs.GCSMedia",
                "bucket_name",
            ),
            (
                {"MEDIA_AZURE_CONTAINER": "named", "MEDIA_AZURE_ACCOUNT": "a"},
                "storages.backends.azure_storage.AzureStorage",
                "azure.AzureMedia",
                "azure_container",
            ),
        ],
    )
    def test_other_buckets(self, values: dict[str, str], own: str, ours: str, bucket: str) -> None:
        """A bucket on Google Cloud or Azure: the project's options of the same kind stay, those of another kind do not."""
        same = {"default": {"BACKEND": own, "OPTIONS": {bucket: "own", "location": "shop"}}}
        other = {"default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"location": "shop"}}}
        kept, moved = (overlay.storages(env(**values), project)["default"] for project in (same, other))

        for found in (kept, moved):
            assert found["BACKEND"] == f"django_k8s.media_storage.{ours}"
            assert found["OPTIONS"][bucket] == "named"
        assert kept["OPTIONS"]["location"] == "shop"
        assert moved["OPTIONS"]["location"] == ""
        assert overlay.storages(env(), same)["default"] == same["default"]

    def test_roots(self) -> None:
        """The image's and the chart's variables win; the type is the project's."""
        values = {"STATIC_ROOT": "/opt/static", "MEDIA_ROOT": "/media"}

        assert overlay.static_root(env(**values), "own") == "/opt/static"
        assert overlay.media_root(env(**values), Path("own")) == Path("/media")
        assert overlay.static_root(env(), Path("own")) == Path("own")

    def test_static_url(self) -> None:
        """A CDN goes before the project's path."""
        cdn = env(STATIC_CDN_URL="https://cdn.example.net/")

        assert overlay.static_url(env(), "/s/") == "/s/"
        assert overlay.static_url(cdn, "/s/") == "https://cdn.example.net/s/"
        assert overlay.static_url(cdn, "https://static.example.com/x/") == "https://cdn.example.net/x/"


class TestSecurity:
    """The key, hosts and TLS."""

    def test_secret_key(self) -> None:
        """The variable wins; a key that was generated for development is a mistake in production."""
        assert overlay.secret_key(env(SECRET_KEY=KEY), "own") == KEY
        assert overlay.secret_key(env(), "own") == "own"
        for own in ("", "django-insecure-abc"):
            environment = env()
            overlay.secret_key(environment, own)
            assert problems(environment) == {"SECRET_KEY"}

    def test_build_phase(self) -> None:
        """An image is built without a key."""
        environment = env(BUILD_PHASE="1")

        assert overlay.secret_key(environment, "")
        assert problems(environment) == set()

    def test_hosts(self) -> None:
        """The variable wins, extra hosts are always there, and production needs one of them."""
        assert overlay.allowed_hosts(env(ALLOWED_HOSTS="a,b"), ["*"]) == ["a", "b"]
        assert overlay.allowed_hosts(env(), ["own"], "own", "extra") == ["own", "extra"]
        environment = env()
        overlay.allowed_hosts(environment, [])
        assert problems(environment) == {"ALLOWED_HOSTS"}

    def test_origins(self) -> None:
        """The variable, else the project's, else those of the hosts if the site uses HTTPS."""
        assert overlay.csrf_trusted_origins(env(CSRF_TRUSTED_ORIGINS="https://a"), ["https://own"]) == [
            "https://a"
        ]
        assert overlay.csrf_trusted_origins(env(), ["https://own"], ["a"]) == ["https://own"]
        assert overlay.csrf_trusted_origins(env(), [], ["a", ".b", "*"]) == ["https://a", "https://*.b"]
        assert overlay.csrf_trusted_origins(env(HTTPS="false"), [], ["a"]) == []

    def test_https(self) -> None:
        """HTTPS switches secure cookies, the redirect and HSTS off, where a cluster has no TLS."""
        off = env(HTTPS="false")

        assert (overlay.https(off, True), overlay.ssl_redirect(off, True), overlay.hsts_seconds(off, 60)) == (
            False,
            False,
            0,
        )
        assert (overlay.https(env(), True), overlay.https(env(), False)) == (True, False)
        assert overlay.hsts_seconds(env(), 60) == 60
        assert overlay.hsts_seconds(env(HSTS_SECONDS="7"), 60) == 7

    def test_cookie_names(self) -> None:
        """A browser takes no cookie of this name over http."""
        assert overlay.cookie_name(env(), "__Secure-sessionid") == "__Secure-sessionid"
        assert overlay.cookie_name(env(HTTPS="true"), "__Host-csrf") == "__Host-csrf"
        assert overlay.cookie_name(env(HTTPS="false"), "__Secure-sessionid") == "sessionid"
        assert overlay.cookie_name(env(HTTPS="false"), "__Host-csrf") == "csrf"

    def test_redirect(self) -> None:
        """A redirect that would never end is a mistake."""
        header = ("HTTP_X_FORWARDED_PROTO", "https")

        assert overlay.ssl_redirect(env(TRUSTED_PROXIES="10.0.0.0/8"), True)
        assert not overlay.ssl_redirect(env(SSL_REDIRECT="false"), True)
        for environment, own in (
            (env(), header),
            (env(SSL_REDIRECT="true"), header),
            (env(DEBUG="true"), None),
        ):
            assert overlay.ssl_redirect(environment, True, own)
            assert "TRUSTED_PROXIES" not in problems(environment)
        environment = env()
        overlay.ssl_redirect(environment, True)
        assert problems(environment) == {"TRUSTED_PROXIES"}

    def test_proxy_header(self) -> None:
        """With TRUSTED_PROXIES no header of any client is believed."""
        header = ("HTTP_X_FORWARDED_PROTO", "https")

        assert overlay.proxy_ssl_header(env(), header) == header
        assert overlay.proxy_ssl_header(env(TRUSTED_PROXIES="10.0.0.0/8"), header) is None

    def test_fallbacks(self) -> None:
        """Former keys come from the variable, else from the project."""
        assert overlay.secret_key_fallbacks(env(), ["own"]) == ["own"]
        assert overlay.secret_key_fallbacks(env(SECRET_KEY_FALLBACKS="a,b"), ["own"]) == ["a", "b"]


class TestMail:
    """MAILERS and EMAIL_BACKEND."""

    def test_mailers(self) -> None:
        """EMAIL_URL replaces the default; other aliases stay, and all do without it."""
        own = {"default": {"BACKEND": "own"}, "bulk": {"BACKEND": "bulk"}}
        found = overlay.mailers(env(EMAIL_URL="smtp+tls://u:p@mail:587"), own)

        assert found["default"]["OPTIONS"]["host"] == "mail"
        assert found["bulk"] == own["bulk"]
        assert overlay.mailers(env(), own) == own

    def test_backend(self) -> None:
        """The same for projects with EMAIL settings."""
        assert overlay.email_backend(env(), "own") == "own"
        assert overlay.email_backend(env(EMAIL_URL="smtp://mail"), "own") == "django_k8s.mail.EmailBackend"


def test_variables_of_the_project() -> None:
    """A variable that the project's settings read is not reported as unused."""
    environment = env(POSTGRES_HOST="db", DEBUG="true")

    assert overlay.config(environment).without_effect == ()
    assert overlay.config(environment, readiness_page="/").readiness_page == "/"
    assert k8s.config(environment).without_effect == ("POSTGRES_HOST",)
