"""A real cluster: namespaces of one test module, the chart in them, and what went wrong."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from support import docker
from support.chart import CHART, helm
from support.example import copy
from support.https import Certificate
from support.need import need
from support.patience import patience
from support.process import answers, wait_until

PROVING = docker.ROOT / "tests" / "cluster" / "proving"
RESTRICTED = [f"pod-security.kubernetes.io/{mode}=restricted" for mode in ("enforce", "warn", "audit")]
SEED = "8d0c3f6b715e92a4f4a7d16c09be5823"
FAILING = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("proving", "0001_initial")]
    operations = [migrations.RunSQL("SELECT broken_on_purpose")]
"""
# Where a controller may be, seen from a pod: the private networks, and the one for tests (RFC 2544).
PROXIES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"]
VISIBILITY = 40  # seconds after which Redis hands out a lost worker's task again; above the longest task
APPLICATION = {"CELERY_APP": "config", "WEB_APPLICATION": "config.wsgi:application"}


def load(*images: str) -> None:
    """Bring images from the engine into the cluster."""
    subprocess.run([*shlex.split(os.environ["CLUSTER_LOAD_IMAGE"]), *images], check=True, timeout=300)


def ready() -> None:
    """Skip, or fail in CI, where there is no cluster."""
    config = os.environ.get("KUBECONFIG") and os.environ.get("CLUSTER_LOAD_IMAGE")
    need(
        "a Kubernetes cluster",
        config and shutil.which("kubectl"),
        "set KUBECONFIG, and CLUSTER_LOAD_IMAGE to the command that loads images, such as 'kind load docker-image'",
    )
    docker.engine()
    helm()


@dataclass
class Images:
    """Releases of the example with the proving application, in the cluster."""

    first: str
    second: str  # a changed style sheet; serves the first one's too
    at_import: str  # raises when its settings are imported
    at_migration: str  # has a migration that fails


@contextlib.contextmanager
def images(folder: Path) -> Iterator[Images]:
    """Build them and load them into the cluster. Whoever names the same folder meanwhile shares them."""
    ready()
    folder.mkdir(exist_ok=True)
    record = folder / "images.json"
    with (folder / "users").open("w") as users:
        with _alone(folder):
            if not record.exists():
                record.write_text(json.dumps(asdict(_built(folder))))
            made = Images(**json.loads(record.read_text()))
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield made
        finally:
            with _alone(folder), contextlib.suppress(BlockingIOError):  # somebody else still uses them
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                docker.docker("rmi", "-f", *asdict(made).values(), check=False)
                record.unlink()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _built(folder: Path) -> Images:
    library = docker.wheel(folder / "library")
    context = copy(folder / "project")
    shutil.copytree(PROVING, context / "proving", ignore=shutil.ignore_patterns("__pycache__"))
    name = f"django-k8s-cluster-{uuid.uuid4().hex[:6]}"
    arguments = ["--build-arg", "SETTINGS=proving.settings"]
    made = Images(f"{name}:1", f"{name}:2", f"{name}:at-import", f"{name}:at-migration")

    def build(tag: str, *more: str) -> None:
        docker.build(
            context, library, *arguments, "--build-arg", f"RELEASE={tag.partition(':')[2]}", *more, tag=tag
        )

    build(made.first)
    style = context / "board" / "static" / "board" / "board.css"
    style.write_text(style.read_text() + "/* the second release */\n")
    build(made.second, "--build-arg", f"PREVIOUS_IMAGE={made.first}")
    raising = "raise RuntimeError('broken on purpose')\n"
    (folder / "broken").mkdir()
    for tag, path, content in (
        (made.at_import, "/app/proving/settings.py", raising),
        (
            made.at_migration,
            "/app/proving/migrations/0002_broken.py",
            FAILING,
        ),
    ):
        (folder / "broken" / "file.py").write_text(content)
        (folder / "broken" / "Dockerfile").write_text(
            f"FROM {made.second}\nUSER 0:0\nCOPY --chmod=644 file.py {path}\n"
            # Its bytecode is not checked against the source.
            "RUN rm -rf /app/proving/__pycache__\nUSER 10001:0\n"
        )
        docker.docker("build", "-q", "-t", tag, str(folder / "broken"))
    load(*asdict(made).values(), "postgres:17", "redis:8")
    return made


