"""The environment of a process: its variables, their sources, their meaning, and their problems.

This uses only the standard library, because the probe and the entrypoint run without Django and Celery.
"""
