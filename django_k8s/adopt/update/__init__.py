"""``django-k8s update``: what this version would write, merged into the files as the project has them now."""
