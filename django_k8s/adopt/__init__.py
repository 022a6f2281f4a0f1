"""What ``django-k8s init`` detects in a project, and what it writes.

Nothing here imports Django or the project. The modules in ``rules`` read files, and those in ``loading`` start
the project's own interpreter.
"""
