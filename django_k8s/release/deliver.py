"""Bring images to the cluster: with its provider's own command, a given command, or a registry."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from django_k8s.environment.exit_codes import EX_UNAVAILABLE, EX_USAGE
from django_k8s.release.build import image_id
from django_k8s.release.kube import Kubectl
from django_k8s.release.kubeconfig import Context
from django_k8s.release.outcome import Stopped
from django_k8s.release.programs import attempt, failure


class Way:
    """How images get to a cluster. With ``push``, its nodes pull them from a registry."""

    def __init__(self, context: Context, *, command: str = "", registry: str = "") -> None:
        if command and registry:
            raise Stopped(
                "--load and --registry both bring the image to the cluster. Use only one of them.", EX_USAGE
            )
        self.push = bool(registry)
        self._direct = False
        self._command: Callable[[Sequence[str]], list[str]]
        cluster = context.cluster
        if registry:
            self._command = lambda images: ["docker", "push", "-q", *images]
        elif command:
            words = shlex.split(command)
            self._command = lambda images: [*words, *images]
        elif context.provider == "kind":
            self._command = lambda images: ["kind", "load", "docker-image", "--name", cluster, *images]
        elif context.provider == "k3d":
            self._command = lambda images: ["k3d", "image", "import", "-c", cluster, *images]
        elif context.provider == "minikube":
            self._command = lambda images: ["minikube", "-p", cluster, "image", "load", *images]
        elif context.provider == "docker":
            self._direct = True
        else:
            raise Stopped(
                f"There is no known way to bring an image to the cluster of the context {context.name}. Name a "
                "registry "
                "from which its nodes pull (--registry HOST/NAME), or a command that loads images into them (--load).",
                EX_USAGE,
            )

    @property
    def pull_policy(self) -> str:
        """The pull policy. An image that was loaded into the nodes is never pulled, because a registry may have another."""
        return "IfNotPresent" if self.push else "Never"

    def bring(self, image: str, stores: Sequence[str], kubectl: Kubectl, former_id: str) -> str:
        """Bring ``image`` to the cluster, and return what was done.

        ``former_id`` is the ID of the image that was brought last. If it is the same and every node still has it, nothing is
        done. Images in ``stores`` are brought too if the Docker daemon has them and the nodes do not, so that nothing waits
        for a registry.
        """
        if self._direct:
            return "the nodes use the images of the Docker daemon"
        present = set() if self.push else {qualified(name) for name in kubectl.images_on_all_nodes()}
        wanted = [] if former_id and former_id == image_id(image) and qualified(image) in present else [image]
        if not self.push:
            wanted += [name for name in stores if qualified(name) not in present and image_id(name)]
        if not wanted:
            return "the nodes have it"
        for names in [[name] for name in wanted] if self.push else [wanted]:
            program, *args = self._command(names)
            done = attempt(program, *args)
            if done.status:
                raise _explained(f"{program} {' '.join(args[:2])}", done.err or done.out, self.push)
        return f"{'pushed' if self.push else 'loaded'} {', '.join(wanted)}"


def _explained(command: str, text: str, push: bool) -> Stopped:
    lowered = text.lower()
    if push and any(
        word in lowered for word in ("denied", "unauthorized", "authentication required", "no basic auth")
    ):
        return Stopped("The registry refused the push. Log in to it with `docker login`.", EX_UNAVAILABLE)
    return failure(command, text)


def qualified(image: str) -> str:
    """Return the full name of an image, as in a node's list."""
    first, _, rest = image.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if rest else f"docker.io/library/{image}"
