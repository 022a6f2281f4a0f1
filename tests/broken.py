"""Breaks the library on purpose, promise after promise, and looks whether a test fails: ``make broken``.

Each row is applied to the copy that is installed in an environment of its own, its test is run there,
and the file is put back. A test that passes all the same proves nothing of its promise. Where a run
was killed in between, ``rm -r build/broken`` brings the environment back.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent
HOME = TESTS.parent / "build" / "broken"  # the environment that is broken, and no other
SECONDS = 300  # for one test
ENDING_SECONDS = 30  # for a test that took too long to end what it started


class Row(NamedTuple):
    """A promise, the file of the package that keeps it, the test that has to fail, and how it is broken."""

    promise: str
    file: str
    test: str
    old: str
    new: str


# Entrypoints are where the wheel carries them.
ENTRYPOINTS = "_assets/entrypoints"

# fmt: off
ROWS = [
    Row("env: no value is ever printed", "env.py", "test_env.py::TestReport::test_done_lists_all_and_exits",
        'f"is not a number. Write {wanted}."',
        'f"{found.value} is not a number. Write {wanted}."'),
    Row("env: a variable that nothing has read yet is in the message", "env.py", "test_env.py::TestReport::test_done_lists_all_and_exits",
        "            self.read(variable)\n",
        "            pass\n"),
    Row("env: a misspelt name is named with the missing one", "env.py", "test_env.py::TestReport::test_misspelt_name_is_named_with_the_missing_one",
        "if p.name in misspelt",
        "if False"),
    Row("env: a stranger's variable stops no pod", "env.py", "test_env.py::TestReport::test_misspelt_name_is_else_a_warning",
        "        problems = self.problems\n        if problems:",
        "        problems = self.problems + self.warnings\n        if problems:"),
    Row("env: wrong configuration ends with 78", "env.py", "servers/test_start.py::test_settings_error",
        "raise SystemExit(EX_CONFIG)",
        "raise SystemExit(1)"),
    Row("env: the last line end of a file is no part of the value", "sources.py", "test_env.py::TestSources::test_one_line_end_of_a_file_goes",
        'text.removesuffix("\\n").removesuffix("\\r")',
        "text"),
    Row("env: a value that starts with $ is a value", "sources.py", "test_env.py::TestSources::test_a_dollar_is_a_dollar",
        'Found(self._environ[name], "environment")',
        'Found(os.path.expandvars(self._environ[name]), "environment")'),
    Row("env: a misspelt truth value is a problem", "env.py", "test_env.py::TestTypes::test_misspelt_bool",
        "if word not in _TRUE | _FALSE:",
        "if False:"),

    Row("settings: any password reaches the database", "settings/urls.py", "settings/test_settings.py::TestAddresses::test_any_password[p#a/s?s%@]",
        'return f"{match[\'scheme\']}://{match[\'user\']}:{password}@{match[\'rest\']}"',
        "return url"),
    Row("settings: false in a query is False", "settings/databases.py", "settings/test_settings.py::TestDatabases::test_query_values_have_types",
        "_TRUTH.get(str(database[name]).lower(), bool(database[name]))",
        "bool(database[name])"),
    Row("settings: TLS to Redis is verified", "settings/redis.py", "settings/test_settings.py::TestCaches::test_redis_tls_is_verified",
        '"ssl_cert_reqs": "required"',
        '"ssl_cert_reqs": "none"'),

    Row("probes: answered before the host check", "health/middleware.py", "health/test_middleware.py::test_alive",
        "if request.path_info in self._answers:",
        "if request.path_info in self._answers and request.get_host():"),
    Row("probes: HEAD is answered", "health/middleware.py", "health/test_middleware.py::test_head_is_get_without_the_body",
        '_METHODS = ("GET", "HEAD")',
        '_METHODS = ("GET",)'),
    Row("probes: liveness asks no dependency", "health/middleware.py", "servers/test_liveness.py::test_a_thousand_calls",
        '        return _text(200, b"ok\\n")\n',
        '        self._runner.ready()\n        return _text(200, b"ok\\n")\n'),
    Row("probes: none is in the access log", "servers/logs.py", "servers/test_liveness.py::test_probes_are_left_out_of_the_access_log",
        "if path in PROBES or not self.access_log_enabled:",
        "if not self.access_log_enabled:"),

    Row("readiness: 503 and never 500", "health/__init__.py", "health/test_middleware.py::test_readiness_is_never_an_error",
        "        except Exception as error:\n            found[name]",
        "        except KeyError as error:\n            found[name]"),
    Row("readiness: an empty token opens no report", "health/middleware.py", "health/test_middleware.py::test_empty_token_opens_nothing[Bearer ]",
        "if not self._token or scheme.lower()",
        "if scheme.lower()"),
    Row("readiness: the deadline holds whatever a check does", "health/runner.py", "health/test_runner.py::test_deadline_holds_with_a_hanging_check",
        "wait(run.futures(self._checks), run.remaining)",
        "wait(run.futures(self._checks), run.remaining + 3)"),
    Row("readiness: a check that hangs gets no second thread", "health/runner.py", "health/test_runner.py::test_hanging_check_gets_no_second_thread",
        "name: hanging.get(name) or Execution(",
        "name: Execution("),
    Row("readiness: callers of one moment share a run", "health/runner.py", "health/test_runner.py::test_callers_of_one_moment_share_a_run",
        "        with self._lock:\n            if self._run is None or self._run.expired(self._keep):",
        "        with self._lock:\n            self._run = None\n            if self._run is None:"),
    Row("readiness: results are kept for seconds", "health/runner.py", "health/test_runner.py::test_results_are_kept_for_a_while",
        "if self._run is None or self._run.expired(self._keep):",
        "if self._run is None or self._run.expired(0):"),
    Row("readiness: latched, the database is required once", "health/runner.py", "health/test_runner.py::test_latched_check_is_required_until_it_passed",
        "if not (name in self._latched and name in self._passed)]",
        "]"),
    Row("readiness: strict, it stays required", "health/runner.py", "health/test_dropped.py::test_postgresql[strict-503-wsgi]",
        'databases if conf.value("READINESS_DATABASE") == "latched" else ()',
        "databases"),

    Row("liveness: busy is not dead", "servers/worker.py", "servers/test_liveness.py::test_long_requests_that_finish_are_no_stall",
        "        self._taken -= 1\n        self._since = time.monotonic()\n",
        "        self._taken -= 1\n"),
    Row("liveness: stalled is 503", "probe/rules.py", "servers/test_liveness.py::test_every_thread_deadlocked",
        'return "stalled"',
        'return ""'),
    Row("liveness: frozen is 503", "probe/rules.py", "servers/test_liveness.py::test_frozen_process",
        'return "heartbeat is stale"',
        'return ""'),
    Row("liveness: a stopping process lives", "servers/asgi.py", "servers/test_liveness.py::test_alive_while_it_stops[asgi]",
        "beating = asyncio.create_task(self._beat_for_ever())",
        "beating = asyncio.create_task(asyncio.sleep(0))"),

    Row("listener: ends with its role", "probe/listener.py", "probe/test_listener.py::test_ends_with_its_role",
        "    def _end(self, _: object) -> None:\n        self._ended = True\n",
        "    def _end(self, _: object) -> None:\n        time.sleep(0.1)\n"),
    Row("listener: silent clients hold up nobody", "probe/listener.py", "probe/test_listener.py::test_silent_clients_hold_up_nobody",
        "if len(self._connections) >= CONNECTIONS:",
        "if False:"),
    Row("listener: a defect tells strangers nothing", "probe/listener.py", "probe/test_listener.py::test_route_that_raises",
        '        except Exception:\n            answer = Answer(500, "error\\n")',
        "        except Exception as error:\n            answer = Answer(500, str(error))"),

    Row("web: processes by the pod's CPU limit", "servers/cgroup.py", "servers/test_cgroup.py::test_cpu_limit[v2, the pod's limit is below the container's]",
        "[_v2(folder) for folder in _upwards(mount, v2_path)]",
        "[_v2(mount / v2_path.lstrip('/'))]"),
    Row("web: connections are kept for 75 s", "servers/gunicorn_conf.py", "servers/test_options.py::test_gunicorn_understands_it",
        'keepalive = _env.int("WEB_KEEPALIVE_SECONDS")',
        "keepalive = 2"),
    Row("web: the application is loaded before the fork", "servers/gunicorn_conf.py", "servers/test_options.py::test_gunicorn_understands_it",
        "preload_app = True",
        "preload_app = False"),
    Row("web: a stop is not lost in a process that is being forked", "servers/gunicorn_conf.py", "servers/test_exit.py::test_stop_while_a_process_is_forked",
        "    _stop_before_signals(server)\n",
        ""),
    Row("web: memory is frozen before the fork", "servers/gunicorn_conf.py", "servers/test_start.py::test_memory_is_shared",
        "    gc.freeze()\n",
        ""),
    Row("web: the URLconf is warmed before the fork", "servers/gunicorn_conf.py", "servers/test_start.py::test_broken_urlconf_ends_the_start",
        "_ = get_resolver().url_patterns",
        "_ = get_resolver()"),
    Row("web: no database connection crosses the fork", "servers/connections.py", "servers/test_start.py::test_no_connection_crosses_the_fork",
        "for connection in connections.all():",
        "for connection in ():"),
    Row("web: clients that do not close hold up nobody", "servers/worker.py", "servers/test_exit.py::test_clients_that_do_not_close_hold_up_nobody[wsgi]",
        "if fs.cancelled() or fs.exception() or fs.result():",
        "if True:"),
    Row("web: a client that reads late gets its whole answer", "servers/worker.py", "servers/test_exit.py::test_early_answer_survives_an_upload",
        "        self._lingering[conn] -= len(piece)\n        if not piece or self._lingering[conn] <= 0:",
        "        if True:"),
    Row("web: idle connections hold up no stop", "servers/asgi.py", "servers/test_exit.py::test_idle_connections_are_not_waited_for[asgi]",
        "                connection.close_idle()\n",
        "                pass\n"),
    Row("web: a kept connection is told before it closes", "servers/asgi.py", "servers/test_exit.py::test_connection_that_was_to_stay_is_told[asgi]",
        'return True if name == "alive" else getattr(self._worker, name)',
        "return getattr(self._worker, name)"),
    Row("web: the drain is part of the grace period", "servers/options.py", "servers/test_options.py::test_graceful_time_out_comes_from_the_grace_period",
        'env.int("WEB_GRACE_SECONDS") - drain -',
        'env.int("WEB_GRACE_SECONDS") -'),
    Row("web: so is the exit", "servers/options.py", "servers/test_options.py::test_graceful_time_out_comes_from_the_grace_period",
        "linger_seconds(env) - EXIT_SECONDS\n",
        "linger_seconds(env)\n"),
    Row("web: so is the last scrape", "servers/options.py", "servers/test_options.py::test_graceful_time_out_comes_from_the_grace_period",
        " - drain - linger_seconds(env) - ",
        " - drain - "),

    Row("worker: the heartbeat is the consumer's", "celery/worker.py", "celery/test_worker.py::test_wedged_consumer_is_seen",
        "consumer.timer.call_repeatedly(EVERY_SECONDS, self._beat, priority=10)",
        "__import__('celery.utils.timer2').utils.timer2.Timer().call_repeatedly(EVERY_SECONDS, self._beat)"),
    Row("worker: looking for the broker is alive, for a while", "probe/rules.py", "celery/test_worker.py::test_reconnecting_is_alive_for_a_while",
        'return "reconnecting for too long" if too_long else ""',
        'return "reconnecting"'),
    Row("worker: tasks go back before the grace period ends", "celery/shutdown.py", "celery/test_worker.py::test_stop_gives_long_tasks_back[15-0-10]",
        "    timer.start()\n",
        ""),
    Row("worker: the last scrape is part of the grace period", "celery/shutdown.py", "celery/test_worker.py::test_stop_gives_long_tasks_back[35-20-14]",
        " - RESERVE_SECONDS - linger_seconds(env))",
        " - RESERVE_SECONDS)"),
    Row("worker: a poison task ends", "settings/celery.py", "celery/test_worker.py::test_poison_task_ends",
        '"CELERY_TASK_RETRY_ON_WORKER_LOST": late,',
        '"CELERY_TASK_REJECT_ON_WORKER_LOST": late,'),
    Row("worker: a half-open connection is noticed", "settings/redis.py", "celery/test_worker.py::test_half_open_connection_recovers",
        '        "socket_timeout": 5,\n',
        ""),
    Row("worker: a half-open connection to RabbitMQ is noticed", "settings/celery.py", "celery/test_outage_rabbitmq.py::test_broker_black_holed",
        'settings["CELERY_BROKER_HEARTBEAT"] = 10',
        "pass"),
    Row("worker: what RabbitMQ still holds does not end it", "settings/celery.py", "celery/test_outage_rabbitmq.py::test_broker_holds_the_old_connection",
        'settings["CELERY_CONTROL_QUEUE_EXCLUSIVE"] = False',
        "pass"),
    Row("worker: a connection that the database cut is renewed", "celery/worker.py", "celery/test_worker.py::test_database_connection_is_kept_and_renewed",
        "        close_old_connections()\n",
        "        pass\n"),
    Row("worker: acks late is asked for", "settings/celery.py", "settings/test_settings.py::TestCelery::test_acks_late_is_asked_for",
        'late = env.bool("CELERY_TASK_ACKS_LATE")',
        "late = True"),
    Row("worker: WORKER_QUEUES is what it consumes", "celery/worker.py", "celery/test_worker.py::test_queues",
        'instance.app.amqp.queues.select(env.list("WORKER_QUEUES"))',
        "pass"),

    Row("once: a second message is dropped", "celery/once.py", "celery/test_once.py::test_once",
        "                return None\n",
        ""),
    Row("once: what failed may run again", "celery/once.py", "celery/test_once.py::test_once",
        "        with transaction.atomic(using=database):\n            try:",
        "        if True:\n            try:"),

    Row("beat: of two, one publishes", "celery/lock.py", "celery/test_beat_others.py::test_two_beats_of_another_class",
        "        if not self.lock.held():\n            self._published = False\n",
        "        if self.lock.held() is None:\n            self._published = False\n"),
    Row("beat: whoever lost the lock publishes nothing", "celery/beat.py", "celery/test_beat_postgres.py::test_lock_lost_while_it_publishes",
        "if not (self.lock.still_held() and row.exists()):",
        "if not row.exists():"),
    Row("beat: a duplicate has the same id", "celery/dues.py", "celery/test_beat_sqlite.py::test_killed_between_publish_and_commit",
        'str(uuid.uuid5(_NAMESPACE, f"{app} {entry.name} {entry.task} {due.isoformat()}"))',
        "str(uuid.uuid4())"),
    Row("beat: no stop between publish and commit", "celery/lock.py", "celery/test_beat_sqlite.py::test_stopped_between_publish_and_commit",
        "            former[number] = signal.signal(number, lambda got, _: held.append(got))\n",
        "            pass\n"),
    Row("beat: a stop in the middle of a query", "celery/lock.py", "celery/test_beat_postgres.py::test_stopped_while_the_database_is_silent[another class]",
        "            self._end_at_signals()\n",
        ""),
    Row("beat: a lock is given back without waiting for the server", "locks.py", "celery/test_beat_postgres.py::test_stopped_while_the_database_is_silent[entries]",
        "            self.connection.close()\n",
        "            self.held()\n            self.connection.close()\n"),
    Row("beat: what was missed coalesces", "celery/dues.py", "celery/test_dues.py::test_interval[5-12-expected3]",
        "in_time = now - due <= max(after - due, LATE)",
        "in_time = True"),
    Row("beat: nothing is left out", "celery/dues.py", "celery/test_dues.py::test_interval[2-9-expected5]",
        "max(after - due, LATE)",
        "timedelta(0)"),
    Row("beat: alive while the database is away", "celery/lock.py", "celery/test_beat_postgres.py::test_database_away",
        "        self._heartbeat.write(**self.pulse())\n        if not self.lock.held():\n            self._published = False\n            return STANDBY_SECONDS\n",
        "        if not self.lock.held():\n            self._published = False\n            return STANDBY_SECONDS\n        self._heartbeat.write(**self.pulse())\n"),
    Row("beat: alive while nothing is due", "celery/lock.py", "celery/test_beat_others.py::test_alive_while_nothing_is_due",
        "TICK_SECONDS = 1.0",
        "TICK_SECONDS = 3600.0"),

    Row("migrate: the lock is polled, never waited for", "locks.py", "migrate/test_migrate.py::test_five_at_once_on_postgresql",
        'try_lock = "SELECT pg_try_advisory_lock(%(key)s)"',
        'try_lock = "SELECT true FROM pg_advisory_lock(%(key)s)"'),
    Row("migrate: those that wait exit with 0", "migrate.py", "migrate/test_migrate.py::test_five_at_once_on_sqlite",
        "    while not lock.acquire():\n",
        "    while not lock.acquire():\n        seconds = 0\n"),
    Row("migrate: the lock ends with its holder", "database.py", "migrate/test_migrate.py::test_killed_in_a_transactional_migration",
        '        "client_connection_check_interval": "1000",  # milliseconds\n',
        ""),
    Row("migrate: SIGTERM is no success", "management/commands/k8s_migrate.py", "migrate/test_migrate.py::test_sigterm_is_no_success",
        "signal.signal(signal.SIGTERM, stop)",
        "signal.getsignal(signal.SIGTERM)"),
    Row("migrate: an invalid index is named", "migrate_errors.py", "migrate/test_migrate.py::test_killed_while_an_index_is_built",
        "[*lines, *invalid_indexes(connection)]",
        "lines"),
    Row("migrate: a statement gives way to readers", "migrate.py", "migrate/test_migrate.py::test_atomic_migration_waits_for_its_table",
        '"lock_timeout": f"\'{lock_seconds}s\'",',
        '"lock_timeout": "0",'),
    Row("migrate: refused behind a pooler alone", "database.py", "migrate/test_pgbouncer.py::test_pooler_alone_is_refused",
        'elif conf.value("DATABASE_PGBOUNCER"):',
        "elif False:"),

    Row("wait: asks once a second", "wait.py", "migrate/test_wait.py::test_waits_for_all_of_them",
        "_EVERY_SECONDS = 1.0",
        "_EVERY_SECONDS = 0.0"),

    Row("static: a missing file is never cached", "static.py", "static/test_static.py::test_missing_file_is_not_cached",
        'headers={"Cache-Control": "no-store"}',
        "headers={}"),
    Row("static: a hashed file is immutable", "settings/static.py", "static/test_static.py::test_hashed_and_immutable",
        'HASHED_NAME = r"^.+\\.[0-9a-f]{12}\\.[^/]+$"',
        'HASHED_NAME = "^$"'),

    Row("media: reads are spooled to disk", "storage.py", "media/test_s3.py::test_memory_of_web",
        '"max_memory_size": 2 * _MEBIBYTE,',
        '"max_memory_size": 0,'),
    Row("media: one part at a time is in memory", "storage.py", "media/test_s3.py::test_memory_of_web",
        "    use_threads=False, multipart_threshold=5 * _MEBIBYTE, multipart_chunksize=5 * _MEBIBYTE\n",
        ""),
    Row("media: an error says what to check", "storage.py", "media/test_s3.py::TestStorage::test_missing_bucket",
        '    "NoSuchBucket": "the bucket does not exist: check MEDIA_S3_BUCKET and MEDIA_S3_ENDPOINT_URL",\n',
        ""),
    Row("media: no checksum that other servers refuse", "storage.py", "media/test_s3.py::TestStorage::test_no_checksum_is_added",
        'request_checksum_calculation="when_required"',
        'request_checksum_calculation="when_supported"'),

    Row("proxy: a stranger's header means nothing", "proxy.py", "test_proxy.py::test_address[203.0.113.9-1.2.3.4-203.0.113.9]",
        "            if not self.trusts(address):\n                break\n",
        ""),
    Row("proxy: neither does it to gunicorn", "servers/gunicorn_conf.py", "servers/test_start.py::test_scheme_and_client_come_from_trusted_proxies_alone",
        "forwarded_allow_ips = options.trusted_proxies(_env)",
        'forwarded_allow_ips = "*"'),

    Row("checks: E002, what stands before the probes", "checks.py", "test_checks.py::test_mistake[E002-changes1]",
        "    elif health != 0:",
        "    elif False:"),
    Row("checks: E005, a health check that is none", "checks.py", "test_checks.py::test_mistake[E005-changes5]",
        "if name not in CHECKS and not _importable(name):",
        "if False:"),
    Row("checks: E006, a dependency in liveness", "checks.py", "test_checks.py::test_mistake[E006-changes6]",
        'if hasattr(settings, "K8S_LIVENESS_CHECKS") or "LIVENESS_CHECKS" in os.environ:',
        "if False:"),
    Row("checks: E007, a stall time below a lock time-out", "checks.py", "test_checks.py::test_mistake[E007-changes7]",
        "    if longer:\n",
        "    if False:\n"),
    Row("checks: W001, a proxy header that anybody may send", "checks.py", "test_checks.py::test_mistake[W001-changes11]",
        "if header and not proxies:",
        "if False:"),
    Row("checks: W014, a broker without time-outs", "checks.py", "test_checks.py::test_mistake[W014-changes23]",
        'url.startswith("redis") and not options.get("socket_timeout")',
        "False"),

    Row("run: a taken port is one clear line", "run.py", "example/test_run.py::test_a_taken_port_is_one_clear_line",
        "    if ports:\n",
        "    if False:\n"),
    Row("run: Ctrl-C leaves no process behind", "run.py", "example/test_run.py::test_a_second_signal_cuts_the_wait_short",
        "        with contextlib.suppress(ProcessLookupError, PermissionError):\n            os.killpg(self.popen.pid, signal.SIGKILL)\n        self.popen.wait()\n",
        ""),

    Row("entrypoint: an unknown role is 64", f"{ENTRYPOINTS}/entrypoint", "entrypoints/test_entrypoint.py::test_unknown_role",
        'fail 64 "there is no role',
        'fail 1 "there is no role'),
    Row("entrypoint: no shell stays before the role", f"{ENTRYPOINTS}/entrypoint", "entrypoints/test_entrypoint.py::test_no_shell_stays[web]",
        'exec /bin/sh "$here/$ROLE" "$@"',
        '/bin/sh "$here/$ROLE" "$@"'),
    Row("entrypoint: nor within it", f"{ENTRYPOINTS}/worker", "entrypoints/test_entrypoint.py::test_no_shell_stays[worker]",
        "exec ${WRAP:-} python",
        "${WRAP:-} python"),
    Row("entrypoint: the state of a former container goes", f"{ENTRYPOINTS}/entrypoint", "entrypoints/test_entrypoint.py::test_heartbeats_of_a_former_container_go",
        '    rm -f "$state"/*.heartbeat ',
        "    : "),
    Row("entrypoint: an agent only where it is configured", f"{ENTRYPOINTS}/entrypoint", "entrypoints/test_entrypoint.py::test_agent_only_where_it_is_configured",
        'if [ -n "${NEW_RELIC_LICENSE_KEY:-}${NEW_RELIC_CONFIG_FILE:-}" ]; then',
        "if true; then"),

    Row("logs: a secret is masked", "masking.py", "observability/test_lines.py::test_secrets_are_masked",
        "            text = text.replace(secret, MASK)\n",
        "            pass\n"),
    Row("logs: one id from the edge to the task", "celery/context.py", "observability/test_logs.py::test_one_id_from_edge_to_task",
        "headers[REQUEST_ID] = context.request_id.get()",
        "pass"),

    Row("metrics: probes are not counted", "health/middleware.py", "observability/test_metrics.py::test_requests_across_recycled_and_killed_processes[wsgi]",
        "            return self._async_answer(request) if self._async else self._answer(request)\n",
        "            self.get_response(request)\n            return self._async_answer(request) if self._async else self._answer(request)\n"),
    Row("metrics: what ended processes counted is kept", "probe/exposition.py", "observability/test_metrics.py::test_requests_across_recycled_and_killed_processes[wsgi]",
        "total.read_value(key)[0] + value",
        "value"),

    Row("copy: nothing of a person's is overwritten", "copying.py", "test_cli.py::TestCopy::test_nothing_is_lost",
        "if differing and not force:",
        "if False:"),
]
# fmt: on


def main() -> int:
    """Break what is named on the command line, by default everything; returns 1 where a test did not fail."""
    parser = argparse.ArgumentParser(prog="make broken BROKEN=...", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="parts of the names of promises, such as beat; all by default"
    )
    parser.add_argument("--list", action="store_true", help="say what there is, and break nothing")
    options = parser.parse_args()
    rows = [row for row in ROWS if not options.names or any(name in row.promise for name in options.names)]
    if not rows:
        parser.error("no promise has such a name; see --list")
    if options.list:
        print(*(f"{row.promise:<58} {row.test}" for row in rows), sep="\n")
        return 0
    package = installed()
    for stop in (signal.SIGINT, signal.SIGTERM):  # both as Ctrl-C, after which the file is put back
        signal.signal(stop, signal.default_int_handler)
    unseen = 0
    for row in rows:
        began = time.monotonic()
        try:
            with broken(package / row.file, row.old, row.new):
                seen = outcome(row.test, HOME / "said" / re.sub(r"\W+", "-", row.promise))
        except LookupError as error:
            seen = f"ERROR: {error}"
        unseen += seen != "seen to fail"
        print(f"{row.promise:<58} {row.test}: {seen} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(rows) - unseen} of {len(rows)} are seen to fail; what the tests said is in {HOME / 'said'}")
    return 1 if unseen else 0


def installed() -> Path:
    """The package in the environment of this script's own; no other is ever touched."""
    spec = importlib.util.find_spec("django_k8s")
    origin = Path(spec.origin) if spec and spec.origin else Path()
    if not origin.is_relative_to(HOME):
        sys.exit(
            "This breaks the library that is installed, so it has an environment of its own: make broken"
        )
    (HOME / "said").mkdir(exist_ok=True)
    return origin.parent


