"""The rules of ``django-k8s check``: each looks at a project and yields findings."""
