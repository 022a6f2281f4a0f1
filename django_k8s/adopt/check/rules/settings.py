"""Rules about settings that do not suit production, and about secrets in the repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from django_k8s.adopt.check.assigned import default_of, read_variable
from django_k8s.adopt.check.finding import Finding, Kind, found
from django_k8s.adopt.check.subject import Rule, Subject
from django_k8s.adopt.rules.variables import secret
from django_k8s.adopt.tree import literal

DEBUG = Kind(
    "debug",
    "warning",
    "DEBUG is True in the settings that production builds on{detail}.",
    "The settings for Kubernetes set it to False, but only after these settings have used its value.",
    "Make False the default in these settings, or build on another settings module (django-k8s init --settings).",
)
ANY_HOST = Kind(
    "any-host",
    "note",
    "ALLOWED_HOSTS allows every host name.",
    "Whoever sends a request chooses the host name in mailed links and in cached pages.",
    "Set hosts in deploy/values-production.yaml, which replaces it. Probes are answered whatever their Host header says.",
)
SECRET_KEY = Kind(
    "secret-key",
    "warning",
    "SECRET_KEY is written in the settings.",
    "Whoever reads the repository can sign sessions and password links.",
    "Set SECRET_KEY in the Secret, to 50 random characters: it replaces this one.",
)
SECRET_FILE = Kind(
    "secret-file",
    "warning",
    "{detail}",
    "Whoever reads the repository has it, and its history keeps it.",
    "Remove it from git (git rm --cached), add it to .gitignore, and replace the secret by a new one.",
)
LOG_FILE = Kind(
    "log-file",
    "note",
    "LOGGING writes to a file ({detail}).",
    "The settings for Kubernetes send these lines to standard output instead, where the cluster collects them.",
    "You do not have to do anything, unless a program reads the file.",
)

_ENV_FILE = re.compile(r"(^|/)(\.env(\.[\w-]+)?|[\w-]+\.env|\.envs/.*)$")
_EXAMPLE = re.compile(
    r"example|sample|template|dist|default|test|\bci\b|dev|local|build|docker|compose|schema", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"(?i)^$|change|secret|your|example|dummy|test|placeholder|xxx|<|\$|todo|none|null|true|false|foo|password|postgres|django|insecure"
    r"|localhost|default|dev|^\d+$|^.{1,7}$"
)
_PRIVATE = re.compile(r"^-----BEGIN (RSA |EC |OPENSSH |DSA |ENCRYPTED )?PRIVATE KEY-----", re.MULTILINE)
_AWS = re.compile(r"(?<![A-Z0-9])AKIA[0-9A-Z]{16}(?![A-Z0-9])")


def debug(subject: Subject) -> Iterator[Finding]:
    """Find DEBUG = True in the production settings, also as the default of a variable."""
    assigned = subject.values.all("DEBUG")
    if len(assigned) != 1 or not assigned[0].certain:
        return
    node, place = assigned[0].node, assigned[0].place
    variable = read_variable(node)
    value = default_of(node) if variable and isinstance(node, ast.Call) else literal(node)
    if str(value).lower() not in ("true", "1", "yes", "on") or (variable and subject.set(variable)):
        return
    unless = f", unless {variable} is set" if variable else ""
    reads = [
        f"{file}:{number}"
        for file in subject.files
        for number, line in subject.lines(file)
        if re.match(r"\s*(if|elif)\b.*\bDEBUG\b|.*\bif DEBUG else\b|.*not DEBUG", line)
    ]
    if reads:
        yield found(DEBUG, place, f"{unless}, and {reads[0]} depends on it")
    else:
        yield found(DEBUG, place, unless, severity="note")


def hosts(subject: Subject) -> Iterator[Finding]:
    """Find ALLOWED_HOSTS with a wildcard that allows every host."""
    if subject.set("ALLOWED_HOSTS") or re.search(r"^hosts:", subject.deployed, re.MULTILINE):
        return
    for one in subject.values.all("ALLOWED_HOSTS"):
        if isinstance(value := one.value, list | tuple) and "*" in value:
            yield found(ANY_HOST, one.place)
            return


def secret_key(subject: Subject) -> Iterator[Finding]:
    """Find a SECRET_KEY in the code that applies unconditionally."""
    value = subject.values.value("SECRET_KEY")
    if isinstance(value, str) and value:
        yield found(SECRET_KEY, subject.values.place("SECRET_KEY"))


def secret_files(subject: Subject) -> Iterator[Finding]:
    """Find files with secrets in git."""
    for name in subject.tree.files:
        if subject.tree.aside(name) or _EXAMPLE.search(name):
            continue
        path = PurePosixPath(name)
        if _ENV_FILE.search(name):
            for number, line in subject.lines(name):
                match = re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*[\"']?([^\"'#]*)", line)
                if match and secret(match[1]) and not _PLACEHOLDER.search(match[2].strip()):
                    yield found(
                        SECRET_FILE, f"{name}:{number}", f"{match[1]} is in a file that is committed."
                    )
                    break
        elif (path.suffix in (".pem", ".key") or path.name.startswith("id_")) and _PRIVATE.search(
            subject.tree.text(name)
        ):
            yield found(SECRET_FILE, name, "A private key is committed.")
    for name in (*subject.files, *(one for one in subject.code if "settings" in one)):
        if match := _AWS.search(subject.tree.text(name)):
            number = subject.tree.text(name)[: match.start()].count("\n") + 1
            if not match[0].endswith("EXAMPLE"):
                yield found(SECRET_FILE, f"{name}:{number}", "A key of AWS is written in the code.")


def log_files(subject: Subject) -> Iterator[Finding]:
    """Find a handler of LOGGING that writes a file."""
    for word in subject.values.words("LOGGING"):
        if word.endswith("FileHandler"):
            yield found(LOG_FILE, subject.values.word_place("LOGGING", word), word.rpartition(".")[2])
            return


RULES: tuple[tuple[Rule, tuple[Kind, ...]], ...] = (
    (debug, (DEBUG,)),
    (hosts, (ANY_HOST,)),
    (secret_key, (SECRET_KEY,)),
    (secret_files, (SECRET_FILE,)),
    (log_files, (LOG_FILE,)),
)