@contextlib.contextmanager
def broken(path: Path, old: str, new: str) -> Iterator[None]:
    """Put ``new`` in the place of ``old`` while the block runs. Raises LookupError unless it is there once."""
    whole = path.read_text()
    if whole.count(old) != 1:
        raise LookupError(f"the old text is {whole.count(old)} times in {path.name}")
    try:
        write(path, whole.replace(old, new))
        # Bytecode is told by its source's time and size: what is compiled now fits no other content.
        os.utime(path, (0, 0))
        yield
    finally:
        write(path, whole)


def write(path: Path, text: str) -> None:
    """Write a source, and let no bytecode of a former one stand for it."""
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(text)


def outcome(test: str, log: Path) -> str:
    """What came of a test: seen to fail, STILL PASSES, or why neither can be said."""
    pytest = HOME / "bin" / "pytest"
    command = [str(pytest), "-q", "-p", "no:cacheprovider", "--disable-warnings", f"{TESTS}/{test}"]
    # What a machine lacks is skipped then, and no failure.
    env = {name: value for name, value in os.environ.items() if name != "REQUIRE_ALL"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=TESTS.parent, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        status = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return f"ERROR: no end within {SECONDS} s"
    finally:
        end(process)
    summaries = re.findall(r"^(\d+ .*) in [\d.]+s", log.read_text(errors="replace"), re.MULTILINE)
    summary = summaries[-1] if summaries else "no test"
    came = set(re.findall(r"\d+ (?!warning)([a-z]+)", summary))
    if status == 1 and came == {"failed"}:
        return "seen to fail"
    return "STILL PASSES" if "passed" in came else f"ERROR: status {status}, {summary}"


def end(process: subprocess.Popen[bytes]) -> None:
    """End pytest so that the test ends what it has started."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(ENDING_SECONDS)
    if process.poll() is None:
        process.kill()
        process.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
