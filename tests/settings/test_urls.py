"""Malformed URLs: whichever variable has one, it is in the one message, and never at the first use."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import example
from support.process import environment, run
from support.roles import ENTRYPOINT

from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.environment.connection_urls import encoded, malformed

SECRET = "s3cr3t-canary"
PRODUCTION = {
    "SECRET_KEY": "k9" * 30,
    "ALLOWED_HOSTS": "shop.example",
    "DATABASE_URL": "postgres://u:p@h/n",
    "REDIS_URL": "redis://h:6379/0",
    "MEDIA_S3_BUCKET": "uploads",
    "MEDIA_S3_ACCESS": "public",
    "DATABASE_USER": "shop",
    "DATABASE_NAME": "shop",
}


def configured(**values: str) -> Env:
    """The environment after all settings functions have read it."""
    env = Env(environ={**PRODUCTION, **values})
    k8s.allowed_hosts(env), k8s.csrf_trusted_origins(env), k8s.database(env), k8s.cache(env), k8s.celery(env)
    k8s.media_storage(env), k8s.static(env), k8s.mailers(env)
    for name in values:
        if name == "REPLICA_DATABASE_URL":
            k8s.database(env, name)
        if name == "PAGES_CACHE_URL":
            k8s.cache(env, name)
    return env


def reported(capsys: pytest.CaptureFixture[str], env: Env) -> str:
    with pytest.raises(SystemExit) as end:
        k8s.config(env)
    assert end.value.code == 78
    return capsys.readouterr().err


PORTS = ["x", "0", "65536", "-1", "1e3", "\N{ARABIC-INDIC DIGIT THREE}", "123456789012345678901234567890"]
HOSTS = [
    "a b",
    "$(HOST)",
    "${HOST}",
    "<host>",
    "{{ host }}",
    "a..b",
    "x" * 64,
    "[::1",
    "[::g]",
    "::1",
    "a,b",
    "'h'",
]
SERVERS = {
    "DATABASE_URL": "postgres://u:{secret}@{host}/n",
    "DATABASE_DIRECT_URL": "postgres://u:{secret}@{host}/n",
    "REPLICA_DATABASE_URL": "mysql://u:{secret}@{host}/n",
    "REDIS_URL": "redis://:{secret}@{host}/0",
    "CACHE_URL": "rediss://u:{secret}@{host}/1",
    "PAGES_CACHE_URL": "redis://:{secret}@{host}",
    "CELERY_BROKER_URL": "amqp://u:{secret}@h:5672//;amqps://u:{secret}@{host}//",
    "CELERY_RESULT_BACKEND": "redis://:{secret}@{host}/2",
    "EMAIL_URL": "smtp+tls://u:{secret}@{host}",
    "STATIC_CDN_URL": "https://u:{secret}@{host}",
    "MEDIA_S3_ENDPOINT_URL": "https://u:{secret}@{host}",
    "CSRF_TRUSTED_ORIGINS": "https://{host}",
}


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("host", [*(f"h:{port}" for port in PORTS), *HOSTS])
def test_malformed(capsys: pytest.CaptureFixture[str], name: str, host: str) -> None:
    """Each has a problem of its own, without a part of its value."""
    several = host == "a,b" and name in ("DATABASE_URL", "DATABASE_DIRECT_URL", "CSRF_TRUSTED_ORIGINS")
    env = configured(**{name: SERVERS[name].format(secret=SECRET, host="a,b:x" if several else host)})
    message = reported(capsys, env)

    assert f"The configuration has 1 problem:\n  {name}: " in message
    assert "Traceback" not in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_HOST", "https://h"),
        ("DATABASE_HOST", "h:5432"),
        ("DATABASE_HOST", "$(HOST)"),
        ("DATABASE_DIRECT_URL", f"redis://u:{SECRET}@h/0"),
        ("DATABASE_DIRECT_URL", f"postgres://u:{SECRET}@/n"),
        ("REDIS_URL", f"redis://:{SECRET}@h/word"),
        ("REDIS_URL", f"redis://:{SECRET}@h/0/1"),
        ("REDIS_URL", f"redis://:{SECRET}@h/-1"),
        ("REDIS_URL", f"redis://:{SECRET}@h/0?db=word"),
        ("CACHE_URL", f"redis://:{SECRET}@h?socket_timeout=none"),
        ("CACHE_URL", "pymemcache://h:x"),
        ("CACHE_URL", "pymemcache://h:11211,i:x"),
        ("CELERY_BROKER_URL", f"sentinel://:{SECRET}@h:26379;sentinel://:{SECRET}@h:x"),
        ("CELERY_BROKER_URL", f"http://u:{SECRET}@h"),
        ("CELERY_RESULT_BACKEND", f"redis://:{SECRET}@h/word"),
        ("CELERY_RESULT_BACKEND", f"nothing://u:{SECRET}@h"),
        ("CELERY_RESULT_BACKEND", "django_db"),
        ("STATIC_CDN_URL", "ftp://cdn.example"),
        ("MEDIA_S3_ENDPOINT_URL", "s3://bucket"),
        ("MEDIA_CDN_DOMAIN", "media.example:x"),
        ("ALLOWED_HOSTS", "https://shop.example"),
        ("ALLOWED_HOSTS", "shop.example,shop.example:8000"),
    ],
)
def test_others(capsys: pytest.CaptureFixture[str], name: str, value: str) -> None:
    """Numbers of databases, schemes, and hosts that are variables of their own."""
    values = {name: value}
    if name == "DATABASE_HOST":
        values["DATABASE_URL"] = ""
    message = reported(capsys, configured(**values))

    assert f"The configuration has 1 problem:\n  {name}: " in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://u:p#a/s@s@[::1]:5432/n?sslmode=require"),
        ("DATABASE_URL", "postgres://u:p@h1:5432,h2:5433/n"),
        ("DATABASE_URL", "postgres://u:p@%2Fvar%2Frun%2Fpostgresql/n"),
        ("DATABASE_URL", "postgres://u:p@/n"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_HOST", "h1,h2"),
        ("DATABASE_HOST", "/var/run/postgresql"),
        ("DATABASE_HOST", "::1"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://h_1.example.:6379//?db=3&client_name=x"),
        ("REDIS_URL", "redis://bücher.example/1"),
        ("CACHE_URL", "pymemcache://h1:11211,h2:11211"),
        ("CACHE_URL", "pymemcache:///tmp/memcached.sock"),
        ("CACHE_URL", "dbcache://a_table"),
        ("CACHE_URL", "locmem://"),
        ("CELERY_BROKER_URL", "amqp://u:p@h1:5672//;amqp://u:p@h2:5672//"),
        ("CELERY_BROKER_URL", "sqs://AKIA:a%2Fb@"),
        ("CELERY_BROKER_URL", "filesystem:///srv/a:b"),
        ("CELERY_RESULT_BACKEND", "django-db"),
        ("CELERY_RESULT_BACKEND", "rpc://"),
        ("CELERY_RESULT_BACKEND", "db+postgresql://u:p@h:5432/n"),
        ("CELERY_RESULT_BACKEND", "cache+memcached://127.0.0.1:11211;127.0.0.2:11211/"),
        ("CELERY_RESULT_BACKEND", "shop.results.Backend"),
        (
            "CELERY_RESULT_BACKEND",
            "azureblockblob://DefaultEndpointsProtocol=https;BlobEndpoint=http://h:1/x",
        ),
        ("ALLOWED_HOSTS", ".shop.example,10.0.0.1,[::1],*"),
        ("CSRF_TRUSTED_ORIGINS", "https://*.shop.example,http://localhost:8000"),
        ("STATIC_CDN_URL", "https://cdn.example/a/b"),
    ],
)
def test_well_formed(name: str, value: str) -> None:
    """Whatever a client takes is taken."""
    values = {name: value}
    if name == "DATABASE_HOST":
        values["DATABASE_URL"] = ""
    env = configured(**values)
    k8s.config(env)


def test_all_are_in_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    """A person corrects them in one go."""
    values = {name: url.format(secret=SECRET, host="h:x") for name, url in SERVERS.items()}
    message = reported(capsys, configured(**values))

    assert f"The configuration has {len(values)} problems:" in message
    assert all(f"\n  {name}: " in message for name in values)
    assert SECRET not in message


PARTS = st.sampled_from(
    ["", "h", "h.example", "::1", "[::1]", "a b", "x" * 64, "1.2.3.4", "é", "h:", ":", "%", "a,b"]
)
PATHS = st.sampled_from(
    ["", "/", "//", "/0", "/15", "/word", "/0/", "/-1", "/1.5", "//vhost", "/%2F", "/0#x"]
)
QUERIES = st.sampled_from(
    ["", "?", "?db=1", "?db=x", "?socket_timeout=1.5", "?socket_timeout=x", "?a=b&max_connections=y"]
)
PORT = st.one_of(
    st.just(""), st.sampled_from(PORTS).map(":{}".format), st.integers(-1, 70_000).map(":{}".format)
)
CREDENTIALS = st.sampled_from(["", ":p@", "u:p@", "u@", "u:p#/?%@", "u:p@q@", "u:[x@"])
URLS = st.builds("{}://{}{}{}{}{}".format, st.sampled_from(["redis", "rediss"]), CREDENTIALS, PARTS, PORT, PATHS, QUERIES)  # fmt: skip


@given(url=URLS)
def test_what_is_taken_can_be_used(url: str) -> None:
    """No client raises for a URL in which nothing is found."""
    from kombu.utils.url import url_to_parts
    from redis.connection import parse_url

    if malformed(url):
        return
    url = encoded(url)
    assert urlsplit(url).port != 0
    options: dict[str, Any] = dict(parse_url(url))
    assert isinstance(options.get("db", 0), int)
    # As kombu's transport does it.
    path = url_to_parts(url).path
    if path and path != "/":
        int(path.removeprefix("/"))


@pytest.mark.parametrize("role", ["web", "worker", "beat"])
def test_roles_end_with_the_message(tmp_path: Path, role: str) -> None:
    """Before anything is connected, and without a traceback."""
    site = example.copy(tmp_path / "site")
    done = run(
        ["/bin/sh", ENTRYPOINT, role],
        environment(
            DEBUG="true",
            DJANGO_SETTINGS_MODULE="config.settings",
            PROBE_PORT="0",
            REDIS_URL=f"redis://:{SECRET}@h:x/0",
            CELERY_BROKER_URL=f"amqp://u:{SECRET}@h:abc//",
        ),
        site,
        60,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 78, said
    assert "REDIS_URL: has a port" in said
    assert "CELERY_BROKER_URL: has a port" in said
    assert "Traceback" not in said
    assert SECRET not in said
