"""``django-k8s check``: what would fail or surprise on Kubernetes, before it does."""
