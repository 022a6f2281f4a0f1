"""``django-k8s down``: remove an environment completely."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from django_k8s.environment.assets import assets
from django_k8s.environment.exit_codes import EX_TEMPFAIL, EX_USAGE
from django_k8s.release import kubeconfig, place, project, record, secrets
from django_k8s.release.helm import Release
from django_k8s.release.kube import Kubectl, name_of
from django_k8s.release.outcome import Stopped
from django_k8s.release.record import Record
from django_k8s.release.report import Report

# What the chart creates, except for volumes.
_KINDS = (
    "deployments,statefulsets,jobs,cronjobs,services,configmaps,secrets,serviceaccounts,ingresses,networkpolicies,"
    "poddisruptionbudgets,horizontalpodautoscalers"
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    environment: str = ""
    directory: Path = Path()
    context: str = ""
    yes: bool = False
    namespace: str = ""
    expired: bool = False
    timeout: float = 300.0


def down(chosen: Options, report: Report) -> None:
    """Remove the environment, or all expired ones of the project. Raise Stopped if something stays."""
    if chosen.expired and (chosen.environment or chosen.namespace):
        raise Stopped(
            "--expired finds the environments itself. Leave out the name and --namespace.", EX_USAGE
        )
    if not chosen.expired and not chosen.environment:
        raise Stopped(
            "Name the environment to remove, such as `django-k8s down staging`, or use --expired.", EX_USAGE
        )
    found = project.find(chosen.directory)
    context = kubeconfig.read(chosen.context)
    kubectl = Kubectl(context.name, "default")
    if chosen.expired:
        kubectl.check()
        moment = record.now()
        gone = [held for held in record.read_all(kubectl, found.name) if held.is_expired(moment)]
        if not gone:
            report.text(f"No environment of {found.name} has expired.")
            return
        names = ", ".join(held.environment for held in gone)
        place.confirm(context, named=bool(chosen.context) or chosen.yes, what=f"remove {names}")
        for held in gone:
            _remove(Kubectl(context.name, held.namespace), found.name, held.environment, chosen, report)
        return
    namespace = place.namespace_of(found.name, chosen.environment, chosen.namespace)
    place.confirm(
        context, named=bool(chosen.context) or chosen.yes, what=f"remove {chosen.environment} of {found.name}"
    )
    kubectl = Kubectl(context.name, namespace)
    kubectl.check()
    if not chosen.namespace and (other := _elsewhere(kubectl, found.name, chosen.environment)):
        kubectl = Kubectl(context.name, other.namespace)
    _remove(kubectl, found.name, chosen.environment, chosen, report)


def _elsewhere(kubectl: Kubectl, name: str, environment: str) -> Record | None:
    """Return the record of an environment created with --namespace, or None if not all namespaces may be read."""
    done = kubectl.attempt("get", "configmaps", "-A", "-o", "json", "-l", record.selector(name, environment))
    held = [record.from_object(found) for found in json.loads(done.out)["items"]] if done.status == 0 else []
    return held[0] if len(held) == 1 else None


def _remove(kubectl: Kubectl, name: str, environment: str, chosen: Options, report: Report) -> None:
    began = time.monotonic()
    seconds = int(chosen.timeout)
    try:
        there = place.look(kubectl, name, environment)
    except Stopped as error:
        if "is being deleted" not in str(error):
            raise
        _await_end(kubectl, seconds)
        report.line("down", f"{environment} is gone ({time.monotonic() - began:.0f} s)")
        return
    if not there.exists or not (there.record or there.is_ours):
        report.line(
            "down", f"There is no environment {environment} of {name} in the namespace {kubectl.namespace}."
        )
        return
    instance = f"app.kubernetes.io/instance={name}"
    report.status(f"removing {environment}")
    claims = [name_of(found) for found in kubectl.list("persistentvolumeclaims", instance)]
    _let_volumes_go(kubectl, instance)
    # An interrupted upgrade leaves objects that no revision of the Helm release knows. Remove them first, because
    # Helm waits for its volumes, and the pods of such a Job use them even after they have ended.
    kubectl.run("delete", _KINDS, "-l", instance, "--ignore-not-found", "--wait=false")
    Release(kubectl, name, assets() / "charts" / "django").uninstall(seconds)
    # A volume is released only after its pods.
    kubectl.run("wait", "--for=delete", "pods", "-l", instance, f"--timeout={seconds}s")
    kubectl.delete("persistentvolumeclaims", *claims, wait=True, seconds=seconds)
    report.line(
        "helm", f"the Helm release {name} is gone, with {len(claims)} volume{'' if len(claims) == 1 else 's'}"
    )
    if there.is_ours:
        kubectl.delete("namespace", kubectl.namespace)
        _await_end(kubectl, seconds)
        report.line("namespace", f"{kubectl.namespace} is gone")
    else:
        kubectl.delete("secret", secrets.MADE, secrets.VARIABLES)
        kubectl.delete("configmap", record.NAME)
        report.line("namespace", f"{kubectl.namespace} stays: `django-k8s up` did not create it")
    report.line("down", f"{environment} is gone ({time.monotonic() - began:.0f} s)")


def _let_volumes_go(kubectl: Kubectl, instance: str) -> None:
    """Let volumes be deleted that their StorageClass would retain. If the account may not change this, continue."""
    done = kubectl.attempt("get", "persistentvolumeclaims", "-l", instance, "-o", "json")
    for claim in json.loads(done.out)["items"] if done.status == 0 else []:
        if volume := (claim.get("spec") or {}).get("volumeName"):
            patch = json.dumps({"spec": {"persistentVolumeReclaimPolicy": "Delete"}})
            kubectl.attempt("patch", "persistentvolume", volume, "--type=merge", "-p", patch)


def _await_end(kubectl: Kubectl, seconds: int) -> None:
    """Wait until the namespace is removed. Raise Stopped with the reason if it is not."""
    done = kubectl.attempt("wait", "--for=delete", f"namespace/{kubectl.namespace}", f"--timeout={seconds}s")
    if done.status == 0 or "not found" in done.err.lower():
        return
    found = kubectl.get("namespace", kubectl.namespace)
    if found is None:
        return
    held = [
        str(entry.get("message", "")).strip().rstrip(".")
        for entry in (found.get("status") or {}).get("conditions") or []
        if entry.get("status") == "True"
    ]
    why = f": {'; '.join(held)}" if held else ""
    fix = "Run this again."
    if "Discovery failed" in why:
        # An aggregated API whose server is missing, such as metrics-server, blocks the removal of every namespace.
        fix = "Repair or delete the API that `kubectl get apiservices` shows as not available, and run this again."
    raise Stopped(
        f"The namespace {kubectl.namespace} is still being deleted after {seconds} s{why}. {fix}", EX_TEMPFAIL
    )
