"""``django-k8s check``: find what would fail or surprise on Kubernetes, before it does."""
