"""The arithmetic of a stop: what is left of a role's grace period for its work."""

from __future__ import annotations

from django_k8s.environment.env import Env

# Seconds kept for the end itself. web: lingering connections and the exit of the interpreter.
# worker: giving unfinished tasks back to the broker. beat: giving the lock back.
RESERVE_SECONDS = {"web": 5, "worker": 10, "beat": 2}

_LINGERS = ("web", "worker")


def linger_seconds(env: Env) -> int:
    """Return METRICS_LINGER_SECONDS, or 0 if METRICS is off."""
    return env.int("METRICS_LINGER_SECONDS") if env.bool("METRICS") else 0


def work_seconds(env: Env, role: str) -> int:
    """Return how long ``role`` may finish its work after SIGTERM, at least 1.

    From the grace period are taken: the drain (web only), the wait for a last scrape, and the reserve.
    """
    return max(1, _left(env, role))


def check(env: Env) -> None:
    """Report a problem for each role whose grace period leaves it no time to finish its work."""
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
