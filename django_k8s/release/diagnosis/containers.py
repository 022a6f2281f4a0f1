"""Find out what is wrong with a container of a pod."""

from __future__ import annotations

import re
from typing import Any

from django_k8s.environment.exit_codes import EX_CONFIG, EX_TEMPFAIL, EX_USAGE
from django_k8s.environment.masking import mask
from django_k8s.release.diagnosis import words
from django_k8s.release.diagnosis.finding import Finding, Logs, Object, component_of

_PULLING = {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError"}
_RESTARTS = 2  # after this many, the end of a container is not an accident
_MESSAGE_BYTES = 2048  # the most that a kubelet keeps of a log
_RETRY_SECONDS = 45.0  # for the next attempt of a job
_SIGKILL, _SIGTERM = 137, 143


def finding(pod: Object, status: dict[str, Any], logs: Logs, *, init: bool) -> Finding | None:
    """Return what is wrong with the container of ``status``, or None."""
    state = status.get("state") or {}
    waiting = state.get("waiting")
    if waiting and (found := _waiting(pod, status, waiting)):
        return found
    if status.get("ready") and not init:
        return None  # earlier failures do not matter
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if ended and not (ended.get("exitCode") == 0 and (init or not waiting)):
        return _ended(pod, status, ended, logs, running="running" in state)
    return None


def _waiting(pod: Object, status: dict[str, Any], waiting: dict[str, Any]) -> Finding | None:
    component, image = component_of(pod), status.get("image", "")
    reason, message = waiting.get("reason", ""), mask(waiting.get("message", ""))
    if reason == "ErrImageNeverPull":
        text = f"The nodes do not have the image {image}. Run `django-k8s up` again to bring it to them."
        return Finding("image", component, text, seconds=5.0)
    if reason == "InvalidImageName":
        return Finding("image", component, f"{image} is not a valid name of an image. Correct it.")
    if reason in _PULLING:
        return _pull(component, image, message)
    if reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return _not_created(component, message)
    return None


def _pull(component: str, image: str, message: str) -> Finding:
    lowered = message.lower()
    if "back-off" in lowered and "rpc error" not in lowered and "failed" not in lowered:
        # The previous message had the reason. It comes again with the next attempt.
        return Finding(
            "image",
            component,
            f"The image {image} cannot be pulled. Check its name and the registry.",
            seconds=20.0,
        )
    if re.search(r"unauthorized|denied|forbidden|authentication|no basic auth", lowered):
        text = (
            f"The cluster may not pull the image {image}, or it does not exist. "
            "Check its name, and name a pull Secret in imagePullSecrets."
        )
        return Finding("image", component, text, seconds=3.0)
    if re.search(r"not found|manifest unknown|does not exist|no such image", lowered):
        return Finding(
            "image", component, f"The image {image} does not exist. Check its name and tag.", seconds=3.0
        )
    why = re.split(r": (?=[a-z]+ error|failed|dial|Get|Head)", message)[-1].strip()
    return Finding("image", component, f"The image {image} cannot be pulled: {why}", seconds=25.0)


def _not_created(component: str, message: str) -> Finding:
    if "failed to sync" in message:
        return Finding(
            "configuration",
            component,
            f"A container of {component} is waiting for its configuration.",
            seconds=60.0,
        )
    if found := re.search(r"""(secret|configmap) "([^"]+)" not found""", message, re.IGNORECASE):
        text = f"{component} needs the {found[1].capitalize()} {found[2]}, which does not exist. Create it."
        return Finding("configuration", component, text.replace("Configmap", "ConfigMap"), seconds=5.0)
    if found := re.search(r"couldn't find key (\S+) in (Secret|ConfigMap) (\S+)", message):
        text = (
            f"{component} needs the key {found[1]} in the {found[2]} {found[3].rpartition('/')[2]}. Add it."
        )
        return Finding("configuration", component, text, seconds=5.0)
    return Finding(
        "configuration", component, f"A container of {component} cannot be created: {message}", seconds=10.0
    )


def _ended(
    pod: Object, status: dict[str, Any], ended: dict[str, Any], logs: Logs, *, running: bool
) -> Finding | None:
    component, code = component_of(pod), int(ended.get("exitCode", 0))
    restarts = int(status.get("restartCount", 0))
    limit = _limit(pod, status["name"])
    if ended.get("reason") == "OOMKilled":
        which = f"The container {status['name']} of {component}"
        has = f" of {limit}" if limit else ""
        text = f"{which} was killed because it used more memory than its limit{has}. Raise resources.limits.memory in deploy/values.yaml."
        return Finding("memory", component, text, seconds=0.0 if restarts else 10.0)
    if code == EX_TEMPFAIL:
        return None  # it waits for something else, which has its own finding, and tries again
    said = words.lines_of(_message(ended) or logs(pod["metadata"]["name"], status["name"], running))
    if code in (EX_CONFIG, EX_USAGE):
        if listed := words.configuration(said):
            return Finding("configuration", component, f"The configuration is wrong. {listed}")
        why = words.reason(said) or f"it ended with status {code}"
        return Finding(
            "configuration", component, f"The configuration of {component} is wrong: {why}.", words.last(said)
        )
    job = any(owner.get("kind") == "Job" for owner in pod["metadata"].get("ownerReferences") or [])
    if job and (failed := words.migration(said)):
        return Finding("migration", component, f"{failed}.", words.last(said))
    why = words.reason(said) or f"it ended with status {code}"
    if code in (_SIGKILL, _SIGTERM) and not words.reason(said):
        why = "it was killed"
    if job:
        # Another attempt may succeed. If there is none, the Job reports it.
        return Finding(
            "job", component, f"The job {component} failed: {why}.", words.last(said), _RETRY_SECONDS
        )
    if running and restarts < _RESTARTS:
        return None
    seconds = 0.0 if restarts >= _RESTARTS else 20.0
    return Finding("crash", component, f"{component} keeps ending: {why}.", words.last(said), seconds)


def _message(ended: dict[str, Any]) -> str:
    """Return the end of the log that the kubelet has kept, or nothing if it may begin in the middle of a long line."""
    message = str(ended.get("message") or "")
    return "" if len(message.encode()) >= _MESSAGE_BYTES - 3 else message


def _limit(pod: Object, name: str) -> str:
    spec = pod["spec"]
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        if container["name"] == name:
            return str(((container.get("resources") or {}).get("limits") or {}).get("memory", ""))
    return ""
