"""Take a Django project to production on Kubernetes.

Importing this package imports nothing else: ``django_k8s.environment`` and ``django_k8s.probe`` work
without Django, and every role imports only the parts that it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_k8s.environment.env import Env as Env

__version__ = "0.1.0"
__all__ = ["Env", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Env":
        from django_k8s.environment.env import Env

        return Env
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
