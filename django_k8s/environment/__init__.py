"""The environment of a process: variables, where they come from, what they mean, and what is wrong with them.

Standard library only. Neither Django nor Celery is imported here: the probe and the entrypoint use it without them.
"""
