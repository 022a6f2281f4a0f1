"""What ``django-k8s init`` detects in a project, and what it writes.

Nothing here imports Django or the project: ``rules`` read files, ``load`` starts the project's own interpreter.
"""
