"""Deploy a project to a cluster: build, load, install, wait, and report problems.

This uses only the standard library.
"""
