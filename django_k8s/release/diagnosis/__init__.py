"""What is wrong with a release: read from the objects of the cluster and the last words of containers."""
