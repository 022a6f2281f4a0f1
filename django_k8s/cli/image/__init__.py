"""Decide what gets into a project's image. docker/Dockerfile runs this. It needs pathspec, which images lack."""
