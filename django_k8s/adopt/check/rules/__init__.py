"""The rules of ``django-k8s check``. Each examines a project and yields findings."""
