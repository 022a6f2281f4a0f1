"""Find out what is wrong with a release, from the objects in the cluster and the logs of containers."""
