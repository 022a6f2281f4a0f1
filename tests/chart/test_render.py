"""Whatever the values: valid objects, the same twice, that fit together and meet Pod Security "restricted"."""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import hmac
import json
import re
import struct
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cases import CASES, EVERYTHING, IMAGE
from support.chart import (
    CHART,
    HELMS,
    NEWEST,
    OLDEST,
    Object,
    containers,
    helm,
    merged,
    named,
    pods,
    render,
    template,
)
from support.patience import patience

from django_k8s.environment.variables import VARIABLES

# Kinds of other projects; their schemas are not Kubernetes's.
FOREIGN = {"ExternalSecret": "external-secrets.io/v1", "ScaledObject": "keda.sh/v1alpha1", "HTTPRoute": "gateway.networking.k8s.io/v1", "PodMonitor": "monitoring.coreos.com/v1", "PrometheusRule": "monitoring.coreos.com/v1"}  # fmt: skip
DECLARED_ELSEWHERE = {
    "Secret": {"shop-env", "registry", "authority", "shop-tls", "administrator"},
    "ConfigMap": {"limits"},
}
case = pytest.mark.parametrize("name", CASES)


@functools.cache
def rendered(name: str) -> list[Object]:
    return render(CASES[name])


@case
@pytest.mark.parametrize("program", HELMS)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_valid(name: str, program: str, version: str) -> None:
    """Every object is strictly valid in the oldest and the newest Kubernetes, from Helm 4 and 3."""
    objects = render(CASES[name], program, version)
    assert objects
    for found in objects:
        if found["kind"] in FOREIGN:
            assert found["apiVersion"] == FOREIGN[found["kind"]]
        else:
            kubernetes_validate.validate(found, version.rpartition(".")[0], strict=True)


@case
def test_the_same_twice(name: str) -> None:
    """Two renders are equal byte by byte, and so are those of Helm 4 and 3."""
    first = template(CASES[name]).stdout
    assert template(CASES[name]).stdout == first
    assert named(render(CASES[name], "helm3")) == named(rendered(name))


def test_objects_of_the_presets() -> None:
    """Each preset renders exactly these objects."""

    def found(name: str) -> set[str]:
        return {f"{kind} {re.sub('-[0-9a-f]{8}$', '-HASH', of)}" for kind, of in named(rendered(name))}

    common = {
        "ServiceAccount shop", "ConfigMap shop-config", "Service shop", "Service shop-scheduler", "Deployment shop-web",
        "Deployment shop-worker-default", "Deployment shop-scheduler", "Job shop-migrate-HASH",
    }  # fmt: skip
    production = {
        "PodDisruptionBudget shop-web", "PodDisruptionBudget shop-worker-default", "HorizontalPodAutoscaler shop-web",
    }  # fmt: skip
    stores = {
        "Secret shop-staging", "PersistentVolumeClaim shop-media", "Service shop-postgres", "StatefulSet shop-postgres",
        "Service shop-redis", "StatefulSet shop-redis",
    }  # fmt: skip
    assert found("default") == common | {"PodDisruptionBudget shop-web"}
    assert found("production") == common | production | {
        "NetworkPolicy shop-pods",
        "NetworkPolicy shop-web",
    }
    assert found("eks") == common | production | {"Ingress shop"}
    assert found("staging") == found("minikube") == common | stores


@case
def test_selectors_match_one_template(name: str) -> None:
    """Every selector of a workload, Service or budget finds the pods of one workload, and of no other."""
    templates = dict(pods(rendered(name)))
    for found in rendered(name):
        spec = found.get("spec", {})
        if found["kind"] in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
            selector = spec["selector"]["matchLabels"]
        elif found["kind"] == "Service" and "selector" in spec:
            selector = spec["selector"]
        else:
            continue
        matching = [
            of
            for of, pod in templates.items()
            if "metadata" in pod and selector.items() <= pod["metadata"].get("labels", {}).items()
        ]
        assert len(matching) == 1, (found["metadata"]["name"], matching)
        assert set(selector) == {f"app.kubernetes.io/{key}" for key in ("name", "instance", "component")}


