"""What looks like a secret or a database, and what only resembles one."""

from __future__ import annotations

import gzip
import sqlite3
import time
from pathlib import Path

import pytest

from django_k8s.cli.image.suspects import why_suspect

# No key: the letters of the alphabet.
LINES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\n"
PEM = f"-----BEGIN PRIVATE KEY-----\n{LINES * 3}-----END PRIVATE KEY-----\n"
CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{LINES * 3}-----END CERTIFICATE-----\n"

SUSPECTS = {
    "certs/server.pem": CERTIFICATE + PEM,
    "tls.pem": PEM.replace("PRIVATE", "RSA PRIVATE").replace(
        "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1
    ),
    "server.key": "\0\1binary",
    "notes.txt": PEM.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY"),
    "settings.py": f"KEY = {PEM!r}",
    "settings/keys.py": "KEY = (\n" + "".join(f"    {line + chr(10)!r}\n" for line in PEM.splitlines()) + ")",
    "signing.asc": PEM.replace("PRIVATE KEY", "PGP PRIVATE KEY BLOCK").replace(
        "-----\n", "-----\nVersion: 1\n\n", 1
    ),
    "deploy/id_rsa": "x",
    ".ssh/deploy": "x",
    "store.P12": "x",
    "java.jks": "x",
    "vault.kdbx": "x",
    "google/anything.json": '{"type": "service_account", "private_key": "' + PEM.replace("\n", "\\n") + '"}',
    "oauth.json": '{"web": {"client_id": "x", "client_secret" : "0123456789"}}',
    "credentials.json": "{}",
    "client_secret_123.json": "{}",
    "service-account.json": "{}",
    "secrets.yaml": "a: b",
    "conf/secrets.json": "{}",
    ".env": "SECRET_KEY=x",
    ".env.production": "# comment\n\nexport SECRET_KEY = x",
    "prod.env": "A=1",
    ".envrc": "export A=1",
    ".envs/.local/.django": "A=1",
    ".netrc": "machine x",
    ".pypirc": "[pypi]",
    ".pgpass": "x",
    ".my.cnf": "x",
    ".htpasswd": "x",
    ".git-credentials": "x",
    ".aws/config": "x",
    ".docker/config.json": "{}",
    "backup/credentials": "[default]",
    "aws.ini": f"aws_secret_access_key = {LINES[:40]}",
    ".npmrc": "//npm.example/:_authToken=npm_0123",
    ".yarnrc.yml": 'npmAuthToken: "0123"',
    "pip.conf": "[global]\nindex-url = https://me:password@pypi.example/simple",
    "kubeconfig": "x",
    "kubeconfig.yaml": "x",
    ".kube/config": "x",
    "cluster.yaml": "users:\n- user:\n    client-key-data: eA==",
    "terraform.tfstate": "{}",
    "users.dump": "x",
    "users.sql.gz": "x",
    "users.sql": "--\n-- PostgreSQL database dump\n--\nCOPY public.users (id, name) FROM stdin;\n1\tada\n",
    "users": "PGDMP\1",
    "queue.rdb": "REDIS0011",
    "db.sqlite": "encrypted",
    "db.sqlite3-wal": "x",
    "hc/local_settings.py": "DEBUG = True",
}
INNOCENT = {
    "certs/ca-bundle.pem": CERTIFICATE,
    "apt/archive.key": f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n{LINES}",
    "keys.py": 'if "-----BEGIN PRIVATE KEY-----" in text:\n    raise ValueError\n',
    "docs/keys.md": "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----\n",
    "id_rsa.pub": "ssh-rsa AAAA",
    ".env.example": "SECRET_KEY=change-me",
    "example.env": "SECRET_KEY=change-me",
    ".env.empty": "SECRET_KEY=\n# A=1\n",
    "env.py": "A = 1",
    "environment.js": "A = 1",
    "secrets.py": "A = 1",
    "credentials/models.py": "A = 1",
    "shop/settings/local.py": "DEBUG = True",
    "package.json": '{"name": "client_secret"}',
    "locale/de/LC_MESSAGES/django.po": 'msgid "BEGIN PRIVATE KEY"',
    "fixtures/countries.sql": "INSERT INTO countries VALUES (1);",
    "schema.sql": "-- PostgreSQL database dump\nCREATE TABLE users (id int);\n",
    "fixtures/users.json": '[{"model": "auth.user", "fields": {"password": "x"}}]',
    ".npmrc": "//npm.example/:_authToken=${NPM_TOKEN}",
    "pip.conf": "[global]\nindex-url = https://pypi.example/simple",
    "GeoLite2-City.mmdb": "\xab\xcd",
    "web.yaml": "kind: Config\n",
    "empty.sqlite": "",
    ".envs/.keep": "",
}


@pytest.mark.parametrize("name", SUSPECTS)
def test_suspects(name: str, tmp_path: Path) -> None:
    """Each of them is refused, with a reason that completes a sentence."""
    (tmp_path / "file").write_text(SUSPECTS[name])

    assert why_suspect(name, tmp_path / "file").startswith(("is ", "has ", "holds ", "sets "))


@pytest.mark.parametrize("name", INNOCENT)
def test_innocent(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(INNOCENT[name])

    assert why_suspect(name, tmp_path / "file") == ""


def test_real_database(tmp_path: Path) -> None:
    """SQLite's own file, under any name; compressed data that only begins like nothing is none."""
    with sqlite3.connect(tmp_path / "bakerydb") as connection:
        connection.execute("CREATE TABLE users (name)")
    (tmp_path / "data.gz").write_bytes(gzip.compress(b"x" * 1000))

    assert why_suspect("bakerydb", tmp_path / "bakerydb") == "is a database"
    assert why_suspect("data.gz", tmp_path / "data.gz") == ""


def test_a_key_at_the_end_of_a_long_file(tmp_path: Path) -> None:
    """A text is read as a whole."""
    (tmp_path / "file").write_text("# comment\n" * 50_000 + PEM)

    assert why_suspect("settings.py", tmp_path / "file") == "holds a private key"


@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n\n\n\n", "-----BEGIN PRIVATE KEY-----\nAa: b\n",
        "\n", " ", "export ", "a", "=", "://a:", "aws_secret_access_key ", '"client_secret" ', "client-key-data", "_auth ",
    ],
)  # fmt: skip
def test_linear_time(piece: str, tmp_path: Path) -> None:
    """Twice the text takes about twice the time, whatever it is: a file is not a way to stop a build."""
    names = ("x.env", "x.json", "x.sql", "x.yaml", ".npmrc", "pip.conf", "x.key")

    def seconds(size: int) -> float:
        (tmp_path / "file").write_text((piece * size)[:size])
        began = time.process_time()
        for name in names:
            why_suspect(name, tmp_path / "file")
        return time.process_time() - began

    seconds(1000)
    short, long = (min(seconds(size) for _ in range(3)) for size in (250_000, 1_000_000))
    assert long < 10 * short + 0.05, (short, long)
