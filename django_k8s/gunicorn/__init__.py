"""gunicorn on Kubernetes: its configuration, worker classes with a heartbeat, and a stop that loses no request."""
