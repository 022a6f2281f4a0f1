"""What the settings functions return for an environment."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import ConnectionHandler
from support.process import environment, run
from support.smtp import postbox
from support.web import PROJECT, production

import django_k8s
from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.environment.connection_urls import encoded

HERE = Path("/srv/app")
PUBLIC = '"$user", public'
POSTGRES = "postgres://app:secret@db.example.com:5432/shop"


def env(**values: str) -> Env:
    return at(HERE, **values)


def at(folder: Path, **values: str) -> Env:
    """The environment ``values`` of a project in ``folder``, which has no .env file."""
    return Env(folder, environ=values)


def named(environment: Env) -> set[str]:
    return {problem.name for problem in environment.problems}


def default_database(**values: str) -> dict[str, Any]:
    return k8s.database(env(**values))


def without_extras(folder: Path, code: str, **values: str) -> tuple[str, str]:
    """Run ``code`` in debug mode where only the requirements are installed; what is printed when it ends with 78."""
    installed = Path(django_k8s.__file__).parent.parent
    for name in ("django", "django_k8s", "environ", "asgiref", "sqlparse"):
        (folder / name).symlink_to(installed / name)
    code = f"from django_k8s import Env, settings; env = Env(); {code}; settings.config(env)"
    variables = environment(DEBUG="1", PYTHONPATH=str(folder), **values)
    done = run([sys.executable, "-S", "-c", code], variables, folder)
    assert done.returncode == 78, done.stderr
    return done.stdout, done.stderr


class TestAddresses:
    """Passwords as people write them."""

    @pytest.mark.parametrize(
        "password", ["p#a/s?s%@", "a@b", "a:b", "p%40ss", "[x", "ünïcode", "a b", "'\"$"]
    )
    def test_any_password(self, password: str) -> None:
        """A password with any character reaches the database as it is (encoded ones decoded once)."""
        database = default_database(DATABASE_URL=f"postgres://app:{password}@db:5432/shop?sslmode=require")

        assert database["PASSWORD"] == password.replace("%40", "@")
        assert (database["HOST"], database["NAME"], database["PORT"]) == ("db", "shop", 5432)

    def test_without_credentials(self) -> None:
        """An address without a password stays as it is."""
        assert encoded("redis://host:6379/0") == "redis://host:6379/0"
        assert encoded("postgres://user@host/name") == "postgres://user@host/name"

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("amqp://u:p@h1//;amqp://u:p#1@h2//", "amqp://u:p@h1//;amqp://u:p%231@h2//"),
            ("redis://:p/w@h1:1/0,redis://:p@h2:1/0", "redis://:p%2Fw@h1:1/0,redis://:p@h2:1/0"),
            ("redis://:p,w;x@h", "redis://:p%2Cw%3Bx@h"),
        ],
    )
    def test_lists(self, given: str, meant: str) -> None:
        """Each address of a list has a password of its own; Celery's fail-over and Django's replicas."""
        assert encoded(given) == meant
        if given.startswith("amqp"):
            broker = k8s.celery(env(CELERY_BROKER_URL=given))
            assert broker["broker_url"] == meant
        else:
            assert k8s.cache(env(CACHE_URL=given))["LOCATION"] == meant

    def test_ipv6_host(self) -> None:
        """A host in brackets is a host."""
        assert default_database(DATABASE_URL="postgres://u:p@[::1]:5432/n")["HOST"] == "::1"


class TestDatabases:
    def test_sqlite_is_the_default_while_debugging(self) -> None:
        """Debug mode needs no database to be named."""
        environment = env(DEBUG="1")
        database = k8s.database(environment)

        assert database["NAME"] == "/srv/app/db.sqlite3"
        assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert environment.problems == []

    def test_production_names_its_database(self) -> None:
        """Production does not start without DATABASE_URL, which may name SQLite."""
        missing, asked = env(), env(DATABASE_URL="sqlite:///data.sqlite3")
        k8s.database(missing)

        assert "DATABASE_URL" in named(missing)
        assert k8s.database(asked)["NAME"] == "/srv/app/data.sqlite3"
        assert "DATABASE_URL" not in named(asked)

    @pytest.mark.parametrize("rest", ["", "/", "db.sqlite3", "data/db.sqlite3", "/?timeout=5"])
    def test_sqlite_without_a_file(self, rest: str) -> None:
        """What would be a database in memory, or another file, is refused with what to write."""
        environment = env(DATABASE_URL=f"sqlite://{rest}")
        k8s.database(environment)
        (text,) = [problem.text for problem in environment.problems if problem.name == "DATABASE_URL"]

        assert "sqlite:///DIRECTORY/NAME" in text

    def test_families(self) -> None:
        """PostGIS and SpatiaLite are set up as PostgreSQL and SQLite are."""
        more = {"DATABASE_POOL_SIZE": "8", "DATABASE_PGBOUNCER": "1"}
        plain = default_database(DATABASE_URL=POSTGRES, **more)
        gis = default_database(DATABASE_URL=POSTGRES.replace("postgres", "postgis"), **more)
        lite = default_database(DATABASE_URL="spatialite:///data.sqlite3")

        assert gis == {**plain, "ENGINE": "django.contrib.gis.db.backends.postgis"}
        assert lite["NAME"] == "/srv/app/data.sqlite3"
        assert lite["ENGINE"].endswith("spatialite")
        assert lite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"

    def test_parts(self) -> None:
        """A database in parts needs no quoting at all."""
        database = default_database(
            DATABASE_HOST="db", DATABASE_NAME="shop", DATABASE_USER="app", DATABASE_PASSWORD="#/?%@"
        )

        assert database["PASSWORD"] == "#/?%@"
        assert database["PORT"] == 5432

    def test_parts_and_address_contradict(self) -> None:
        """Both at once is a problem, and so are parts that miss one."""
        both, half = env(DATABASE_URL=POSTGRES, DATABASE_HOST="db"), env(DATABASE_HOST="db")
        k8s.database(both)
        k8s.database(half)

        assert "DATABASE_HOST" in named(both)
        assert {"DATABASE_NAME", "DATABASE_USER"} <= named(half)

    @pytest.mark.parametrize(
        ("url", "agrees"),
        [
            ("postgres://app:p%40ss@db:5432/shop", True),
            ("postgres://app:p%40ss@db/shop?sslmode=require", True),
            ("postgres://app:p%40ss@db:5433/shop", False),
            ("postgres://app:p%40ss@other/shop", False),
            ("postgres://app:p%40ss@db/other", False),
            ("postgres://other:p%40ss@db/shop", False),
            ("postgres://app:other@db/shop", False),
            ("postgres://app@db/shop", False),
        ],
    )
    def test_parts_and_address_of_one_database(self, url: str, agrees: bool) -> None:
        """A staging environment gives both, for projects that read either. The URL may have options."""
        found = env(
            DATABASE_URL=url,
            DATABASE_HOST="db",
            DATABASE_NAME="shop",
            DATABASE_USER="app",
            DATABASE_PASSWORD="p@ss",
        )
        database = k8s.database(found)

        assert ("DATABASE_HOST" in named(found)) is not agrees
        if agrees:
            assert (database["HOST"], database["PASSWORD"]) == ("db", "p@ss")
            assert database["OPTIONS"].get("sslmode") == ("require" if "sslmode" in url else None)

    def test_connections_survive_failures(self) -> None:
        """Time-outs, keepalives, kept connections with health checks."""
        database = default_database(DATABASE_URL=POSTGRES)

        assert database["CONN_MAX_AGE"] == 60
        assert database["CONN_HEALTH_CHECKS"] is True
        assert database["OPTIONS"]["connect_timeout"] == 5
        assert database["OPTIONS"]["keepalives_idle"] == 10
        assert database["OPTIONS"]["options"] == "-c statement_timeout=300s -c lock_timeout=60s"

    def test_pool(self) -> None:
        """With a pool Django wants CONN_MAX_AGE 0; workers have none."""
        web = default_database(DATABASE_URL=POSTGRES, DATABASE_POOL_SIZE="8")
        worker = default_database(DATABASE_URL=POSTGRES, DATABASE_POOL_SIZE="8", ROLE="worker")
        small = env(DATABASE_URL=POSTGRES, DATABASE_POOL_SIZE="4")
        k8s.database(small)

        assert web["OPTIONS"]["pool"]["max_size"] == 8
        assert web["CONN_MAX_AGE"] == 0
        assert "pool" not in worker["OPTIONS"]
        assert "DATABASE_POOL_SIZE" in named(small)

    def test_asgi_keeps_no_connections(self) -> None:
        """Under ASGI a kept connection would leak with its thread."""
        assert default_database(DATABASE_URL=POSTGRES, WEB_INTERFACE="asgi")["CONN_MAX_AGE"] == 0
        assert (
            default_database(DATABASE_URL=POSTGRES, WEB_INTERFACE="asgi", ROLE="worker")["CONN_MAX_AGE"] == 60
        )

    def test_asgi_has_a_pool(self) -> None:
        """A new connection for each request would cost more than the request; whatever the project says of it stands."""
        asgi = {"DATABASE_URL": POSTGRES, "WEB_INTERFACE": "asgi", "ROLE": "web"}
        found = default_database(**asgi)
        kept = k8s.database(env(**asgi), CONN_MAX_AGE=60)
        wrapped = k8s.database(env(**asgi), ENGINE="tenants.postgresql_backend")

        assert (found["OPTIONS"]["pool"]["max_size"], found["CONN_MAX_AGE"]) == (50, 0)
        assert "pool" not in kept["OPTIONS"]
        assert kept["CONN_MAX_AGE"] == 60
        assert "pool" not in wrapped["OPTIONS"]
        for more in ({"DATABASE_POOL_SIZE": "0"}, {"ROLE": "manage"}, {"WEB_INTERFACE": "wsgi"}):
            assert "pool" not in default_database(**{**asgi, **more})["OPTIONS"]

    def test_pgbouncer(self) -> None:
        """A pooler in transaction mode takes no session settings and no server-side cursors."""
        database = default_database(DATABASE_URL=POSTGRES, DATABASE_PGBOUNCER="1")

        assert database["DISABLE_SERVER_SIDE_CURSORS"] is True
        assert "options" not in database["OPTIONS"]

    def test_tls(self) -> None:
        """Mode and authority by variable."""
        options = default_database(
            DATABASE_URL=POSTGRES, DATABASE_SSLMODE="verify-full", DATABASE_SSLROOTCERT="/ca.pem"
        )["OPTIONS"]

        assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/ca.pem")

    def test_project_wins(self) -> None:
        """Keywords are never replaced; options and test settings are merged by key."""
        database = k8s.database(
            env(DATABASE_URL=POSTGRES), ATOMIC_REQUESTS=True, CONN_MAX_AGE=5, OPTIONS={"connect_timeout": 2},
            TEST={"NAME": "t"},
        )  # fmt: skip

        assert database["ATOMIC_REQUESTS"] is True
        assert database["CONN_MAX_AGE"] == 5
        assert database["OPTIONS"]["connect_timeout"] == 2
        assert database["OPTIONS"]["keepalives_idle"] == 10
        assert database["TEST"] == {"NAME": "t"}

    @pytest.mark.parametrize(
        ("values", "keywords", "expected"),
        [
            ({}, {"OPTIONS": {"options": "-c search_path=shop"}}, ["shop", "5min", "1min"]),
            ({"query": "?options=-c%20search_path%3Dshop"}, {}, ["shop", "5min", "1min"]),
            ({"query": "?options=-c%20lock_timeout%3D9s"}, {"OPTIONS": {"options": "-c lock_timeout=8s"}}, [PUBLIC, "5min", "8s"]),
            ({"DATABASE_LOCK_TIMEOUT_SECONDS": "7"}, {"OPTIONS": {"options": "--lock_timeout=8s"}}, [PUBLIC, "5min", "8s"]),
        ],
    )  # fmt: skip
    def test_session(
        self, postgres_url: str, values: dict[str, str], keywords: dict[str, Any], expected: list[str]
    ) -> None:
        """Session options of the project and the timeouts are all in force on a real server; the project wins."""
        variables = {"DATABASE_URL": postgres_url + values.get("query", ""), **values}
        connection = ConnectionHandler({"default": k8s.database(env(**variables), **keywords)})["default"]
        shown = []
        with connection.cursor() as cursor:
            for name in ("search_path", "statement_timeout", "lock_timeout"):
                cursor.execute(f"SHOW {name}")
                shown.append(cursor.fetchone()[0])
        connection.close()

        assert shown == expected

    def test_sslmode_contradicts(self) -> None:
        """DATABASE_SSLMODE and another sslmode in the URL are a problem; the same one is none."""
        other, same = (
            env(DATABASE_URL=f"{POSTGRES}?sslmode={mode}", DATABASE_SSLMODE="verify-full")
            for mode in ("require", "verify-full")
        )
        k8s.database(other)
        k8s.database(same)

        assert "DATABASE_SSLMODE" in named(other)
        assert "DATABASE_SSLMODE" not in named(same)

    def test_further_databases(self) -> None:
        """Another alias has a URL of its own and the same timeouts; debug mode gives it another file."""
        replica = k8s.database(
            env(
                DATABASE_URL=POSTGRES,
                DATABASE_HOST="ignored",
                REPLICA_DATABASE_URL="postgres://u:p#1@replica/shop",
            ),
            "REPLICA_DATABASE_URL",
        )
        missing, local = env(), env(DEBUG="1")
        k8s.database(missing, "TRAC_DATABASE_URL")

        assert (replica["HOST"], replica["PASSWORD"]) == ("replica", "p#1")
        assert replica["OPTIONS"]["connect_timeout"] == 5
        assert "TRAC_DATABASE_URL" in named(missing)
        assert k8s.database(local, "TRAC_DATABASE_URL")["NAME"] == "/srv/app/trac.sqlite3"

    def test_query_values_have_types(self) -> None:
        """conn_health_checks=false is False, not the text 'false'; pool=true says what to do instead."""
        assert (
            default_database(DATABASE_URL=f"{POSTGRES}?conn_health_checks=false")["CONN_HEALTH_CHECKS"]
            is False
        )
        environment = env(DATABASE_URL=f"{POSTGRES}?pool=true")
        database = k8s.database(environment)
        assert "pool" not in database["OPTIONS"]
        assert "DATABASE_URL" in named(environment)

    def test_numbers_of_the_driver_stay_numbers(self) -> None:
        """1 and 0 become booleans only in Django's own options, not in those of the driver."""
        database = default_database(
            DATABASE_URL=f"{POSTGRES}?connect_timeout=1&keepalives=0&atomic_requests=1&server_side_binding=false"
        )

        assert database["OPTIONS"]["connect_timeout"] == 1
        assert database["OPTIONS"]["connect_timeout"] is not True
        assert database["OPTIONS"]["keepalives"] == 0
        assert database["OPTIONS"]["keepalives"] is not False
        assert database["OPTIONS"]["server_side_binding"] is False
        assert database["ATOMIC_REQUESTS"] is True

    @pytest.mark.parametrize(
        "url", ["postgrs://u:p@h/n", "postgres://u:p@h:port/n", "postgres://u:p@h", "postgres"]
    )
    def test_malformed_address(self, url: str) -> None:
        """An address that cannot be meant is a problem, not an exception."""
        environment = env(DATABASE_URL=url)
        k8s.database(environment)

        assert "DATABASE_URL" in named(environment)


