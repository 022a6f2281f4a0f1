"""The command ``django-k8s``, and what starts roles in development."""
