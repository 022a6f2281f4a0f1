"""The files of the deployment: what is missing, edited or not filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django_k8s.adopt import record
from django_k8s.adopt.check.finding import Finding, Kind, found
from django_k8s.adopt.check.subject import Rule, Subject
from django_k8s.adopt.render.values import aliases_of
from django_k8s.adopt.tree import ignored

FILE_MISSING = Kind(
    "file-missing",
    "warning",
    "{detail} is missing.",
    "`django-k8s init` wrote it, and the build, `up` or a deployment may need it.",
    "Restore it from git. If you do not need it, ignore this finding.",
)
FILES_EDITED = Kind(
    "files-edited",
    "note",
    "{detail} since they were written.",
    "They are yours, and `django-k8s update` merges new versions into them.",
    "Nothing has to be done.",
)
CONFLICT = Kind(
    "conflict",
    "error",
    "{detail} has the marks of a conflict.",
    "`django-k8s update` left two texts there, so the file is not valid.",
    "Choose one of them and remove the marks.",
)
IGNORED = Kind(
    "file-ignored",
    "error",
    "{detail} is ignored by git.",
    "A build from a fresh clone does not have it.",
    "Change .gitignore, or add the file with `git add -f`.",
)
HOSTS = Kind(
    "hosts",
    "warning",
    "deploy/values-production.yaml names no hosts{detail}.",
    "Without them, no request is routed to the site, and Django refuses any request that arrives.",
    "Set hosts to the names of the site, such as [www.shop.com].",
)
VARIABLE = Kind(
    "variable-unset",
    "warning",
    "The settings need {detail}, and the deployment does not name it.",
    "Without it, no pod starts.",
    "Set it under env in deploy/values.yaml. If it is secret, add it to deploy/secret.env.example and to the Secret instead.",
)
UPDATE = Kind(
    "update-waits",
    "warning",
    "The files were written by django-k8s {detail}.",
    "Fixes of newer versions are not in them.",
    "Run `django-k8s update`.",
)

_OTHER_NAMES = frozenset(
    ["DJANGO_SETTINGS_MODULE", "DEBUG", "HOME", "PATH", "BUILD_PHASE", "STATIC_ROOT", "SECRET_KEY"]
)
_MARK = re.compile(r"^<{7} yours\r?$", re.MULTILINE)


def files(subject: Subject) -> Iterator[Finding]:
    """Find files that are missing, edited, ignored or in conflict."""
    if subject.record is None:
        return
    root, edited = subject.tree.root, []
    for name in subject.record.files:
        path = root / name
        if not path.exists():
            yield found(FILE_MISSING, record.FILE, name)
            continue
        text = path.read_text(errors="replace")
        if match := _MARK.search(text):
            yield found(CONFLICT, f"{name}:{text[: match.start()].count(chr(10)) + 1}", name)
        elif text != record.base(root, name):
            edited.append(name)
    if edited:
        some = ", ".join(edited[:3]) + (f" and {len(edited) - 3} more" if len(edited) > 3 else "")
        yield found(FILES_EDITED, edited[0], f"{some} {'was' if len(edited) == 1 else 'were'} edited")
    for name in ignored(subject.tree.root, subject.record.files):
        yield found(IGNORED, name, name)


def hosts(subject: Subject) -> Iterator[Finding]:
    """Find missing host names of production, and those copied from the example."""
    name = "deploy/values-production.yaml"
    if subject.record is None or name not in subject.deployment:
        return
    texts = subject.uncommented("deploy/values.yaml") + "\n" + subject.uncommented(name)
    match = re.search(r"^hosts:(.*(?:\n\s+-.*)*)", texts, re.MULTILINE)
    if not match and not subject.set("ALLOWED_HOSTS"):
        yield found(HOSTS, name)
    elif match and re.search(r"example\.(com|org|net)", match[1]):
        yield found(HOSTS, name, " but those of the example")


def variables(subject: Subject) -> Iterator[Finding]:
    """Find variables that the settings need and nothing sets."""
    aliases = set(aliases_of(subject.facts))
    given = {"DATABASE_URL", "REDIS_URL"}
    for one in subject.facts.variables:
        if one.default or one.name in _OTHER_NAMES or one.name in given:
            continue
        required = one.name in subject.facts.list("required_variables")
        if required and not subject.set(one.name) and one.name not in aliases:
            yield found(VARIABLE, one.source, one.name)


RULES: tuple[tuple[Rule, tuple[Kind, ...]], ...] = (
    (files, (FILE_MISSING, FILES_EDITED, CONFLICT, IGNORED)),
    (hosts, (HOSTS,)),
    (variables, (VARIABLE,)),
)