class TestCaches:
    def test_default(self) -> None:
        """Nothing set: local memory."""
        assert "locmem" in k8s.cache(env())["BACKEND"]

    def test_redis(self) -> None:
        """Redis never waits for ever; REDIS_URL serves where CACHE_URL is not set."""
        cache = k8s.cache(env(REDIS_URL="redis://h:6379/0"))

        assert cache["LOCATION"] == "redis://h:6379/0"
        assert cache["OPTIONS"]["socket_timeout"] == 5
        assert k8s.cache(env(REDIS_URL="redis://h/0", CACHE_URL="redis://h/1"))["LOCATION"] == "redis://h/1"

    def test_redis_tls_is_verified(self) -> None:
        """rediss:// checks the certificate, by the authority that was given."""
        options = k8s.cache(env(CACHE_URL="rediss://h:6379/0", REDIS_CA_CERTS="/ca.pem"))["OPTIONS"]

        assert options["ssl_cert_reqs"] == "required"
        assert options["ssl_ca_certs"] == "/ca.pem"

    @pytest.mark.parametrize("scheme", ["memcache", "pylibmc", "valkey"])
    def test_what_cannot_work(self, scheme: str) -> None:
        """Schemes of the parser whose backend Django does not have, or that would wait for ever."""
        environment = env(DEBUG="1", CACHE_URL=f"{scheme}://h:1")
        k8s.cache(environment)

        assert named(environment) == {"CACHE_URL"}

    @pytest.mark.parametrize(
        ("url", "backend"),
        [("pymemcache://h:11211", "memcached.PyMemcacheCache"), ("dbcache://cache_table", "db.DatabaseCache"), ("locmem://", "locmem.LocMemCache"), ("dummycache://", "dummy.DummyCache")],
    )  # fmt: skip
    def test_others(self, url: str, backend: str) -> None:
        """Memcached, a table, local memory, nothing."""
        assert k8s.cache(env(CACHE_URL=url))["BACKEND"].endswith(backend)

    def test_memcached_without_its_library(self, tmp_path: Path) -> None:
        """A missing library is a problem that names the extra, and never another backend."""
        output, errors = without_extras(
            tmp_path, "print(settings.cache(env)['BACKEND'])", CACHE_URL="pymemcache://h:11211"
        )

        assert output.strip().endswith("PyMemcacheCache")
        assert "CACHE_URL: needs pymemcache" in errors
        assert "django-k8s-toolkit[memcached]" in errors

    def test_prefix(self) -> None:
        """A shared server is told apart by a prefix."""
        assert k8s.cache(env(CACHE_KEY_PREFIX="pr-1"))["KEY_PREFIX"] == "pr-1"

    def test_project_wins(self) -> None:
        """Keywords are never replaced; options are merged by key."""
        cache = k8s.cache(env(CACHE_URL="redis://h/1"), TIMEOUT=60, OPTIONS={"socket_timeout": 1})

        assert cache["TIMEOUT"] == 60
        assert cache["OPTIONS"]["socket_timeout"] == 1
        assert cache["OPTIONS"]["health_check_interval"] == 5

    def test_further_caches(self) -> None:
        """Another alias has a URL of its own, or local memory that it does not share with the default."""
        environment = env(REDIS_URL="redis://h/0", DOCS_CACHE_URL="redis://h/2")

        assert k8s.cache(environment, "DOCS_CACHE_URL")["LOCATION"] == "redis://h/2"
        assert k8s.cache(environment, "OTHER_CACHE_URL")["LOCATION"] == "OTHER_CACHE_URL"

    def test_unknown_scheme(self) -> None:
        """An unknown scheme is a problem that lists the known ones."""
        environment = env(DEBUG="1", CACHE_URL="reddis://h")
        k8s.cache(environment)

        assert "CACHE_URL" in named(environment)


