"""gunicorn on Kubernetes: its configuration, worker classes with a heartbeat, and a stop without lost requests."""