@dataclass
class Space:
    """A namespace."""

    name: str

    def kubectl(self, *args: str, check: bool = True, timeout: float = 180, stdin: str | None = None) -> str:
        """kubectl in the namespace; its output."""
        done = subprocess.run(
            ["kubectl", "-n", self.name, *args],
            input=stdin, capture_output=True, text=True, timeout=patience(timeout), check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"kubectl {' '.join(args)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def get(self, *args: str) -> Any:
        """Objects, as data."""
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def items(self, kind: str, *args: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(kind, *args)["items"]
        return found

    def helm(
        self, *args: str, values: dict[str, Any] | None = None, check: bool = True, program: str = "helm"
    ) -> subprocess.CompletedProcess[str]:
        """Helm in the namespace, with values."""
        given = ["-f", "-"] if values is not None else []
        done = subprocess.run(
            [helm(program), "-n", self.name, *args, *given],
            input=yaml.safe_dump(values), capture_output=True, text=True, timeout=patience(400), check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{done.stdout}{done.stderr}{self.state()}"
        return done

    def release(self, name: str, values: dict[str, Any], *, check: bool = True, timeout: str = "180s") -> str:
        """Install or upgrade the chart and wait until it is there; what helm says on standard error."""
        done = self.helm(
            "upgrade", "--install", name, str(CHART), "--wait", "--wait-for-jobs", "--timeout", timeout,
            values=values, check=check,
        )  # fmt: skip
        return done.stderr

    def tls_secret(self, name: str, certificate: Certificate) -> None:
        """A Secret that an Ingress serves ``certificate`` from."""
        self.kubectl(
            "create", "secret", "tls", name, f"--cert={certificate.file}", f"--key={certificate.key}"
        )

    def pods(self, component: str) -> list[dict[str, Any]]:
        """The pods of a component that are not ending."""
        found = self.items("pods", "-l", f"app.kubernetes.io/component={component}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def is_ready(self, component: str) -> bool:
        """Whether every pod of the component is ready, and there is one."""
        states = [
            condition["status"]
            for pod in self.pods(component)
            for condition in pod.get("status", {}).get("conditions", [])
            if condition["type"] == "Ready"
        ]
        return bool(states) and set(states) == {"True"}

    def restarts(self) -> dict[str, int]:
        """How often each container was restarted."""
        return {
            f"{pod['metadata']['name']}/{status['name']}": status["restartCount"]
            for pod in self.items("pods")
            for status in pod["status"].get("containerStatuses", [])
        }

    def port(self, service: str = "shop") -> int:
        """The port of a Service on the node, once it answers there."""
        port: int = self.get("service", service)["spec"]["ports"][0]["nodePort"]
        eventually(lambda: answers(port, "/livez"), 15, f"Service {service} on port {port}")
        return port

    def shell(self, command: str, container: str = "shell", release: str = "shop") -> str:
        """Run a command where production engineers do."""
        return self.kubectl("exec", f"deploy/{release}-scheduler", "-c", container, "--", "sh", "-c", command)

    def python(self, code: str, release: str = "shop") -> str:
        """Run code in the project's own shell, from the last line of its output."""
        encoded = base64.b64encode(code.encode()).decode()
        command = (
            f"python manage.py shell -v0 -c \"import base64; exec(base64.b64decode('{encoded}').decode())\""
        )
        return self.shell(command, release=release).strip().splitlines()[-1]

    def scale(self, what: str, replicas: int) -> None:
        self.kubectl("scale", what, f"--replicas={replicas}")

    def state(self) -> str:
        """Events, pods and last logs, for a failure's message."""
        parts = [
            self.kubectl("get", "pods,jobs", "-o", "wide", check=False),
            self.kubectl("get", "events", "--sort-by", ".lastTimestamp", check=False)[-6000:],
        ]
        for pod in self.items("pods"):
            name = pod["metadata"]["name"]
            logs = self.kubectl("logs", name, "--all-containers", "--tail", "15", "--prefix", check=False)
            parts.append(f"--- {name}\n{logs}")
        return "\n".join(parts)


@contextlib.contextmanager
def space(prefix: str) -> Iterator[Space]:
    """A namespace in which Pod Security "restricted" is enforced; it is gone at the end."""
    made = Space(f"{prefix}-{uuid.uuid4().hex[:6]}")
    subprocess.run(["kubectl", "create", "namespace", made.name], check=True, capture_output=True)
    subprocess.run(["kubectl", "label", "namespace", made.name, *RESTRICTED], check=True, capture_output=True)
    try:
        yield made
    except BaseException:
        print(made.state())
        raise
    finally:
        for name in made.helm("list", "-q", check=False).stdout.split():
            made.helm("uninstall", name, check=False)
        subprocess.run(
            ["kubectl", "delete", "namespace", made.name, "--wait=false"], check=False, capture_output=True
        )


def staging(image: str, **more: Any) -> dict[str, Any]:
    """Values of a staging environment whose web is reached on the node."""
    from support.chart import merged, preset

    return merged(
        preset("staging"),
        {
            "image": image,
            "environment": "proving",
            "env": {**APPLICATION, "ALLOWED_HOSTS": "*", "TICK_SECONDS": 2},
            "staging": {"secretSeed": SEED},
            "web": {"service": {"type": "NodePort"}},
        },
        more,
    )


def stores(made: Space, image: str) -> None:
    """PostgreSQL and Redis of a staging release, and a Secret by which a release "shop" beside it uses them."""
    from support.chart import merged

    nothing = {
        "web": {"enabled": False},
        "scheduler": {"enabled": False},
        "workers": {"default": {"enabled": False}},
        "migrate": {"mode": "none"},
        "media": {"enabled": False},
    }
    made.release("stores", merged(staging(image), nothing))
    held = made.get("secret", "stores-staging")["data"]
    value = {name: base64.b64decode(held[name]).decode() for name in held}
    variables = {
        name: value[name] for name in ("SECRET_KEY", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD")
    }
    variables["REDIS_URL"] = value["REDIS_URL"].replace("stores-redis", "shop-redis")
    given = [f"--from-literal={name}={text}" for name, text in variables.items()]
    made.kubectl("create", "secret", "generic", "shop-env", *given)


def production(shop: Space, image: str, **more: Any) -> dict[str, Any]:
    """Values of a release that reaches the stores by Services of fixed names."""
    from support.chart import merged

    domain = f"{shop.name}.svc.cluster.local"
    values = {
        "image": image,
        "environment": "proving",
        "stores": {"postgresHost": f"stores-postgres.{domain}", "redisHost": f"stores-redis.{domain}"},
        "env": {
            **APPLICATION,
            "ALLOWED_HOSTS": "*",
            "HTTPS": False,
            "CELERY_VISIBILITY_TIMEOUT_SECONDS": VISIBILITY,
            "TICK_SECONDS": 2,
        },
        "web": {"replicas": 2, "service": {"type": "NodePort"}, "resources": {"requests": {"cpu": "20m"}}},
        "workerDefaults": {"replicas": 2, "concurrency": 4, "graceSeconds": 30},
    }
    return merged(values, more)


def eventually(test: Callable[[], object], seconds: float, what: str) -> None:
    """wait_until, at the pace of a cluster."""
    wait_until(test, seconds, what, every=0.5)