class TestCelery:
    def test_files_are_the_default(self, tmp_path: Path) -> None:
        """Debug mode, nothing set: messages are files, so that the roles of one machine work together."""
        settings = k8s.celery(at(tmp_path, DEBUG="1"))

        assert settings["broker_url"] == "filesystem://"
        assert Path(settings["broker_transport_options"]["data_folder_in"]).is_dir()

    def test_production_names_its_broker(self) -> None:
        """Without a broker production does not start; the message names both variables and the keyword."""
        environment = env()
        k8s.celery(environment)

        (problem,) = (problem for problem in environment.problems if problem.name == "CELERY_BROKER_URL")
        assert "REDIS_URL" in problem.text
        assert "k8s.celery(env, broker_url=CELERY_BROKER_URL)" in problem.text

    def test_keywords_are_the_project_s(self) -> None:
        """They win; transport options are merged, and follow the broker that the project names."""
        environment = env(REDIS_URL="redis://h/0")
        settings = k8s.celery(
            environment,
            broker_url="amqp://u:p#1@rabbit//",
            broker_transport_options={"read_timeout": 99},
            worker_prefetch_multiplier=4,
        )

        assert settings["broker_url"] == "amqp://u:p#1@rabbit//"
        assert settings["broker_read_url"] == settings["broker_write_url"] == "amqp://u:p%231@rabbit//"
        assert settings["broker_transport_options"] == {
            "confirm_publish": True,
            "read_timeout": 99,
            "write_timeout": 10,
        }
        assert settings["broker_heartbeat"] == 10
        assert settings["worker_prefetch_multiplier"] == 4
        assert "CELERY_BROKER_URL" not in named(environment)

    def test_a_broker_of_the_project_may_be_of_any_kind(self) -> None:
        """Only the environment's broker has to be one of ours."""
        environment = env(DEBUG="1")
        settings = k8s.celery(
            environment, broker_url="sentinel://h:26379", broker_transport_options={"master_name": "m"}
        )

        assert settings["broker_transport_options"]["socket_timeout"] == 5
        assert settings["broker_transport_options"]["master_name"] == "m"
        assert named(environment) == set()

    def test_what_the_project_decides_is_left_out(self) -> None:
        """Time zone, serializers, routes, schedules, events and whether results are kept."""
        settings = k8s.celery(env(REDIS_URL="redis://h/0"))

        decided = ("timezone", "enable_utc", "serializer", "accept_content", "routes", "queues", "schedule", "ignore_result", "event", "result_backend")  # fmt: skip
        assert [name for name in settings if name.lower().endswith(decided)] == []

    def test_sentinel_needs_a_master(self) -> None:
        """An address cannot give its name, so the project does; without it the message says how."""
        nameless, whole = (env(DEBUG="1", CELERY_BROKER_URL="sentinel://h:26379") for _ in range(2))
        k8s.celery(nameless)
        settings = k8s.celery(whole, broker_transport_options={"master_name": "m"})
        (text,) = [problem.text for problem in nameless.problems]

        assert '{"master_name": "NAME"}' in text
        assert named(whole) == set()
        assert settings["broker_url"] == "sentinel://h:26379"
        assert settings["broker_transport_options"]["master_name"] == "m"
        assert settings["broker_transport_options"]["socket_timeout"] == 5

    def test_the_build_phase_makes_no_folder(self, tmp_path: Path) -> None:
        """Building an image leaves nothing behind."""
        k8s.celery(at(tmp_path, BUILD_PHASE="1"))

        assert list(tmp_path.iterdir()) == []

    def test_redis_never_waits_for_ever(self) -> None:
        """The options without which a half-open connection hangs a worker."""
        options = k8s.celery(env(REDIS_URL="redis://h/0"))["broker_transport_options"]

        assert options["socket_timeout"] == 5
        assert options["socket_connect_timeout"] == 5
        assert options["health_check_interval"] == 5
        assert options["visibility_timeout"] == 3600

    def test_tls_is_verified(self) -> None:
        """Neither Redis nor RabbitMQ is talked to without checking its certificate."""
        redis = k8s.celery(env(CELERY_BROKER_URL="rediss://h/0", CELERY_RESULT_BACKEND="rediss://h/1"))
        rabbit = k8s.celery(env(CELERY_BROKER_URL="amqps://h"))

        assert redis["broker_use_ssl"]["ssl_cert_reqs"] == ssl.CERT_REQUIRED
        assert redis["redis_backend_use_ssl"]["ssl_cert_reqs"] == ssl.CERT_REQUIRED
        assert rabbit["broker_use_ssl"]["cert_reqs"] == ssl.CERT_REQUIRED

    def test_acks_late_is_asked_for(self) -> None:
        """Late acknowledgement is one variable that brings what it needs; it is never the default."""
        early = k8s.celery(env(REDIS_URL="redis://h/0"))
        late = k8s.celery(env(REDIS_URL="redis://h/0", CELERY_TASK_ACKS_LATE="1"))

        assert not early["task_acks_late"]
        assert "worker_disable_prefetch" not in early
        assert late["task_acks_late"]
        assert late["task_retry_on_worker_lost"]
        assert late["worker_disable_prefetch"]
        assert late["worker_prefetch_multiplier"] == 1

    def test_unknown_scheme(self) -> None:
        """A scheme that no transport has is a problem."""
        environment = env(DEBUG="1", CELERY_BROKER_URL="rabbitmq://h")
        k8s.celery(environment)

        assert "CELERY_BROKER_URL" in named(environment)

    def test_any_password(self) -> None:
        """The broker's password may have any characters. The result backend's may not, because Celery reads it itself."""
        broker = k8s.celery(env(CELERY_BROKER_URL="redis://:p#/w@h/0"))
        refused = env(DEBUG="1", CELERY_RESULT_BACKEND="redis://:p#/w@h/1")
        k8s.celery(refused)

        assert broker["broker_read_url"] == broker["broker_write_url"] == "redis://:p%23%2Fw@h/0"
        assert named(refused) == {"CELERY_RESULT_BACKEND"}

    def test_limits(self) -> None:
        """Time limits and the like are set only where they are asked for."""
        settings = k8s.celery(env(CELERY_TASK_TIME_LIMIT_SECONDS="60", REDIS_URL="redis://h"))

        assert settings["task_time_limit"] == 60
        assert "task_soft_time_limit" not in settings


