"""The environment with random values: what it promises holds for every input."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.cli.env import print_environment
from django_k8s.environment import masking, problems, startup
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.sources import Sources
from django_k8s.environment.variables import VARIABLES
from django_k8s.gunicorn import options, process_count

LINES = st.one_of(
    st.text(max_size=20),
    st.builds(
        "{}{}={}{}{}".format,
        st.sampled_from(["", "export ", " "]),
        st.sampled_from(["A", "B_1", "A B", "\N{GREEK SMALL LETTER OMEGA}"]),
        st.sampled_from(["", "'", '"', " "]),
        st.text(alphabet="ab '\"\\rnt#$=\t", max_size=12),
        st.sampled_from(["", "'", '"', " # comment"]),
    ),
)


@given(lines=st.lists(LINES, max_size=6))
def test_dotenv_is_read_as_django_environ_reads_it(tmp_path: Path, lines: list[str]) -> None:
    """Line by line the same names and values, and a problem where it would log one."""
    import environ

    class Reader(environ.Env):
        ENVIRON: dict[str, str] = {}

    text = "\n".join(lines).replace("\0", "")
    path = tmp_path / ".env"
    path.write_text(text, encoding="utf-8")
    Reader.read_env(path)
    found = Sources(tmp_path, {})

    names = {*Reader.ENVIRON, *found.names()}
    assert {name: found._dotenv.get(name) for name in names} == Reader.ENVIRON


SECRET = "s3cr3t-\N{GREEK SMALL LETTER OMEGA}"
NAMES = sorted(VARIABLES)
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["redis", "rediss", "amqp", "postgres", "mysql", "sqlite", "pymemcache", "dbcache", "smtp", "smtp+tls", "sqs", "https", "x", ""]),
    st.sampled_from(["", "u:p@", f"u:{SECRET}@", f"u:{SECRET}#/?@", f":{SECRET}%zz@", f"{SECRET}@"]),
    st.sampled_from(["", "h", "h h", "[::1]", "[::1", "a,b", "$(HOST)", "x" * 64, "%2Ftmp"]),
    st.sampled_from(["", ":5432", ":x", ":0", ":99999", ":-1", ":"]),
    st.sampled_from(["", "/", "/0", "/word", "//", "/n?pool=1", "/n?timeout=x&sslmode=y", "?db=x", "/n#x"]),
)  # fmt: skip
VALUES = st.one_of(
    URLS,
    st.text(max_size=40).map(lambda text: text.replace("\0", "")),
    st.sampled_from(["", "1", "true", "postgres://u:p@h/n", "redis://[::1", "://", "rediss://u:%zz@h:99999/x", "sqlite:///x", "smtp+tls://h", "*", "10.0.0.0/99", "pymemcache://h:p", "amqp://u:p@h//;amqp://u:p@h", "web", "asgi", "json"]),
    st.sampled_from(["9", "x", "/", "1e9", "%", "\udcff"]).flatmap(lambda text: st.sampled_from([1, 400, 5000]).map(lambda times: text * times)),
)  # fmt: skip
CONTENTS = st.one_of(VALUES.map(lambda text: text.encode("utf-8", "surrogateescape")), st.binary(max_size=20))


@contextlib.contextmanager
def process_environment(values: dict[str, str], folder: Path) -> Iterator[Callable[[], str]]:
    """``values`` are the whole of os.environ, ``folder`` is the working directory.

    Gives what tells what was printed since it was asked last; like a terminal, it takes text alone.
    """
    kept, here = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(values)
    os.chdir(folder)
    startup.reset()
    masking.reset()
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")

    def said() -> str:
        output.seek(0)
        text = output.read()
        output.seek(0)
        output.truncate()
        return text

    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            yield said
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(kept)
        startup.reset()


PROCESS = {
    "values": st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12),
    "marked": st.sets(st.sampled_from(NAMES), max_size=6),
    "folders": st.sampled_from([None, "mounted", "mounted,nowhere", "nowhere", "x" * 5000]),
}
FILES = {
    "mounted": st.dictionaries(st.sampled_from(NAMES), CONTENTS, max_size=3),
    "pointed": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["file", "nowhere", ".", "x" * 5000]), max_size=2),
    "dotenv": st.lists(st.one_of(CONTENTS, st.builds(lambda name, value: name.encode() + b"=" + value, st.sampled_from(NAMES), CONTENTS)), max_size=3),
}  # fmt: skip


def process(values: dict[str, str], marked: set[str], folders: str | None) -> dict[str, str]:
    """The process environment of these parts."""
    environ = {**values, **{name: values.get(name, "") + SECRET for name in marked}}
    return {**environ, "ENV_DIR": folders} if folders else environ


def configured(env: Env) -> None:
    """Everything that reads the environment; at its end a message and status 78, or none."""
    status: object = EX_CONFIG
    try:
        k8s.secret_key(env), k8s.secret_key_fallbacks(env), k8s.allowed_hosts(env), k8s.ssl_redirect(env)
        k8s.csrf_trusted_origins(env), k8s.hsts_seconds(env), k8s.database(env), k8s.cache(env)
        k8s.media_storage(env), k8s.static_storage(env), k8s.static(env), k8s.media(env)
        k8s.celery(env), k8s.mailers(env), k8s.logging(env)
        process_count.concurrency(env), options.bind_address(env), options.graceful_seconds(env)
        options.trusted_proxies(env), options.application(env)
        k8s.config(env)
        problems.stop_if(startup.env().problems)
    except SystemExit as end:
        status = end.code
    assert status == EX_CONFIG


@given(parts=st.fixed_dictionaries(PROCESS))
def test_random_environments(tmp_path_factory: pytest.TempPathFactory, parts: dict[str, Any]) -> None:
    """A message and 78, or settings; never another exception, never a value."""
    output = io.StringIO()
    with contextlib.redirect_stderr(output), contextlib.redirect_stdout(output):
        configured(Env(tmp_path_factory.getbasetemp(), environ=process(**parts)))
    masking.reset()
    assert SECRET not in output.getvalue()


@given(parts=st.fixed_dictionaries(PROCESS), files=st.fixed_dictionaries(FILES))
def test_random_files(
    tmp_path_factory: pytest.TempPathFactory, parts: dict[str, Any], files: dict[str, Any]
) -> None:
    """The same with values from files and .env, for what the library reads itself, and `django-k8s env`."""
    here = tmp_path_factory.getbasetemp() / "random"
    (here / "mounted").mkdir(parents=True, exist_ok=True)
    for left in (here / "mounted").iterdir():
        left.unlink()
    for name, content in files["mounted"].items():
        (here / "mounted" / name).write_bytes(content)
    (here / "file").write_text(SECRET)
    (here / ".env").write_bytes(b"\n".join(files["dotenv"]))
    pointers = {f"{name}_FILE": path for name, path in files["pointed"].items()}

    with process_environment({**process(**parts), **pointers}, here) as said:
        configured(Env())
        assert SECRET not in said()
        assert print_environment(Path(), as_json=False) in (0, EX_CONFIG)
        said()
        with contextlib.redirect_stderr(io.StringIO()) as problems:
            print_environment(Path(), as_json=True)
        rows = json.loads(said())
    assert SECRET not in problems.getvalue()
    secrets = [row for row in rows if VARIABLES[row["name"]].secret]
    assert {row["value"] for row in secrets} <= {None, "********"}
