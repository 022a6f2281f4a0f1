"""What of a project gets into its image. docker/Dockerfile runs it; it needs pathspec, which no image carries."""