class TestSecurity:
    KEY = "k" * 50

    def test_production(self) -> None:
        """Secure by default; origins come from the hosts."""
        environment = env(
            SECRET_KEY=self.KEY, ALLOWED_HOSTS="example.com,.example.org", TRUSTED_PROXIES="10.0.0.0/8"
        )
        assert environment.debug is False
        assert k8s.secret_key(environment) == self.KEY
        assert k8s.allowed_hosts(environment) == ["example.com", ".example.org"]
        assert k8s.ssl_redirect(environment) is True
        assert k8s.https(environment) is True
        assert k8s.hsts_seconds(environment) == 3600
        assert k8s.csrf_trusted_origins(environment) == ["https://example.com", "https://*.example.org"]
        assert named(environment) == set()

    def test_no_redirect_without_proxies(self) -> None:
        """Without trusted proxies the redirect would never end: off, and refused when asked for."""
        environment = env(SECRET_KEY=self.KEY, ALLOWED_HOSTS="a", SSL_REDIRECT="1")

        assert k8s.ssl_redirect(env(SECRET_KEY=self.KEY, ALLOWED_HOSTS="a")) is False
        k8s.ssl_redirect(environment)
        assert named(environment) == {"SSL_REDIRECT"}

    @pytest.mark.parametrize("key", ["hunter2", "django-insecure-" + "x" * 60])
    def test_weak_key(self, key: str) -> None:
        """A short key, or the one that startproject makes, does not reach production."""
        environment = env(SECRET_KEY=key, ALLOWED_HOSTS="a")
        k8s.secret_key(environment)

        assert named(environment) == {"SECRET_KEY"}
        assert key not in str(environment.problems)

    @pytest.mark.parametrize("mode", ["DEBUG", "BUILD_PHASE"])
    def test_embedded_defaults(self, mode: str) -> None:
        """Debug mode and the build phase need nothing set."""
        environment = env(**{mode: "1"})

        assert k8s.secret_key(environment)
        k8s.allowed_hosts(environment)
        assert environment.problems == []

    def test_bad_items(self) -> None:
        """Origins without a scheme and proxies that are no networks are problems."""
        environment = env(DEBUG="1", CSRF_TRUSTED_ORIGINS="example.com", TRUSTED_PROXIES="ingress")
        k8s.csrf_trusted_origins(environment)
        k8s.ssl_redirect(environment)

        assert named(environment) == {"CSRF_TRUSTED_ORIGINS", "TRUSTED_PROXIES"}