@case
def test_every_reference_resolves(name: str) -> None:
    """Every reference to another object leads to one that is rendered here or known to exist."""
    objects = rendered(name)
    known = set(named(objects))

    def exists(kind: str, of: str) -> None:
        assert (kind, of) in known or of in DECLARED_ELSEWHERE.get(kind, ()), (
            f"{name}: {kind} {of} is nowhere"
        )

    for of, pod in pods(objects):
        spec = pod["spec"]
        exists("ServiceAccount", spec["serviceAccountName"])
        volumes = {volume["name"] for volume in spec["volumes"]}
        for volume in spec["volumes"]:
            if "configMap" in volume:
                exists("ConfigMap", volume["configMap"]["name"])
            if "secret" in volume:
                exists("Secret", volume["secret"]["secretName"])
            if "persistentVolumeClaim" in volume:
                exists("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
        claims = {"data"} if of.startswith("StatefulSet") else set()
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes | claims
            ports = {port["name"] for port in container.get("ports", [])}
            for source in container.get("envFrom", []):
                for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if key in source:
                        exists(kind, source[key]["name"])
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if "httpGet" in container.get(probe, {}):
                    assert container[probe]["httpGet"]["port"] in ports
            for variable in container.get("env", []):
                for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if key in variable.get("valueFrom", {}):
                        exists(kind, variable["valueFrom"][key]["name"])
            names = [variable["name"] for variable in container.get("env", [])]
            assert len(names) == len(set(names))
    for found in objects:
        if found["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            exists("Deployment", found["spec"]["scaleTargetRef"]["name"])
        if found["kind"] == "Ingress":
            for rule in found["spec"]["rules"]:
                exists("Service", rule["http"]["paths"][0]["backend"]["service"]["name"])


@case
def test_pods_meet_restricted(name: str) -> None:
    """Pod Security "restricted", a read-only root, no token, no service links, requests, probes."""
    for of, pod in pods(rendered(name)):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, of
        assert spec["enableServiceLinks"] is False, of
        assert spec["securityContext"]["runAsNonRoot"] is True, of
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, of
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert all(
            {"configMap", "emptyDir", "persistentVolumeClaim", "secret"} & volume.keys()
            for volume in spec["volumes"]
        )
        assert all(
            volume["emptyDir"].get("sizeLimit")
            for volume in spec["volumes"]
            if "emptyDir" in volume and volume["name"] != "extra"
        ), of
        for container in containers(pod):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, of
            assert context["readOnlyRootFilesystem"] is True, of
            assert context["capabilities"] == {"drop": ["ALL"]}, of
            assert container["resources"]["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}, of
            assert "ephemeral-storage" in container["resources"]["limits"] or of.startswith("StatefulSet"), of
            assert container["resources"]["limits"]["memory"], of
            assert "command" not in container, "the image's entrypoint holds"
            assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        if of.startswith(("Deployment", "StatefulSet")):
            for container in spec["containers"]:
                assert {"livenessProbe", "readinessProbe"} <= container.keys(), of
                rare = container["readinessProbe"]["periodSeconds"] > 10
                assert not rare or "startupProbe" in container, f"{of} waits for the second probe of a start"
        if of.endswith("-web"):
            assert container["lifecycle"]["preStop"]["sleep"]["seconds"] > 0
            assert "startupProbe" in container


@case
def test_labels(name: str) -> None:
    """Every object has all recommended labels, and only the test is a hook."""
    wanted = {"name", "instance", "component", "part-of", "managed-by", "version"}
    for found in rendered(name):
        metadata: dict[str, Any] = found["metadata"]
        if metadata["name"] in ("extra", "shop-text"):
            continue
        assert {f"app.kubernetes.io/{key}" for key in wanted} <= metadata["labels"].keys()
        assert len(metadata["name"]) <= 63
        assert metadata["namespace"] == "space"
        hooks = [key for key in metadata.get("annotations", {}) if key.startswith("helm.sh/hook")]
        assert not hooks or found["kind"] == "Pod"


@case
def test_no_secret_outside_of_secrets(name: str) -> None:
    """Derived values of staging are only in Secrets."""
    public = {"DATABASE_NAME", "DATABASE_USER", "DATABASE_PORT"}
    secrets = {
        base64.b64decode(value).decode()
        for found in rendered(name)
        if found["kind"] == "Secret"
        for key, value in found["data"].items()
        if key not in public
    }
    for found in rendered(name):
        if found["kind"] != "Secret":
            assert not [secret for secret in secrets if secret in str(found)]


@pytest.mark.parametrize("name", ["staging", "staging-everything"])
def test_nothing_tells_a_seed_by_what_can_be_seen(name: str) -> None:
    """Another seed changes only the Secrets, so that nobody else can test a guess of it."""

    def both(seed: str) -> list[list[Object]]:
        objects = render(merged(CASES[name], {"staging": {"secretSeed": seed}}))
        return [[one for one in objects if (one["kind"] == "Secret") is secret] for secret in (True, False)]

    secrets, others = both("7f3a90c1d58e264b" + "b1c6407d2e9f358a")
    other_secrets, same = both("0e92d6417bfa8c35" + "93d7b25a1c4ef860")
    assert others == same
    assert [one["data"] for one in secrets] != [one["data"] for one in other_secrets]


def test_guessing_a_seed_is_slow() -> None:
    """What a seed gives differs by namespace, release and use, and is not a plain hash of anything."""
    data = named(rendered("staging"))["Secret", "shop-staging"]["data"]
    value = {key: base64.b64decode(text).decode() for key, text in data.items()}
    seed = CASES["staging"]["staging"]["secretSeed"]
    words = {"SECRET_KEY": "django", "DATABASE_PASSWORD": "postgres"}
    assert (
        len({text for key, text in value.items() if key not in ("DATABASE_NAME", "DATABASE_USER")})
        == len(value) - 2
    )
    for key, what in words.items():
        assert re.fullmatch("[0-9a-f]{64}", value[key])
        for text in (f"{seed}/space/shop/{what}", f"{seed}/{what}", seed):
            assert hashlib.sha256(text.encode()).hexdigest() != value[key]
        # The algorithm of sprig's derivePassword: scrypt with 32 MiB, twice.
        salt = b"com.lyndir.masterpassword" + struct.pack(">I", len("space/shop")) + b"space/shop"
        key_of_seed = hashlib.scrypt(seed.encode(), salt=salt, n=32768, r=8, p=2, dklen=64, maxmem=1 << 27)
        site = (
            b"com.lyndir.masterpassword" + struct.pack(">I", len(what)) + what.encode() + struct.pack(">I", 1)
        )
        assert (
            hashlib.sha256(master_password(hmac.digest(key_of_seed, site, "sha256"))).hexdigest()
            == value[key]
        )


def master_password(seed: bytes) -> bytes:
    """A password of the type "maximum", as the Master Password algorithm writes it."""
    characters = {
        "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        "n": "0123456789",
        "o": "@&%?,=[]_:-+*$#!'^~;()/.",
        "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
    templates = ("anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno")
    pattern = templates[seed[0] % len(templates)]
    pairs = zip(pattern, seed[1:], strict=False)
    return "".join(characters[of][byte % len(characters[of])] for of, byte in pairs).encode()


def test_staging_gives_a_url_and_its_parts() -> None:
    """They are those of one database; the URL needs no quoting."""
    data = named(rendered("staging"))["Secret", "shop-staging"]["data"]
    value = {key: base64.b64decode(text).decode() for key, text in data.items()}
    host = named(rendered("staging"))["ConfigMap", "shop-config"]["data"]["DATABASE_HOST"]
    assert value["DATABASE_URL"] == (
        f"postgres://{value['DATABASE_USER']}:{value['DATABASE_PASSWORD']}@{host}:{value['DATABASE_PORT']}"
        f"/{value['DATABASE_NAME']}"
    )


def test_staging_keys_are_those_of_its_secret() -> None:
    """The staging Secret has every variable that envAliases may use."""
    listed = re.search(r"\$keys = list\n(.*?)-}}", (CHART / "templates/staging/_data.tpl").read_text(), re.S)
    assert listed
    data = named(rendered("staging"))["Secret", "shop-staging"]["data"]
    assert set(re.findall(r'"(\w+)"', listed[1])) == data.keys() - {"redis.conf"}


def environment(values: Object, of: str = "Deployment/shop-web") -> Object:
    """The env of the last container of a pod, by name."""
    (container,) = dict(pods(render(values)))[of]["spec"]["containers"][-1:]
    return {variable.pop("name"): variable for variable in copy.deepcopy(container.get("env", []))}


def test_aliases() -> None:
    """The project's own names refer to the chart's variables, and a secret stays in its Secret."""
    aliases = {
        "POSTGRES_HOST": "DATABASE_HOST", "POSTGRES_PASSWORD": "DATABASE_PASSWORD", "NODE": "WHERE", "COLOUR": "COLOR",
        "OWN": "HERE",
    }  # fmt: skip
    given = {
        "envAliases": aliases,
        "env": {"COLOR": "red", "WHERE": {"valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}},
        "web": {"env": {"HERE": "web"}},
        "secret": {"name": "more"},
    }
    found = environment(merged(CASES["staging"], given))
    assert found["POSTGRES_HOST"] == {
        "valueFrom": {"configMapKeyRef": {"name": "shop-config", "key": "DATABASE_HOST"}}
    }
    assert found["POSTGRES_PASSWORD"] == {
        "valueFrom": {"secretKeyRef": {"name": "shop-staging", "key": "DATABASE_PASSWORD"}}
    }
    assert found["NODE"] == found["WHERE"] == given["env"]["WHERE"]
    assert found["COLOUR"] == {"valueFrom": {"configMapKeyRef": {"name": "shop-config", "key": "COLOR"}}}
    assert found["OWN"] == {"value": "web"}
    production = environment(merged(IMAGE, {"envAliases": {"DJANGO_SECRET_KEY": "SECRET_KEY"}}))
    assert production["DJANGO_SECRET_KEY"] == {
        "valueFrom": {"secretKeyRef": {"name": "shop-env", "key": "SECRET_KEY", "optional": True}}
    }
    migrate = next(of for of, _ in pods(rendered("staging")) if of.startswith("Job/shop-migrate"))
    changed = next(
        of for of, _ in pods(render(merged(CASES["staging"], given))) if of.startswith("Job/shop-migrate")
    )
    assert migrate != changed, "the Job has the aliases, too"


def test_disks_and_memory_have_limits() -> None:
    """/tmp of each container by pod.tmpSize, also of one role; STATE_DIR in memory where a role has heartbeats."""
    values = {"pod": {"tmpSize": "3Gi", "stateSize": "5Mi"}, "web": {"pod": {"tmpSize": "7Gi"}}}
    found = dict(pods(render(merged(IMAGE, values))))
    for of, pod in found.items():
        volumes = {volume["name"]: volume["emptyDir"] for volume in pod["spec"]["volumes"]}
        state = volumes.pop("state", None)
        size = "7Gi" if of == "Deployment/shop-web" else "3Gi"
        assert volumes, of
        assert all(volume == {"sizeLimit": size} for volume in volumes.values()), of
        mounts = {
            container["name"]: {mount["mountPath"] for mount in container["volumeMounts"]}
            for container in containers(pod)
        }
        with_state = {name for name, paths in mounts.items() if "/tmp/django-k8s" in paths}
        assert with_state == mounts.keys() & {"web", "worker", "beat"}, of
        assert state == ({"medium": "Memory", "sizeLimit": "5Mi"} if with_state else None), of
    assert VARIABLES["STATE_DIR"].default == "/tmp/django-k8s"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, "819", id="default"),
        pytest.param({"pod": {"tmpSize": "3Gi"}}, "2457", id="pods"),
        pytest.param({"pod": {"tmpSize": "3Gi"}, "web": {"pod": {"tmpSize": "2.5G"}}}, "1907", id="web"),
        pytest.param({"pod": {"tmpSize": "524288k"}, "env": {"WEB_MAX_BODY_MB": 399}}, "400", id="k"),
        pytest.param({"env": {"WEB_UPLOADS_MB": 5}}, "5", id="variable"),
    ],
)
def test_uploads_have_room_in_tmp(values: dict[str, Any], expected: str) -> None:
    """All uploads together may use four fifths of /tmp of web, so that the pod is not evicted."""
    (config,) = (of for of in render(merged(IMAGE, values)) if of["metadata"]["name"] == "shop-config")
    assert config["data"].get("WEB_UPLOADS_MB") == expected


def test_a_job_that_runs_once_is_told_by_what_it_runs() -> None:
    """A job with once runs again if its arguments or releaseToken change, but not for an image or configuration."""

    def mark(change: Object) -> str:
        objects = render(
            merged(CASES["staging"], {"staging": {"seed": ["manage", "loaddata", "demo"]}}, change)
        )
        (seed,) = (of for of in objects if of["kind"] == "Job" and "job-seed" in of["metadata"]["name"])
        (container,) = seed["spec"]["template"]["spec"]["containers"]
        env = {variable["name"]: variable["value"] for variable in container["env"]}
        assert json.loads(env["ONCE_COMMAND"])[2:4] in (["manage", "loaddata"], ["manage", "other"])
        assert container["args"][:2] == ["manage", "shell"]
        assert "ONCE_COMMAND" in container["args"][-1], "the program is there"
        return str(env["ONCE_MARK"])

    same = mark({})
    assert re.fullmatch("seed-[0-9a-f]{12}", same)
    assert mark({"image": "shop:2"}) == mark({"env": {"A": "b"}}) == same
    assert len({same, mark({"releaseToken": "2"}), mark({"staging": {"seed": ["manage", "other"]}})}) == 3


def test_the_first_administrator() -> None:
    """A Job with the password from a Secret: a given one, or in staging one of the chart."""
    given = {
        "superuser": {
            "username": "root",
            "email": "root@example.com",
            "secretName": "admin",
            "secretKey": "pw",
        }
    }
    for values, secret, key in (
        (merged(IMAGE, given), "admin", "pw"),
        (merged(CASES["staging"], {"superuser": {"username": "root"}}), "shop-superuser", "password"),
    ):
        objects = render(values)
        (of,) = (of for of, _ in pods(objects) if of.startswith("Job/shop-superuser-"))
        env = environment(values, of)
        assert env["DJANGO_SUPERUSER_USERNAME"] == {"value": "root"}
        reference = {"name": secret, "key": key}
        assert env["DJANGO_SUPERUSER_PASSWORD"] == {"valueFrom": {"secretKeyRef": reference}}
        assert (("Secret", "shop-superuser") in named(objects)) == (secret == "shop-superuser")
    assert not [of for of, _ in pods(rendered("staging")) if "superuser" in of]


def job(values: Object) -> str:
    return next(of for kind, of in named(render(values)) if kind == "Job" and "migrate" in of)


def test_a_migrate_job_is_named_by_what_it_runs() -> None:
    """A different image, environment or release token gives a new Job. Values that do not concern it do not."""
    same = job(IMAGE)
    others = [
        job(merged(IMAGE, change))
        for change in (
            {"image": "shop:2"},
            {"env": {"A": "b"}},
            {"releaseToken": "again"},
            {"migrate": {"args": ["--plan"]}},
            {"secret": {"name": "other"}},
            {"migrate": {"resources": {"limits": {"memory": "1Gi"}}}},
        )
    ]
    assert len({same, *others}) == len(others) + 1
    assert job(merged(IMAGE, {"web": {"replicas": 5}})) == same


def test_sidecars_are_native() -> None:
    """They start first in every pod of the project, Jobs included, and a Job ends without them."""
    common, own = {"name": "proxy", "image": "proxy:1"}, {"name": "cache", "image": "cache:1"}
    values = merged(
        CASES["everything"],
        {
            "pod": {"sidecars": [common], "initContainers": [{"name": "first", "image": "first:1"}]},
            "web": {"pod": {"sidecars": [own]}},
        },
    )
    found = dict(pods(render(values)))
    assert {of.partition("/")[0] for of in found} == {"CronJob", "Deployment", "Job", "Pod"}
    for of, pod in found.items():
        wanted = [common, own] if of == "Deployment/shop-web" else [common]
        names = [container["name"] for container in pod["spec"]["initContainers"]]
        sidecars = pod["spec"]["initContainers"][: len(wanted)]
        assert sidecars == [{**container, "restartPolicy": "Always"} for container in wanted], of
        assert names[len(wanted)] == "first", of
        assert not {"proxy", "cache"} & {container["name"] for container in pod["spec"]["containers"]}, of


def test_a_job_replaces_only_a_pod_that_has_ended() -> None:
    """A Job starts a new pod only after the old one has ended."""
    specs = [
        found["spec"]["jobTemplate"]["spec"] if found["kind"] == "CronJob" else found["spec"]
        for found in rendered("everything")
        if found["kind"] in ("CronJob", "Job")
    ]
    assert len(specs) == 5
    assert {spec["podReplacementPolicy"] for spec in specs} == {"Failed"}


def test_pods_roll_when_configuration_does() -> None:
    """env, files and the restart token change the pods; a replica count does not."""

    def templates(change: Object) -> dict[str, Object]:
        return {of: pod for of, pod in pods(render(merged(IMAGE, change))) if of.startswith("Deployment")}

    same = templates({})
    assert templates({"web": {"replicas": 7}}) == same
    for change in ({"env": {"A": "b"}}, {"restartToken": "now"}):
        assert all(templates(change)[of] != same[of] for of in same)
    files = [templates({"files": {"/etc/a": content}}) for content in ("one", "two")]
    assert all(files[0][of] != files[1][of] for of in same)


def test_a_release_leaves_the_stores_alone() -> None:
    """A new image, configuration or chart version does not replace the pods of PostgreSQL and Redis, which would lose data."""
    stores = [
        {
            of: item["spec"]
            for (kind, of), item in named(render(merged(CASES["staging"], change))).items()
            if kind == "StatefulSet"
        }
        for change in (
            {},
            {"image": "shop:2", "env": {"A": "b"}, "restartToken": "1", "staging": {"expires": "never"}},
        )
    ]
    assert stores[0] == stores[1]


def test_without_celery() -> None:
    """Without Celery, there is no worker and no beat, but the shell remains."""
    objects = rendered("no-celery")

    names = {name for _, name in named(objects)}
    assert not {name for name in names if "worker" in name}
    running = {
        one["args"][0]
        for _, template in pods(objects)
        for one in template["spec"]["containers"]
        if "args" in one
    }
    assert {"web", "shell", "migrate"} <= running
    assert not running & {"worker", "beat"}
    assert ("Service", "shop-scheduler") not in named(objects)
    rules = named(objects)["PrometheusRule", "shop-alerts"]["spec"]["groups"]
    assert not [
        rule
        for group in rules
        for rule in group["rules"]
        if re.search("Worker|Beat|Task|Queue", rule["alert"])
    ]


def test_celery_is_on_where_the_value_is_unknown() -> None:
    """Celery is on with the values of an older chart (`helm upgrade --reuse-values`), which lack the key."""
    assert render(merged(IMAGE, {"celery": None})) == render(IMAGE)


def test_no_daemon_where_the_value_is_unknown() -> None:
    """There are no daemons with the values of an older chart, which lack the key."""
    assert render(merged(IMAGE, {"daemons": None, "daemonDefaults": None})) == render(IMAGE)


def test_daemons() -> None:
    """Each has its command, its configuration, a wait for the migrations, the probes of the listener and its heartbeat."""
    objects = named(rendered("everything"))
    assert ("Deployment", "shop-daemon-off") not in objects
    alerts = objects["Deployment", "shop-daemon-alerts"]["spec"]
    pod = alerts["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["daemon", "sendalerts"]
    assert {"name": "DAEMON_HEARTBEAT", "value": "true"} in container["env"]
    assert [one["args"] for one in pod["initContainers"]] == [["wait", "migrations"]]
    assert container["livenessProbe"]["httpGet"] == {"port": "probe", "path": "/livez"}
    assert container["readinessProbe"]["httpGet"] == {"port": "probe", "path": "/readyz"}
    assert alerts["replicas"] == 2
    assert alerts["template"]["metadata"]["annotations"]["checksum/config"]
    assert "minReadySeconds" not in alerts

    smtp = objects["Deployment", "shop-daemon-smtp"]["spec"]
    (container,) = smtp["template"]["spec"]["containers"]
    assert container["readinessProbe"]["tcpSocket"] == {"port": "daemon"}
    assert container["livenessProbe"]["httpGet"] == {"port": "probe", "path": "/livez"}
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert smtp["minReadySeconds"] == 10
    (port,) = objects["Service", "shop-daemon-smtp"]["spec"]["ports"]
    assert port == {"name": "daemon", "port": 2525, "targetPort": "daemon"}
    (rule,) = objects["NetworkPolicy", "shop-daemon-smtp"]["spec"]["ingress"]
    assert rule == {"ports": [{"port": 2525}], "from": [{"namespaceSelector": {}}]}

    assert objects["Deployment", "shop-daemon-bot"]["spec"]["strategy"] == {"type": "Recreate"}
    assert objects["HorizontalPodAutoscaler", "shop-daemon-slow"]["spec"]["maxReplicas"] == 5
    assert objects["ScaledObject", "shop-daemon-rq"]["spec"]["triggers"][0]["type"] == "redis"
    assert ("PodDisruptionBudget", "shop-daemon-bot") not in objects
    assert ("PodDisruptionBudget", "shop-daemon-alerts") in objects


def test_notes_list_daemons_without_heartbeats() -> None:
    """The notes of Helm list the daemons whose heartbeat is not set to true."""
    done = subprocess.run(
        [helm(), "install", "shop", str(CHART), "--dry-run=client", "-f", "-"],
        input=yaml.safe_dump(EVERYTHING), capture_output=True, text=True, check=False, timeout=patience(60),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Daemons without heartbeats")]
    assert line.startswith("Daemons without heartbeats: bot, rq, slow, smtp. ")


def test_replicas_are_left_to_a_scaler() -> None:
    """A Deployment that something scales has no replicas of its own."""
    for name, of in (
        ("everything", "shop-web"),
        ("everything", "shop-worker-slow"),
        ("everything", "shop-worker-scaled"),
        ("everything", "shop-daemon-slow"),
        ("everything", "shop-daemon-rq"),
        ("scaled-elsewhere", "shop-web"),
        ("scaled-elsewhere", "shop-worker-default"),
    ):
        assert "replicas" not in named(rendered(name))["Deployment", of]["spec"]


def test_external_dns_finds_its_annotations() -> None:
    """The annotations have the prefix of external-dns 0.22 and later, and that of earlier releases."""
    annotations = named(rendered("everything"))["Ingress", "shop"]["metadata"]["annotations"]
    for prefix in ("external-dns.kubernetes.io", "external-dns.alpha.kubernetes.io"):
        assert annotations[f"{prefix}/hostname"] == "shop.example.com,www.shop.example.com"
        assert annotations[f"{prefix}/ttl"] == "60"


def test_a_role_adds_to_its_pods() -> None:
    """The pod settings of a role are added to those of all pods, and only for this role."""
    specs = {of: pod["spec"] for of, pod in pods(rendered("everything"))}
    web, mail = specs["Deployment/shop-web"], specs["Deployment/shop-worker-mail"]
    assert mail["nodeSelector"] == {"disk": "ssd", "cheap": "yes"}
    assert mail["tolerations"] == [{"operator": "Exists"}, {"key": "cheap"}]
    assert web["nodeSelector"] == {"disk": "ssd"}
    assert [of for of, spec in specs.items() if "extra" in str(spec["volumes"])] == ["Deployment/shop-web"]
    assert web["containers"][0]["volumeMounts"][-1]["mountPath"] == "/extra"
    assert web["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/ready"


def test_grace_periods_are_the_librarys() -> None:
    """terminationGracePeriodSeconds is equal to the variable that the role reads."""
    objects = named(rendered("everything"))
    assert objects["ConfigMap", "shop-config"]["data"]["WEB_GRACE_SECONDS"] == "40"
    assert objects["ConfigMap", "shop-config"]["data"]["BIG"] == "10000000"
    assert (
        objects["Deployment", "shop-web"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 40
    )
    mail = objects["Deployment", "shop-worker-mail"]["spec"]["template"]["spec"]
    env = {
        variable["name"]: variable["value"]
        for variable in mail["containers"][0]["env"]
        if "value" in variable
    }
    assert mail["terminationGracePeriodSeconds"] == 300
    assert env["WORKER_GRACE_SECONDS"] == "300"
    assert env["WORKER_QUEUES"] == "mail,news"


def test_size() -> None:
    """Small enough to be read: under 2,100 lines of templates and 650 of values."""
    lines = sum(len(path.read_text().splitlines()) for path in (CHART / "templates").rglob("*.*"))
    assert lines < 2100
    assert len((CHART / "values.yaml").read_text().splitlines()) < 650


def test_immutable_fields_are_those_of_the_last_release() -> None:
    """Immutable fields are as in the last release, which tests/chart/immutable.json records."""
    found = {}
    for name in ("production", "staging", "staging-everything"):
        for item in rendered(name):
            spec, of = item.get("spec", {}), f"{name} {item['kind']} {item['metadata']['name']}"
            if item["kind"] == "Deployment":
                found[of] = spec["selector"]
            elif item["kind"] == "StatefulSet":
                found[of] = {
                    key: spec.get(key) for key in ("selector", "serviceName", "volumeClaimTemplates")
                }
    path = Path(__file__).parent / "immutable.json"

    assert found == json.loads(path.read_text())
