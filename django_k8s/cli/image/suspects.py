"""Recognize files that look like a secret or a database, by their name or content."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

# How many bytes of a file are read: a file of text as a whole, and the beginning of anything larger.
_WHOLE, _BEGINNING = 1_000_000, 65_536

_PRIVATE_KEY = "holds a private key"
_DATABASE = "is a database"
_DUMP = "is a dump of a database"
_CREDENTIALS = "holds credentials"
_VARIABLES = "sets environment variables, which often are secrets"

# Patterns for the whole name of a file, in lower case.
_NAMES = (
    (r"id_(rsa|dsa|ecdsa|ed25519)(_sk)?", _PRIVATE_KEY),
    (r".*\.(p12|pfx|jks|keystore|kdbx|ppk)", _PRIVATE_KEY),
    (r".*\.(sqlite3?|duckdb)", _DATABASE),
    (r".*\.(sqlite3?|db)-(wal|shm|journal)", _DATABASE),
    (r".*\.(sql|dump)\.(gz|bz2|xz|zst|zip|lz4)|.*\.(dump|pgdump)", _DUMP),
    (r"[._]netrc|\.pypirc|\.pgpass|\.my\.cnf|\.git-credentials|\.dockercfg|\.htpasswd", _CREDENTIALS),
    (r"\.vault[-_](token|pass)|\.s3cfg|\.boto|.*\.tfstate(\.backup)?", _CREDENTIALS),
    (r"kubeconfig.*|.*\.kubeconfig", _CREDENTIALS),
    (r"(secrets?|credentials)(\.(json|ya?ml|toml|ini|cfg|csv))?", _CREDENTIALS),
    (r"(client[-_]secret|service[-_]account).*\.json", _CREDENTIALS),
    (r"(local_settings|settings_local)\.py", "has the settings of one machine"),
)
# Directories whose files are all suspect.
_FOLDERS = ((".envs", _VARIABLES), (".ssh", _CREDENTIALS), (".kube", _CREDENTIALS), (".aws", _CREDENTIALS))

_ENVIRONMENT_NAME = re.compile(r"\.env(rc|[._-].*)?|.*\.env")
_EXAMPLE = re.compile(r"(^|[._-])(example|sample|template|dist|defaults?)([._-]|$)")
_ASSIGNMENT = re.compile(rb"^[ \t]*(export[ \t]+)?[A-Za-z_]\w*[ \t]*=[ \t]*[^\s#]", re.MULTILINE)

# Files for tests, and files for development or continuous integration. Production needs neither.
_FOR_TESTS = re.compile(r"(^|[._/-])(tests?|testing|conftest)([._/-]|$)")
_FOR_DEVELOPMENT = re.compile(r"(^|[._/-])(tests?|testing|ci|local|dev|develop|development)([._/-]|$)")

_BEGINS = (
    (b"SQLite format 3\0", _DATABASE),
    (b"PGDMP", _DUMP),
    (b"REDIS00", _DUMP),
)
# A key has base64 after its first line, also in JSON and in string literals. Code that only looks for keys does not.
_PEM = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\\[rn]|[\s\"',]){1,40}(?:[A-Z][A-Za-z-]{1,20}: [^\r\n\\]{0,120}(?:\\[rn]|\s){1,8}){0,6}[A-Za-z0-9+/=]{32}"
)
_AWS = re.compile(rb"aws_secret_access_key[ \t]{0,20}=[ \t]{0,20}[A-Za-z0-9/+=]{20}")
_KUBECONFIG = re.compile(rb"^[ \t]*client-key-data[ \t]*:[ \t]*[^\s#]", re.MULTILINE)
_OAUTH = re.compile(rb'"(client_secret|refresh_token)"\s{0,20}:\s{0,20}"[^"\s]{8}')
_SQL_DUMP = re.compile(rb"^-- (PostgreSQL database|MySQL|MariaDB) dump", re.MULTILINE)
_SQL_ROWS = re.compile(rb"^(COPY [^;]{1,2000} FROM stdin|INSERT INTO )", re.MULTILINE)
_INDEX_TOKEN = re.compile(rb"(_authToken|_password|_auth|npmAuthToken)[\"']?[ \t]*[=:][ \t]*[\"']?[^\s\"'$]")
_URL_PASSWORD = re.compile(rb"://[^\s/:@]{1,100}:[^\s/@$]{1,200}@")


def why_suspect(path: str, file: Path) -> str:
    """Return what is suspect about a file, as the predicate of a sentence, or an empty string.

    ``path`` is its path in the project, and ``file`` where to read it. An empty file is never suspect.
    Raise OSError if it cannot be read.
    """
    size = file.stat().st_size
    if not size:
        return ""
    with file.open("rb") as opened:
        content = opened.read(_WHOLE if size <= _WHOLE else _BEGINNING)
    return _by_name(PurePosixPath(path.lower()), content) or _by_content(PurePosixPath(path.lower()), content)


def is_aside(path: str, reason: str) -> bool:
    """Return whether a suspect is for tests or development, so that the image does not need it."""
    pattern = _FOR_DEVELOPMENT if reason == _VARIABLES else _FOR_TESTS
    return bool(pattern.search(path.lower()))


def _rows(content: bytes) -> bool:
    """Return whether a dump has rows, or may have some because only its beginning was read."""
    return len(content) == _BEGINNING or bool(_SQL_ROWS.search(content))


def _by_name(path: PurePosixPath, content: bytes) -> str:
    if path.suffix == ".pub" or path.name == "known_hosts" or _EXAMPLE.search(path.name):
        return ""
    for folder, reason in _FOLDERS:
        if folder in path.parts[:-1]:
            return reason
    if path.parts[-2:] == (".docker", "config.json"):
        return _CREDENTIALS
    for pattern, reason in _NAMES:
        if re.fullmatch(pattern, path.name):
            return reason
    if path.suffix == ".key" and not re.search(rb"-----BEGIN [A-Z ]*(PUBLIC KEY|CERTIFICATE)", content):
        return _PRIVATE_KEY
    if _ENVIRONMENT_NAME.fullmatch(path.name) and _ASSIGNMENT.search(content):
        return _VARIABLES
    return ""


def _by_content(path: PurePosixPath, content: bytes) -> str:
    for beginning, reason in _BEGINS:
        if content.startswith(beginning):
            return reason
    if b"PRIVATE KEY" in content and _PEM.search(content):
        return _PRIVATE_KEY
    if _AWS.search(content):
        return _CREDENTIALS
    if path.suffix in ("", ".yaml", ".yml", ".conf") and _KUBECONFIG.search(content):
        return _CREDENTIALS
    if path.suffix == ".json" and _OAUTH.search(content):
        return _CREDENTIALS
    # Tables without rows are not secret. Many programs contain a schema.
    if path.suffix == ".sql" and _SQL_DUMP.search(content[:_BEGINNING]) and _rows(content):
        return _DUMP
    if path.name in (".npmrc", ".yarnrc.yml") and _INDEX_TOKEN.search(content):
        return _CREDENTIALS
    if path.name in ("pip.conf", "pip.ini", "uv.toml") and _URL_PASSWORD.search(content):
        return _CREDENTIALS
    return ""
