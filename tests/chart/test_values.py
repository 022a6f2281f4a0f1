"""Every value is documented, typed and does something; what cannot work is refused with a sentence."""

from __future__ import annotations

import functools
import re
import runpy
import subprocess
import sys
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cases import CASES, EVERYTHING, HOSTS, IMAGE, STAGING
from support.chart import CHART, NEWEST, ROOT, merged, named, pods, render, template

from django_k8s.environment.variables import VARIABLES

GENERATE = runpy.run_path(str(ROOT / "charts" / "generate.py"))
TEXT = (CHART / "values.yaml").read_text()
DOCUMENTED = GENERATE["documented"](TEXT)
VALUES = yaml.safe_load(TEXT)
ALB = merged(
    CASES["eks"],
    {"ingress": {"alb": {"group": "shared"}}, "daemons": {"mail": {"command": ["mail"], "port": 2525}}},
)
CONTEXTS = {
    "everything": EVERYTHING,
    "staging": CASES["staging-everything"],
    "alb": ALB,
    "default": IMAGE,
    "plain staging": STAGING,
}
# Where a value of its type would not do.
OTHERS: dict[str, Any] = {
    "image": "shop:2",
    "hosts": ["other.example.com"],
    "trustedProxies": ["172.16.0.0/12"],
    "env": {"OTHER": "value"},
    "files": {"/etc/other": "content"},
    "media.accessMode": "ReadWriteOnce",
    "migrate.mode": "scheduler",
    "web.startSeconds": 240,
    "web.service.nodePort": 30080,
    "ingress.path": "/shop",
    "ingress.preset": "none",
    "staging.seed": ["manage", "other"],
    "staging.secretSeed": "93d7b25a1c4ef8600e92d6417bfa8c35",
    "staging.resources": {"requests": {"cpu": "9m"}},
    "envAliases": {"OTHER": "ENVIRONMENT"},
    "pod.tmpSize": "9Gi",
    "pod.stateSize": "9Mi",
    "metrics.podMonitor.interval": "9s",
    "workers": {"other": {}},
    "daemons": {"other": {"command": ["other"]}},
    "daemonDefaults.command": None,  # each daemon has to name its own
    "daemonDefaults.autoscaling": {"minReplicas": 2, "maxReplicas": 3, "metrics": []},
    "daemonDefaults.keda": {"maxReplicas": 3, "triggers": [{"type": "cpu", "metadata": {"value": "1"}}]},
    "cronJobs": {"other": {"schedule": "1 1 * * *", "args": ["manage", "other"]}},
    "cronJobDefaults.schedule": None,  # each job has to name its own
    "cronJobDefaults.args": None,
    "jobDefaults.args": None,
    "jobs": {"other": {"args": ["manage", "other"]}},
    "workerDefaults.autoscaling": {"minReplicas": 2, "maxReplicas": 3, "metrics": []},
    "workerDefaults.keda": {"maxReplicas": 3, "triggers": [{"type": "cpu", "metadata": {"value": "1"}}]},
    "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}],
    "gateway.parentRefs": [{"name": "other"}],
    "secret.external.refreshInterval": "2h",
    **{
        f"{role}.pod": {"nodeSelector": {"disk": "other"}}
        for role in ("web", "workerDefaults", "daemonDefaults", "scheduler")
    },
    "pod.hostUsers": False,
    "pod.sidecars": [{"name": "other", "image": "other:1"}],
    "media.size": "9Gi",
    "staging.size": "9Gi",
}


def other(path: str, kind: str, value: Any) -> Any:
    """Another value of the same type."""
    if path in OTHERS:
        return OTHERS[path]
    if kind.startswith("string: "):
        return next(choice for choice in kind.removeprefix("string: ").split("|") if choice != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict):
        return {"other": "value"}
    return ["other"] if isinstance(value, list) else "other"


@functools.cache
def text(context: str) -> str:
    return template(CONTEXTS[context]).stdout


