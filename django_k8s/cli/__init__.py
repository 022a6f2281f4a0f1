"""The command ``django-k8s``, and the program that restarts roles in development."""
