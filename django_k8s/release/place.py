"""The namespace of an environment: its name, and whether the environment may use it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from django_k8s.environment.exit_codes import EX_CONFIG, EX_NOPERM, EX_USAGE
from django_k8s.release import record as records
from django_k8s.release.kube import Kubectl, is_name
from django_k8s.release.kubeconfig import Context
from django_k8s.release.outcome import Stopped
from django_k8s.release.record import Record

_LONGEST_NAME = 32
_LONGEST_NAMESPACE = 63


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace, and the environment in it."""

    exists: bool
    is_ours: bool  # created for this environment, and removed with it
    record: Record | None


def namespace_of(project: str, environment: str, given: str) -> str:
    """Return the name of an environment's namespace. Raise Stopped if a name is not valid."""
    if not is_name(environment) or len(environment) > _LONGEST_NAME:
        raise Stopped(
            f"{environment} cannot be the name of an environment. Use lower-case letters, digits and hyphens, such as pr-123.",
            EX_USAGE,
        )
    if environment == "production":
        raise Stopped(
            "`django-k8s up` creates throw-away environments, so it refuses production. Install production with Helm: "
            "deploy/github-actions.yaml has the commands.",
            EX_USAGE,
        )
    namespace = given or f"{project}-{environment}"
    if not is_name(namespace):
        raise Stopped(
            f"{namespace} cannot be the name of a namespace. Give another one with --namespace.", EX_USAGE
        )
    return namespace


def look(kubectl: Kubectl, project: str, environment: str) -> Place:
    """Return the state of the namespace. Raise Stopped if it has another environment or is being deleted."""
    done = kubectl.attempt("get", "namespace", kubectl.namespace, "-o", "json", "--ignore-not-found")
    if done.status and "forbidden" in done.err.lower():
        found = None  # an account may be allowed to use a namespace but not to read it
        exists = True
    else:
        found = kubectl.get("namespace", kubectl.namespace)
        exists = found is not None
    if not exists:
        return Place(False, False, None)
    if found and found["metadata"].get("deletionTimestamp"):
        raise Stopped(
            f"The namespace {kubectl.namespace} is being deleted. Wait until it is gone, and run this again.",
            EX_CONFIG,
        )
    held = records.read(kubectl)
    if held and (held.project, held.environment) != (project, environment):
        raise Stopped(
            f"The namespace {kubectl.namespace} holds the environment {held.environment} of {held.project}. "
            "Give another one with --namespace.",
            EX_CONFIG,
        )
    ours = found is not None and records.is_made_here(found, project, environment)
    return Place(True, ours, held)


def ensure(kubectl: Kubectl, project: str, environment: str, place: Place) -> None:
    """Create the namespace if it does not exist."""
    if not place.exists:
        kubectl.apply(records.namespace(project, environment, kubectl.namespace))


def may_create(kubectl: Kubectl) -> None:
    """Raise Stopped if the account may not create namespaces. Call this before the build, which takes long."""
    done = kubectl.attempt("auth", "can-i", "create", "namespaces")
    if done.status and done.out.strip().startswith("no"):
        raise Stopped(
            f"Your account may not create the namespace {kubectl.namespace}. Ask the cluster's administrator to create it, or name one "
            "that you may use with --namespace.",
            EX_NOPERM,
        )


def confirm(context: Context, *, named: bool, what: str, ask: Callable[[str], str] = input) -> None:
    """Ask the user to confirm the context, unless it is on this machine or was given. Raise Stopped if they decline."""
    if context.local or named:
        return
    where = f"the context {context.name} ({context.server}), which is not on this machine"
    if not sys.stdin.isatty():
        raise Stopped(
            f"This would {what} in {where}. Confirm it with --context {context.name} or --yes.", EX_USAGE
        )
    try:
        answer = ask(f"This will {what} in {where}. Continue? [y/N] ").strip().lower()
    except EOFError:
        answer = ""
    if answer not in ("y", "yes"):
        raise Stopped("Nothing was done. Name another context with --context.", EX_USAGE)