def at(values: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        values = values.get(key, {}) if isinstance(values, dict) else {}
    return values


@pytest.mark.parametrize("value", DOCUMENTED, ids=[value.name for value in DOCUMENTED])
def test_every_value_does_something(value: Any) -> None:
    """Changing it changes what is rendered, in at least one of the larger sets of values."""
    path = value.name
    if path in OTHERS and OTHERS[path] is None:
        return
    for context, values in CONTEXTS.items():
        now = at(values, value.path)
        if now == {} and not isinstance(at(VALUES, value.path), dict):
            now = at(VALUES, value.path)
        change: Any = other(path, value.type, now)
        for key in reversed(value.path):
            change = {key: change}
        done = template(merged(values, change))
        if done.returncode == 0 and done.stdout != text(context):
            return
    pytest.fail(f"{path} changes nothing")


def test_every_key_is_documented() -> None:
    """Schema and table are what charts/generate.py writes, which refuses a key without a comment."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "charts" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("value", GENERATE["parse"](TEXT), ids=lambda value: getattr(value, "name", value[0]))
def test_every_comment_is_made_of_sentences(value: Any) -> None:
    """Each sentence begins with a capital, ends with a full stop and has more than one word."""
    for paragraph in value.paragraphs:
        assert re.match("[A-Z]", paragraph), paragraph
        assert paragraph.endswith("."), paragraph
        assert len(paragraph.split()) >= 2, paragraph


def test_grammar() -> None:
    """Headings, types, paragraphs, examples, sections, and comments that describe nothing."""
    heading, section, value, keys = GENERATE["parse"](
        "# For readers only.\n\n## A title\n#\n# An introduction\n# of two lines.\n\n"
        "# A section.\nweb:\n"
        "  # (string: a|b) One.\n  # Still one.\n  #\n  # Two.\n  #\n  #     web:\n  #       one: a\n"
        "  one: b\n  two: c\n  # (map: a integer,\n  # b list) Three.\n  three: {}\n"
    )
    assert heading == ("A title", ("An introduction of two lines.",))
    assert section == (("web",), "", ("A section.",), ())
    assert keys == (("web", "three"), "map: a integer, b list", ("Three.",), ())
    assert value == (("web", "one"), "string: a|b", ("One. Still one.", "Two."), ("web:\n  one: a",))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"webb": {}}, id="webb"),
        pytest.param({"web": {"replica": 2}}, id="web.replica"),
        pytest.param({"workers": {"mail": {"queue": "mail"}}}, id="workers.mail.queue"),
        pytest.param({"web": {"replicas": "two"}}, id="a word for a number"),
        pytest.param(
            {"workers": {"mail": {"pod": {"nodeSelectors": {}}}}}, id="workers.mail.pod.nodeSelectors"
        ),
        pytest.param({"workers": {"mail": {"keda": {"fallbacks": {}}}}}, id="workers.mail.keda.fallbacks"),
        pytest.param({"workers": {"mail": {"keda": {"maxReplicas": "5"}}}}, id="a text for a number in keda"),
        pytest.param(
            {"workers": {"mail": {"autoscaling": {"replicas": 5}}}}, id="workers.mail.autoscaling.replicas"
        ),
        pytest.param({"web": {"service": {"trafficDistribution": "Near"}}}, id="no such trafficDistribution"),
        pytest.param({"pod": {"supplementalGroupsPolicy": "Loose"}}, id="no such supplementalGroupsPolicy"),
        pytest.param({"pod": {"hostUsers": "no"}}, id="a text for hostUsers"),
        pytest.param({"imagePullPolicy": "Sometimes"}, id="no such choice"),
        pytest.param({"environment": "feature/$(id)"}, id="a command as environment"),
        pytest.param({"environment": "a b"}, id="a blank in environment"),
        pytest.param({"environment": "x" * 64}, id="a long environment"),
        pytest.param({"image": "shop:1$(id)"}, id="a command as tag"),
        pytest.param({"image": "shop:1\nkind: Evil"}, id="two lines as image"),
        pytest.param({"web": {"maxSurge": "x}, a: {b: c"}}, id="YAML as maxSurge"),
        pytest.param({"media": {"size": "x}, a: {b: c"}}, id="YAML as size"),
        pytest.param({"media": {"existingClaim": "x}, a: {b: c"}}, id="YAML as claim"),
        pytest.param({"secret": {"name": "x}, a: {b: c"}}, id="YAML as Secret"),
        pytest.param({"pod": {"tmpSize": "1 Gi"}}, id="no quantity"),
        pytest.param({"secret": {"external": {"refreshInterval": "1 hour"}}}, id="no duration"),
        pytest.param({"staging": {"expires": "1/2"}}, id="no label"),
        pytest.param({"daemons": {"a": {"args": ["x"]}}}, id="daemons.a.args"),
        pytest.param({"daemons": {"a": {"command": "x"}}}, id="a text for a command"),
        pytest.param({"daemons": {"a": {"strategy": "Replace"}}}, id="no such strategy"),
        pytest.param({"cronJobs": {"a": {"shedule": "* * * * *"}}}, id="cronJobs.a.shedule"),
    ],
)
def test_schema_refuses(wrong: dict[str, Any]) -> None:
    """An unknown key, a wrong type or a wrong choice ends the render."""
    done = template(merged(IMAGE, wrong))
    assert done.returncode != 0
    assert "values don't meet the specifications" in done.stderr


WEAK_SEEDS = [
    "", " " * 32, "short", "staging-seed-2026", "only-for-this-machine", "a-long-sentence-that-somebody-made-up-himself",
    "a" * 32, "deadbeef" * 4, "0123456789abcdef" * 2, "01" * 20, "7f3a90c1d58e264bb1c6407d2e9f358", "7f3a90c1d58e264bb1c6407d2e9f358g",
    "12345678901234567890123456789012", "aabbccddeeff00112233445566778899", "02468ace13579bdf02468ace13579bd0", "7f3a90c1d58e264b" * 2,
]  # fmt: skip
TLS = {"ingress": {"enabled": True}}
GUARDS: list[tuple[dict[str, Any], str]] = [
    ({}, "image is missing"),
    ({"image": "shop"}, "has no tag"),
    ({"image": "localhost:5000/shop"}, "has no tag"),
    ({"image": "shop:latest"}, "latest, which moves"),
    *((merged(STAGING, {"staging": {"secretSeed": seed}}), "openssl rand -hex 16") for seed in WEAK_SEEDS),
    (
        merged(IMAGE, {"superuser": {"username": "root"}}),
        "kubectl create secret generic NAME --from-literal=password=PASSWORD",
    ),
    (merged(STAGING, {"superuser": {"email": "root@example.com"}}), "superuser.username is missing"),
    (merged(IMAGE, {"envAliases": {"A B": "SECRET_KEY"}}), 'envAliases: "A B" is not the name'),
    (merged(IMAGE, {"envAliases": {"ENVIRONMENT": "SECRET_KEY"}}), "sets ENVIRONMENT already"),
    (merged(IMAGE, {"envAliases": {"PORT": "SECRET_KEY"}}), "sets PORT already"),
    (merged(STAGING, {"envAliases": {"DB": "DATABASE"}}), "envAliases.DB: nothing sets DATABASE. There are:"),
    (merged(IMAGE, {"env": {"RELEASE": "1$(id)"}}), "env.RELEASE has other characters than letters"),
    (
        merged(IMAGE, {"web": {"env": {"ENVIRONMENT": "`id`"}}}),
        "web.env.ENVIRONMENT has other characters than letters",
    ),
    (merged(IMAGE, {"jobDefaults": {"env": {"SECRET_KEY": "x"}}}), "jobDefaults.env.SECRET_KEY looks secret"),
    (merged(STAGING, {"stores": {"postgresHost": "db"}}), "stores names managed ones"),
    (merged(STAGING, {"env": {"DATABASE_URL": "postgres://db/x"}}), "env.DATABASE_URL names another"),
    (merged(STAGING, {"environment": "production"}), "environment is production"),
    (merged(IMAGE, {"staging": {"seed": ["manage", "x"]}}), "not thrown away"),
    (merged(IMAGE, TLS), "hosts is empty"),
    (merged(IMAGE, HOSTS, {"externalDNS": {"enabled": True}}), "neither an Ingress nor an HTTPRoute"),
    (merged(IMAGE, HOSTS, TLS, {"web": {"enabled": False}}), "web.enabled is false"),
    (merged(IMAGE, HOSTS, TLS, {"trustedProxies": []}), "trustedProxies is empty"),
    (merged(IMAGE, HOSTS, {"gateway": {"enabled": True}}), "gateway.parentRefs is empty"),
    (merged(IMAGE, HOSTS, TLS, {"ingress": {"preset": "cert-manager"}}), "clusterIssuer"),
    (merged(IMAGE, HOSTS, TLS, {"ingress": {"preset": "alb"}}), "web.drainSeconds to 20 or more"),
    (merged(IMAGE, {"web": {"graceSeconds": 12}}), "web.graceSeconds must exceed"),
    (merged(IMAGE, {"web": {"autoscaling": {"enabled": True, "maxReplicas": 1}}}), "exceeds maxReplicas"),
    (merged(IMAGE, {"web": {"autoscaling": {"enabled": True, "targetCPU": 0}}}), "no metric to scale by"),
    (merged(IMAGE, {"web": {"maxSurge": 0}}), "no rollout could begin"),
    (
        merged(IMAGE, {"migrate": {"mode": "scheduler"}, "scheduler": {"enabled": False}}),
        "Set migrate.mode to job",
    ),
    (merged(IMAGE, {"secret": {"external": {"enabled": True}}}), "needs store and key"),
    (
        merged(STAGING, {"secret": {"external": {"enabled": True, "store": "s", "key": "k"}}}),
        "needs secret.name",
    ),
    (merged(IMAGE, {"media": {"enabled": True}, "env": {"MEDIA_S3_BUCKET": "b"}}), "in a bucket"),
    (merged(IMAGE, {"workers": {"Mail": {}}}), "workers.Mail: a name has"),
    (merged(IMAGE, {"workers": {"mail": {"graceSeconds": 5}}}), "workers.mail.graceSeconds is below 15"),
    (
        merged(
            IMAGE,
            {
                "metrics": {"enabled": True, "lingerSeconds": 20},
                "web": {"graceSeconds": 60},
                "workers": {"mail": {"graceSeconds": 30}},
            },
        ),
        "workers.mail.graceSeconds must exceed metrics.lingerSeconds by at least 15",
    ),
    (
        merged(IMAGE, {"workers": {"a": {"autoscaling": {"maxReplicas": 2}, "keda": {"triggers": [{}]}}}}),
        "would fight over its replicas",
    ),
    (
        merged(IMAGE, {"scheduler": {"enabled": False}, "workers": {"a": {"keda": {"maxReplicas": 2}}}}),
        "scales by the tasks that the scheduler counts",
    ),
    (
        merged(IMAGE, {"workers": {"a": {"keda": {"fallback": {"failureThreshold": 2}}}}}),
        "fallback needs replicas",
    ),
    (merged(IMAGE, {"daemons": {"Mail": {"command": ["x"]}}}), "daemons.Mail: a name has"),
    (merged(IMAGE, {"daemons": {"a": None}}), "daemons.a.command is missing"),
    (merged(IMAGE, {"daemons": {"a": {"command": ["manage", "x"]}}}), "Remove that word"),
    (merged(IMAGE, {"daemons": {"a": {"command": ["x"], "port": 8001}}}), "where the probes are answered"),
    (
        merged(IMAGE, {"daemons": {"a": {"command": ["x"], "port": 25, "drainSeconds": 0}}}),
        "daemons.a.drainSeconds is below 1",
    ),
    (
        merged(IMAGE, {"daemons": {"a": {"command": ["x"], "port": 25, "graceSeconds": 8}}}),
        "daemons.a.graceSeconds must be at least 10",
    ),
    (
        merged(IMAGE, {"daemons": {"a": {"command": ["x"], "keda": {"maxReplicas": 2}}}}),
        "daemons.a.keda has no triggers",
    ),
    (
        merged(
            IMAGE,
            {
                "daemons": {
                    "a": {"command": ["x"], "autoscaling": {"maxReplicas": 2}, "keda": {"triggers": [{}]}}
                }
            },
        ),
        "daemons.a has both autoscaling and keda",
    ),
    (
        merged(
            IMAGE,
            {"daemons": {"a": {"command": ["x"], "keda": {"triggers": [{}], "fallback": {"behavior": "x"}}}}},
        ),
        "daemons.a.keda.fallback needs replicas",
    ),
    (
        merged(IMAGE, {"daemons": {"a": {"command": ["x"], "strategy": "Recreate", "replicas": 2}}}),
        "daemons.a.strategy is Recreate",
    ),
    (
        merged(IMAGE, {"daemons": {"a": {"command": ["x"], "env": {"API_TOKEN": "x"}}}}),
        "daemons.a.env.API_TOKEN looks secret",
    ),
    (
        merged(IMAGE, {"metrics": {"rules": {"enabled": True}}}),
        "metrics.rules.enabled needs what metrics.enabled serves",
    ),
    (merged(IMAGE, {"metrics": {"lingerSeconds": 30}}), "web.drainSeconds and metrics.lingerSeconds"),
    (merged(IMAGE, {"jobs": {"a": {}}}), "jobs.a.args is missing"),
    (merged(IMAGE, {"jobs": {"A": {"args": ["x"]}}}), "jobs.A: a name has"),
    (merged(IMAGE, {"cronJobs": {"a": {"args": ["x"]}}}), "cronJobs.a.schedule is missing"),
    (merged(IMAGE, {"files": {"etc/a": "x"}}), "not an absolute path"),
    (merged(IMAGE, {"files": {"/a": {"secret": "x"}}}), "must name a key"),
    (merged(IMAGE, {"files": {"/a/b": "x", "/a-b": "y"}}), "have the same key"),
    (merged(IMAGE, {"env": {"a b": "x"}}), "is not the name of a variable"),
    (merged(IMAGE, {"env": {"SECRET_KEY": "x"}}), "env.SECRET_KEY looks secret"),
    (merged(IMAGE, {"web": {"env": {"API_TOKEN": "x"}}}), "web.env.API_TOKEN looks secret"),
    (
        merged(IMAGE, {"workers": {"a": {"env": {"SECRET_KEY": "x"}}}}),
        "workers.a.env.SECRET_KEY looks secret",
    ),
    (merged(IMAGE, {"env": {"PORT": 80}}), "env.PORT would differ from what probes"),
    (merged(IMAGE, {"env": {"DEBUG": True}}), "env.DEBUG shows settings"),
    (merged(IMAGE, {"web": {"drainSeconds": 0}}), "web.drainSeconds is below 1"),
    (merged(IMAGE, {"env": {"WEB_MAX_BODY_MB": 820}}), "WEB_MAX_BODY_MB is 820, and /tmp of web holds 1Gi"),
    (
        merged(IMAGE, {"env": {"WEB_MAX_BODY_MB": 410}, "web": {"env": {"WEB_INTERFACE": "asgi"}}}),
        "WEB_MAX_BODY_MB is 410, and /tmp of web holds 1Gi, of which uploads may take four fifths (under ASGI",
    ),
    (merged(IMAGE, {"env": {"CACHE_URL": "redis://:pw@host/0"}}), "env.CACHE_URL looks secret"),
]


@pytest.mark.parametrize(("values", "sentence"), GUARDS, ids=[sentence for _, sentence in GUARDS])
def test_guards(values: dict[str, Any], sentence: str) -> None:
    """Values that cannot work are refused with the reason and what to do, and without secrets."""
    done = template(values)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert ":pw@" not in done.stderr


SECRETS = {
    # The table of variables, and what the review found.
    **dict.fromkeys(
        (
            "SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_PASSWORD", "HEALTH_TOKEN", "NEW_RELIC_LICENSE_KEY",
            "AWS_SECRET_ACCESS_KEY", "STRIPE_API_KEY", "CLIENT_SECRET", "PRIVATE_KEY", "SENTRY_DSN", "GITHUB_PAT", "HASHIDS_SALT", "ADMIN_BASIC_AUTH", "PARTNER_JWT",
            "DJANGO_SECRET_KEY", "DJANGO_SECRET_KEY_FALLBACKS", "SECRET_KEY_OLD", "POSTGRES_PASSWORD", "PGPASSWORD_2",
            "MYSQL_PWD", "SSH_PASSPHRASE", "API_TOKEN", "SLACK_BOT_TOKEN", "GITLAB_TOKENS", "STRIPE_SECRET_LIVE",
            "STRIPE_WEBHOOK_SECRET", "OAUTH_CLIENT_SECRETS", "TWILIO_AUTH_TOKEN", "MAILGUN_APIKEY", "JWT_SIGNING_KEY",
            "FIELD_ENCRYPTION_KEY", "FERNET_KEYS", "AZURE_ACCOUNT_KEY", "SERVICE_KEY", "AWS_CREDENTIALS", "api_token",
            "AZURE_STORAGE_CONNECTION_STRING",
        ),
        "x8Kd0",
    ),
    "OTEL_EXPORTER_OTLP_HEADERS": "api-key=x8Kd0",
    "DATABASE_URL": "postgres://u:p/w#d@h/n",
    "EMAIL_URL": "smtp://u:p/w@h",
    "CACHE_URL": "redis://:pw@h/0",
    "REDIS_URL": "rediss://:p@w@h/0",
    "CELERY_BROKER_URL": "amqp://u:p@a,b//",
    "CELERY_RESULT_BACKEND": "db+postgresql://u:p@h/n",
    "UPSTREAM": "https://u:@h/",
    "OWN_URL": "postgres://h/n?user=u&password=x8Kd0",
    "LIBPQ": "host=h user=u password=x8Kd0",
    "KEY_FILE_CONTENT": "-----BEGIN RSA PRIVATE KEY-----",
}  # fmt: skip
HARMLESS = {
    "DATABASE_URL": "postgres://h:5432/n",
    "REDIS_URL": "redis://cache:6379/0",
    "CELERY_RESULT_BACKEND": "django-db",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
    "DATABASE_PASSWORD_FILE": "/run/secrets/password",
    "GOOGLE_APPLICATION_CREDENTIALS": "/var/run/secrets/account.json",
    "PASSWORD_RESET_TIMEOUT": "3600",
    "PASSWORD_HASHERS": "argon2",
    "PASSWORD_MIN_LENGTH": "12",
    "TOKEN_LIFETIME_SECONDS": "60",
    "TOKEN_URL": "https://auth.example.com/token",
    "TOKENIZERS_PARALLELISM": "false",
    "CSRF_USE_TOKEN": "true",
    "CORS_ALLOW_HEADERS": "accept,authorization",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
    "RECAPTCHA_SITE_KEY": "6Lc",
    "CACHE_KEY_PREFIX": "shop",
    "SECRET_NAME": "shop-env",
    "PYTHONPATH": "/app:/lib",
    "DEFAULT_FROM_EMAIL": "Shop <shop@example.com>",
    "CSRF_TRUSTED_ORIGINS": "https://a.example.com:8443,https://b.example.com",
    "SENTRY_DSN": "",
    "DEFAULT_STORAGE_DSN": "file:///media/?url=%2Fmedia%2F",
    "MONKEY": "banana",
}


def test_every_secret_variable_is_listed() -> None:
    """The table's secrets are refused by name, or by what their URL contains."""
    listed = yaml.safe_load((CHART / "files" / "secret-variables.yaml").read_text())
    for name, variable in VARIABLES.items():
        if variable.secret:
            assert (name in listed) != (variable.kind in ("url", "backend")), name
    assert {name for name, found in VARIABLES.items() if found.secret} <= SECRETS.keys() | {
        "DATABASE_DIRECT_URL"
    }


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_secret_is_refused(name: str) -> None:
    """A secret in env is refused by its name or value, plain or as an object."""
    assert len(SECRETS) >= 40
    for value in (SECRETS[name], {"value": SECRETS[name]}):
        done = template(merged(IMAGE, {"env": {name: value}}))
        assert done.returncode != 0
        assert f"env.{name} looks secret" in done.stderr
        assert "x8Kd0" not in done.stderr


def test_what_is_harmless_is_rendered() -> None:
    """Names that only resemble those of secrets, addresses without credentials, and references to Secrets."""
    assert len(HARMLESS) >= 20
    reference = {"PASSWORD": {"valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}}
    done = template(merged(IMAGE, {"env": {**HARMLESS, **reference}}))
    assert done.returncode == 0, done.stderr


NEWER: list[tuple[dict[str, Any], str, str]] = [
    ({"pod": {"hostUsers": False}}, "pod.hostUsers", "1.33.0"),
    ({"web": {"pod": {"hostUsers": False}}}, "web.pod.hostUsers", "1.33.0"),
    ({"workerDefaults": {"pod": {"hostUsers": False}}}, "workerDefaults.pod.hostUsers", "1.33.0"),
    ({"workers": {"a": {"pod": {"hostUsers": True}}}}, "workers.a.pod.hostUsers", "1.33.0"),
    ({"pod": {"supplementalGroupsPolicy": "Strict"}}, "pod.supplementalGroupsPolicy", "1.33.0"),
    (
        {"scheduler": {"pod": {"supplementalGroupsPolicy": "Merge"}}},
        "scheduler.pod.supplementalGroupsPolicy",
        "1.33.0",
    ),
    (
        {"web": {"service": {"trafficDistribution": "PreferClose"}}},
        "web.service.trafficDistribution",
        "1.31.0",
    ),
    (
        {"web": {"service": {"trafficDistribution": "PreferSameNode"}}},
        "web.service.trafficDistribution",
        "1.34.0",
    ),
]


@pytest.mark.parametrize(("values", "value", "version"), NEWER, ids=[f"{row[1]} {row[2]}" for row in NEWER])
def test_an_older_kubernetes_is_named(values: dict[str, Any], value: str, version: str) -> None:
    """A field that the cluster would drop is refused; from the release that has it, it is rendered."""
    older = f"v1.{int(version.split('.')[1]) - 1}.9-eks-1"
    refused = template(merged(IMAGE, values), version=older)
    assert refused.returncode != 0
    assert (
        f"{value} needs Kubernetes {version.removesuffix('.0')} or newer, and this is {older}"
        in refused.stderr
    )
    for newer in (version, f"v{version}-eks-1"):
        for found in render(merged(IMAGE, values), version=newer):
            kubernetes_validate.validate(found, NEWEST.rpartition(".")[0], strict=True)


def test_users_and_groups_of_pods() -> None:
    """The settings for users and groups are off by default, and a role may override them."""
    values = {
        "pod": {"hostUsers": False, "supplementalGroupsPolicy": "Strict"},
        "web": {"pod": {"hostUsers": True}},
    }
    for of, pod in pods(render(merged(EVERYTHING, values))):
        assert pod["spec"]["hostUsers"] is (of == "Deployment/shop-web"), of
        assert pod["spec"]["securityContext"]["supplementalGroupsPolicy"] == "Strict", of
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True, of
    for of, pod in pods(render(EVERYTHING)):
        assert "hostUsers" not in pod["spec"], of
        assert "supplementalGroupsPolicy" not in pod["spec"]["securityContext"], of


def test_keda_falls_back() -> None:
    """The number of pods while KEDA cannot read the metric, after three failures or as many as are given."""

    def fallback(keda: dict[str, Any]) -> Any:
        found = named(render(merged(IMAGE, {"workers": {"bulk": {"keda": {"maxReplicas": 5, **keda}}}})))
        return found["ScaledObject", "shop-worker-bulk"]["spec"].get("fallback")

    assert fallback({}) is None
    assert fallback({"fallback": {"replicas": 2}}) == {"failureThreshold": 3, "replicas": 2}
    assert fallback({"fallback": {"replicas": 0, "failureThreshold": 5}}) == {
        "failureThreshold": 5,
        "replicas": 0,
    }


def test_traffic_distribution() -> None:
    """trafficDistribution is set on the Service of web."""
    values = merged(IMAGE, {"web": {"service": {"trafficDistribution": "PreferClose"}}})
    assert named(render(values))["Service", "shop"]["spec"]["trafficDistribution"] == "PreferClose"
    assert "trafficDistribution" not in named(render(IMAGE))["Service", "shop"]["spec"]


def test_every_guard_is_tested() -> None:
    """There is a test for every sentence of the chart's guards."""
    sentences = [
        found
        for path in (CHART / "templates" / "validate").iterdir()
        for found in re.findall(r"\bfail\b", path.read_text())
    ]
    assert 40 < len(sentences) <= len(GUARDS) + len({value for _, value, _ in NEWER})
