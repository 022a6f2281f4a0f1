"""The objects of a release at one moment: which exist, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from django_k8s.environment.masking import mask
from django_k8s.release.diagnosis.finding import Finding, Logs, Object, component_of
from django_k8s.release.diagnosis.pods import claim_findings, pod_findings, refused_findings

KINDS = "deployments,statefulsets,jobs,replicasets,pods,persistentvolumeclaims"
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Part:
    """The state of a component that a release waits for, with the number of its pods."""

    component: str
    kind: str
    is_done: bool
    ready: int = 0
    wanted: int = 0


@dataclass(slots=True)
class Snapshot:
    """All objects of a release, by kind, and the events of their namespace."""

    objects: list[Object]
    events: list[Object] = field(default_factory=list)

    def of(self, kind: str) -> list[Object]:
        """Return the objects of a kind that are not being deleted."""
        return [
            found
            for found in self.objects
            if found["kind"] == kind and not found["metadata"].get("deletionTimestamp")
        ]

    def parts(self) -> list[Part]:
        """Return all required components: the stores first, then jobs, then long-running roles."""
        jobs = [found for found in self.of("Job") if not _owner(found, "CronJob")]
        return [
            *(_running(found, "StatefulSet") for found in self.of("StatefulSet")),
            *(_job(found) for found in sorted(jobs, key=lambda found: component_of(found) != "migrate")),
            *(
                _running(found, "Deployment")
                for found in sorted(self.of("Deployment"), key=lambda one: component_of(one) != "web")
            ),
        ]

    def findings(self, logs: Logs) -> list[Finding]:
        """Return what is wrong, beginning with the likely cause of the others."""
        pods = self._current_pods()
        failed = {found["metadata"]["name"]: found for found in self.of("Job") if _condition(found, "Failed")}
        found = [
            *claim_findings(self.of("PersistentVolumeClaim"), self.events),
            *refused_findings(self.events, self._without_pods(pods)),
        ]
        for pod in pods:
            own = pod_findings(pod, self.events, logs)
            # A failed Job has no retries left.
            last_try = failed.pop(_owner(pod, "Job"), None) if own else None
            found += [replace(finding, seconds=0.0) if last_try else finding for finding in own]
        found += [_failed(job) for job in failed.values() if not _owner(job, "CronJob")]
        return sorted(found, key=lambda finding: (finding.rank, finding.component != "migrate"))

    def _without_pods(self, pods: list[Object]) -> dict[str, str]:
        """Return the names of objects that should have created a pod but have none, with their components."""
        owners = {owner["name"] for pod in pods for owner in pod["metadata"].get("ownerReferences") or []}
        makers = [*self._newest_sets(), *self.of("StatefulSet"), *self.of("Job")]
        return {
            found["metadata"]["name"]: component_of(found)
            for found in makers
            if found["metadata"]["name"] not in owners and int(found["spec"].get("replicas", 1))
        }

    def _newest_sets(self) -> list[Object]:
        """Return the ReplicaSet of the current revision of each Deployment."""
        revisions = {
            found["metadata"]["name"]: (found["metadata"].get("annotations") or {}).get(_REVISION)
            for found in self.of("Deployment")
        }
        return [
            found
            for found in self.of("ReplicaSet")
            if (found["metadata"].get("annotations") or {}).get(_REVISION)
            == revisions.get(_owner(found, "Deployment"))
        ]

    def _current_pods(self) -> list[Object]:
        """Return the pods of this release. Those of the previous one do not matter, because they are about to be removed."""
        sets = {found["metadata"]["name"] for found in self._newest_sets()}
        jobs = {found["metadata"]["name"]: found for found in self.of("Job")}
        pods = []
        for pod in self.of("Pod"):
            if (name := _owner(pod, "ReplicaSet")) and name not in sets:
                continue
            job = jobs.get(_owner(pod, "Job"))
            if _owner(pod, "Job") and (job is None or _owner(job, "CronJob") or _condition(job, "Complete")):
                continue
            pods.append(pod)
        # The newest attempt of a Job comes first, because it is the one that is reported.
        return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)


def _running(found: Object, kind: str) -> Part:
    spec, status = found["spec"], found.get("status") or {}
    wanted = int(spec.get("replicas", 1))
    ready = int(status.get("readyReplicas", 0))
    seen = int(status.get("observedGeneration", 0)) >= int(found["metadata"].get("generation", 0))
    if kind == "Deployment":
        updated = int(status.get("updatedReplicas", 0))
        there = updated >= wanted and int(status.get("replicas", 0)) == updated
        there = there and int(status.get("availableReplicas", 0)) >= wanted
    else:
        there = status.get("updateRevision") == status.get("currentRevision", status.get("updateRevision"))
        there = there and ready >= wanted
    return Part(component_of(found), kind, seen and there, ready, wanted)


def _job(found: Object) -> Part:
    return Part(component_of(found), "Job", _condition(found, "Complete"))


def _failed(job: Object) -> Finding:
    """Return the finding for a failed Job whose pods say nothing."""
    component = component_of(job)
    why = next(entry.get("message", "") for entry in job["status"]["conditions"] if entry["type"] == "Failed")
    return Finding("job", component, f"The job {component} failed: {mask(why).rstrip('.')}.")


def _condition(found: Object, name: str) -> bool:
    conditions = (found.get("status") or {}).get("conditions") or []
    return any(entry["type"] == name and entry["status"] == "True" for entry in conditions)


def _owner(found: Object, kind: str) -> str:
    """Return the name of the owner of a kind, or an empty string if there is none."""
    owners = found["metadata"].get("ownerReferences") or []
    return next((str(owner["name"]) for owner in owners if owner["kind"] == kind), "")
