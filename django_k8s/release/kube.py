"""kubectl, for one context and one namespace."""

from __future__ import annotations

import json
import re
from typing import Any

from django_k8s.release.programs import Result, attempt, failure

Object = dict[str, Any]

_MANAGER = "django-k8s"


class Kubectl:
    """Read and write objects. The methods raise Stopped with one sentence if the cluster refuses."""

    def __init__(self, context: str, namespace: str) -> None:
        self.context = context
        self.namespace = namespace

    def attempt(self, *args: str, stdin: str | None = None) -> Result:
        """Run kubectl and return how it ended."""
        return attempt("kubectl", "--context", self.context, "-n", self.namespace, *args, stdin=stdin)

    def run(self, *args: str, stdin: str | None = None) -> str:
        """Run kubectl and return its output."""
        done = self.attempt(*args, stdin=stdin)
        if done.status:
            raise failure(f"kubectl {' '.join(args[:2])}", done.err or done.out)
        return done.out

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object, or None if there is none with that name."""
        out = self.run("get", kind, name, "-o", "json", "--ignore-not-found")
        return json.loads(out) if out.strip() else None

    def list(self, kinds: str, selector: str = "", *, everywhere: bool = False) -> list[Object]:
        """Return the objects of one or several kinds in the namespace, or in all of them."""
        options = [*(["-l", selector] if selector else []), *(["-A"] if everywhere else [])]
        found: list[Object] = json.loads(self.run("get", kinds, "-o", "json", *options))["items"]
        return found

    def apply(self, *objects: Object) -> None:
        """Create or update the objects. Secrets appear neither in arguments nor in annotations."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.run(
            "apply",
            "--server-side",
            "--force-conflicts",
            f"--field-manager={_MANAGER}",
            "-f",
            "-",
            stdin=text,
        )

    def delete(self, kind: str, *names: str, wait: bool = False, seconds: int = 0) -> None:
        """Delete objects by name. Ignore those that do not exist."""
        if names:
            limit = [f"--timeout={seconds}s"] if seconds else []
            self.run("delete", kind, *names, "--ignore-not-found", f"--wait={str(wait).lower()}", *limit)

    def logs(self, pod: str, container: str, *, previous: bool = False, lines: int = 30) -> str:
        """Return the last lines of a container's log, or an empty string if there is none."""
        options = [f"--tail={lines}", *(["--previous"] if previous else [])]
        done = self.attempt("logs", pod, "-c", container, *options)
        return done.out if done.status == 0 else ""

    def images_on_all_nodes(self) -> set[str]:
        """Return the names of the images that every node has, or an empty set if the account may not read nodes.

        A node reports a new image up to 40 seconds late. So the images of started containers in the namespace count too.
        """
        done = self.attempt("get", "nodes,pods", "-o", "json")
        if done.status:
            return set()
        found = json.loads(done.out)["items"]
        images: dict[str, set[str]] = {
            name_of(node): {
                name for image in node["status"].get("images", []) for name in image.get("names") or []
            }
            for node in found
            if node["kind"] == "Node"
        }
        for pod in found:
            if pod["kind"] == "Pod" and (on_node := images.get(pod["spec"].get("nodeName", ""))) is not None:
                on_node |= _started(pod)
        return set.intersection(*images.values()) if images else set()

    def check(self) -> None:
        """Raise Stopped if the cluster does not answer."""
        done = self.attempt("version", "-o", "json", "--request-timeout=10s")
        if done.status:
            text = done.err or done.out
            # This command fails only if the cluster does not answer, or the account may not use it.
            raise failure("kubectl version", f"unable to connect to the server\n{text}")


def name_of(found: Object) -> str:
    """Return the name of an object."""
    return str(found["metadata"]["name"])


def is_name(text: str) -> bool:
    """Return whether ``text`` is a DNS label, as the names of namespaces and environments must be."""
    return len(text) <= 63 and re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", text) is not None


def _started(pod: Object) -> set[str]:
    """Return the images of the containers that the node has started."""
    started = {
        status["name"] for status in pod["status"].get("containerStatuses", []) if status.get("imageID")
    }
    return {container["image"] for container in pod["spec"]["containers"] if container["name"] in started}
