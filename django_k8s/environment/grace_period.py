"""Compute how much of a role's grace period is left for its work at a stop."""

from __future__ import annotations

from django_k8s.environment.env import Env

# Seconds reserved for the end itself. web: lingering connections and the exit of the interpreter.
# worker: returning unfinished tasks to the broker. beat: releasing the lock.
RESERVE_SECONDS = {"web": 5, "worker": 10, "beat": 2}

_LINGERS = ("web", "worker")


def linger_seconds(env: Env) -> int:
    """Return METRICS_LINGER_SECONDS, or 0 if METRICS is off."""
    return env.int("METRICS_LINGER_SECONDS") if env.bool("METRICS") else 0


def work_seconds(env: Env, role: str) -> int:
    """Return how many seconds ``role`` has after SIGTERM to finish its work, at least 1.

    This is the grace period without the drain (web only), the wait for a last scrape (web and worker) and the reserve.
    """
    return max(1, _left(env, role))


def check(env: Env) -> None:
    """Record a problem for each role whose grace period leaves no time to finish its work."""
    for role, reserve in RESERVE_SECONDS.items():
        if _left(env, role) < 1:
            parts = ["DRAIN_SECONDS"] if role == "web" else []
            parts += ["METRICS_LINGER_SECONDS"] if role in _LINGERS and env.bool("METRICS") else []
            work = "requests" if role == "web" else "tasks"
            env.add_problem(
                f"{role.upper()}_GRACE_SECONDS",
                f"is too short: no time is left for running {work}. Set it to more than {' + '.join([*parts, str(reserve)])}.",
            )


def _left(env: Env, role: str) -> int:
    left = env.int(f"{role.upper()}_GRACE_SECONDS") - RESERVE_SECONDS[role]
    if role == "web":
        left -= env.int("DRAIN_SECONDS")
    return left - linger_seconds(env) if role in _LINGERS else left
