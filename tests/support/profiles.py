"""Hypothesis's profiles: with how many examples a property is tested."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

EXAMPLES = {"test": 300, "soak": 10_000}


def register() -> None:
    """Register the profiles and load "test"; `pytest --hypothesis-profile=soak` loads the other one.

    No profile judges time: neither a deadline nor a health check fails on a busy machine.
    """
    for name, examples in EXAMPLES.items():
        settings.register_profile(
            name, max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
    settings.load_profile("test")
