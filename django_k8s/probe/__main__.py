"""``python -m django_k8s.probe --role ROLE --pid PID``: answer probes for a role while it runs."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from django_k8s.environment import startup
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.process_labels import process_labels
from django_k8s.environment.state_directory import role_directory
from django_k8s.observability.stdout import install
from django_k8s.probe.exposition import Exposition, queue_lengths
from django_k8s.probe.judge import Judge, Limits, Verdict
from django_k8s.probe.listener import Listener, Response, listen
from django_k8s.probe.out_of_memory import OutOfMemory

VARIABLES = (
    "PROBE_PORT",
    "STATE_DIR",
    "HEARTBEAT_STALENESS_SECONDS",
    "DAEMON_HEARTBEAT",
    "STALL_SECONDS",
    "WORKER_RECONNECT_SECONDS",
    "METRICS",
    "LOG_FORMAT",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the role has ended. Return the exit status, which is 78 if it cannot serve at all."""
    parser = argparse.ArgumentParser(prog="python -m django_k8s.probe", description=__doc__)
    parser.add_argument("--role", required=True, help="whose heartbeats to read: web, worker, beat or daemon")
    parser.add_argument(
        "--pid", required=True, type=int, help="the role's process; the listener ends with it"
    )
    parser.add_argument("--port", type=int, help="by default the variable PROBE_PORT")
    options = parser.parse_args(argv)

    env = startup.env()
    if env.str("LOG_FORMAT") == "json":
        install(env, stdout=False)
    limits = Limits(
        env.int("HEARTBEAT_STALENESS_SECONDS"), env.int("STALL_SECONDS"), env.int("WORKER_RECONNECT_SECONDS")
    )
    port = env.int("PROBE_PORT") if options.port is None else options.port
    directory = role_directory(options.role)
    # The role reports every variable, and the listener only those that it needs.
    problems = [str(problem) for problem in env.problems if problem.name in VARIABLES]
    if problems:
        return _refuse(" ".join(problems))
    if not port:
        return 0
    try:
        sock = listen(port)
    except OSError as error:
        return _refuse(
            f"PROBE_PORT: cannot listen on port {port} ({os.strerror(error.errno or 0)}). "
            "Give each role that shares this address a different port."
        )

    # Ctrl-C in a terminal reaches all processes of the group. Do not print a traceback for it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    judge = Judge(directory, limits, needed=options.role != "daemon" or env.bool("DAEMON_HEARTBEAT"))
    looks: list[Callable[[], object]] = [judge.heartbeats, OutOfMemory().look]
    routes: dict[str, Callable[[str], Response | Iterator[Response | None]]] = {
        "/livez": partial(_response, judge.live),
        "/readyz": partial(_response, judge.ready),
    }
    if options.role == "beat":
        routes["/queues"] = queue_lengths
    # The role itself refuses to start if the library is missing.
    if env.bool("METRICS") and importlib.util.find_spec("prometheus_client"):
        routes["/metrics"] = metrics = Exposition(directory, {**process_labels(env), "role": options.role})
        looks.append(metrics.merge_some)
    Listener(sock, routes, options.pid, lambda: [look() for look in looks]).serve()
    return 0


def _response(judgement: Callable[[], Verdict], query: str) -> Response:
    verdict = judgement()
    return Response(200 if verdict.good else 503, f"{verdict.text}\n")


def _refuse(reason: str) -> int:
    print(f"probe: {reason}", file=sys.stderr)
    return EX_CONFIG


if __name__ == "__main__":
    sys.exit(main())
