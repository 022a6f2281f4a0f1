"""Bringing a project to a cluster: build, load, install, wait, and say what is wrong. Standard library only."""
