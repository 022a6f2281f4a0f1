"""What is wrong, read from objects that a cluster had: tests/release/record.py wrote them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from django_k8s.release.diagnosis import containers
from django_k8s.release.diagnosis.finding import Finding
from django_k8s.release.diagnosis.snapshot import Snapshot

FOLDER = Path(__file__).parent / "recorded"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def findings(recording: dict[str, Any]) -> list[Finding]:
    logs = recording["logs"]
    snapshot = Snapshot(recording["objects"], recording["events"])
    return snapshot.findings(lambda pod, container, previous: logs.get(f"{pod}/{container}", ""))


# What is said of each, which is what is the cause of all the rest.
SAID = {
    "missing-variable": (
        "configuration",
        "The configuration is wrong. READINESS_TIMEOUT_SECONDS: is not a number. Write a number such as 2.5.",
    ),
    "never-pull": (
        "image",
        "The nodes do not have the image shop:nope. Run `django-k8s up` again to bring it to them.",
    ),
    "pull": (
        "image",
        "The image registry.invalid/shop:nope cannot be pulled: dial tcp: lookup registry.invalid on 10.96.0.10:53: no such host",
    ),
    "secret": ("configuration", "migrate needs the Secret payments, which does not exist. Create it."),
    "storage": (
        "volume",
        'The volume shop-media cannot be provisioned: storageclass.storage.k8s.io "nope" not found.',
    ),
    "unschedulable": (
        "scheduling",
        (
            "No node can run a pod of web: 0/1 nodes are available: 1 Insufficient cpu. Add nodes, remove other environments with "
            "`django-k8s down`, or lower resources.requests (cpu)."
        ),
    ),
    "oom": (
        "memory",
        (
            "The container web of web was killed because it used more memory than its limit of 24Mi. Raise "
            "resources.limits.memory in deploy/values.yaml."
        ),
    ),
    "migration": (
        "migration",
        'Migration board.0099_broken failed: ProgrammingError: column "broken_on_purpose" does not exist.',
    ),
    "import": ("job", "The job migrate failed: RuntimeError: broken on purpose (config/settings.py, line "),
    "page": (
        "page",
        "web runs, but the readiness page fails: GET /boom/ answers 500: ZeroDivisionError: division by zero",
    ),
    "quota": ("refused", "The cluster refuses a pod of "),
}


@pytest.mark.parametrize("name", SAID)
def test_cause(name: str) -> None:
    """The first finding is the cause, in one sentence."""
    kind, text = SAID[name]
    first = findings(recorded(name))[0]

    assert (first.kind, first.text[: len(text)]) == (kind, text)


@pytest.mark.parametrize(
    ("nodes", "remedy"),
    [
        ("1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }", "The disks of the nodes are almost full: remove "),
        ("1 node(s) had untolerated taint {node.kubernetes.io/unschedulable: }", "The nodes are cordoned: run `kubectl uncordon NODE`"),
        ("2 node(s) had untolerated taint {gpu: yes}", "Only pods that tolerate the taint gpu may run on these nodes: set pod.tolerations"),
        ("1 Insufficient memory, 1 Too many pods", "The nodes already run as many pods as they may: add nodes"),
        ("1 Insufficient cpu, 1 Insufficient memory", "Add nodes, remove other environments with `django-k8s down`, or lower resources.requests (cpu and memory)."),
    ],
)  # fmt: skip
def test_why_no_node_takes_a_pod(nodes: str, remedy: str) -> None:
    """What the scheduler says of the nodes, and what to do about it."""
    text = json.dumps(recorded("unschedulable")).replace("1 Insufficient cpu", nodes)
    first = findings(json.loads(text))[0]

    assert first.text.startswith(f"No node can run a pod of web: 0/1 nodes are available: {nodes}. {remedy}")


def test_nothing_is_wrong() -> None:
    """A release that is well has no finding, and all of its parts are there."""
    snapshot = Snapshot(recorded("good")["objects"], recorded("good")["events"])
    parts = snapshot.parts()

    assert findings(recorded("good")) == []
    assert all(part.is_done for part in parts)
    assert [part.component for part in parts] == [
        "postgres", "redis", "migrate", "superuser", "web", "scheduler", "worker-default",
    ]  # fmt: skip


def test_what_is_past_does_not_count() -> None:
    """A container that is ready was restarted long ago."""
    recording = recorded("good")
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": "RuntimeError: long ago"}}
    for pod in recording["objects"]:
        if pod["kind"] == "Pod" and pod["status"]["phase"] == "Running":
            for status in pod["status"]["containerStatuses"]:
                status |= {"restartCount": 5, "lastState": ended}

    assert findings(recording) == []


def test_a_release_before_does_not_count() -> None:
    """Pods of an older revision that are ill do not fail the new release."""
    recording = recorded("oom")
    ill = [finding for finding in findings(recording) if finding.component == "web"]
    (deployment,) = [
        found
        for found in recording["objects"]
        if found["kind"] == "Deployment"
        and found["metadata"]["labels"]["app.kubernetes.io/component"] == "web"
    ]
    deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "99"

    assert ill
    assert [finding for finding in findings(recording) if finding.component == "web"] == []


def test_an_unfinished_rollout_is_not_done() -> None:
    """A Deployment whose change was not seen yet, or that still has old pods, is waited for."""
    good = recorded("good")["objects"]
    web = next(
        found for found in good if found["metadata"]["name"] == "shop-web" and found["kind"] == "Deployment"
    )
    for change in (
        {"observedGeneration": 0},
        {"replicas": 2},
        {"updatedReplicas": 0},
        {"availableReplicas": 0},
    ):
        changed = copy.deepcopy(web)
        changed["status"] |= change

        assert not Snapshot([changed]).parts()[0].is_done, change


def test_a_job_of_a_cron_job_is_not_waited_for() -> None:
    """It runs when it is due."""
    job = {
        "kind": "Job",
        "metadata": {"name": "nightly-1", "ownerReferences": [{"kind": "CronJob", "name": "nightly"}]},
        "spec": {},
    }

    assert Snapshot([job]).parts() == []


def test_a_failed_job_is_final() -> None:
    """While a Job has tries left, there is time; when it has failed, waiting is of no use."""
    recording = recorded("import")
    jobs = [found for found in recording["objects"] if found["kind"] == "Job"]
    for job in jobs:
        job["status"]["conditions"] = []
    before = next(finding for finding in findings(recording) if finding.kind == "job")
    for job in jobs:
        job["status"]["conditions"] = [
            {"type": "Failed", "status": "True", "message": "Job has reached its limit"}
        ]
    after = next(finding for finding in findings(recording) if finding.kind == "job")

    assert before.seconds > 0
    assert after.seconds == 0


def test_a_failed_job_without_pods() -> None:
    """Its own words are what is left."""
    job = {
        "kind": "Job",
        "metadata": {"name": "shop-seed-1", "labels": {"app.kubernetes.io/component": "seed"}},
        "spec": {},
        "status": {"conditions": [{"type": "Failed", "status": "True", "message": "Job was active longer than specified deadline"}]},
    }  # fmt: skip

    assert Snapshot([job]).findings(lambda *_: "")[0].text == (
        "The job seed failed: Job was active longer than specified deadline."
    )


POD = {
    "kind": "Pod",
    "metadata": {"name": "web-1", "labels": {"app.kubernetes.io/component": "web"}},
    "spec": {"containers": [{"name": "web"}]},
}

# As kubelets word it; no registry is at hand to make them say so.
PULLS = {
    "does not exist": (
        ('failed to pull and unpack image "registry.example.com/shop:2": failed to resolve reference '
        '"registry.example.com/shop:2": registry.example.com/shop:2: not found'),
        "The image shop:2 does not exist. Check its name and tag.",
    ),
    "no right": (
        'failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized',
        ("The cluster may not pull the image shop:2, or it does not exist. Check its name, and name a pull Secret in "
        "imagePullSecrets."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PULLS)
def test_pull(case: str) -> None:
    """A registry that has no such image, and one that does not give it."""
    message, text = PULLS[case]
    waiting = {"reason": "ErrImagePull", "message": message}
    status = {"name": "web", "image": "shop:2", "state": {"waiting": waiting}}
    found = containers.finding(POD, status, lambda *_: "", init=False)

    assert found is not None
    assert found.text == text
    assert found.seconds < 10


@pytest.mark.parametrize(("restarts", "seconds"), [(0, 20.0), (1, 20.0), (2, 0.0), (7, 0.0)])
def test_a_crash_is_final_after_two_restarts(restarts: int, seconds: float) -> None:
    """One end may be bad luck."""
    ended = {
        "exitCode": 1,
        "message": 'Traceback:\n  File "/app/shop/apps.py", line 7, in ready\nValueError: no\n',
    }
    status = {
        "name": "web",
        "restartCount": restarts,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }
    found = containers.finding(POD, status, lambda *_: "", init=False)

    assert found is not None
    assert found.text == "web keeps ending: ValueError: no (shop/apps.py, line 7)."
    assert found.seconds == seconds


def test_waiting_for_something_else_is_no_cause() -> None:
    """Status 75 means that something else is not there yet."""
    status = {
        "name": "wait",
        "restartCount": 3,
        "state": {"terminated": {"exitCode": 75, "message": "no database"}},
    }

    assert containers.finding(POD, status, lambda *_: "", init=True) is None


@pytest.mark.parametrize(
    ("state", "message", "seconds"),
    [
        ("waiting", 'MountVolume.SetUp failed for volume "ca": secret "shop-ca" not found', 15.0),
        ("waiting", "Unable to attach or mount volumes: timed out", 150.0),
        ("running", "Unable to attach or mount volumes: timed out", None),
    ],
)
def test_a_volume_that_is_not_mounted(state: str, message: str, seconds: float | None) -> None:
    """It counts until a container has started, and has time unless something does not exist."""
    status = {"phase": "Pending", "initContainerStatuses": [{"name": "wait", "state": {state: {}}}]}
    event = {"involvedObject": {"kind": "Pod", "name": "web-1"}, "reason": "FailedMount", "message": message}
    found = Snapshot([{**POD, "status": status}], [event]).findings(lambda *_: "")

    assert [finding.seconds for finding in found] == ([] if seconds is None else [seconds])
