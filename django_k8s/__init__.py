"""Take a Django project to production on Kubernetes.

This package imports nothing by itself: ``django_k8s.env`` and ``django_k8s.probe`` stay usable
without Django, and every other part is imported by the role that needs it.
"""

__version__ = "0.1.0"
