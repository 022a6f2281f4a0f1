"""``django-k8s update``: merge what this version would write into the project's files."""
