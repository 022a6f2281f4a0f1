"""Logs and metrics."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "logs: a secret is masked",
        test="observability/test_lines.py::test_secrets_are_masked",
        old="text = text.replace(secret, MASK)",
        new="pass",
    ),
    Row(
        "logs: one id from the edge to the task",
        test="observability/test_logs.py::test_one_id_from_edge_to_task",
        old="headers[REQUEST_ID] = context.request_id.get()",
        new="pass",
    ),
    Row(
        "logs: a password in the settings is masked",
        test="health/test_checks.py::test_passwords_of_the_settings_are_secret_too",
        old='masking.add(str(database.get("PASSWORD") or ""))',
        new="pass",
    ),
    Row(
        "logs: wrong arguments lose no line",
        test="observability/test_lines.py::test_wrong_arguments_lose_no_line",
        within="_message",
        old="except Exception:",
        new="except KeyError:",
    ),
    Row(
        "logs: an odd request id is replaced",
        test="observability/test_lines.py::test_an_odd_id_is_replaced",
        old="[A-Za-z0-9._:=+/@-]{1,128}",
        new=".*",
    ),
    Row(
        "logs: a request's id ends with it",
        test="observability/test_lines.py::test_the_id_is_forgotten_after_the_request",
        old='context.request_id.set("")',
        new="pass",
    ),
    Row(
        "logs: an error that ends a process is a line",
        test="observability/test_uncaught.py::test_an_error_that_ends_the_process_is_one_line",
        old="sys.excepthook = write_uncaught",
        new="pass",
    ),
    Row(
        "logs: an error that ends a thread is a line",
        test="observability/test_logs.py::test_web_with_errors",
        case="wsgi",
        old="threading.excepthook = lambda args:",
        new="_ = lambda args:",
    ),
    Row(
        "logs: lines of several processes do not mix",
        test="observability/test_streams.py::test_long_lines_of_several_processes_do_not_mix",
        old="fcntl.lockf(_file, fcntl.LOCK_EX)",
        new="pass",
    ),
    Row(
        "logs: Celery logs as LOGGING says",
        test="observability/test_logs.py::test_worker",
        old="configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)",
        new="pass",
    ),
    Row(
        "logs: what is printed stays as it is",
        test="observability/test_logs.py::test_print_stays_as_it_is",
        old='env.str("LOG_STDOUT") == "json"',
        new="True",
    ),
    Row(
        "logs: what is printed is JSON on request",
        test="observability/test_logs.py::test_worker",
        old='sys.stdout = printed = Lines(sys.stdout, "stdout", logging.INFO, form)',
        new='printed = Lines(sys.stdout, "stdout", logging.INFO, form)',
    ),
    Row(
        "logs: what migrate and wait print is their log",
        test="observability/test_logs.py::test_beat_migrate_and_wait",
        old='or env.str("ROLE") in ("migrate", "wait")',
        new="",
    ),
    Row(
        "logs: New Relic hears of no probe",
        test="observability/test_agents.py::test_new_relic",
        old="agent.ignore_transaction()",
        new="pass",
    ),
    Row(
        "metrics: probes are not counted",
        test="observability/test_metrics.py::test_requests_across_recycled_and_killed_processes",
        case="wsgi",
        old="return self._async_answer(request) if self._async else self._answer(request)",
        new="self.get_response(request)\nreturn self._async_answer(request) if self._async else self._answer(request)",
    ),
    Row(
        "metrics: what ended processes counted is kept",
        test="observability/test_metrics.py::test_requests_across_recycled_and_killed_processes",
        case="wsgi",
        old="total.read_value(key)[0] + value",
        new="value",
    ),
    Row(
        "metrics: a route is a pattern, not a path",
        test="observability/test_routes.py::test_a_route_is_a_pattern",
        old='f"/{match.route}" if match else NO_ROUTE',
        new="request.path",
    ),
    Row(
        "metrics: requests in flight are summed over processes",
        test="observability/test_metrics.py::test_saturation_and_identity",
        old='"Requests being answered.", multiprocess_mode="livesum"',
        new='"Requests being answered.", multiprocess_mode="livemin"',
    ),
    Row(
        "metrics: the exit status is 78 if the library is missing",
        test="observability/test_metrics.py::test_without_the_library",
        within="prepare",
        old="sys.exit(EX_CONFIG)",
        new="sys.exit(1)",
    ),
    Row(
        "metrics: processes share their counts",
        test="observability/test_metrics.py::test_requests_across_recycled_and_killed_processes",
        case="wsgi",
        old='os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(directory))',
        new="pass",
    ),
    Row(
        "metrics: a killed task is counted",
        test="observability/test_metrics.py::test_tasks",
        old='metrics.tasks.labels(sender.name, "LOST").inc()',
        new="pass",
    ),
    Row(
        "metrics: the last counts are scraped",
        test="observability/test_metrics.py::test_the_last_counts_are_scraped",
        old="seconds = linger_seconds(startup.env())",
        new="seconds = 0",
    ),
    Row(
        "traces: every line carries the ids",
        test="observability/test_agents.py::test_opentelemetry",
        old="{**current(), **tracing.ids(), **_extra(record)}",
        new="{**current(), **_extra(record)}",
    ),
    Row(
        "traces: ids are written as tracing writes them",
        test="observability/test_agents.py::test_opentelemetry",
        old='f"{context.trace_id:032x}"',
        new="str(context.trace_id)",
    ),
    Row(
        "traces: the access log carries the ids of its request",
        test="observability/test_agents.py::test_opentelemetry",
        old="_requests[request_id] = found",
        new="pass",
    ),
    Row(
        "traces: lines under New Relic carry the same names",
        test="observability/test_agents.py::test_new_relic",
        old='{"trace_id": found["trace.id"], "span_id": found["span.id"], **found}',
        new="found",
    ),
]
