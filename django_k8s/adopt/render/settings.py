"""The settings module for Kubernetes: the lines that this project needs, on top of its own settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Facts

_WIDTH = 88  # of the widest common formatter
_SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True)
class Module:
    """The path of the settings for Kubernetes, and the name by which they are imported."""

    name: str
    path: str


def module(facts: Facts) -> Module:
    """Return the module that ``init`` writes: ``kubernetes`` in a settings package, or ``settings_kubernetes`` next
    to a settings file."""
    base = facts.text("settings_module")
    path = PurePosixPath(facts["settings_shape"].source)
    package = path.name == "__init__.py"
    if package:
        folder, before = path.parent, base
    else:
        folder, before = path.parent, base.rpartition(".")[0]
    single = not package and path.stem.startswith("settings")
    name = f"{path.stem}_kubernetes" if single else "kubernetes"
    return Module(f"{before}.{name}".lstrip("."), (folder / f"{name}.py").as_posix())


@dataclass
class _Text:
    facts: Facts
    used: set[str] = field(default_factory=set)  # the project's settings that are imported by name
    new: bool = False  # whether a function for new projects is called
    lines: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Return whether the project defines a setting, even as None."""
        return name in self.facts.settings

    def value(self, name: str, other: str) -> str:
        """Return the name of the project's setting, or ``other`` if it is missing or None."""
        if not self.has(name) or name in self.facts.none:
            return other
        self.used.add(name)
        return name


def render(facts: Facts) -> str:
    """Return the text of the module."""
    text = _Text(facts)
    taken = set(facts.public)
    names = {
        name: (f"k8s_{name.lower()}" if name in taken else name) for name in ("env", "overlay", "Env", "k8s")
    }
    if names["Env"] != "Env":
        names["Env"] = "K8sEnv"
    if names["k8s"] != "k8s":
        names["k8s"] = "k8s_settings"
    if facts.text("settings_module").rpartition(".")[2] in names.values():
        names["env"] = "k8s_env"
    if names["env"] == "k8s_env" and "k8s_env" in taken:
        names["env"] = "kubernetes_env"
    base = _base(text, names["Env"])
    _lines(text)
    body = []
    for line in (*base[1], *text.lines):
        for name in ("env", "overlay", "k8s"):
            line = line.replace(f"@{name}", names[name])
        body.append(line)
    return "\n".join([*_head(text, names, base), "", *body, ""])


def _base(text: _Text, env: str) -> tuple[list[str], list[str]]:
    """Return the imports and the line that creates the Env, whose .env is next to manage.py."""
    if text.has("BASE_DIR") and "BASE_DIR" not in text.facts.none:
        text.used.add("BASE_DIR")
        return [], [f"@env = {env}(BASE_DIR)", ""]
    path = PurePosixPath(module(text.facts).path)
    project = text.facts.text("project_dir")
    inside = path.relative_to(project) if project != "." and path.is_relative_to(project) else path
    return ["from pathlib import Path", ""], [
        f"@env = {env}(Path(__file__).resolve().parents[{len(inside.parts) - 1}])",
        "",
    ]


def _lines(text: _Text) -> None:
    add, value, has = text.lines.append, text.value, text.has
    _shown(text)
    add("DEBUG = @env.debug")
    if has("SECRET_KEY"):
        add(f"SECRET_KEY = @overlay.secret_key(@env, {value('SECRET_KEY', _EMPTY)})")
    else:
        add("SECRET_KEY = @k8s.secret_key(@env)")
    add(f"ALLOWED_HOSTS = @overlay.allowed_hosts(@env, {value('ALLOWED_HOSTS', '[]')})")
    add(
        f"CSRF_TRUSTED_ORIGINS = @overlay.csrf_trusted_origins(@env, {value('CSRF_TRUSTED_ORIGINS', '[]')}, ALLOWED_HOSTS)"
    )
    header = "None"
    if has("SECURE_PROXY_SSL_HEADER"):
        add(
            f"SECURE_PROXY_SSL_HEADER = @overlay.proxy_ssl_header(@env, {value('SECURE_PROXY_SSL_HEADER', 'None')})"
        )
        header = "SECURE_PROXY_SSL_HEADER"
    redirect = value("SECURE_SSL_REDIRECT", "False")
    add(
        f"SECURE_SSL_REDIRECT = @overlay.ssl_redirect(@env, {redirect}"
        + (f", {header})" if header != "None" else ")")
    )
    add(f"SECURE_HSTS_SECONDS = @overlay.hsts_seconds(@env, {value('SECURE_HSTS_SECONDS', '0')})")
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        add(
            f"{name} = @overlay.https(@env, {value(name, '')})" if has(name) else f"{name} = @k8s.https(@env)"
        )
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        if has(name):
            add(f"{name} = @overlay.cookie_name(@env, {value(name, _EMPTY)})")
    add(f"INSTALLED_APPS = @overlay.installed_apps({value('INSTALLED_APPS', '[]')})")
    add(f"MIDDLEWARE = @overlay.middleware({value('MIDDLEWARE', '[]')})")
    add(f"DATABASES = @overlay.databases(@env, {value('DATABASES', '{}')})")
    if has("CACHES"):
        add(f"CACHES = @overlay.caches(@env, {value('CACHES', '{}')})")
    _files(text)
    _mail(text)
    if has("LOGGING") and "LOGGING" not in text.facts.none:
        add(f"LOGGING = @overlay.logging(@env, {value('LOGGING', '{}')})")
    else:
        add("LOGGING = @k8s.logging(@env)")
    if has("REDIS_URL"):
        add(f"REDIS_URL = @overlay.redis_url(@env, {value('REDIS_URL', _EMPTY)})")
    if any(one["command"][0] == "run_huey" for one in text.facts.list("daemons")):
        add(f"HUEY = @overlay.huey(@env, {value('HUEY', '{}')})")
    _celery(text)
    add("DJANGO_K8S = @overlay.config(@env)  # last: reports every mistake in the environment")
    text.new = any("@k8s" in line for line in text.lines)


