"""Problems of whole pods, of volumes, and of the objects that create pods."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django_k8s.environment.masking import mask
from django_k8s.release.diagnosis import containers, words
from django_k8s.release.diagnosis.finding import Finding, Logs, Object, component_of

_UNSCHEDULABLE_SECONDS = 30.0
_MOUNT_SECONDS, _MISSING_SECONDS = 150.0, 15.0  # a kubelet tries again after two minutes at most
_SCALES_UP_SECONDS = 240.0  # until an autoscaler has added a node


def pod_findings(pod: Object, events: Iterable[Object], logs: Logs) -> list[Finding]:
    """Return what is wrong with a pod. The result is empty if it is well or only needs time."""
    status, component = pod.get("status") or {}, component_of(pod)
    if pod["metadata"].get("deletionTimestamp") or status.get("phase") == "Succeeded":
        return []
    own = [event for event in events if event["involvedObject"].get("name") == pod["metadata"]["name"]]
    if status.get("reason") == "Evicted":
        return [
            Finding(
                "memory",
                component,
                f"A pod of {component} was evicted: {mask(status.get('message', ''))}",
                seconds=20.0,
            )
        ]
    if found := _scheduling(pod, own):
        return [found]
    found_all = [
        finding
        for key, init in (("initContainerStatuses", True), ("containerStatuses", False))
        for container in status.get(key) or []
        if (finding := containers.finding(pod, container, logs, init=init))
    ]
    if not found_all and (mount := _mount(pod, own)):
        return [mount]
    if not found_all and (slow := _not_ready(pod, own, logs)):
        return [slow]
    return found_all


def _scheduling(pod: Object, events: list[Object]) -> Finding | None:
    component = component_of(pod)
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            message = mask(condition.get("message", ""))
            if "persistentvolumeclaim" in message.lower() and "unbound" in message.lower():
                return None  # the claim says why
            scales = any(event.get("reason") == "TriggeredScaleUp" for event in events)
            text = f"No node can run a pod of {component}: {_short(message)}. {_remedy(message)}"
            return Finding(
                "scheduling",
                component,
                text,
                seconds=_SCALES_UP_SECONDS if scales else _UNSCHEDULABLE_SECONDS,
            )
    return None


def _short(message: str) -> str:
    """Return what the scheduler says about nodes, without the part about preemption."""
    return (
        re.sub(r"\s*(?:no new claims to deallocate,?\s*)?preemption:.*", "", message, flags=re.DOTALL)
        .strip()
        .rstrip(".")
    )


# The taints that the control plane sets, and what to do about each.
_TAINTS = {
    "disk-pressure": "The disks of the nodes are almost full: remove unused images and files, or add disk space.",
    "memory-pressure": "The nodes have hardly any memory left: stop what nobody needs, or add nodes.",
    "pid-pressure": "The nodes run too many processes: stop what nobody needs, or add nodes.",
    "not-ready": "The nodes are not ready: see why with `kubectl describe nodes`.",
    "unreachable": "The nodes do not answer: see why with `kubectl describe nodes`.",
    "network-unavailable": "The network of the nodes is not set up: see why with `kubectl describe nodes`.",
    "unschedulable": "The nodes are cordoned: run `kubectl uncordon NODE`, or add nodes.",
}


def _remedy(message: str) -> str:
    if taint := re.search(r"taint\(?s?\)? \{([^:}]+)", message):
        name = taint[1].rpartition("/")[2].strip()
        other = f"Only pods that tolerate the taint {taint[1]} may run on these nodes: set pod.tolerations, or add other nodes."
        return _TAINTS.get(name, other)
    if "Too many pods" in message:
        return "The nodes already run as many pods as they may: add nodes, or remove other environments with `django-k8s down`."
    if "Insufficient" in message:
        what = " and ".join(sorted(set(re.findall(r"Insufficient (\S+?)[,.]?(?:\s|$)", message))))
        return f"Add nodes, remove other environments with `django-k8s down`, or lower resources.requests ({what})."
    return "Correct nodeSelector, affinity or tolerations, or add a node that fits."


def _mount(pod: Object, events: list[Object]) -> Finding | None:
    """Return why a volume is missing, if no container of the pod has started. The first failure is often temporary."""
    status = pod.get("status") or {}
    containers_of = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    if any("waiting" not in (one.get("state") or {}) for one in containers_of):
        return None
    component = component_of(pod)
    for event in reversed(events):
        if event.get("reason") in ("FailedMount", "FailedAttachVolume"):
            message = mask(event.get("message", "")).strip().rstrip(".")
            missing = re.search(r"(?:secret|configmap) \"[^\"]+\" not found", message)
            seconds = _MISSING_SECONDS if missing else _MOUNT_SECONDS
            return Finding(
                "volume", component, f"A volume of {component} cannot be mounted: {message}.", seconds=seconds
            )
    return None


def _not_ready(pod: Object, events: list[Object], logs: Logs) -> Finding | None:
    """Return why a running container is not ready: what its log says, or what the probe got."""
    component = component_of(pod)
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        if container.get("ready") or "running" not in (container.get("state") or {}):
            continue
        said = words.lines_of(logs(pod["metadata"]["name"], container["name"], False))
        if why := words.page(said):
            return Finding("page", component, f"{component} runs, but {why}", seconds=25.0)
        failed = [event for event in events if event.get("reason") == "Unhealthy"]
        probe = f": {mask(failed[-1].get('message', '')).strip()}" if failed else ""
        return Finding(
            "start", component, f"{component} runs, but is not ready{probe}.", words.last(said), float("inf")
        )
    return None


def claim_findings(claims: Iterable[Object], events: Iterable[Object]) -> list[Finding]:
    """Return the volume claims that cannot be provisioned."""
    found = []
    events = list(events)
    for claim in claims:
        if (claim.get("status") or {}).get("phase") != "Pending":
            continue
        name = claim["metadata"]["name"]
        said = [
            event
            for event in events
            if event["involvedObject"].get("kind") == "PersistentVolumeClaim"
            and event["involvedObject"].get("name") == name
            and event.get("reason")
            not in ("WaitForFirstConsumer", "Provisioning", "ExternalProvisioning", "WaitForPodScheduled")
        ]
        message = mask(said[-1].get("message", "")).strip().rstrip(".") if said else ""
        if not message and (claim.get("spec") or {}).get("storageClassName"):
            continue  # it is being provisioned, or waits for its pod
        if "no storage class is set" in message or not message:
            message = "the cluster has no default StorageClass. Name one in media.storageClass or staging.storageClass"
        text = f"The volume {name} cannot be provisioned: {message}."
        found.append(Finding("volume", component_of(claim), text, seconds=25.0))
    return found


def refused_findings(events: Iterable[Object], makers: dict[str, str]) -> list[Finding]:
    """Return the pods that the cluster refuses to create.

    ``makers`` maps the objects that should have created them to their components.
    """
    found: dict[str, Finding] = {}
    for event in events:
        owner = str(event["involvedObject"].get("name", ""))
        if event.get("reason") != "FailedCreate" or owner not in makers:
            continue
        message = mask(event.get("message", "")).strip()
        if "serviceaccount" in message.lower() and "not found" in message.lower():
            continue  # it is created a moment later
        why = re.sub(r"^.*?is forbidden: |^Error creating: ", "", message)
        remedy = (
            "Raise the quota, or remove other environments."
            if "quota" in why
            else "Correct the values, or ask the cluster's administrator."
        )
        found[owner] = Finding(
            "refused",
            makers[owner],
            f"The cluster refuses a pod of {makers[owner]}: {why.rstrip('.')}. {remedy}",
            seconds=8.0,
        )
    return list(found.values())
