"""The metrics of requests, tasks, beat and health checks.

This is imported only if METRICS is on. The processes of a role share the values through files. (This is
prometheus_client's multiprocess mode, which :mod:`django_k8s.run_role` configures.) The probe listener serves them. The
number of label values is limited: routes are patterns of the URLconf, and tasks and entries are names in the code.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from django_k8s.observability import metrics_file

metrics_file.install()

_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TASK_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)

requests = Counter(
    "django_http_requests", "Requests answered, without probes.", ["method", "route", "status"]
)
request_seconds = Histogram(
    "django_http_request_seconds", "Time to the answer's head.", ["method", "route"], buckets=_REQUEST_BUCKETS
)
requests_in_flight = Gauge(
    "django_http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum"
)
tasks = Counter(
    "django_tasks", "Tasks ended, by state; LOST: its process was killed or took too long.", ["task", "state"]
)
task_seconds = Histogram("django_task_seconds", "Run time of tasks.", ["task"], buckets=_TASK_BUCKETS)
task_queue_seconds = Histogram(
    "django_task_queue_seconds",
    "Time that tasks waited: from their publication, or their ETA, to their start.",
    ["task"],
    buckets=_TASK_BUCKETS,
)
tasks_running = Gauge("django_tasks_running", "Tasks being run.", multiprocess_mode="livesum")
beat_published = Counter("django_beat_published", "Due times published.", ["entry"])
health_check = Gauge(
    "django_health_check",
    "1 if the last run of the check passed.",
    ["check"],
    multiprocess_mode="livemostrecent",
)