_EMPTY = '""'


def _shown(text: _Text) -> None:
    """Import by name what ``import *`` does not import."""
    text.used.update(text.facts.hidden)


def _files(text: _Text) -> None:
    add, value, has = text.lines.append, text.value, text.has
    add(f"STORAGES = @overlay.storages(@env, {value('STORAGES', '{}')})")
    if has("STATIC_URL"):
        add(
            f"STATIC_URL = @overlay.static_url(@env, {value('STATIC_URL', '')})".replace(
                "@env, )", '@env, "static/")'
            )
        )
        add(f"STATIC_ROOT = @overlay.static_root(@env, {value('STATIC_ROOT', _EMPTY)})")
    else:
        add("STATIC_URL, STATIC_ROOT = @k8s.static(@env)")
    if has("MEDIA_ROOT"):
        add(f"MEDIA_ROOT = @overlay.media_root(@env, {value('MEDIA_ROOT', _EMPTY)})")
    elif text.facts.value("media") != "none":
        add("MEDIA_URL, MEDIA_ROOT = @k8s.media(@env)")


def _mail(text: _Text) -> None:
    version = tuple(int(part) for part in text.facts.text("django_version").split(".")[:2] if part.isdigit())
    if text.has("MAILERS"):
        text.lines.append(f"MAILERS = @overlay.mailers(@env, {text.value('MAILERS', '{}')})")
    elif version >= (6, 1) and not any(name.startswith("EMAIL_") for name in text.facts.settings):
        text.lines.append("MAILERS = @k8s.mailers(@env)")
    else:
        smtp = f'"{_SMTP}"'
        text.lines.append(
            f"EMAIL_BACKEND = @overlay.email_backend(@env, {text.value('EMAIL_BACKEND', smtp)})"
        )


def _celery(text: _Text) -> None:
    if not text.facts.value("celery_application"):
        return
    prefix = f"{text.facts.text('celery_namespace')}_".lstrip("_")
    broker = next(
        (name for name in (f"{prefix}BROKER_URL", "CELERY_BROKER_URL", "BROKER_URL") if text.has(name)), ""
    )
    result = next(
        (name for name in (f"{prefix}RESULT_BACKEND", "CELERY_RESULT_BACKEND") if text.has(name)), ""
    )
    if broker:
        text.lines.append(f"{broker} = @overlay.broker_url(@env, {text.value(broker, _EMPTY)})")
    if result and result not in text.facts.none:
        text.lines.append(f"{result} = @overlay.result_backend(@env, {text.value(result, _EMPTY)})")
    if "CELERY" not in text.facts.settings:
        text.lines.append(f"CELERY = @overlay.celery(@env{f', broker_url={broker}' if broker else ''})")


def _head(text: _Text, names: dict[str, str], base: tuple[list[str], list[str]]) -> list[str]:
    source = text.facts.text("settings_module")
    plain = [name for name in ("Env", "overlay") if names[name] == name]
    # isort puts each renamed import on its own line, before the others.
    third = [
        f"from django_k8s import {name} as {names[name]}" for name in ("Env", "overlay") if name not in plain
    ]
    third += [f"from django_k8s import {', '.join(plain)}"] if plain else []
    if text.new:
        third.append(f"from django_k8s import settings as {names['k8s']}")
    own = _relative(text.facts)
    # isort orders names by kind. These are all constants, so sorting is enough.
    wanted = sorted(text.used)
    joined = f"from {own} import {', '.join(wanted)}"
    named = (
        [joined]
        if len(joined) <= _WIDTH
        else [f"from {own} import (", *(f"    {name}," for name in wanted), ")"]
    )
    return [
        f'"""Settings for Kubernetes, on top of {source}. Written by django-k8s init; yours to edit."""',
        "",
        *base[0],
        *third,
        "",
        f"from {own} import *  # noqa: F403, RUF100",
        *named,
    ]


def _relative(facts: Facts) -> str:
    """Return how the module imports the project's settings."""
    base = facts.text("settings_module")
    if facts["settings_shape"].source.endswith("__init__.py"):
        return base
    return f".{base.rpartition('.')[2]}" if "." in base else base