class TestFiles:
    def test_static(self) -> None:
        """A CDN is one variable."""
        assert k8s.static(env()) == ("/static/", "/srv/app/staticfiles")
        cdn = env(STATIC_CDN_URL="https://cdn.example.com/", STATIC_ROOT="/opt/static")
        assert k8s.static(cdn) == ("https://cdn.example.com/static/", "/opt/static")

    def test_paths_of_the_project(self) -> None:
        """A project's own paths stay, behind a CDN too."""
        assert k8s.static(env(), "/s/")[0] == "/s/"
        assert (
            k8s.static(env(STATIC_CDN_URL="https://cdn.example.com"), "s/")[0] == "https://cdn.example.com/s/"
        )
        assert k8s.media(env(), "/m/") == ("/m/", "/srv/app/media")

    def test_storages(self) -> None:
        """Hashed names but in debug mode; media on disk until a bucket is named."""
        assert "Manifest" in k8s.static_storage(env())["BACKEND"]
        assert "Manifest" in k8s.static_storage(env(BUILD_PHASE="1"))["BACKEND"]
        assert "Manifest" not in k8s.static_storage(env(DEBUG="1"))["BACKEND"]
        assert k8s.media_storage(env())["BACKEND"].endswith("FileSystemStorage")

    def test_private_bucket(self) -> None:
        """Private is the default: signed links, no CDN domain."""
        options = k8s.media_storage(env(MEDIA_S3_BUCKET="b"))["OPTIONS"]
        refused = env(MEDIA_S3_BUCKET="b", MEDIA_CDN_DOMAIN="cdn.example.com", DEBUG="1")
        k8s.media_storage(refused)

        assert options["querystring_auth"] is True
        assert "access_key" not in options
        assert named(refused) == {"MEDIA_CDN_DOMAIN"}

    def test_bucket_without_its_library(self, tmp_path: Path) -> None:
        """A bucket needs an extra; its absence is found before the first upload."""
        _, errors = without_extras(tmp_path, "settings.media_storage(env)", MEDIA_S3_BUCKET="b")

        assert "MEDIA_S3_BUCKET: needs django-storages and boto3" in errors
        assert "django-k8s-toolkit[s3]" in errors

    def test_google_and_azure(self) -> None:
        """Private is the default there too, public media has plain links, and no key is read."""
        google = k8s.media_storage(env(MEDIA_GCS_BUCKET="b", MEDIA_GCS_PREFIX="p"))
        assert google["BACKEND"] == "django_k8s.media_storage.gcs.GCSMedia"
        assert (google["OPTIONS"]["bucket_name"], google["OPTIONS"]["location"]) == ("b", "p")
        assert google["OPTIONS"]["querystring_auth"] is True
        azure = env(MEDIA_AZURE_CONTAINER="c", MEDIA_AZURE_ACCOUNT="a", MEDIA_AZURE_LINK_SECONDS="60")
        options = k8s.media_storage(azure)["OPTIONS"]
        assert (options["azure_container"], options["account_name"], options["expiration_secs"]) == (
            "c",
            "a",
            60,
        )
        assert named(azure) == set()

        public = {"MEDIA_GCS_ACCESS": "public", "MEDIA_CDN_DOMAIN": "cdn.example.com"}
        options = k8s.media_storage(env(MEDIA_GCS_BUCKET="b", **public))["OPTIONS"]
        assert (options["querystring_auth"], options["custom_endpoint"]) == (False, "https://cdn.example.com")
        public = {"MEDIA_AZURE_ACCESS": "public", "MEDIA_AZURE_ACCOUNT": "a"}
        options = k8s.media_storage(env(MEDIA_AZURE_CONTAINER="c", **public))["OPTIONS"]
        assert options["expiration_secs"] is None

    def test_a_container_needs_its_account(self) -> None:
        """Azure's containers have names within an account."""
        environment = env(MEDIA_AZURE_CONTAINER="c")
        k8s.media_storage(environment)
        assert named(environment) == {"MEDIA_AZURE_ACCOUNT"}

    @pytest.mark.parametrize("other", ["MEDIA_GCS_BUCKET", "MEDIA_AZURE_CONTAINER"])
    def test_two_buckets(self, other: str) -> None:
        """Only one can have the uploads."""
        environment = env(MEDIA_S3_BUCKET="b", MEDIA_AZURE_ACCOUNT="a", **{other: "c"})
        k8s.media_storage(environment)
        assert named(environment) == {other}

    @pytest.mark.parametrize(
        ("variable", "extra"), [("MEDIA_GCS_BUCKET", "gcs"), ("MEDIA_AZURE_CONTAINER", "azure")]
    )
    def test_other_buckets_without_their_libraries(self, tmp_path: Path, variable: str, extra: str) -> None:
        """Their absence is found before the first upload."""
        _, errors = without_extras(
            tmp_path, "settings.media_storage(env)", **{variable: "b", "MEDIA_AZURE_ACCOUNT": "a"}
        )

        assert f"{variable}: needs django-storages and " in errors
        assert f"django-k8s-toolkit[{extra}]" in errors

    def test_static_files_without_whitenoise(self, tmp_path: Path) -> None:
        """Static files need an extra; its absence is a problem like the others, in debug mode too."""
        _, errors = without_extras(tmp_path, "settings.static_storage(env)")

        assert (
            "STORAGES: the settings call k8s.static_storage(env), but WhiteNoise is not installed" in errors
        )
        assert "django-k8s-toolkit[web]" in errors
        assert "Traceback" not in errors

    def test_options_of_the_project(self) -> None:
        """Options that the project gives win, on disk and in a bucket."""
        assert k8s.media_storage(env(), base_url="/m/")["OPTIONS"] == {"base_url": "/m/"}
        bucket = k8s.media_storage(env(MEDIA_S3_BUCKET="b"), location="uploads")["OPTIONS"]
        assert (bucket["bucket_name"], bucket["location"]) == ("b", "uploads")

    def test_public_bucket(self) -> None:
        """Public links, by the CDN where one is named."""
        options = k8s.media_storage(
            env(MEDIA_S3_BUCKET="b", MEDIA_S3_ACCESS="public", MEDIA_CDN_DOMAIN="cdn.example.com")
        )["OPTIONS"]

        assert options["querystring_auth"] is False
        assert options["custom_domain"] == "cdn.example.com"


class TestEmail:
    def test_address(self) -> None:
        """A URL names the server, and sending has a timeout."""
        options = k8s.mailers(env(EMAIL_URL="smtp+tls://user:p@ss#1@mail.example.com"))["default"]["OPTIONS"]

        assert options["password"] == "p@ss#1"
        assert options["port"] == 587
        assert options["use_tls"] is True
        assert options["timeout"] == 10

    def test_a_mail_arrives(self, tmp_path: Path) -> None:
        """A project's send_mail, by the settings of the Django that is installed: login, sender and words arrive."""
        code = "from django.core.mail import send_mail; print(send_mail('Subject', 'Words', 'shop@example.com', ['you@example.com']))"
        with postbox() as box:
            variables = production(
                EMAIL_URL=f"smtp://me:p@ss#1@127.0.0.1:{box.port}",
                DATABASE_URL="sqlite://:memory:",
                STATE_DIR=str(tmp_path),
                LOG_LEVEL="ERROR",
            )
            done = run([sys.executable, "manage.py", "shell", "-v0", "-c", code], variables, PROJECT)
        assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
        (mail,) = box.mails
        assert mail.login == "me p@ss#1"
        assert "shop@example.com" in mail.sender
        assert [name.partition(":")[2] for name in mail.recipients] == ["<you@example.com>"]
        assert "Subject: Subject" in mail.text
        assert "Words" in mail.text

    @pytest.mark.parametrize("url", ["mail://h", "smtp://u:p@h:port", "smtp+tls:///"])
    def test_malformed(self, url: str) -> None:
        """An address that cannot be meant is a problem."""
        environment = env(DEBUG="1", EMAIL_URL=url)
        k8s.mailers(environment)

        assert named(environment) == {"EMAIL_URL"}

    def test_default(self) -> None:
        """Nothing set: printed in debug mode; in production sending fails, so that no mail is lost in silence."""
        assert "console" in str(k8s.mailers(env(DEBUG="1")))
        assert k8s.mailers(env())["default"]["BACKEND"] == "django_k8s.mail.MissingBackend"
        assert (
            k8s.mailers(env(EMAIL_URL="dummymail://"))["default"]["BACKEND"] == "django_k8s.mail.NullBackend"
        )


def test_logging_is_valid() -> None:
    """The dictionary is one that logging takes, at the level that was asked for."""
    import logging.config

    settings = k8s.logging(env(LOG_LEVEL="WARNING"))
    logging.config.dictConfig({**settings, "root": {"handlers": []}, "loggers": {}})
    assert settings["root"]["level"] == "WARNING"
